"""A dose given, and what happened after it, as FHIR: what the page asks for and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hoso.care.elements import Resource
from hoso.care.immunization.schedule import Vaccine
from hoso.fhir import systems

ROUTES = {
    "intramuscular": ("78421000", "Intramuscular route"),
    "intradermal": ("372464004", "Intradermal route"),
    "subcutaneous": ("34206005", "Subcutaneous route"),
    "oral": ("26643006", "Oral route"),
}
SITES = {
    "left-arm": ("368208006", "Left arm"),
    "right-arm": ("368209003", "Right arm"),
    "left-thigh": ("61396006", "Left thigh"),
    "right-thigh": ("11207009", "Right thigh"),
    "mouth": ("123851003", "By mouth"),
}
REACTIONS = {
    "fever": "386661006",
    "high-fever": "386661006",
    "swelling": "95376002",
    "abscess": "128477000",
    "rash": "271807003",
    "crying": "",
    "convulsion": "91175000",
    "anaphylaxis": "39579001",
    "other": "",
}
"""What is written down after a vaccination, with its SNOMED CT code where one is sure; the words say the rest."""
_EVALUATION = "http://terminology.hl7.org/CodeSystem/immunization-origin"


@dataclass(frozen=True, slots=True)
class Shot:
    """`elsewhere`: where a dose was given that is written down from a paper; "" for one given here and now."""

    vaccine: Vaccine
    when: str
    lot: str = ""
    expires: date | None = None
    site: str = ""
    doses: Sequence[tuple[str, int]] = ()
    elsewhere: str | None = None


def immunization(shot: Shot, id: str, patient: Resource, words: str, writer: Resource, facility: Resource) -> Resource:
    """`words`: the vaccine's name as the writer read it."""
    found: dict[str, Any] = {
        "resourceType": "Immunization",
        "id": id,
        **({"meta": {"tag": tags}} if (tags := _synthetic(patient)) else {}),
        "status": "completed",
        "vaccineCode": {"coding": [{"system": systems.CVX, "code": shot.vaccine.cvx[0]}], "text": words},
        "patient": {"reference": f"Patient/{patient['id']}"},
        "occurrenceDateTime": shot.when,
        "primarySource": shot.elsewhere is None,
    }
    if shot.elsewhere is not None:
        found["reportOrigin"] = {"coding": [{"system": _EVALUATION, "code": "record"}]}
        place = [{"actor": {"type": "Organization", "display": shot.elsewhere}}] if shot.elsewhere else []
        return found | _lot(shot) | ({"performer": place} if place else {})
    found |= _lot(shot)
    if site := SITES.get(shot.site):
        found["site"] = {"coding": [{"system": systems.SNOMED, "code": site[0], "display": site[1]}]}
    route = ROUTES[shot.vaccine.route]
    found["route"] = {"coding": [{"system": systems.SNOMED, "code": route[0], "display": route[1]}]}
    found["doseQuantity"] = {"value": shot.vaccine.ml, "unit": "mL", "system": systems.UCUM, "code": "mL"}
    found["performer"] = [{"actor": writer}, *([{"actor": facility}] if facility else [])]
    if shot.doses:
        found["protocolApplied"] = [{"series": key, "doseNumberPositiveInt": number} for key, number in shot.doses]
    return found


def _lot(shot: Shot) -> Resource:
    found: Resource = {"lotNumber": shot.lot} if shot.lot else {}
    return found | ({"expirationDate": shot.expires.isoformat()} if shot.expires else {})


def with_reaction(dose: Resource, kind: str, on: str, note: str, title: str) -> Resource:
    """The dose with one reaction more; what was told before stays. `title`: the reaction in the writer's words."""
    code = REACTIONS[kind]
    contained = list(dose.get("contained", ()))
    name = f"reaction-{len(dose.get('reaction', ())) + 1}"
    concept: Resource = {"text": title}
    if code:
        concept["coding"] = [{"system": systems.SNOMED, "code": code}]
    told: Resource = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": systems.LOINC, "code": "31044-1"}], "text": "Immunization reaction"},
        "effectiveDateTime": on,
        "valueCodeableConcept": concept,
        **({"note": [{"text": note}]} if note else {}),
    }
    reaction = {"date": on, "detail": {"reference": f"#{name}", "display": title}, "reported": False}
    return dose | {"contained": [*contained, told], "reaction": [*dose.get("reaction", ()), reaction]}


def reactions_of(dose: Resource) -> list[tuple[str, str]]:
    """(day, words) of each reaction that was told."""
    inside = {f"#{one.get('id')}": one for one in dose.get("contained", ())}
    found = []
    for reaction in dose.get("reaction", ()):
        detail = reaction.get("detail", {})
        told = inside.get(detail.get("reference", ""), {})
        words = told.get("valueCodeableConcept", {}).get("text") or detail.get("display", "")
        note = next((one.get("text", "") for one in told.get("note", ())), "")
        found.append((str(reaction.get("date", "")), ": ".join(part for part in (words, note) if part)))
    return found


def _synthetic(patient: Resource) -> list[Any]:
    return [tag for tag in patient.get("meta", {}).get("tag", ()) if tag.get("code") == "HTEST"]
