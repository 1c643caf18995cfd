"""$immds-forecast over HTTP, on both engines: of the record here and of what a caller sends, by one schedule."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.caller import Caller
from tests.api.people import HOSPITAL, STATION, patient, put

from hoso.fhir.validate import validate

ON = "2026-04-20"
BORN = "2026-01-15"
CHILD = {
    "resourceType": "Patient", "id": "c", "gender": "female", "birthDate": BORN,
    "address": [{"state": "Hà Nội"}],
}  # fmt: skip


def dose(id: str, code: str, on: str, about: str = "c") -> dict[str, Any]:
    return {
        "resourceType": "Immunization", "id": id, "status": "completed", "patient": {"reference": f"Patient/{about}"},
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": code}]}, "occurrenceDateTime": on,
    }  # fmt: skip


def parameters(**parts: Any) -> dict[str, Any]:
    made = []
    for name, value in parts.items():
        for one in value if isinstance(value, list) else [value]:
            made.append({"name": name, **({"resource": one} if isinstance(one, dict) else {"valueDate": one})})
    return {"resourceType": "Parameters", "parameter": made}


def told(answer: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(recommendation, evaluations)."""
    found = [part["resource"] for part in answer.json["parameter"]]
    (one,) = [r for r in found if r["resourceType"] == "ImmunizationRecommendation"]
    return one, [r for r in found if r["resourceType"] == "ImmunizationEvaluation"]


def statuses(one: dict[str, Any]) -> dict[str, str]:
    return {r["series"]: r["forecastStatus"]["coding"][0]["code"] for r in one["recommendation"]}


def test_of_what_is_sent_each_series_has_its_next_dose(call: Caller) -> None:
    given = [
        dose("a", "08", BORN),
        dose("b", "19", BORN),
        dose("d", "146", "2026-03-15"),
        dose("e", "178", "2026-02-01"),
    ]
    answer = call("POST", "$immds-forecast", parameters(assessmentDate=ON, patient=CHILD, immunization=given))
    assert answer.status == 200
    assert not [i for i in validate(answer.json) if i.severity in ("error", "fatal")]
    one, each = told(answer)
    assert not [i for r in (one, *each) for i in validate(r) if i.severity in ("error", "fatal")]
    said = statuses(one)
    assert said["bcg"] == said["hepb_birth"] == "complete" and said["dtp"] == said["hepb"] == said["hib"] == "due"
    assert said["rota"] == "overdue" and said["pcv"] == "not-offered" and said["measles"] == "not-due"
    dtp = next(r for r in one["recommendation"] if r["series"] == "dtp")
    days = {d["code"]["coding"][0]["code"]: d["value"] for d in dtp["dateCriterion"]}
    assert (days["30980-7"], days["59778-1"]) == ("2026-04-15", "2026-05-15") and dtp["doseNumberPositiveInt"] == 2
    assert dtp["supportingImmunization"] == [{"reference": "Immunization/d"}]
    assert {c["code"] for c in dtp["targetDisease"]["coding"]} == {"397430003", "76902006", "27836007"}
    wrong = [r for r in each if r["doseStatus"]["coding"][0]["code"] == "notvalid"]
    assert {(r["immunizationEvent"]["reference"], r["series"]) for r in wrong} == {("Immunization/e", "polio")}
    assert wrong[-1]["doseStatusReason"][0]["coding"][0]["code"] == "outsidesched"
    assert call("GET", "Immunization?_summary=count").json["total"] == 0, "nothing is stored"


def test_what_forbids_a_vaccine_is_taken_into_account(call: Caller) -> None:
    weak = {
        "resourceType": "Condition", "id": "w", "subject": {"reference": "Patient/c"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "D81.9"}]}, "recordedDate": ON,
    }  # fmt: skip
    answer = call("POST", "$immds-forecast", parameters(assessmentDate=ON, patient=CHILD, condition=weak))
    one, _ = told(answer)
    said = statuses(one)
    assert said["bcg"] == said["polio"] == "contraindicated" and said["dtp"] == "overdue"


def test_of_a_patient_here_the_doses_of_all_facilities_count(persons: Caller) -> None:
    number = "001326000017"
    put(persons, "a", patient(number=number, local=(HOSPITAL, "a")) | {"birthDate": BORN, "gender": "female"})
    put(persons, "b", patient(number=number, local=(STATION, "b")) | {"birthDate": BORN, "gender": "female"})
    assert persons("PUT", "Immunization/x", dose("x", "102", "2026-03-15", "a")).status == 201
    assert persons("PUT", "Immunization/y", dose("y", "178", "2026-03-15", "b")).status == 201
    answers = [persons("GET", f"Patient/{id}/$immds-forecast?assessmentDate={ON}") for id in ("a", "b")]
    assert [answer.status for answer in answers] == [200, 200]
    recommendations = [told(answer)[0]["recommendation"] for answer in answers]
    one, each = told(answers[0])
    assert recommendations[0] == recommendations[1]
    assert statuses(one)["dtp"] == statuses(one)["polio"] == "due"
    assert {r["immunizationEvent"]["reference"] for r in each} == {"Immunization/x", "Immunization/y"}


def test_who_may_not_read_vaccinations_gets_no_forecast(persons: Caller) -> None:
    put(persons, "a", patient(local=(HOSPITAL, "a")) | {"birthDate": BORN})
    other = persons.holding("system/Patient.rs")
    assert other("GET", "Patient/a/$immds-forecast").status == 403
    assert persons("GET", "Patient/none/$immds-forecast").status == 404


@pytest.mark.parametrize(
    ("sent", "status", "key"),
    [
        (parameters(immunization=dose("a", "08", BORN)), 400, "identity.no-parameter"),
        (parameters(patient=dose("a", "08", BORN)), 400, "immds.type"),
        (parameters(patient=CHILD, immunization=CHILD), 400, "immds.type"),
        (parameters(patient=CHILD | {"birthDate": "2026"}), 422, "immds.birth"),
        (parameters(patient=CHILD, assessmentDate="2020-01-01"), 422, "immds.birth"),
        (parameters(patient=[CHILD, CHILD]), 400, "rest.repeated"),
        ({"resourceType": "Parameters", "parameter": [{"name": "nobody", "valueString": "x"}]}, 400, None),
        (parameters(patient=CHILD, assessmentDate="2026"), 400, "immds.day"),
        (CHILD, 400, "rest.wrong-type"),
    ],
)
def test_what_is_sent_wrongly_is_told_with_its_place(call: Caller, sent: Any, status: int, key: str | None) -> None:
    answer = call("POST", "$immds-forecast", sent)
    assert answer.status == status
    assert key is None or answer.keys == [key]


def test_the_operation_is_published(call: Caller) -> None:
    listed = call("GET", "metadata").json["rest"][0]
    (own,) = [one for one in listed["operation"] if one["name"] == "immds-forecast"]
    definition = call("GET", f"OperationDefinition/{own['definition'].rpartition('/')[2]}")
    assert definition.status == 200 and definition.json["url"] == own["definition"]
    assert not [i for i in validate(definition.json) if i.severity in ("error", "fatal")]
    assert definition.json["system"] and definition.json["instance"]
    assert call("GET", "$immds-forecast").status == 405
