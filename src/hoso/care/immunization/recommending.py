"""A forecast as FHIR: one ImmunizationRecommendation, and an ImmunizationEvaluation of each dose for each disease.

Codes are HL7's and LOINC's where they have one; what is not due yet, too late or not offered has a code of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from hoso.care.elements import Resource
from hoso.care.immunization.forecast import Forecast, Line
from hoso.care.immunization.schedule import Series, programme, vaccines
from hoso.fhir import systems

STATUS = "https://hoso.vn/CodeSystem/immunization-forecast"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_OF_HL7 = {"due": "due", "late": "overdue", "contraindicated": "contraindicated", "given": "complete"}
_OURS = {"early": "not-due", "closed": "too-late", "elsewhere": "not-offered"}
_DATES = (
    ("earliest", "30981-5", "Earliest date to give"),
    ("recommended", "30980-7", "Date vaccine due"),
    ("overdue", "59778-1", "Date when overdue for immunization"),
    ("latest", "59777-3", "Latest date to give immunization"),
)


def recommendation(found: Forecast, patient: Resource, today: date) -> Resource:
    """Of each series the next dose, or that it is complete."""
    return {
        "resourceType": "ImmunizationRecommendation",
        "patient": patient,
        "date": today.isoformat(),
        "authority": {"display": found.law},
        "recommendation": [_next(found, one) for one in programme(today).series if _lines(found, one)],
    }


def _lines(found: Forecast, series: Series) -> list[Line]:
    return [line for line in found.lines if line.series == series.key]


def _next(found: Forecast, series: Series) -> Resource:
    lines = _lines(found, series)
    line = next((one for one in lines if one.status != "given"), lines[-1])
    done = [one.given for one in lines if one.given is not None]
    told: dict[str, Any] = {}
    if line.status != "given":
        vaccine = vaccines()[line.vaccine]
        told["vaccineCode"] = [
            {"coding": [{"system": systems.CVX, "code": code} for code in vaccine.cvx], "text": vaccine.title}
        ]
    told["targetDisease"] = {"coding": _diseases(series), "text": series.title}
    if line.status == "contraindicated":
        told["contraindicatedVaccineCode"] = told["vaccineCode"]
    told["forecastStatus"] = _status(line)
    if line.why:
        told["forecastReason"] = [{"coding": [{"system": STATUS, "code": _code(one)}], "text": one} for one in line.why]
    days = [(code, words, getattr(line, name)) for name, code, words in _DATES]
    criteria = [_day(code, words, on) for code, words, on in days if on is not None]
    if criteria:
        told["dateCriterion"] = criteria
    told |= {"series": series.key, "doseNumberPositiveInt": line.number, "seriesDosesPositiveInt": line.of}
    references = [{"reference": one.id} for one in done if not one.id.endswith("/")]
    return told | ({"supportingImmunization": references} if references else {})


def _status(line: Line) -> Resource:
    if line.status in _OF_HL7:
        system = f"{_HL7}/immunization-recommendation-status"
        return {"coding": [{"system": system, "code": _OF_HL7[line.status]}]}
    return {"coding": [{"system": STATUS, "code": _OURS[line.status]}]}


def _code(why: str) -> str:
    """A code has no colon."""
    return why.replace(":", "-")


def _day(code: str, words: str, on: date) -> Resource:
    return {"code": {"coding": [{"system": systems.LOINC, "code": code, "display": words}]}, "value": on.isoformat()}


def _diseases(series: Series) -> list[Resource]:
    return [{"system": systems.SNOMED, "code": code, "display": words} for code, words in series.diseases]


def evaluations(found: Forecast, patient: Resource, today: date) -> Iterator[Resource]:
    """`notvalid` with its reason: what is not counted is told, not left out; but a birth dose that counts as such is
    not told again as too early for the doses that follow."""
    listed = {one.key: one for one in programme(today).series}
    total = {line.series: line.of for line in found.lines}
    counted = {(j.given, code) for key, j in found.judged if j.number for code, _ in listed[key].diseases}
    for key, judged in found.judged:
        for disease in _diseases(listed[key]):
            if judged.number or (judged.given, disease["code"]) not in counted:
                yield _evaluation(patient, today, disease, key, judged.number, judged.doubt, judged.given) | {
                    "seriesDosesPositiveInt": total[key]
                }


def _evaluation(
    patient: Resource, today: date, disease: Resource, key: str, number: int, doubt: str, given: Any
) -> Resource:
    event: Resource = {"display": f"{given.name or given.vaccine}, {given.on.isoformat()}"}
    if not given.id.endswith("/"):
        event["reference"] = given.id
    status = {"system": f"{_HL7}/immunization-evaluation-dose-status", "code": "valid" if number else "notvalid"}
    made: Resource = {
        "resourceType": "ImmunizationEvaluation",
        "status": "completed",
        "patient": patient,
        "date": today.isoformat(),
        "targetDisease": {"coding": [disease]},
        "immunizationEvent": event,
        "doseStatus": {"coding": [status]},
        "series": key,
    }
    if number:
        return made | {"doseNumberPositiveInt": number}
    reason = {"system": f"{_HL7}/immunization-evaluation-dose-status-reason", "code": "outsidesched"}
    return made | {"doseStatusReason": [{"coding": [reason], "text": doubt}]}
