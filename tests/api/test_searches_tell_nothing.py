"""What a caller may not see changes no answer: of value sets, hierarchies, full text, lists and own parameters."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.caller import Caller

from hoso.store import filling
from hoso.store.record_store import RecordStore

ICD = "http://hl7.org/fhir/sid/icd-10"
OWN = {
    "resourceType": "SearchParameter", "id": "noted", "url": "http://benhvien.example.vn/SearchParameter/noted",
    "name": "noted", "status": "active", "description": "noted", "code": "noted", "base": ["Condition"],
    "type": "string", "expression": "Condition.note.text",
}  # fmt: skip
ASKED = [
    "Condition?code:in=http://hl7.org/fhir/ValueSet/icd-10",
    "Condition?code:in=https://hoso.vn/ValueSet/main-diagnosis",
    f"Condition?code:not-in=http://hl7.org/fhir/ValueSet/icd-10&code:below={ICD}|F30-F39",
    f"Condition?code:below={ICD}|F32",
    f"Condition?code:above={ICD}|F32.1",
    "Condition?_content=buon",
    "Condition?_text=buon",
    "Condition?noted=buon",
    "Condition?noted:missing=false",
    "Condition?noted:missing=true",
    "Condition?_sort=-noted",
    "Condition?_list=$current-problems",
    "Condition?subject:text=lan",
    "Patient?_has:Condition:subject:_content=buon",
    "Patient?_has:Condition:subject:noted=buon",
    f"Patient?_has:Condition:subject:code:below={ICD}|F32",
    "Condition?_filter=noted%20co%20buon%20or%20code%20sb%20http://hl7.org/fhir/sid/icd-10|F32",
    "Group/g/$everything",
]


def test_a_closed_record_changes_no_answer(call: Caller, store: RecordStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "GRACE_MS", -1)
    call.records.parameters.settle(text=True)
    call("PUT", "SearchParameter/noted", OWN)
    while filling.step(store):
        pass
    call("PUT", "Patient/lan", {"resourceType": "Patient", "id": "lan"})
    call("PUT", "Condition/open", condition("open", "I10"))
    member = [{"entity": {"reference": "Patient/lan"}}]
    call("PUT", "Group/g", {"resourceType": "Group", "id": "g", "type": "person", "actual": True, "member": member})
    other = call.holding("system/*.rs")
    other.token = call.tokens.create("uncleared", "system/*.rs", labels=[])
    before = {where: answer(other, where) for where in ASKED}
    call("PUT", "Condition/closed", condition("closed", "F32.1"))
    assert "closed" in answer(call, f"Condition?code:below={ICD}|F32")[0], "whoever may see it finds it"
    assert {where: answer(other, where) for where in ASKED} == before


def answer(call: Caller, where: str) -> tuple[list[str], Any]:
    found = call("GET", where if "$" in where and "?" not in where else f"{where}&_total=accurate")
    assert found.status == 200, (where, found.body)
    return [one["id"] for one in found.resources], found.json.get("total")


def condition(id: str, code: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition", "id": id, "subject": {"reference": "Patient/lan", "display": "Chị Lan"},
        "code": {"coding": [{"system": ICD, "code": code}]}, "note": [{"text": "Buồn bã"}],
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Buồn bã</div>'},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                                       "code": "active"}]},
    }  # fmt: skip
