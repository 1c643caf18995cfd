"""AL1, IAM, DG1, PR1, PRB: allergies, diagnoses, procedures and problems of a patient."""

from __future__ import annotations

from hoso.core.text import fold
from hoso.exchange.hl7v2.draft import Part, reference
from hoso.exchange.hl7v2.tables import Resource, codes, put
from hoso.exchange.hl7v2.walk import Walk
from hoso.exchange.hl7v2.ways import fill

_TERMS = "http://terminology.hl7.org/CodeSystem/"


def allergy(walk: Walk, part: Part) -> None:
    """AL1 and IAM."""
    draft, new = walk.draft, part.name == "IAM"
    if draft.patient is None or (new and part.text(6) == "X"):
        return
    number = walk.number(part, 7) if new else ""
    known = number or part.text(3) or fold(part.text(3, 2))
    if not known:
        draft.fault(part, 3, "allergen-missing")
        return
    found = draft.add("AllergyIntolerance", draft.id("allergy", draft.patient_number, known))
    draft.about(found, "patient")
    fill(draft, found, part, "AllergyIntolerance")
    if category := codes("allergy-category").get(part.text(2)):
        found["category"] = [category]
    if severity := codes("criticality").get(part.text(4)):
        found["criticality"] = severity
    _reactions(found, part)
    sure = codes("allergy-status").get(part.text(17), "") if new else "unconfirmed"
    if new and part.text(6) == "D":
        sure = "entered-in-error"
    if sure:
        found["verificationStatus"] = {"coding": [{"system": f"{_TERMS}allergyintolerance-verification", "code": sure}]}
    if sure != "entered-in-error":
        active = "inactive" if new and part.text(17) == "I" else "active"
        found["clinicalStatus"] = {"coding": [{"system": f"{_TERMS}allergyintolerance-clinical", "code": active}]}
    walk.noted = found


def _reactions(found: Resource, part: Part) -> None:
    words = [part.text(5, 2, 1, at) or part.text(5, 1, 1, at) for at in range(1, part.count(5) + 1)]
    manifestations = [{"text": one} for one in words if one]
    if manifestations:
        found["reaction"] = [{"manifestation": manifestations}]


def diagnosis(walk: Walk, part: Part) -> None:
    """DG1: of the visit when there is one."""
    draft = walk.draft
    if draft.patient is None:
        return
    description = part.text(4)
    known = walk.number(part, 20) or part.text(3) or fold(part.text(3, 2) or description)
    if not known:
        draft.fault(part, 3, "diagnosis-missing")
        return
    home = draft.encounter["id"] if draft.encounter is not None else draft.patient_number
    found = draft.add("Condition", draft.id("diagnosis", home, known))
    draft.about(found)
    fill(draft, found, part, "Condition")
    if description and not part.text(3, 2):
        found.setdefault("code", {})["text"] = description
    found["category"] = [{"coding": [{"system": f"{_TERMS}condition-category", "code": "encounter-diagnosis"}]}]
    kind = part.text(6)
    sure = (
        "entered-in-error"
        if part.text(21) == "D"
        else {"F": "confirmed", "A": "provisional", "W": "provisional"}.get(kind)
    )
    if sure:
        found["verificationStatus"] = {"coding": [{"system": f"{_TERMS}condition-ver-status", "code": sure}]}
    walk.noted = found
    if draft.encounter is not None and sure != "entered-in-error":
        listed: Resource = {"condition": reference(found)}
        if role := {"A": "AD", "F": "DD"}.get(kind):
            listed["use"] = {"coding": [{"system": f"{_TERMS}diagnosis-role", "code": role}]}
        rank = part.text(15)
        if rank.isascii() and rank.isdigit() and 0 < int(rank) < 100:
            listed["rank"] = int(rank)
        put(draft.encounter, (("diagnosis", True),), listed)


def procedure(walk: Walk, part: Part) -> None:
    """PR1."""
    draft = walk.draft
    if draft.patient is None:
        return
    known = walk.number(part, 19) or "\n".join((part.text(3) or fold(part.text(4)), part.text(5)))
    home = draft.encounter["id"] if draft.encounter is not None else draft.patient_number
    found = draft.add("Procedure", draft.id("procedure", home, known))
    found["status"] = "entered-in-error" if part.text(20) == "D" else "completed"
    draft.about(found)
    fill(draft, found, part, "Procedure")
    if (words := part.text(4)) and not part.text(3, 2):
        found.setdefault("code", {})["text"] = words
    walk.noted = found


def problem(walk: Walk, part: Part) -> None:
    """PRB: a problem of the patient's list, known by its instance number."""
    draft = walk.draft
    if draft.patient is None:
        return
    known = walk.number(part, 4) or part.text(3) or fold(part.text(3, 2))
    if not known:
        draft.fault(part, 3, "diagnosis-missing")
        return
    found = draft.add("Condition", draft.id("problem", draft.patient_number, known))
    draft.about(found)
    fill(draft, found, part, "Condition")
    found["category"] = [{"coding": [{"system": f"{_TERMS}condition-category", "code": "problem-list-item"}]}]
    deleted = part.text(1) == "DE" or draft.event == "PC3"
    sure = "entered-in-error" if deleted else codes("problem-sure").get(fold(part.text(13, 2) or part.text(13)))
    life = codes("problem-life").get(fold(part.text(14, 2) or part.text(14)))
    if sure:
        found["verificationStatus"] = {"coding": [{"system": f"{_TERMS}condition-ver-status", "code": sure}]}
    if deleted:
        found.pop("abatementDateTime", None)
    elif "abatementDateTime" in found and life not in ("inactive", "remission"):
        life = "resolved"
    if life and not deleted:
        found["clinicalStatus"] = {"coding": [{"system": f"{_TERMS}condition-clinical", "code": life}]}
    walk.noted = found
