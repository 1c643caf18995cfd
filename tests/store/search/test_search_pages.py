"""Pages hold still while others write: nothing twice, nothing missed, nothing made later."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest

from hoso.core import Refused
from hoso.fhir.search import parse
from hoso.store.contract import Draft, Origin
from hoso.store.record_store import RecordStore
from hoso.store.visible import EVERYTHING

ORIGIN = Origin("user/test", "TREAT")


def put(store: RecordStore, *resources: dict[str, Any]) -> None:
    store.save([Draft("PUT", r["resourceType"], r["id"], orjson.dumps(r), r) for r in resources], ORIGIN)


def patient(n: int, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": f"p{n}", "gender": "male", "birthDate": f"{1950 + n % 40}", **more}


@pytest.mark.parametrize("sort", ["", "birthdate", "-birthdate", "_id", "gender", "-gender,birthdate"])
def test_a_walk_through_the_pages_meets_each_record_of_the_first_day_once(store: RecordStore, sort: str) -> None:
    put(store, *(patient(n) for n in range(60)))
    pairs = [("gender", "male"), ("_count", "7"), *([("_sort", sort)] if sort else [])]
    query, chance = parse("Patient", pairs), random.Random(1)
    met: list[str] = []
    cursor, made = None, 1_000
    while True:
        page = store.search(query, EVERYTHING, cursor)
        met += [v.id for v in page.matches]
        cursor = page.cursor
        if cursor is None:
            break
        put(store, patient(made, birthDate="2020"), patient(made + 1, birthDate="1900"))
        made += 2
        put(store, patient(chance.randrange(60), active=True))  # a new version in the same place
    assert sorted(met) == sorted(f"p{n}" for n in range(60))


def test_a_record_referred_to_before_it_came_does_not_enter_a_walk_it_came_after(store: RecordStore) -> None:
    put(store, *(patient(n) for n in range(3)))
    put(store, {"resourceType": "Basic", "id": "b", "code": {"text": "x"}, "subject": {"reference": "Patient/late"}})
    put(store, *(patient(n) for n in range(3, 6)))
    query = parse("Patient", [("_count", "2")])
    page = store.search(query, EVERYTHING)
    put(store, {"resourceType": "Patient", "id": "late"})
    met = [v.id for v in page.matches]
    while page.cursor:
        page = store.search(query, EVERYTHING, page.cursor)
        met += [v.id for v in page.matches]
    assert met == [f"p{n}" for n in range(6)]


def test_a_deleted_record_leaves_the_pages_that_are_still_to_come(store: RecordStore) -> None:
    put(store, *(patient(n) for n in range(5)))
    query = parse("Patient", [("_count", "2")])
    page = store.search(query, EVERYTHING)
    store.save([Draft("DELETE", "Patient", "p3", b"", None)], ORIGIN)
    rest = store.search(query, EVERYTHING, page.cursor)
    assert [v.id for v in rest.matches] == ["p2", "p4"]
    assert rest.cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "[]", "[1,2,[],{}]", '[1,2,["a"],3]', "[1,2,[],true]", "[" * 10_000])
def test_a_cursor_of_another_search_is_refused(store: RecordStore, cursor: str) -> None:
    with pytest.raises(Refused) as refused:
        store.search(parse("Patient", []), EVERYTHING, cursor or "null")
    assert refused.value.issues[0].key == "search.cursor"


def test_a_count_of_zero_and_a_summary_of_count_tell_only_the_total(store: RecordStore) -> None:
    put(store, *(patient(n) for n in range(5)))
    for pair in (("_count", "0"), ("_summary", "count")):
        page = store.search(parse("Patient", [pair]), EVERYTHING)
        assert (page.matches, page.total, page.cursor) == ((), 5, None)


def test_the_total_is_told_when_asked_and_when_it_costs_nothing(store: RecordStore) -> None:
    put(store, *(patient(n) for n in range(5)))
    assert store.search(parse("Patient", [("_count", "2")]), EVERYTHING).total is None
    assert store.search(parse("Patient", [("_count", "2"), ("_total", "accurate")]), EVERYTHING).total == 5
    assert store.search(parse("Patient", []), EVERYTHING).total == 5
