"""Rows of who belongs to whom, on both engines; and what a search for a person finds in the records of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest

from hoso.fhir.search import parse
from hoso.store import EVERYTHING, Draft, Origin, Saved, Visible
from hoso.store.people import Entry, Known, Member, Near, Person, Probe
from hoso.store.record_store import RecordStore

ORIGIN = Origin("client/test", "TREAT")
FACILITY_VIEW = Visible(None, persons=False)


def put(store: RecordStore, *resources: dict[str, Any]) -> list[int]:
    drafts = [Draft("PUT", r["resourceType"], r["id"], orjson.dumps(r), r) for r in resources]
    return [saved.rid for saved in store.save(drafts, ORIGIN)]


def patient(id: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, **more}


def weight(id: str, who: str, value: float = 60.0) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": f"Patient/{who}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "effectiveDateTime": "2026-01-02", "valueQuantity": {"value": value, "unit": "kg"},
    }  # fmt: skip


def found(store: RecordStore, type: str | None, query: str, visible: Visible = EVERYTHING) -> list[str]:
    pairs = [tuple(pair.split("=", 1)) for pair in query.split("&")] if query else []
    page = store.search(parse(type, [(k, v) for k, v in pairs]), visible)
    return sorted(f"{v.type}/{v.id}" for v in [*page.matches, *page.included])


@pytest.fixture
def linked(store: RecordStore) -> RecordStore:
    """A person "golden" of two records, each with an observation; a third record is somebody else's."""
    code = {"system": "https://hoso.vn/sid/citizen-code", "value": "9000000000133"}
    golden = patient("golden", identifier=[code], link=[{"other": {"reference": "Patient/a"}, "type": "seealso"}])
    _a, _b, _c, person, *_ = rids = put(
        store, patient("a"), patient("b"), patient("c"), golden,
        weight("oa", "a"), weight("ob", "b"), weight("oc", "c"), weight("og", "golden"),
    )  # fmt: skip

    def link(t: Any) -> None:
        t.people.found_persons([(person, code["value"])])
        t.people.assign(rids[:2], person)

    store.write(link, ORIGIN)
    return store


ALL = ["Observation/oa", "Observation/ob", "Observation/og"]


@pytest.mark.parametrize(
    "query",
    [
        "patient=golden", "subject=Patient/golden", "patient=Patient/golden&code=29463-7", "patient=golden&_sort=-date",
        "patient.identifier=9000000000133", "subject:Patient.identifier=https://hoso.vn/sid/citizen-code|9000000000133",
        "patient._id=golden", "patient=golden&date=2026", "code=29463-7&patient.identifier=9000000000133",
    ],
)  # fmt: skip
def test_a_search_for_a_person_finds_what_stands_in_every_record(linked: RecordStore, query: str) -> None:
    assert found(linked, "Observation", query) == ALL


def test_a_search_for_one_record_finds_what_stands_in_it_alone(linked: RecordStore) -> None:
    assert found(linked, "Observation", "patient=a") == ["Observation/oa"]
    assert found(linked, "Observation", "patient=c") == ["Observation/oc"]


def test_the_compartment_of_a_person_is_the_union_over_its_records(linked: RecordStore) -> None:
    query = parse("Observation", [], compartment=("Patient", "golden"))
    assert sorted(f"{v.type}/{v.id}" for v in linked.search(query, EVERYTHING).matches) == ALL


def test_everything_of_a_person_is_the_union_over_its_records(linked: RecordStore) -> None:
    whole = {f"{v.type}/{v.id}" for v in linked.everything("golden", FACILITY_VIEW)}
    assert whole == {*ALL, "Patient/golden", "Patient/a", "Patient/b"}
    assert {f"{v.type}/{v.id}" for v in linked.everything("a", EVERYTHING)} == {"Patient/a", "Observation/oa"}


def test_what_points_at_a_record_points_at_its_person(linked: RecordStore) -> None:
    assert found(linked, "Patient", "_has:Observation:patient:code=29463-7") == [
        "Patient/a", "Patient/b", "Patient/c", "Patient/golden",
    ]  # fmt: skip
    assert found(linked, "Patient", "_has:Observation:patient:_id=oa") == ["Patient/a", "Patient/golden"]
    assert found(linked, "Patient", "_id=golden&_revinclude=Observation:patient") == [*ALL, "Patient/golden"]
    assert found(linked, "Patient", "_id=golden&_has:Observation:patient:code=29463-7") == ["Patient/golden"]


def test_a_facility_sees_its_records_and_not_the_persons_made_of_them(linked: RecordStore) -> None:
    assert found(linked, "Patient", "", FACILITY_VIEW) == ["Patient/a", "Patient/b", "Patient/c"]
    assert found(linked, "Patient", "_has:Observation:patient:code=29463-7", FACILITY_VIEW) == [
        "Patient/a", "Patient/b", "Patient/c",
    ]  # fmt: skip
    assert found(linked, None, "_type=Patient", FACILITY_VIEW) == ["Patient/a", "Patient/b", "Patient/c"]


def test_a_record_belongs_to_one_person_the_last_one_it_was_given_to(store: RecordStore) -> None:
    a, b, p, q = put(store, patient("a"), patient("b"), patient("p"), patient("q"))

    def work(t: Any) -> None:
        t.people.assign([a, b], p)
        t.people.assign([b], q)

    store.write(work, ORIGIN)
    assert store.people.persons_of([a, b, 999]) == {a: p, b: q}
    assert store.people.members([p, q]) in ([(p, a), (q, b)], [(q, b), (p, a)])
    store.write(lambda t: t.people.release([a]), ORIGIN)
    assert store.people.persons_of([a, b]) == {b: q}


def test_a_merged_person_is_known_and_counted(store: RecordStore) -> None:
    p, q = put(store, patient("p"), patient("q"))

    def work(t: Any) -> None:
        t.people.found_persons([(p, "9000000000133")])
        t.people.found_persons([(q, "9000000000230")])
        t.people.merge(q, p)

    store.write(work, ORIGIN)
    assert store.people.persons([p, q, 999]) == {p: Person(p, "9000000000133", None), q: Person(q, "9000000000230", p)}
    assert store.people.coded(["9000000000230", "none"]) == {"9000000000230": q}
    assert store.people.count() == 2


def keys(*found: int, limit: int = 3) -> dict[int, Probe]:
    return {key: Probe(limit, 1.0, f"kind {key}") for key in found}


def entries(store: RecordStore, found: Iterable[Entry]) -> None:
    store.write(lambda t: t.people.put(list(found)), ORIGIN)


def each_alone(store: RecordStore, records: Iterable[int]) -> None:
    """Record n is all there is of person 1000 + n."""
    store.write(lambda t: [t.people.assign([record], 1000 + record) for record in records], ORIGIN)


def test_who_shares_most_comes_first_and_a_crowded_key_tells_nothing(store: RecordStore) -> None:
    entries(store, [Entry(n, [1, 100 + n], b"x") for n in range(1, 6)])
    entries(store, [Entry(10, [7, 8], b"y"), Entry(11, [7], b"z")])
    each_alone(store, [1, 2, 3, 4, 5, 10, 11])
    assert store.people.near(keys(7, 8, 1), 10) == Near([1010, 1011], {10, 11}, {7: 2, 8: 1, 1: 4})
    assert store.people.near(keys(7, 8), 1).persons == [1010]
    assert store.people.near(keys(1), 10).persons == [1001, 1002, 1003, 1004]
    assert store.people.near({}, 10) == Near([], set(), {})
    wanted = {7: Probe(3, 1.0, "a"), 102: Probe(3, 5.0, "b")}
    assert store.people.near(wanted, 10).persons == [1002, 1010, 1011]


def test_records_of_one_person_crowd_no_key(store: RecordStore) -> None:
    entries(store, [Entry(n, [1], b"x") for n in range(1, 9)])
    store.write(lambda t: t.people.assign(range(1, 9), 50), ORIGIN)
    near = store.people.near(keys(1), 10)
    assert near.persons == [50] and near.counts == {1: 1}


def test_several_keys_of_one_kind_count_once(store: RecordStore) -> None:
    entries(store, [Entry(1, [5, 6], b"x"), Entry(2, [7], b"y")])
    each_alone(store, [1, 2])
    wanted = {5: Probe(3, 2.0, "birth"), 6: Probe(3, 2.0, "birth"), 7: Probe(3, 3.0, "number")}
    assert store.people.near(wanted, 10).persons == [1002, 1001]


def test_more_keys_than_one_statement_takes(store: RecordStore) -> None:
    entries(store, [Entry(1, [999], b"x")])
    each_alone(store, [1])
    assert store.people.near(keys(*range(1_200)), 10).persons == [1001]


def test_what_stands_of_a_patient_that_comes_again(store: RecordStore) -> None:
    a, b, p = put(store, patient("a"), patient("b"), patient("p"))
    store.write(lambda t: t.people.found_persons([(p, "9000000000133")]), ORIGIN)
    store.write(lambda t: t.people.assign([a], p), ORIGIN)
    store.write(lambda t: t.people.add([Entry(a, [1], b"x", 2)]), ORIGIN)
    assert store.people.arrived(["a", "b", "p", "none"]) == {
        "a": Known(a, False, p, 2, b"x"), "b": Known(b, False, None, 0, b""), "p": Known(p, True, None, 0, b""),
    }  # fmt: skip
    assert store.people.arrived([]) == {}


def test_what_is_put_again_replaces_what_was_there(store: RecordStore) -> None:
    entries(store, [Entry(1, [5, 6], b"old")])
    entries(store, [Entry(1, [6, 7], b"new", 2)])
    each_alone(store, [1])
    assert store.people.entries([1]) == {1: (2, b"new")}
    assert store.people.near(keys(5), 9).persons == []
    assert store.people.near(keys(6, 7), 9).persons == [1001]
    store.write(lambda t: t.people.forget([1]), ORIGIN)
    assert store.people.entries([1]) == {} and store.people.near(keys(6, 7), 9).persons == []


def test_all_that_is_known_of_a_person_is_compared(store: RecordStore) -> None:
    entries(store, [Entry(n, [n], b"%d" % n) for n in range(1, 8)])
    store.write(lambda t: t.people.assign([1, 2, 3, 4], 50), ORIGIN)
    assert sorted(store.people.compared([50, 7], [], 40)) == [Member(50, n, b"%d" % n) for n in range(1, 5)]
    assert sorted(store.people.compared([50], [4], 2)) == [Member(50, 1, b"1"), Member(50, 4, b"4")]
    assert sorted(store.people.compared([50], [], 1)) == [Member(50, 1, b"1")]
    assert store.people.compared([], [], 2) == []


def test_what_must_stay_apart_is_remembered_until_it_is_allowed(store: RecordStore) -> None:
    store.write(lambda t: t.people.keep_apart([(1, 50), (2, 60), (1, 50)]), ORIGIN)
    assert store.people.apart([1, 2], [50, 60]) == {(1, 50), (2, 60)}
    assert store.people.apart([1], [60]) == set()
    store.write(lambda t: t.people.assign([50], 70), ORIGIN)
    assert store.people.apart([1, 2], [60, 70]) == {(1, 70), (2, 60)}
    store.write(lambda t: t.people.allow([1], [50]), ORIGIN)
    assert store.people.apart([1, 2], [50, 60]) == {(2, 60)}


def test_a_number_had_beforehand_is_the_one_the_record_gets(store: RecordStore) -> None:
    (old,) = put(store, patient("old"))
    drafts = [Draft("PUT", "Patient", id, b'{"resourceType":"Patient"}', patient(id)) for id in ("z", "old", "new")]

    def work(t: Any) -> tuple[list[int], list[int]]:
        numbers = [t.fresh("Patient", "new"), t.fresh("Patient", "z"), t.fresh("Patient", "new")]
        return numbers, [saved.rid for saved in t.save(drafts)]

    (new, z, again), saved = store.write(work, ORIGIN)
    assert new == again and saved == [z, old, new]


def test_a_number_is_had_anew_when_somebody_else_named_the_record_meanwhile(
    make_store: Callable[[str], RecordStore],
) -> None:
    store = make_store("postgresql")  # where several write at once
    tries: list[int] = []

    def work(t: Any) -> list[Saved]:
        tries.append(store.people.rids(["a"]).get("a") or t.fresh("Patient", "a"))
        if len(tries) == 1:
            put_elsewhere(store)
        return t.save([Draft("PUT", "Patient", "a", b'{"resourceType":"Patient"}', patient("a"))])

    (saved,) = store.write(work, ORIGIN)
    assert len(tries) == 2 and tries[1] == saved.rid != tries[0]


def put_elsewhere(store: RecordStore) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(put, store, weight("o", "a")).result()
