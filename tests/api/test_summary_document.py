"""Patient/[id]/$summary over HTTP, on both engines: the union over facilities, as far as the caller may read."""

from __future__ import annotations

from typing import Any

from tests.api.caller import Caller
from tests.api.people import HOSPITAL, NUMBER, STATION, patient, persons_of, put

from hoso.fhir.validate import validate

PATIENTS = {"a": HOSPITAL, "b": STATION}


def seen_at_two_places(call: Caller) -> str:
    """One person with a problem at one facility and an allergy at the other; the id of the person."""
    for id, system in PATIENTS.items():
        put(call, id, patient(number=NUMBER, local=(system, id)))
    call("PUT", "Condition/c", record("Condition", "c", "Hen phế quản", "subject", "a"))
    call("PUT", "AllergyIntolerance/x", record("AllergyIntolerance", "x", "Penicillin", "patient", "b"))
    [person] = persons_of(call)
    return str(person["id"])


def record(type: str, id: str, text: str, about: str, patient: str) -> dict[str, Any]:
    system = f"http://terminology.hl7.org/CodeSystem/{'condition' if type == 'Condition' else 'allergyintolerance'}"
    active = {"coding": [{"system": f"{system}-clinical", "code": "active"}]}
    reference = {"reference": f"Patient/{patient}"}
    return {"resourceType": type, "id": id, "clinicalStatus": active, "code": {"text": text}, about: reference}


def listed(bundle: dict[str, Any]) -> dict[str, list[str]]:
    sections = bundle["entry"][0]["resource"]["section"]
    names = {one["code"]["coding"][0]["code"]: one.get("entry", []) for one in sections}
    return {code: [entry["reference"].rsplit("/", 2)[-1] for entry in entries] for code, entries in names.items()}


def test_the_person_and_each_facilitys_patient_give_one_summary(persons: Caller) -> None:
    person = seen_at_two_places(persons)
    answers = [persons("GET", f"Patient/{id}/$summary") for id in (person, "a", "b")]
    assert [one.status for one in answers] == [200] * 3
    assert answers[0].body == answers[1].body == answers[2].body
    bundle = answers[0].json
    assert (listed(bundle)["11450-4"], listed(bundle)["48765-2"]) == (["c"], ["x"])
    assert not [one for one in validate(bundle) if one.severity in ("error", "fatal")]
    kept = {one["fullUrl"] for one in bundle["entry"]}
    composition = bundle["entry"][0]["resource"]
    assert composition["subject"]["reference"] in kept
    for section in composition["section"]:
        assert all(entry["reference"] in kept for entry in section.get("entry", ()))


def test_it_is_found_by_an_identifier_too(persons: Caller) -> None:
    seen_at_two_places(persons)
    found = persons("GET", f"Patient/$summary?identifier={HOSPITAL}|a")
    assert found.status == 200
    assert found.body == persons("GET", "Patient/a/$summary").body
    body = {"resourceType": "Parameters", "parameter": [{"name": "identifier", "valueString": f"{HOSPITAL}|a"}]}
    assert persons("POST", "Patient/$summary", body).body == found.body
    assert persons("GET", f"Patient/$summary?identifier={HOSPITAL}|zz").status == 404
    assert persons("GET", "Patient/$summary").keys == ["summary.identifier"]


def test_a_type_that_the_caller_may_not_read_is_withheld(persons: Caller) -> None:
    person = seen_at_two_places(persons)
    limited = persons.holding("system/Patient.rs system/Condition.rs")
    bundle = limited("GET", f"Patient/{person}/$summary").json
    assert (listed(bundle)["11450-4"], listed(bundle)["48765-2"]) == (["c"], [])
    section = next(s for s in bundle["entry"][0]["resource"]["section"] if s["code"]["coding"][0]["code"] == "48765-2")
    assert section["emptyReason"]["coding"][0]["code"] == "withheld"
    assert "Penicillin" not in limited("GET", f"Patient/{person}/$summary").body.decode()


def test_nobody_and_what_is_not_asked_for_so_is_refused(persons: Caller) -> None:
    person = seen_at_two_places(persons)
    assert persons("GET", "Patient/none/$summary").status == 404
    assert persons("GET", f"Patient/{person}/$summary?profile=http://example.vn/p").keys == ["summary.profile"]
    assert persons("GET", f"Patient/{person}/$summary?count=3").status == 400
    assert persons("DELETE", f"Patient/{person}/$summary").status == 405
