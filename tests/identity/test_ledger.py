"""The ledger: events survive being written as Linkage, and replaying them gives who belongs to whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hoso.fhir.validate import validate
from hoso.identity.ledger import KINDS, Event, apply, parted, read, replay

ids = st.text("abc123", min_size=1, max_size=4)
events = st.builds(
    Event,
    kind=st.sampled_from(KINDS),
    person=ids | st.just(""),
    records=st.lists(ids, max_size=4, unique=True).map(tuple),
    actor=st.sampled_from(["client/his", "user/steward"]),
    time=st.just("2026-11-26T03:00:00.000Z"),
    reason=st.sampled_from(["", "cùng số định danh", "sai người"]),
    other=st.sampled_from(["", "z9"]),
    evidence=st.sampled_from([{}, {"bits": 41.5, "fields": {"given": 7.3}}]),
)


@given(events)
def test_an_event_written_as_a_linkage_is_valid_and_reads_back_the_same(event: Event) -> None:
    linkage = event.resource()
    assert validate({**linkage, "id": "x"}) == []
    assert read(linkage) == event


def test_a_linkage_of_somebody_else_is_no_event() -> None:
    other = {
        "resourceType": "Linkage",
        "item": [{"type": "source", "resource": {"reference": "Patient/a"}}],
    }
    assert read(other) is None


def event(kind: str, person: str, records: str = "", other: str = "") -> Event:
    return Event(kind, person, tuple(records.split()), "user/x", "2026-11-26T03:00:00.000Z", other=other)  # type: ignore[arg-type]


def test_a_merge_and_its_undoing_end_where_they_began() -> None:
    before = [event("link", "P", "a b"), event("link", "Q", "c")]
    state, _ = replay(before)
    merged, _ = replay([*before, event("merge", "P", "c Q", "Q")])
    assert merged == {"a": "P", "b": "P", "c": "P", "Q": "P"}
    undone, _ = replay([*before, event("merge", "P", "c Q", "Q"), event("unmerge", "Q", "c Q", "P")])
    assert undone == state


def test_a_split_keeps_every_record_of_both_apart() -> None:
    _, apart = replay([event("link", "P", "a b c"), event("split", "Q", "c", "P")])
    assert apart == {("c", "P"), ("a", "Q"), ("b", "Q"), ("P", "Q"), ("Q", "P")}


def test_what_is_the_same_again_is_no_longer_apart() -> None:
    _, apart = replay([event("link", "P", "a"), event("link", "Q", "c"), event("different", "P", "", "Q"),
                       event("same", "P", "", "Q")])  # fmt: skip
    assert apart == set()


def test_an_unlinked_record_is_nobodys() -> None:
    state, _ = replay([event("link", "P", "a b"), event("unlink", "P", "a")])
    assert state == {"b": "P"}


@given(st.lists(events, max_size=20), st.integers(0, 20))
def test_replaying_in_two_parts_is_replaying_at_once(found: list[Event], cut: int) -> None:
    state, apart = replay(found[:cut])
    for each in found[cut:]:
        apply(each, state, apart)
    assert (state, apart) == replay(found)


@given(events, st.sets(ids, max_size=6), st.sets(ids, max_size=6))
def test_who_is_parted_is_parted_both_ways(event: Event, ones: set[str], others: set[str]) -> None:
    pairs = parted(event, ones, others)
    assert (event.person, event.other) in pairs and (event.other, event.person) in pairs
    assert {(record, event.other) for record in ones} | {(record, event.person) for record in others} <= pairs


def test_who_is_the_same_after_merges_is_so_with_all_that_they_have_become() -> None:
    _, apart = replay([event("link", "P", "a"), event("link", "Q", "c"), event("link", "R", "d"),
                       event("different", "Q", "", "R"), event("merge", "P", "c Q", "Q"),
                       event("same", "P", "", "R")])  # fmt: skip
    assert apart == set()
