"""The projection is what replaying the ledger gives, whatever was done, and clinical rows are no part of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.identity.people import HANH, LAN, MAI, WHY, Office, observation, two
from tests.identity.test_arrive import CLIENT, patient

from hoso.access import Errand
from hoso.core import Refused
from hoso.core.clock import instant, to_ms
from hoso.identity.rebuild import compare, rebuild, replayed, state
from hoso.store.record_store import RecordStore


@pytest.fixture
def office(store: RecordStore) -> Office:
    return Office(store)


def faults(office: Office) -> list[str]:
    return compare(office.records, Errand(CLIENT, "SYSADMIN"), office.codes)[1]


def clinical(office: Office) -> list[Any]:
    """Every row of the store in which an Observation stands, and its places in the log."""
    reader = office.store.engine.reader()
    observation = reader.rows("SELECT type, rid FROM resource WHERE id LIKE 'o-%'")
    rids = ",".join(str(rid) for _, rid in observation) or "0"
    tables = ("resource", "change", "ref", "token", "date")
    return [sorted(map(repr, reader.rows(f"SELECT * FROM {table} WHERE rid IN ({rids})"))) for table in tables]


def pool(seed: int, number: int) -> list[dict[str, Any]]:
    """Records of a few families, of which some are hard to tell apart."""
    draw = random.Random(seed)
    names = ("Nguyễn Thị Minh Hạnh", "Nguyễn Minh Hạnh", "Lê Văn Tám", "Trần Thị Bé")
    made = []
    for n in range(number):
        who = draw.randrange(len(names))
        papers = {"number": f"0011{who}8400{who}711"} if draw.random() < 0.6 else {"phone": f"09123456{who}8"}
        made.append(
            patient(f"r{n}", names[who], f"198{who}-03-17", ("female", "female", "male", "female")[who], **papers)
        )
    return made


KINDS = ("arrive", "arrive", "merge", "merge", "unmerge", "split", "different", "same", "delete", "move")
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 11), st.integers(0, 11)), min_size=4, max_size=24)


def act(office: Office, people: list[dict[str, Any]], step: tuple[str, int, int]) -> None:
    """One step; what cannot be done is refused and changes nothing."""
    kind, one, other = step
    a, b = (people[n % len(people)]["id"] for n in (one, other))
    try:
        if kind == "arrive":
            office.put(people[one % len(people)])
        elif kind == "delete":
            office.records.delete(Errand(CLIENT, "TREAT"), "Patient", a)
        elif kind == "move":
            office.put({**people[other % len(people)], "id": a})
        elif kind == "merge":
            office.merge(a, b, (LAN, MAI)[one % 2])
        elif kind == "unmerge":
            office.unmerge(a)
        elif kind == "split":
            office.split(a, b)
        else:
            getattr(office.steward, kind)(Errand(LAN, "HOPERAT"), a, b, WHY)
    except Refused as refused:
        assert refused.status in (404, 409, 422)


def sequence(office: Office, seed: int, steps: list[tuple[str, int, int]]) -> None:
    people = pool(seed, 12)
    for one in people[:8]:
        office.put(one)
    for n in (0, 3, 5):
        office.write(observation(f"o-{n}", f"r{n}"))
    before = clinical(office)
    for step in steps:
        act(office, people, step)
        live = {p["id"] for p in office.all("Patient")}
        assert {record for group in office.groups() for record in group} == live, "no record is ever lost"
        assert sum(map(len, office.groups())) == len(live), "and none is two persons'"
    assert faults(office) == []
    assert clinical(office) == before


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 50), steps=STEPS)
def test_whatever_is_done_the_projection_is_the_ledger_and_no_record_is_lost(
    make_store: Callable[[str], RecordStore], seed: int, steps: list[tuple[str, int, int]]
) -> None:
    sequence(Office(make_store("sqlite")), seed, steps)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_so_on_each_engine(office: Office, seed: int) -> None:
    draw = random.Random(seed)
    sequence(office, seed, [(draw.choice(KINDS), draw.randrange(12), draw.randrange(12)) for _ in range(30)])


def test_what_an_unmerge_gives_back_has_the_very_hash_it_had(office: Office) -> None:
    two(office)
    ids = office.person("a"), office.person("b")
    people = office.store.people
    rids = list(people.rids(ids).values())

    def whole() -> str:
        return state(people, rids, [office.read("Patient", id) for id in ids])

    before, bare = whole(), state(people, rids)
    office.merge("a", "b")
    assert whole() != before
    office.unmerge("b")
    assert whole() == before
    for pair in ((ids[0], ids[1]),):
        office.steward.same(Errand(LAN, "HOPERAT"), *pair, WHY)
    office.merge("a", "b")
    office.put(patient("a", **HANH, phone="0912345678"))
    office.unmerge("b")
    assert state(people, rids) == bare and whole() != before, "who is whose is as it was, and the edit is kept"
    assert office.read("Patient", ids[0])["telecom"][0]["value"] == "0912345678"


def test_the_state_can_be_had_for_any_moment(office: Office) -> None:
    two(office)
    a, b = office.person("a"), office.person("b")
    time.sleep(0.002)
    moment = instant(to_ms(office.records.clock()))
    time.sleep(0.002)
    office.merge("a", "b")
    then = replayed(office.records, Errand(CLIENT, "SYSADMIN"), moment)
    assert then.state == {"a": a, "a2": a, "b": b} and then.merged == {}
    now = replayed(office.records, Errand(CLIENT, "SYSADMIN"))
    assert now.state == {"a": a, "a2": a, "b": a, b: a} and now.merged == {b: a}


def test_what_is_rebuilt_is_what_was_there(office: Office) -> None:
    for one in pool(3, 12):
        office.put(one)
    for step in (("merge", 0, 1), ("merge", 1, 2), ("split", 0, 1), ("different", 3, 4), ("unmerge", 2, 0)):
        act(office, pool(3, 12), step)
    for n in range(4):  # somebody's scratch pad
        office.put({**pool(n, 12)[n], "id": "everyone"})
    tables = ("person", "member", "apart", "match_key", "match_record")

    def rows() -> list[list[str]]:
        reader = office.store.engine.reader()
        return [sorted(repr(tuple(map(plain, row))) for row in reader.rows(f"SELECT * FROM {t}")) for t in tables]

    before = rows()
    office.store.engine.transact(lambda connection: [connection.rows(f"DELETE FROM {table}") for table in tables])
    assert len(faults(office)) > 10
    rebuild(office.records, Errand(CLIENT, "SYSADMIN"), office.matching, office.codes)
    assert rows() == before and faults(office) == []
    groups = office.groups()
    office.put(patient("late", **HANH))
    assert sum(map(len, office.groups())) == sum(map(len, groups)) + 1


def plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_what_the_store_says_against_its_ledger_is_told(office: Office) -> None:
    two(office)
    a, b = office.person("a"), office.person("b")
    rids = office.store.people.rids(["a", "b", a, b])
    office.store.engine.transact(
        lambda c: c.rows("UPDATE member SET person = ? WHERE record = ?", (rids[b], rids["a"]))
    )
    office.store.engine.transact(lambda c: c.rows("UPDATE person SET merged = ? WHERE rid = ?", (rids[a], rids[b])))
    office.store.engine.transact(lambda c: c.rows("DELETE FROM match_record WHERE record = ?", (rids["b"],)))
    told = dict(fault.split(": ", 1) for fault in faults(office))
    assert told == {
        "a": f"belongs to {b}, the ledger says {a}",
        "b": "is compared with nobody",
        b: f"was found to be {a}, the ledger says nobody",
    }


def test_a_code_that_a_stop_left_behind_is_told_and_led_anew(office: Office) -> None:
    two(office)
    codes = [office.code(office.person(record)) for record in ("a", "b")]
    b = office.person("b")
    office.merge("a", "b")
    office.codes.part(codes[1])
    assert faults(office) == [f"{b}: its code {codes[1]} leads to {codes[1]}, not {codes[0]}"]
    rebuild(office.records, Errand(CLIENT, "SYSADMIN"), office.matching, office.codes)
    assert faults(office) == [] and office.codes.resolve(codes[1]) == codes[0]
    office.unmerge("b")
    office.codes.alias(codes[1], codes[0])
    assert len(faults(office)) == 1
    rebuild(office.records, Errand(CLIENT, "SYSADMIN"), office.matching, office.codes)
    assert office.codes.resolve(codes[1]) == codes[1]
