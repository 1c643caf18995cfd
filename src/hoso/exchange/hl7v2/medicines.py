"""RXO, RXE, RXR, RXD: prescriptions and what was handed out."""

from __future__ import annotations

from hoso.exchange.hl7v2 import orders
from hoso.exchange.hl7v2.coded import decimal, unit
from hoso.exchange.hl7v2.draft import Part, reference
from hoso.exchange.hl7v2.results import NAMELESS
from hoso.exchange.hl7v2.tables import Resource
from hoso.exchange.hl7v2.walk import Walk, link, timed
from hoso.exchange.hl7v2.ways import fill, number

_DOSES = {"RXO": (2, 3, 4), "RXE": (3, 4, 5)}
"""Least and most that is given at a time, and its unit."""


def prescription(walk: Walk, part: Part) -> None:
    """RXO, and RXE after it, which says the same order as the pharmacy reads it."""
    draft = walk.draft
    if draft.patient is None:
        return
    key = orders.order_number(walk.order) or part.text(15) if part.name == "RXE" else orders.order_number(walk.order)
    if not key:
        key = "\n".join((draft.patient_number, part.text(1 if part.name == "RXO" else 2), draft.control))
    if walk.request is None or walk.request["resourceType"] != "MedicationRequest":
        walk.request = draft.add("MedicationRequest", walk.distinct("prescription", key))
        draft.about(walk.request)
        walk.request["intent"] = "order"
    found = walk.request
    fill(draft, found, part, "MedicationRequest")
    orders.common(draft, found, walk.order)
    found.setdefault("medicationCodeableConcept", {"text": NAMELESS})
    walk.dosage = found.setdefault("dosageInstruction", [{}])[0]
    fill(draft, walk.dosage, part, "Dosage")
    if dose := _dose(part, *_DOSES[part.name]):
        walk.dosage["doseAndRate"] = [dose]
    if walk.timing is not None:
        timed(walk.dosage, walk.timing)
        walk.timing = None
    walk.noted = found


def _dose(part: Part, least: int, most: int, units: int) -> Resource | None:
    low, high = decimal(part.text(least)), decimal(part.text(most))
    if low is None:
        return None
    shown = unit(part, units)
    if high is None or high <= low:
        return {"doseQuantity": {"value": low, **shown}}
    return {"doseRange": {"low": {"value": low, **shown}, "high": {"value": high, **shown}}}


def route(walk: Walk, part: Part) -> None:
    """RXR: of the vaccination or the dosage before it."""
    if walk.dose is not None:
        fill(walk.draft, walk.dose, part, "Immunization")
    elif walk.dosage is not None:
        fill(walk.draft, walk.dosage, part, "Dosage")


def dispensing(walk: Walk, part: Part) -> None:
    """RXD."""
    draft = walk.draft
    if draft.patient is None:
        return
    number_of = part.text(7) or orders.order_number(walk.order)
    key = number_of or "\n".join((draft.patient_number, part.text(2), part.text(3)))
    found = draft.add("MedicationDispense", walk.distinct("dispense", key, part.text(1)))
    draft.about(found, encounter="context")
    found["status"] = "completed"
    fill(draft, found, part, "MedicationDispense")
    found.setdefault("medicationCodeableConcept", {"text": NAMELESS})
    _prescribed(walk, found)
    walk.dosage = found.setdefault("dosageInstruction", [{}])[0]
    walk.noted = found


def _prescribed(walk: Walk, found: Resource) -> None:
    if walk.request is not None and walk.request["resourceType"] == "MedicationRequest":
        found["authorizingPrescription"] = [reference(walk.request)]
    elif walk.order is not None and (placed := number(walk.draft, walk.order, 2, "placer")):
        key = walk.draft.id("prescription", placed["value"])
        link(walk, found, "authorizingPrescription", "MedicationRequest", placed, key)


def tidied(resource: Resource) -> None:
    """A dosage of which nothing was said is left out."""
    if resource.get("dosageInstruction") == [{}]:
        del resource["dosageInstruction"]
