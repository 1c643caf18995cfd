"""Two people changed one record apart: the same is shown everywhere, the more cautious, and somebody is asked."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pair import Site, meet

from hoso.sync.conflicts import Settled, contradicted, settle
from hoso.sync.heads import heads
from hoso.sync.ledger import Version
from hoso.sync.stream import Header, Op, Record, StreamId, read, write


def concept(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://example.org", "code": code}]}


def record(
    number: int, resource: dict[str, Any] | None, *bases: int, type: str = "AllergyIntolerance", id: str = "a"
) -> Record:
    op: Op = "delete" if resource is None else "put"
    ids = tuple(bytes([base]) * 16 for base in bases)
    header = Header(bytes([number]) * 16, b"", 1, 1, op, type, id, "1", ids, "p", "Practitioner/x", "", number % 3)
    return write(header, b"" if resource is None else json.dumps({"resourceType": type, **resource}).encode())


def version(number: int, resource: dict[str, Any] | None, *bases: int, type: str = "AllergyIntolerance") -> Version:
    made = record(number, resource, *bases, type=type)
    return Version(StreamId("n", "e"), number, read(made), made)


PENICILLIN = {"code": concept("7980"), "clinicalStatus": concept("active")}
CONFIRMED = {**PENICILLIN, "verificationStatus": concept("confirmed"), "criticality": "high"}
REFUTED = {**PENICILLIN, "verificationStatus": concept("refuted"), "criticality": "low"}
NONE = {"code": concept("716186003"), "clinicalStatus": concept("active"), "verificationStatus": concept("confirmed")}


def shown(versions: list[Version]) -> Settled:
    return settle(heads(versions))


def test_one_head_needs_nobody() -> None:
    settled = shown([version(1, PENICILLIN), version(2, REFUTED, 1)])

    assert settled.shown.number == 2 and settled.others == () and settled.review == ()


RESOLVED = {**CONFIRMED, "clinicalStatus": concept("resolved")}
UNSURE = {**CONFIRMED, "verificationStatus": concept("unconfirmed")}
ON, OFF = {"clinicalStatus": concept("active")}, {"clinicalStatus": concept("remission")}
HERE, GONE = {"active": True, "birthDate": "1990"}, {"active": False, "birthDate": "1991"}
MENDED, WRONG = {"status": "amended", "valueString": "1"}, {"status": "entered-in-error", "valueString": "2"}


@pytest.mark.parametrize(
    ("type", "cautious", "other", "review"),
    [
        ("AllergyIntolerance", CONFIRMED, REFUTED, ("criticality", "verificationStatus")),
        ("AllergyIntolerance", CONFIRMED, RESOLVED, ("clinicalStatus",)),
        ("AllergyIntolerance", UNSURE, RESOLVED, ("clinicalStatus", "verificationStatus")),
        ("AllergyIntolerance", RESOLVED, REFUTED, ("clinicalStatus", "criticality", "verificationStatus")),
        ("AllergyIntolerance", CONFIRMED, {**CONFIRMED, "criticality": "low"}, ("criticality",)),
        ("AllergyIntolerance", REFUTED, None, ("deleted",)),
        ("Condition", ON, OFF, ("clinicalStatus",)),
        ("MedicationRequest", {"status": "active"}, {"status": "stopped"}, ("status",)),
        ("Consent", {"provision": {"type": "deny"}}, {"provision": {"type": "permit"}}, ("provision",)),
        ("Task", {"status": "completed"}, {"status": "cancelled"}, ("status",)),
        ("Patient", HERE, GONE, ("active", "birthDate")),
        ("Observation", MENDED, WRONG, ("status", "valueString")),
    ],
)
def test_the_more_cautious_is_shown_whichever_came_first(
    type: str, cautious: dict[str, Any], other: dict[str, Any] | None, review: tuple[str, ...]
) -> None:
    for first, second in ((1, 2), (2, 1)):
        one, two = version(first, cautious, type=type), version(second, other, type=type)
        for versions in ([one, two], [two, one]):
            settled = shown(versions)
            assert settled.shown == one
            assert settled.review == review
            assert {settled.shown, *settled.others} == {one, two}


def test_a_note_added_apart_asks_nobody() -> None:
    settled = shown([version(1, CONFIRMED), version(2, {**CONFIRMED, "note": [{"text": "seen"}]})])

    assert settled.review == () and len(settled.others) == 1


def test_a_removal_counts_when_it_was_made_knowing_the_other_edit() -> None:
    knowing = shown([version(1, PENICILLIN), version(2, CONFIRMED, 1), version(3, None, 2)])
    apart = shown([version(1, PENICILLIN), version(2, CONFIRMED, 1), version(3, None, 1)])

    assert knowing.deleted and not knowing.review
    assert not apart.deleted and apart.review == ("deleted",)


SAID = [CONFIRMED, REFUTED, PENICILLIN, None, {"verificationStatus": 3}]
ODD = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3) | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["code", "coding", "x"]), inner),
    max_leaves=6,
)


@given(st.lists(st.sampled_from(SAID), min_size=1, max_size=4))
def test_the_order_of_arrival_shows_nowhere(said: list[dict[str, Any] | None]) -> None:
    versions = [version(number, resource) for number, resource in enumerate(said, 1)]
    for order in permutations(versions):
        assert shown(list(order)) == shown(versions)


@given(st.binary(max_size=60), ODD)
def test_whatever_a_body_says_there_is_something_to_show(raw: bytes, odd: Any) -> None:
    odds = version(2, {"code": odd, "verificationStatus": odd, "clinicalStatus": odd, "criticality": odd})
    broken = Version(odds.stream, 3, odds.header, Record(odds.record.header, raw))
    settled = settle([version(1, CONFIRMED), odds, broken])

    assert settled.shown.number == 1
    contradicted([settled, settle([odds])])


@given(st.permutations(["a adds", "b denies", "c refutes", "all read"]), st.permutations(["station", "neighbour"]))
@settings(deadline=None, max_examples=40)
def test_the_allergy_table(order: list[str], callers: list[str]) -> None:
    """Added on A, "none known" on B, refuted at C, in every order: one display, the positive, and a review."""
    hub, sites = Site("centre"), {"station": Site("station"), "neighbour": Site("neighbour")}
    hub.save(record(1, PENICILLIN))
    for site in sites.values():
        meet(site, hub)
    for step in order:
        if step == "a adds":
            sites["station"].save(record(2, CONFIRMED, 1))
        elif step == "b denies":
            sites["neighbour"].save(record(3, NONE, id="none"))
        elif step == "c refutes":
            hub.save(record(4, REFUTED, 1))
        for name in callers if step == "all read" else ():
            meet(sites[name], hub)
    for name in (*callers, *callers):
        meet(sites[name], hub)

    for site in (hub, *sites.values()):
        allergy = settle(heads(site.ledger.versions("AllergyIntolerance", "a")))
        denial = settle(heads(site.ledger.versions("AllergyIntolerance", "none")))
        assert b"confirmed" in allergy.shown.record.body and len(allergy.others) == 1
        assert allergy.review == ("criticality", "verificationStatus")
        assert contradicted([allergy, denial]) == (denial.shown,)
