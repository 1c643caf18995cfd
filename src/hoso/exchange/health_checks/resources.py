"""A health check as FHIR: whose it is, the visit, what was found and said, and the form itself with every answer.

The same check always gives the same resources with the same ids. A check of nobody, nowhere or of no day is refused
whole; every other oddity stays in the form as it was written and gives a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hoso.core import Issue
from hoso.exchange.health_checks import form, persons, results
from hoso.exchange.health_checks.check import check
from hoso.exchange.health_checks.definitions import lines, observations, rules, templates
from hoso.exchange.health_checks.dossier import Dossier
from hoso.exchange.health_checks.labelling import labelled
from hoso.exchange.health_checks.ways import ELSEWHERE, convert
from hoso.exchange.insurance import values
from hoso.exchange.insurance.convert import facility
from hoso.exchange.insurance.mapping import Line, copied, put
from hoso.exchange.stable_ids import from_numbers

Resource = dict[str, Any]
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_UNKNOWN = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]}
_ROLE = "http://terminology.hl7.org/CodeSystem/diagnosis-role"
_SUBJECT = {"Immunization": "patient", "FamilyMemberHistory": "patient", "RelatedPerson": "patient"}
_NO_ENCOUNTER = frozenset({"FamilyMemberHistory", "RelatedPerson"})


@dataclass(slots=True)
class Mapped:
    """`resources` hold exact decimals, targets before what refers to them. Empty when an issue is an error."""

    resources: list[Resource] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def map_dossier(dossier: Dossier) -> Mapped:
    issues = [*dossier.issues, *check(dossier)]
    if any(issue.severity == "error" for issue in issues):
        return Mapped([], issues)
    made = _made(dossier)
    _patient(dossier, made)
    _encounter(dossier, made)
    ordered = [*_named(dossier, made), *_paraclinical(dossier)]
    whole = {**form.response(dossier), "id": _id(dossier, "form")}
    ordered.append(whole)
    for resource in ordered:
        _about(dossier, resource)
    patient, encounter, *others, said = labelled(dossier, ordered)
    return Mapped([patient, encounter, said, *others], issues)


def _id(dossier: Dossier, *parts: str) -> str:
    return _named_so(dossier.facility, dossier.key, *parts)


@lru_cache(1_024)
def _named_so(facility: str, key: str, *parts: str) -> str:
    """Asked for again by everything that refers to patient, visit and form."""
    return from_numbers(facility, "health-check", key, *parts)


def _made(dossier: Dossier) -> dict[str, Resource]:
    made: dict[str, Resource] = {name: _new(name) for name in ("Patient", "Encounter")}
    given = dossier.person.values
    for name, known in lines().items():
        text = dossier.get(name) if name in given else ""
        for line in known if text else ():
            if line.way in ELSEWHERE:
                continue
            members = values.listed(text) if line.each else [text]
            for at, one in enumerate(members, 1):
                _apply(dossier, made, line, f"{line.resource}#{at}" if line.each else line.resource, one)
    return made


def _apply(dossier: Dossier, made: dict[str, Resource], line: Line, name: str, text: str) -> None:
    asked = persons.asked(dossier, line.field, line.argument)._replace(text=text)
    value = convert(line.way, asked, line.resource)
    value = getattr(value, "value", value)  # a value that says a part: the form has the whole
    if value is None or value == []:
        return
    if name not in made:
        made[name] = _new(name)
    put(made[name], line.path, value)


def _new(name: str) -> Resource:
    """What a resource of that name always says."""
    plain = name.partition("#")[0]
    type, _, which = plain.partition(":")
    found: Resource = {"resourceType": type}
    if type == "Observation":
        one = observations()[which]
        category = [{"coding": [{"system": _CATEGORY, "code": one["category"]}]}]
        code = {"coding": [{"system": one["system"], "code": one["code"]}], "text": one["vi"]}
        return {**found, "status": "final", "category": category, "code": code}
    if type == "Condition":
        plain = "Condition:found" if which == "found" else "Condition:history"
    template = templates().get(plain) or templates().get(type, {})
    return {**found, **copied(template)}


def _patient(dossier: Dossier, made: dict[str, Resource]) -> None:
    patient = made["Patient"]
    if numbers := persons.identifiers(dossier):
        patient["identifier"] = numbers
    one = persons.companion(dossier)
    if contact := persons.contact(one):
        patient["contact"] = [contact]
    if related := persons.related(one, dossier):
        made["RelatedPerson"] = related


def _encounter(dossier: Dossier, made: dict[str, Resource]) -> None:
    encounter = made["Encounter"]
    encounter["serviceProvider"] = facility(dossier.facility)
    encounter.setdefault("class", {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"})
    encounter.setdefault("type", []).insert(0, {"text": rules()["form"][dossier.form]["vi"]})
    encounter.setdefault("period", {}).setdefault("start", dossier.examined)
    encounter["period"]["end"] = encounter["period"]["start"]
    found = [name for name in made if name.startswith("Condition:found")]
    if found:
        use = {"coding": [{"system": _ROLE, "code": "DD"}]}
        encounter["diagnosis"] = [
            {"condition": _reference("Condition", _id(dossier, name)), "use": use} for name in found
        ]


def _reference(type: str, id: str) -> Resource:
    return {"reference": f"{type}/{id}"}


def _named(dossier: Dossier, made: dict[str, Resource]) -> Iterator[Resource]:
    """Every resource with its id; those that only say that a question was not answered are left out."""
    for name, resource in made.items():
        resource["id"] = _id(dossier, name)
        type = resource["resourceType"]
        if type == "Observation":
            _value_of(resource)
        elif type == "Immunization":
            _vaccine(name.partition(":")[2], resource)
        elif type == "DiagnosticReport":
            _conclude(resource)
        yield resource


def _value_of(observation: Resource) -> None:
    """A judgement without the number it is of is a value itself."""
    if not any(name.startswith("value") or name == "component" for name in observation):
        words = observation.pop("interpretation", None)
        observation |= {"valueString": words[0]["text"]} if words else {"dataAbsentReason": _UNKNOWN}


def _vaccine(name: str, immunization: Resource) -> None:
    when = rules()["vaccine"].get(name, ("", "", ""))[2]
    if when:
        immunization["occurrenceString"] = when


def _conclude(report: Resource) -> None:
    classes = [one["text"] for one in report.get("conclusionCode", ())]
    texts = [*classes, *report.pop("lines", [])]
    if texts:
        report["conclusion"] = ". ".join(texts)


def _paraclinical(dossier: Dossier) -> Iterator[Resource]:
    services: dict[str, list[tuple[Any, Resource]]] = {}
    for row, (name, service, observation) in zip(dossier.results, results.named(dossier), strict=True):
        observation["id"] = _id(dossier, "result", name)
        if service:
            services.setdefault(service, []).append((row, observation))
        yield observation
    for service, members in services.items():
        yield {**results.report(service, members), "id": _id(dossier, "report", service)}


def _about(dossier: Dossier, resource: Resource) -> None:
    """Whom and which visit it is about, when, and that the form says so."""
    type = resource["resourceType"]
    if type == "Patient":
        return
    patient = _reference("Patient", _id(dossier, "Patient"))
    encounter = _reference("Encounter", _id(dossier, "Encounter"))
    at = values.moment(dossier.get("NGAY_VAO")) or dossier.examined
    resource[_SUBJECT.get(type, "subject")] = patient
    if type == "MedicationStatement":
        resource["context"] = encounter
    elif type != "Encounter" and type not in _NO_ENCOUNTER:
        resource["encounter"] = encounter
    if type == "QuestionnaireResponse":
        resource["authored"] = at
    elif type in ("Observation", "DiagnosticReport"):
        resource["effectiveDateTime"] = at
    elif type == "Condition":
        resource["recordedDate"] = at
    elif type == "MedicationStatement":
        resource["dateAsserted"] = at
    elif type == "Procedure":
        resource["performedString"] = "Trước ngày khám, theo lời khai"
    elif type == "FamilyMemberHistory":
        resource["date"] = at
    if type in ("Observation", "MedicationStatement"):
        resource["derivedFrom"] = [_reference("QuestionnaireResponse", _id(dossier, "form"))]
    if type == "DiagnosticReport":
        resource["performer"] = [facility(dossier.facility)]
