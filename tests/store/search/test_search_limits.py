"""A search that asks too much is refused in words, and what comes after it finds everything in order."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from hoso.core import Refused
from hoso.fhir.search import parse
from hoso.store import connection
from hoso.store.contract import Draft, Origin
from hoso.store.record_store import RecordStore, RecordTransaction
from hoso.store.search import by_code, includes
from hoso.store.sqlite import connection as sqlite
from hoso.store.visible import EVERYTHING

ORIGIN = Origin("user/test", "TREAT")


def put(store: RecordStore, *resources: dict[str, Any]) -> None:
    store.save([Draft("PUT", r["resourceType"], r["id"], orjson.dumps(r), r) for r in resources], ORIGIN)


def people(count: int) -> list[dict[str, Any]]:
    gender = ("male", "female")
    return [{"resourceType": "Patient", "id": f"p{n}", "gender": gender[n % 2]} for n in range(count)]


@pytest.fixture
def hasty(store: RecordStore, monkeypatch: pytest.MonkeyPatch) -> RecordStore:
    """A store of 300 people whose searches are soon given up."""
    put(store, *people(300))
    monkeypatch.setattr(connection, "SECONDS", 0.01)
    monkeypatch.setattr(sqlite, "STEPS", 1_000)
    if store.engine.reader().dialect == "postgresql":
        store.engine.reader().rows("SET statement_timeout = 500")
    return store


NEVER_ENDS = """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
  SELECT count(*) FROM n"""


class Endless:
    """A rule about records that never comes to an answer."""

    types = None

    def sees(self, type: str) -> bool:
        return True

    def predicate(self, alias: str, type: str) -> tuple[str, list[object]]:
        return f"{alias}.rid > ({NEVER_ENDS})", []


def test_a_search_that_takes_too_long_is_given_up_and_the_next_one_runs(hasty: RecordStore) -> None:
    for search in (hasty.search, lambda query, visible: list(hasty.scan(query, visible))):
        with pytest.raises(Refused) as refused:
            search(parse("Patient", []), Endless())  # type: ignore[arg-type]
        assert (refused.value.status, refused.value.issues[0].key) == (503, "search.too-slow")
    assert len(hasty.search(parse("Patient", [("_id", "p1,p2")]), EVERYTHING).matches) == 2


def test_a_search_given_up_inside_a_write_takes_the_write_back_and_nothing_else(hasty: RecordStore) -> None:
    def work(transaction: RecordTransaction) -> None:
        lost = {"resourceType": "Patient", "id": "lost"}
        transaction.save([Draft("PUT", "Patient", "lost", orjson.dumps(lost), lost)])
        transaction.search(parse("Patient", []), Endless())  # type: ignore[arg-type]

    with pytest.raises(Refused):
        hasty.write(work, ORIGIN)
    assert hasty.read("Patient", "lost") is None
    put(hasty, {"resourceType": "Patient", "id": "next"})
    assert hasty.read("Patient", "next") is not None


def test_an_order_by_codes_of_too_many_matches_is_refused(store: RecordStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, *people(6))
    monkeypatch.setattr(by_code, "MOST", 5)
    with pytest.raises(Refused) as refused:
        store.search(parse("Patient", [("_sort", "gender")]), EVERYTHING)
    assert (refused.value.status, refused.value.issues[0].key) == (400, "search.sort-costly")
    narrowed = parse("Patient", [("_sort", "gender"), ("_id", "p0,p1,p2,p3,p4")])
    assert [v.id for v in store.search(narrowed, EVERYTHING).matches] == ["p1", "p3", "p0", "p2", "p4"]


def test_more_included_records_than_a_page_may_bring_are_refused(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, {"resourceType": "Organization", "id": "o"})
    put(store, *({**p, "managingOrganization": {"reference": "Organization/o"}} for p in people(4)))
    query = parse("Organization", [("_revinclude", "Patient:organization")])
    assert len(store.search(query, EVERYTHING).included) == 4
    monkeypatch.setattr(includes, "MOST", 3)
    with pytest.raises(Refused) as refused:
        store.search(query, EVERYTHING)
    assert refused.value.issues[0].key == "search.included-many"


def test_iterate_follows_a_line_of_any_length_and_a_circle_once(store: RecordStore) -> None:
    def part(n: int, of: int) -> dict[str, Any]:
        return {"resourceType": "Organization", "id": f"o{n}", "partOf": {"reference": f"Organization/o{of}"}}

    put(store, *(part(n, n + 1) for n in range(30)), part(30, 0))
    query = parse("Organization", [("_id", "o0"), ("_include:iterate", "Organization:partof")])
    assert {v.id for v in store.search(query, EVERYTHING).included} == {f"o{n}" for n in range(1, 31)}


@pytest.mark.parametrize("length", [199, 200, 201, 900, 3_000])
def test_a_long_text_is_found_by_all_of_it_and_by_its_beginning(store: RecordStore, length: int) -> None:
    name = ("Đại học Y Dược " * 300)[: length - 1] + "Z"
    put(store, {"resourceType": "Organization", "id": "long", "name": name})
    put(store, {"resourceType": "Organization", "id": "other", "name": name[:-1] + "Y"})

    def found(parameter: str, text: str) -> list[str]:
        return [v.id for v in store.search(parse("Organization", [(parameter, text)]), EVERYTHING).matches]

    assert found("name", name) == found("name:exact", name) == found("name:contains", name[-190:]) == ["long"]
    assert found("name", name[:-1]) == ["long", "other"]
    assert found("name", name + "more") == found("name:exact", name.lower()) == []
