"""A search that asks too much is refused in words, and what comes after it finds everything in order."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from hoso.core import Refused
from hoso.fhir.search import parse
from hoso.store import connection
from hoso.store.contract import Draft, Origin
from hoso.store.postgres import connection as postgres
from hoso.store.record_store import RecordStore, RecordTransaction
from hoso.store.search import includes
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
    soon = postgres.OPTIONS.replace(f"statement_timeout={postgres.SECONDS}s", "statement_timeout=500ms")
    monkeypatch.setattr(postgres, "OPTIONS", soon)  # of connections to come; of the one that is there:
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

    def rule(self, type: str) -> None:
        """The same for every type."""

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


@pytest.mark.parametrize("sort", ["gender", "-gender", "identifier", "-identifier"])
def test_an_order_by_codes_goes_through_all_pages_with_missing_codes_last(store: RecordStore, sort: str) -> None:
    for n, person in enumerate(people(12)):
        person["identifier"] = [{"system": "urn:a", "value": f"{n * 7 % 12:02}"}, {"value": f"{n:02}x"}]
        if n % 5 == 0:
            del person["gender"], person["identifier"]
        put(store, person)
    query, cursor, met = parse("Patient", [("_sort", sort), ("_count", "3")]), None, []
    while True:
        page = store.search(query, EVERYTHING, cursor)
        met += [orjson.loads(v.body) for v in page.matches]
        cursor = page.cursor
        if cursor is None:
            break
        put(store, {"resourceType": "Patient", "id": f"new{len(met)}", "gender": "female"})
    pick = max if sort[0] == "-" else min
    codes = [p.get("gender") if "gender" in sort else _code(p, pick) for p in met]
    there = [c for c in codes if c]
    assert len(met) == len({p["id"] for p in met}) == 12
    assert there == sorted(there, reverse=sort[0] == "-") and codes[9:] == [None] * 3


def _code(patient: dict[str, Any], pick: Any) -> str | None:
    return pick((i["value"] for i in patient.get("identifier", ())), default=None)


def test_a_page_with_which_too_much_would_come_is_made_with_fewer_matches(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for o in range(5):
        put(store, {"resourceType": "Organization", "id": f"o{o}"})
        mine = {"managingOrganization": {"reference": f"Organization/o{o}"}}
        put(store, *({**p, **mine, "id": f"o{o}{p['id']}"} for p in people(4)))
    query = parse("Organization", [("_revinclude", "Patient:organization")])
    assert len(store.search(query, EVERYTHING).included) == 20
    monkeypatch.setattr(includes, "MOST", 9)
    pages, cursor = [], None
    while True:
        page = store.search(query, EVERYTHING, cursor)
        pages.append(([v.id for v in page.matches], len(page.included)))
        cursor = page.cursor
        if cursor is None:
            break
    assert [id for ids, _ in pages for id in ids] == [f"o{n}" for n in range(5)]
    assert all(brought == 4 * len(ids) for ids, brought in pages) and len(pages) > 2
    monkeypatch.setattr(includes, "MOST", 3)
    monkeypatch.setattr(includes, "ALONE", 3)
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
