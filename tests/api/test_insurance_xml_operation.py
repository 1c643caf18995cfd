"""Encounter/[id]/$insurance-xml over HTTP, on both engines: the file for who may take it, else what is missing."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from tests.api.caller import Caller
from tests.exchange.insurance.insurance_files import SUMMARY, envelope, visit
from tests.exchange.insurance.test_load_visits import Here

from hoso.exchange.insurance import read
from hoso.fhir.systems import FACILITY_CODE
from hoso.store.record_store import RecordStore

ANSWER = "Encounter/{id}/$insurance-xml"


@pytest.fixture
def id(persons: Caller, store: RecordStore, tmp_path: Path) -> str:
    """A visit that came as a file."""
    named = {"resourceType": "Organization", "id": "bv", "name": "Bệnh viện", "identifier": [
        {"system": FACILITY_CODE, "value": "01001"}]}  # fmt: skip
    assert persons("PUT", "Organization/bv", named).status == 201
    Here(store, tmp_path).load(envelope(visit({"XML1": [SUMMARY]})))
    [entry] = persons("GET", "Encounter").json["entry"]
    return str(entry["resource"]["id"])


def test_a_visit_is_given_as_a_file_and_reads_as_it_came(persons: Caller, id: str) -> None:
    answer = persons("GET", f"{ANSWER.format(id=id)}?dialect=4750&partial=true")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/xml")
    [back] = read(BytesIO(answer.body))
    assert {name: back.rows("XML1")[0].get(name) for name in SUMMARY} == dict(SUMMARY)
    plain = persons("GET", f"{ANSWER.format(id=id)}?partial=true&plain=true")
    assert b"<HO_TEN>" in plain.body and b"<HO_TEN>" not in answer.body


def test_what_is_missing_is_told_field_by_field(persons: Caller, id: str) -> None:
    changed = persons("GET", f"Encounter/{id}").json
    del changed["hospitalization"]
    assert persons("PUT", f"Encounter/{id}", changed).status == 200
    answer = persons("GET", ANSWER.format(id=id))
    assert answer.status == 422
    told = {issue["expression"][0] for issue in answer.json["issue"]}
    assert "XML1[1].MA_LOAI_RV" in told
    assert all(issue["details"]["text"] for issue in answer.json["issue"])


def test_who_may_not_read_all_of_it_is_told_so(persons: Caller, id: str) -> None:
    other = persons.holding("system/Encounter.rs system/Patient.rs system/Organization.rs")
    answer = other("GET", ANSWER.format(id=id))
    assert answer.status == 403 and answer.keys == ["insurance.withheld"]
    assert "Claim" in answer.json["issue"][0]["details"]["text"]
    part = other("GET", f"{ANSWER.format(id=id)}?partial=true")
    assert part.status == 200
    [back] = read(BytesIO(part.body))
    summary = back.rows("XML1")[0]
    assert (
        summary.get("HO_TEN") == SUMMARY["HO_TEN"] and summary.get("MA_BENH_CHINH") == summary.get("T_TONGCHI_BV") == ""
    )


def test_what_is_asked_wrongly_is_refused(persons: Caller, id: str) -> None:
    for asked, status in (("dialect=130", 400), ("colour=red", 400), ("partial=maybe", 400)):
        assert persons("GET", f"{ANSWER.format(id=id)}?{asked}").status == status
    assert persons("GET", ANSWER.format(id="none")).status == 404
    assert persons("GET", "Encounter/$insurance-xml").status == 404
    made = {"resourceType": "Encounter", "id": "x", "status": "finished", "class": {"code": "AMB"}}
    assert persons("PUT", "Encounter/x", made).status == 201
    assert persons("GET", ANSWER.format(id="x")).status == 422


def test_the_definition_is_published(persons: Caller) -> None:
    definition = persons("GET", "OperationDefinition/hoso-encounter-insurance-xml").json
    assert (definition["code"], definition["resource"]) == ("insurance-xml", ["Encounter"])
    assert {one["name"] for one in definition["parameter"]} == {"dialect", "partial", "plain", "return"}
