"""A token for some records of a type, or for one person's, meets no other record on any path."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.api.caller import Caller

from hoso.access import Actor, Errand, Records, Scopes
from hoso.access.scope import read
from hoso.core.errors import Refused
from hoso.fhir.search import parse
from hoso.store.record_store import RecordStore

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
Ask = Callable[..., Any]


def observation(patient: str, category: str) -> dict[str, Any]:
    return {
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
    }


def record(id: str, patient: str, category: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": id, **observation(patient, category)}


@pytest.fixture
def whole(store: RecordStore) -> Caller:
    caller = Caller.with_persons(store)
    for patient in ("p1", "p2"):
        assert caller("PUT", f"Patient/{patient}", {"resourceType": "Patient", "id": patient}).status == 201
    for id, patient, category in (
        ("lab1", "p1", "laboratory"),
        ("vital1", "p1", "vital-signs"),
        ("lab2", "p2", "laboratory"),
    ):
        assert caller("PUT", f"Observation/{id}", record(id, patient, category)).status == 201
    return caller


@pytest.fixture
def laboratory(whole: Caller) -> Caller:
    return whole.holding(f"system/Observation.cruds?category={CATEGORY}|laboratory system/Patient.rs", "lab")


def ids(answer: Any) -> set[str]:
    return {one["id"] for one in answer.resources}


def test_a_category_is_kept_by_id_version_history_search_include_and_everything(
    whole: Caller, laboratory: Caller
) -> None:
    absent = laboratory("GET", "Observation/nothing")
    for path in ("Observation/vital1", "Observation/vital1/_history/1", "Observation/vital1/_history"):
        hidden = laboratory("GET", path)
        assert hidden.status == 404 == absent.status
        assert hidden.body.replace(b"vital1", b"nothing") == absent.body
    assert laboratory("GET", "Observation/lab1").status == 200
    assert ids(laboratory("GET", "Observation?_total=accurate")) == {"lab1", "lab2"}
    assert laboratory("GET", "Observation?_summary=count").json["total"] == 2
    assert ids(laboratory("GET", "Observation?category=vital-signs")) == set()
    assert ids(laboratory("GET", "Patient?_has:Observation:patient:category=vital-signs")) == set()
    assert ids(laboratory("GET", "Patient?_id=p1&_revinclude=Observation:patient")) == {"p1", "lab1"}
    assert ids(laboratory("GET", "Observation/_history")) == {"lab1", "lab2"}
    assert {"vital1"}.isdisjoint(ids(laboratory("GET", "_history")))
    assert ids(laboratory("GET", "Patient/p1/Observation")) == {"lab1"}
    assert {"lab1"} == {id for id in ids(laboratory("GET", "Patient/p1/$everything")) if id != "p1"}


def test_a_version_of_another_category_is_not_told(whole: Caller, laboratory: Caller) -> None:
    other = record("lab1", "p1", "vital-signs")
    first = whole("GET", "Observation/lab1").headers["ETag"].split('"')[1]
    second = whole("PUT", "Observation/lab1", other).headers["ETag"].split('"')[1]
    assert laboratory("GET", f"Observation/lab1/_history/{first}").status == 404
    whole("PUT", "Observation/lab1", record("lab1", "p1", "laboratory"))
    assert laboratory("GET", f"Observation/lab1/_history/{first}").status == 200
    assert laboratory("GET", f"Observation/lab1/_history/{second}").status == 404
    history = laboratory("GET", "Observation/lab1/_history")
    assert len(history.resources) == 2 and "total" not in history.json


def test_nothing_is_written_out_of_the_view_or_into_it(laboratory: Caller, whole: Caller) -> None:
    assert (
        laboratory("POST", "Observation", {"resourceType": "Observation", **observation("p1", "vital-signs")}).status
        == 403
    )
    assert (
        laboratory("POST", "Observation", {"resourceType": "Observation", **observation("p1", "laboratory")}).status
        == 201
    )
    assert laboratory("PUT", "Observation/vital1", record("vital1", "p1", "laboratory")).status == 404
    assert laboratory("PUT", "Observation/unheard", record("unheard", "p1", "laboratory")).status == 404
    assert laboratory("PUT", "Observation/lab1", record("lab1", "p1", "vital-signs")).status == 403
    assert laboratory("DELETE", "Observation/vital1").status == laboratory("DELETE", "Observation/unheard").status
    patch = [{"op": "replace", "path": "/category/0/coding/0/code", "value": "vital-signs"}]
    kind = "application/json-patch+json"
    assert laboratory("PATCH", "Observation/lab1", json.dumps(patch).encode(), Content_Type=kind).status == 403
    assert laboratory("PATCH", "Observation/vital1", json.dumps(patch).encode(), Content_Type=kind).status == 404
    entry = {
        "resource": record("vital1", "p1", "laboratory"),
        "request": {"method": "PUT", "url": "Observation/vital1"},
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert laboratory("POST", "", bundle).status == 404
    assert whole("GET", "Observation/vital1").json["category"][0]["coding"][0]["code"] == "vital-signs"
    assert laboratory("DELETE", "Observation/lab1").status == 204


def test_a_condition_matches_only_what_the_token_sees(laboratory: Caller) -> None:
    fresh = {"resourceType": "Observation", **observation("p1", "laboratory")}
    answer = laboratory("POST", "Observation", fresh, If_None_Exist="category=vital-signs")
    assert answer.status == 201


@pytest.fixture
def ask(whole: Caller) -> Ask:
    """ask("read", …) as an app that was opened about p1."""
    actor = Actor("user/mai", Scopes.of(read("patient/*.cruds", ("patient",))), patient="p1")
    records: Records = whole.records
    return lambda what, *rest: getattr(records, what)(Errand(actor, "TREAT"), *rest)


def test_an_app_opened_about_one_person_meets_nobody_else(ask: Ask, whole: Caller) -> None:
    assert ask("read", "Observation", "lab1") and ask("read", "Patient", "p1")
    assert ask("read", "Observation", "lab2") is None and ask("read", "Patient", "p2") is None
    assert {v.id for v in ask("search", parse("Observation", [])).matches} == {"lab1", "vital1"}
    golden = whole("GET", "Patient?link=Patient/p1").resources[0]["id"]
    found = {v.id for v in ask("search", parse("Patient", [("_id", f"p1,p2,{golden}")])).matches}
    assert found == {"p1", golden}
    moved = json.dumps(record("lab1", "p2", "laboratory")).encode()
    with pytest.raises(Refused) as refused:
        ask("update", "Observation", "lab1", moved)
    assert refused.value.status == 403
    with pytest.raises(Refused):
        ask("people")


def test_unlinking_a_record_takes_it_from_the_app_at_once(whole: Caller, store: RecordStore) -> None:
    assert whole("PUT", "Patient/p3", {"resourceType": "Patient", "id": "p3"}).status == 201
    whole("PUT", "Observation/lab3", record("lab3", "p3", "laboratory"))
    golden = whole("GET", "Patient?link=Patient/p1").resources[0]["id"]
    actor = Actor("user/mai", Scopes.of(read("patient/Observation.rs", ("patient",))), patient=golden)
    rids = store.people.rids(["p3", golden])
    assert whole.records.read(Errand(actor, "TREAT"), "Observation", "lab3") is None
    store.write(lambda t: t.people.assign([rids["p3"]], rids[golden]), _origin())
    assert whole.records.read(Errand(actor, "TREAT"), "Observation", "lab3")
    store.write(lambda t: t.people.release([rids["p3"]]), _origin())
    assert whole.records.read(Errand(actor, "TREAT"), "Observation", "lab3") is None


def _origin() -> Any:
    from hoso.access import Origin

    return Origin("node/test", "SYSADMIN")
