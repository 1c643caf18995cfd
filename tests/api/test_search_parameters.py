"""Search parameters added at run time, over HTTP, on both engines: what they find, when, and who may add them."""

from __future__ import annotations

from json import dumps
from typing import Any

import pytest
from tests.api.caller import Caller

from hoso.access import Actor, Errand, Scopes
from hoso.core.errors import Refused
from hoso.store import filling
from hoso.store.doctor import examine
from hoso.store.record_store import RecordStore

TRIBE = "http://benhvien.example.vn/tribe"
PARAMETERS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "tribe": ("token", ("Patient",), f"Patient.extension('{TRIBE}').value"),
    "nick": ("string", ("Patient", "Practitioner"), "name.where(use = 'nickname').given"),
    "married": ("date", ("Patient",), f"Patient.extension('{TRIBE}-wed').value.ofType(date)"),
    "children": ("number", ("Patient",), f"Patient.extension('{TRIBE}-children').value.ofType(integer)"),
    "weight": ("quantity", ("Patient",), f"Patient.extension('{TRIBE}-weight').value.ofType(Quantity)"),
    "friend": ("reference", ("Patient",), f"Patient.extension('{TRIBE}-friend').value.ofType(Reference)"),
    "page": ("uri", ("Patient",), f"Patient.extension('{TRIBE}-page').value.ofType(uri)"),
    "many": ("token", ("Patient",), "(name.given.count() > 1)"),
}
FOUND = [
    ("tribe=tay", "a"),
    (f"tribe={TRIBE}|tay", "a"),
    (f"tribe={TRIBE}|", "ab"),
    ("tribe:not=tay", "bc"),
    ("tribe:missing=true", "c"),
    ("nick=bè", "a"),
    ("nick:contains=uoi", "b"),
    ("nick:missing=false", "ab"),
    ("married=ge2001", "b"),
    ("children=gt2", "b"),
    ("weight=lt60000|http://unitsofmeasure.org|g", "a"),
    ("friend=Patient/b", "a"),
    ("friend:Patient.nick=suoi", "a"),
    ("_has:Patient:friend:tribe=tay", "b"),
    ("page=https://x.vn/a", "a"),
    ("page:below=https://x.vn", "a"),
    ("many=true", "b"),
    ("_filter=tribe%20eq%20tay%20or%20children%20gt%202", "ab"),
    ("_sort=-tribe&tribe:missing=false", "ab"),
]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "GRACE_MS", -1)


def test_what_was_there_and_what_comes_is_found(call: Caller, store: RecordStore) -> None:
    put_people(call, "ab")
    for code in PARAMETERS:
        assert call("PUT", f"SearchParameter/{code}", parameter(code)).status == 201
    early = call("GET", "Patient?tribe=tay", Accept_Language="vi")
    assert (early.status, early.keys) == (503, ["search.filling"])
    assert "0 %" in early.json["issue"][0]["details"]["text"] and "tribe" not in announced(call)
    put_people(call, "c")
    fill(store)
    wrong = [(where, found) for where, ids in FOUND if (found := searched(call, where)) != list(ids)]
    assert wrong == []
    assert set(PARAMETERS) <= announced(call)
    assert [one["id"] for one in call("GET", "Patient?_id=a&_include=Patient:friend").resources] == ["a", "b"]
    assert searched(call, "nick=be", "Practitioner") == []
    assert call("GET", "Encounter?nick=be").keys == ["search.unknown-parameter"]
    assert call("GET", "Patient?tribe:text=x").keys == ["search.modifier"]
    changed = {"resourceType": "Patient", "id": "a", "name": [{"use": "nickname", "given": ["Tèo"]}]}
    assert call("PUT", "Patient/a", changed).status == 200
    call("DELETE", "Patient/b")
    assert (searched(call, "tribe=tay"), searched(call, "nick=teo"), searched(call, "nick=be")) == ([], ["a"], [])
    assert [one for one in examine(store) if one.faults] == []


def test_a_walk_goes_on_where_it_stopped_and_mends_what_it_lacked(
    call: Caller, store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "CHUNK", 1)
    put_people(call, "abc")
    call("PUT", "SearchParameter/tribe", parameter("tribe"))
    for _ in range(3):
        filling.step(store)
    assert "%" in call("GET", "Patient?tribe=tay").json["issue"][0]["details"]["text"]
    lost = store.facts.keys.token("Patient", f"tribe#{store.added.parameters[0].number}", "tay")
    store.engine.transact(lambda c: c.rows("DELETE FROM token WHERE key = ?", (lost,)))
    fill(store)
    assert searched(call, "tribe=tay") == ["a"]


def test_one_that_is_retired_goes_with_its_rows_and_a_changed_one_is_made_anew(
    call: Caller, store: RecordStore
) -> None:
    put_people(call, "abc")
    before = rows(store)
    call("PUT", "SearchParameter/tribe", parameter("tribe"))
    call("PUT", "SearchParameter/draft", parameter("nick") | {"id": "draft", "status": "draft"})
    fill(store)
    assert call("GET", "Patient?nick=be").keys == ["search.unknown-parameter"]
    call("PUT", "SearchParameter/tribe", parameter("tribe") | {"expression": "Patient.gender"})
    assert call("GET", "Patient?tribe=tay").keys == ["search.filling"]
    fill(store)
    assert (searched(call, "tribe=tay"), searched(call, "tribe=female")) == ([], ["b"])
    call("DELETE", "SearchParameter/tribe")
    assert call("GET", "Patient?tribe=tay").keys == ["search.unknown-parameter"]
    call("PUT", "Patient/b", person("b") | {"gender": "male"})
    fill(store)
    call("PUT", "Patient/b", person("b"))
    call("DELETE", "SearchParameter/draft")
    assert rows(store) - before <= 30, "only those of the SearchParameters themselves"
    assert [one for one in examine(store) if one.faults] == []


def test_what_cannot_be_is_refused(call: Caller) -> None:
    call("PUT", "SearchParameter/tribe", parameter("tribe"))
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"code": "gender"}, "added.taken", "code"),
        ({"code": "tribe"}, "added.taken", "code"),
        ({"code": "_x"}, "added.code", "code"),
        ({"type": "composite"}, "added.kind", "type"),
        ({"base": ["Resource"]}, "added.base", "base"),
        ({"expression": "Patient.((("}, "added.expression", "expression"),
        ({"expression": "Patient.nothing"}, "added.expression", "expression"),
        ({"expression": "Patient.birthDate < today()"}, "added.moment", "expression"),
        ({"expression": "x" * 2_001}, "added.expression-length", "expression"),
    ]
    for change, key, element in wrong:
        answer = call("POST", "SearchParameter", parameter("nick") | change)
        assert (answer.status, answer.keys) == (422, [key]), change
        assert answer.json["issue"][0]["expression"] == [f"SearchParameter.{element}"]
    assert call("PUT", "SearchParameter/tribe", parameter("tribe")).status == 200
    assert call("POST", "SearchParameter", parameter("tribe") | {"status": "retired"}).status == 201
    somebody = Actor("client/app", Scopes.parse("system/*.cruds"), patient="a")
    with pytest.raises(Refused) as refused:
        call.records.create(Errand(somebody, "TREAT"), "SearchParameter", dumps(parameter("nick")).encode())
    assert refused.value.status == 403


def searched(call: Caller, where: str, type: str = "Patient") -> list[str]:
    return call.found(f"{type}?{where}")


def fill(store: RecordStore) -> None:
    while filling.step(store):
        pass


def rows(store: RecordStore) -> int:
    return sum(int(store.engine.reader().rows(f"SELECT count(*) FROM {table}")[0][0]) for table in ("token", "string"))


def announced(call: Caller) -> set[str]:
    resources = call("GET", "metadata").json["rest"][0]["resource"]
    return {one["name"] for one in next(r for r in resources if r["type"] == "Patient")["searchParam"]}


def parameter(code: str) -> dict[str, Any]:
    kind, base, expression = PARAMETERS[code]
    return {
        "resourceType": "SearchParameter", "id": code, "url": f"http://benhvien.example.vn/SearchParameter/{code}",
        "name": code, "status": "active", "description": code, "code": code, "base": list(base), "type": kind,
        "expression": expression,
    }  # fmt: skip


def put_people(call: Caller, ids: str) -> None:
    for id in ids:
        assert call("PUT", f"Patient/{id}", person(id)).status in (200, 201)


def person(id: str) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Patient", "id": id}
    if id == "a":
        found["name"] = [{"use": "nickname", "given": ["Bé"]}]
        found["extension"] = [
            said("", valueCoding={"system": TRIBE, "code": "tay"}), said("-wed", valueDate="2000-05-01"),
            said("-children", valueInteger=2), said("-friend", valueReference={"reference": "Patient/b"}),
            said("-page", valueUri="https://x.vn/a"), said("-weight", valueQuantity={
                "value": 55, "system": "http://unitsofmeasure.org", "code": "kg", "unit": "kg"}),
        ]  # fmt: skip
    if id == "b":
        found |= {"gender": "female", "name": [{"use": "nickname", "given": ["Suối", "Xa"]}]}
        found["extension"] = [
            said("", valueCoding={"system": TRIBE, "code": "nung"}), said("-wed", valueDate="2001"),
            said("-children", valueInteger=3),
        ]  # fmt: skip
    return found


def said(name: str, **value: Any) -> dict[str, Any]:
    return {"url": TRIBE + name, **value}
