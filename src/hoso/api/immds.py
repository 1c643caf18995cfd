"""$immds-forecast: which doses count and which are due, by the parameters of HL7's ImmDS guide.

At the base it is asked about the records that the caller sends, and nothing is read or stored; of a Patient about the
person's record here, as far as the caller may read it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.parameters import Form, Given, given, required
from hoso.api.reading import live
from hoso.api.summarising import may, person_with
from hoso.care.chart import Chart
from hoso.care.elements import Resource
from hoso.care.immunization import forecast_of, told
from hoso.care.immunization.recommending import evaluations, recommendation
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused
from hoso.fhir.json import encode, exact
from hoso.identity.portrait import is_person

ID = "hoso-immds-forecast"
_ABOUT = ("Immunization", "Condition", "AllergyIntolerance", "Observation", "Procedure")
_MOST = 1_000
_SENT = {"immunization": "Immunization", "condition": "Condition", "allergy": "AllergyIntolerance"}
OF_PATIENT = {"assessmentDate": Form("instant")}
OF_DATA = {
    **OF_PATIENT,
    "patient": Form("resource"),
    **{name: Form("resource", _MOST) for name in _SENT},
}


def forecast_of_data(doors: Doors, request: Request) -> Response:
    check_format(request)
    asked = given(request, OF_DATA)
    patient = _of_type(required(asked, "patient"), "Patient", asked, "patient", 0)
    sent = [
        _of_type(one, type, asked, name, number)
        for name, type in _SENT.items()
        for number, one in enumerate(asked.all(name))
    ]
    return _answer(patient, sent, _day(doors, asked))


def forecast_of_patient(doors: Doors, request: Request) -> Response:
    check_format(request)
    asked = given(request, OF_PATIENT)
    type, id = request.path[0], request.path[1]
    if not may(request, "Immunization"):
        raise Refused.because(403, "forbidden", "rest.forbidden", type="Immunization", right="s")
    head = live(doors.records.read(request.errand, type, id), type, id)
    person = exact(head.body)
    if not is_person(person):
        person = person_with(doors, request, id) or person
    types = [one for one in _ABOUT if may(request, one)]
    found = doors.records.everything(request.errand, person["id"], types=types)
    with doors.long.entered():
        records = [exact(one.body) for one in found if not one.deleted]
    return _answer(person, [one for one in records if one["resourceType"] in types], _day(doors, asked))


def _answer(patient: Resource, records: list[Resource], on: date) -> Response:
    found = forecast_of(patient, told(Chart.of(records), on), on)
    if found is None:
        raise Refused.because(422, "required", "immds.birth", "Patient.birthDate")
    about: Resource = {"reference": f"Patient/{patient['id']}"} if "id" in patient else {"display": "patient"}
    parameters: list[dict[str, Any]] = [
        {"name": "evaluation", "resource": one} for one in evaluations(found, about, on)
    ]
    parameters.append({"name": "recommendation", "resource": recommendation(found, about, on)})
    return Response(200, [CONTENT], encode({"resourceType": "Parameters", "parameter": parameters}))


def _of_type(one: Any, type: str, asked: Given, name: str, number: int) -> Resource:
    if one.get("resourceType") != type:
        place = f"{asked.places[name][number]}.resource"
        raise Refused.because(400, "value", "immds.type", place, name=name, type=type)
    return dict(one)


def _day(doors: Doors, asked: Given) -> date:
    """Today, or the day that is asked for."""
    text = asked.one("assessmentDate")
    if text is None:
        return doors.records.clock().astimezone(VIETNAM).date()
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise Refused.because(400, "value", "immds.day", asked.place("assessmentDate"), text=str(text)[:40]) from None


def read_definition(url: str, date: str) -> Response:
    return Response(200, [CONTENT], encode(definition(url, date)))


def definition(url: str, date: str) -> dict[str, Any]:
    """The OperationDefinition."""
    words = {
        "assessmentDate": "The day for which is reckoned; today without it.",
        "patient": "At the base: whom it is about, with birthDate, gender and address (areas of a roll-out).",
        "immunization": "At the base: the doses given, by CVX code or name.",
        "condition": "At the base: what may forbid a vaccine.",
        "allergy": "At the base: allergies to what vaccines hold.",
    }
    forms: list[dict[str, Any]] = [
        {
            "name": name,
            "use": "in",
            "min": 0,
            "max": "*" if form.max >= _MOST else str(form.max),
            "type": "date" if name == "assessmentDate" else {"patient": "Patient", **_SENT}[name],
            "documentation": words[name],
        }
        for name, form in OF_DATA.items()
    ]
    return {
        "resourceType": "OperationDefinition",
        "id": ID,
        "url": f"{url}{ID}",
        "name": "HosoImmdsForecast",
        "title": "Which doses count and which are due",
        "status": "active",
        "kind": "operation",
        "experimental": False,
        "date": date,
        "description": "By the national programme of immunization of Viet Nam in force on the day: of each series the"
        " next dose with its days, and of each dose given whether it counts. Parameters as in HL7's ImmDS guide.",
        "affectsState": False,
        "code": "immds-forecast",
        "resource": ["Patient"],
        "system": True,
        "type": False,
        "instance": True,
        "parameter": [
            *forms,
            {"name": "evaluation", "use": "out", "min": 0, "max": "*", "type": "ImmunizationEvaluation"},
            {"name": "recommendation", "use": "out", "min": 1, "max": "1", "type": "ImmunizationRecommendation"},
        ],
    }
