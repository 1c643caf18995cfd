"""PID, PD1, NK1, GT1, IN1: the sender's own record of a patient, and who and what stands behind them."""

from __future__ import annotations

from hoso.exchange.hl7v2 import moments, people
from hoso.exchange.hl7v2.draft import Draft, Part, reference
from hoso.exchange.hl7v2.tables import Resource
from hoso.exchange.hl7v2.walk import Walk
from hoso.exchange.hl7v2.ways import fill

_BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def number_of(draft: Draft, part: Part, *fields: int) -> str:
    """By what the facility knows the patient; "" when it does not say."""
    own = (people.own_number(draft, part, at) for at in fields)
    found = next((one for one in own if one), "")
    if found:
        return found
    state = people.state_number(part, fields[0])
    return f"state/{state}" if state else ""


def patient(walk: Walk, part: Part) -> None:
    """PID: a new patient begins, and with it another visit."""
    draft = walk.draft
    walk.person, draft.encounter = part, None
    number = number_of(draft, part, 3, 2, 4)
    if not number:
        draft.patient = None
        draft.fault(part, 3, "patient-missing")
        return
    draft.patient_number = number
    resource = draft.patient = draft.add("Patient", draft.id("patient", number))
    key = ("Patient", resource["id"])
    draft.merged.add(key)
    if "active" not in resource:
        resource["active"] = draft.event != "A29"
        if draft.event != "A29":
            draft.soft.setdefault(key, set()).add("active")
    fill(draft, resource, part, "Patient")
    _birth(draft, resource, part)
    _death(resource, part)
    walk.noted = None


def _birth(draft: Draft, resource: Resource, part: Part) -> None:
    at = moments.moment(part.text(7), draft.zone)
    if at and len(at) > 10 and "birthDate" in resource:
        resource["_birthDate"] = {"extension": [{"url": _BIRTH_TIME, "valueDateTime": at}]}
    if (twin := part.text(24)) == "N":
        resource.pop("multipleBirthInteger", None)
    if "multipleBirthInteger" in resource:
        resource.pop("multipleBirthBoolean", None)
    elif twin in ("Y", "N"):
        resource["multipleBirthBoolean"] = twin == "Y"


def _death(resource: Resource, part: Part) -> None:
    """PID-30 says whether, PID-29 when."""
    if (dead := part.text(30)) == "N":
        resource.pop("deceasedDateTime", None)
    if "deceasedDateTime" in resource:
        resource.pop("deceasedBoolean", None)
    elif dead in ("Y", "N"):
        resource["deceasedBoolean"] = dead == "Y"


def more(walk: Walk, part: Part) -> None:
    """PD1."""
    if walk.draft.patient is not None:
        fill(walk.draft, walk.draft.patient, part, "Patient")


def contact(walk: Walk, part: Part) -> None:
    """NK1: a contact of the patient; one without name, phone and address is none."""
    if walk.draft.patient is None:
        return
    found: Resource = {}
    fill(walk.draft, found, part, "Contact")
    if any(name in found for name in ("name", "telecom", "address", "organization")):
        period = found.get("period", {})
        if period.get("end", "9") < period.get("start", ""):
            del period["end"]
        walk.draft.patient.setdefault("contact", []).append(found)


def guarantor(walk: Walk, part: Part) -> None:
    """GT1: who pays, as a person related to the patient."""
    draft = walk.draft
    known = part.text(2) or " ".join(part.text(3, at) for at in (1, 2, 3)).strip()
    if draft.patient is None or not known:
        return
    found = draft.add("RelatedPerson", draft.id("guarantor", draft.patient_number, known))
    found["patient"] = reference(draft.patient)
    found["relationship"] = [{"coding": [{"system": _ROLE, "code": "GUAR"}], "text": "Người bảo lãnh"}]
    fill(draft, found, part, "RelatedPerson")


def insurance(walk: Walk, part: Part) -> None:
    """IN1: a policy of the patient, known by its number, else by the plan."""
    draft = walk.draft
    known = part.text(36) or part.text(2) or part.text(3)
    if draft.patient is None or not known:
        return
    found = draft.add("Coverage", draft.id("coverage", draft.patient_number, known))
    found["status"] = "active"
    found["beneficiary"] = reference(draft.patient)
    fill(draft, found, part, "Coverage")
    period = found.get("period", {})
    if period.get("end", "9") < period.get("start", ""):
        draft.warn(part, 13, "end-before-start", text=period.pop("end"))
    if "payor" not in found:
        found["payor"] = [{"type": "Organization", "display": part.text(4) or part.text(2, 2) or known}]
    _classes(found, part)


def _classes(found: Resource, part: Part) -> None:
    system = "http://terminology.hl7.org/CodeSystem/coverage-class"
    for code, value, words in (("group", part.text(8), part.text(9)), ("plan", part.text(2), part.text(2, 2))):
        if value:
            one: Resource = {"type": {"coding": [{"system": system, "code": code}]}, "value": value}
            found.setdefault("class", []).append(one | {"name": words} if words else one)
