"""R4's current lists over HTTP, on both engines."""

from __future__ import annotations

from typing import Any

from tests.api.caller import Caller

STATES = "http://terminology.hl7.org/CodeSystem/"
PEOPLE = {
    "a": ("active", "confirmed"),
    "b": ("resolved", "confirmed"),
    "c": ("active", "refuted"),
    "d": ("relapse", ""),
}


def test_a_current_list_holds_what_is_in_force(call: Caller) -> None:
    for id, (state, proof) in PEOPLE.items():
        call("PUT", f"Condition/{id}", problem(id, state, proof))
    call("PUT", "MedicationRequest/m", medicine("m", "active"))
    call("PUT", "MedicationRequest/n", medicine("n", "stopped"))
    for id, kind in (("x", "medication"), ("y", "food")):
        call("PUT", f"AllergyIntolerance/{id}", allergy(id, kind))
    assert listed(call, "Condition?_list=$current-problems") == ["a", "d"]
    assert listed(call, "Condition?_list=$current-problems&subject=Patient/a") == ["a"]
    assert listed(call, "MedicationRequest?_list=$current-medications&patient=p") == ["m"]
    assert listed(call, "AllergyIntolerance?_list=$current-allergies") == ["x", "y"]
    assert listed(call, "AllergyIntolerance?_list=$current-drug-allergies") == ["x"]
    for where in ("Condition?_list=$current-allergies", "Condition?_list=$mine", "Condition?_list=a,$current-problems",
                  "Condition?_list=$current-problems,a", "Condition?_list:not=$current-problems"):  # fmt: skip
        refused = call("GET", where)
        assert (refused.status, refused.keys[0]) in ((400, "search.functional-list"), (400, "search.modifier")), where


def problem(id: str, state: str, proof: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Condition", "id": id, "subject": {"reference": f"Patient/{id}"},
        "clinicalStatus": {"coding": [{"system": STATES + "condition-clinical", "code": state}]},
    }  # fmt: skip
    if proof:
        found["verificationStatus"] = {"coding": [{"system": STATES + "condition-ver-status", "code": proof}]}
    return found


def medicine(id: str, status: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "id": id, "status": status, "intent": "order",
        "medicationCodeableConcept": {"text": "x"}, "subject": {"reference": "Patient/p"},
    }  # fmt: skip


def allergy(id: str, kind: str) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance", "id": id, "category": [kind], "patient": {"reference": "Patient/p"},
        "clinicalStatus": {"coding": [{"system": STATES + "allergyintolerance-clinical", "code": "active"}]},
    }  # fmt: skip


def listed(call: Caller, where: str) -> list[str]:
    answer = call("GET", where)
    assert answer.status == 200, (where, answer.body)
    return sorted(one["id"] for one in answer.resources)
