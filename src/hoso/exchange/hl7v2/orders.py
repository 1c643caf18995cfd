"""ORC, OBR of an order, SPM: what somebody is asked to do, known by the number of who asks (placer), else who does."""

from __future__ import annotations

from hoso.exchange.hl7v2 import results
from hoso.exchange.hl7v2.draft import Draft, Part
from hoso.exchange.hl7v2.tables import Resource, codes
from hoso.exchange.hl7v2.walk import Report, Walk, refer
from hoso.exchange.hl7v2.ways import fill
from hoso.fhir import systems

RESULTS = ("ORU", "OUL")
_NONE = ("9999", "")
"""Stands for no number in messages of vaccinations."""


def control(walk: Walk, part: Part) -> None:
    """ORC: the next order begins. One that nothing follows is about an order that is known."""
    finish(walk)
    walk.order, walk.request, walk.dosage, walk.timing, walk.dose = part, None, None, None, None
    if walk.draft.kind not in RESULTS:
        walk.report, walk.noted = None, None


def finish(walk: Walk) -> None:
    """An order of which only its new state is told (cancelled, held) changes that alone."""
    order, draft = walk.order, walk.draft
    walk.order = None
    if order is None or walk.request is not None or walk.dose is not None or draft.kind not in ("ORM", "OMG", "OML"):
        return
    key = order_number(order)
    if key and draft.patient is not None:
        found = _request(walk, key)
        draft.merged.add(("ServiceRequest", found["id"]))
        common(draft, found, order)
        draft.soft.setdefault(("ServiceRequest", found["id"]), set()).add("intent")


def order_number(*parts: Part | None) -> str:
    for at in (2, 3):
        for part in parts:
            if part is not None and (value := part.text(at)) not in _NONE:
                space = part.text(at, 2)
                return f"{value}^{space}" if space else value
    return ""


def _request(walk: Walk, key: str) -> Resource:
    draft = walk.draft
    id = walk.distinct("order", key)
    found = walk.request = draft.add("ServiceRequest", id)
    draft.about(found)
    found["intent"] = "order"
    return found


def common(draft: Draft, request: Resource, order: Part | None) -> None:
    """What ORC says of an order of any kind."""
    medicine = request["resourceType"] == "MedicationRequest"
    status = "active"
    if order is not None:
        told: Resource = {}
        fill(draft, told, order, "Order")
        if group := told.pop("group", None):
            request["groupIdentifier" if medicine else "requisition"] = group
        for name, value in told.items():
            if name in ("identifier", "reasonCode"):
                held = request.setdefault(name, [])
                held += [one for one in value if one not in held]
            else:
                request.setdefault(name, value)
        status = _status(draft, order)
    request["status"] = codes("medicine-status")[status] if medicine else status


def _status(draft: Draft, order: Part) -> str:
    """By the state of the order (ORC-5), else by what is asked of it (ORC-1)."""
    for field, table in ((5, "order-status"), (1, "order-control")):
        code = order.text(field)
        if found := codes(table).get(code):
            return str(found)
        if code and field == 1 and code not in ("SC", "NA", "SR", "SS", "RR", "PR"):
            draft.warn(order, field, "unknown-code", text=code)
    return "active"


def observation_request(walk: Walk, part: Part) -> None:
    """OBR: the report in a message of results, an order in one of orders."""
    draft = walk.draft
    if draft.patient is None:
        return
    if draft.kind in RESULTS:
        results.report(walk, part, order_number(part, walk.order))
        return
    key = order_number(part, walk.order)
    if draft.kind == "MDM":  # the order a document belongs to; orders are told in their own messages
        return
    if not key:
        key = "\n".join((draft.patient_number, part.text(4), part.text(7) or part.text(6) or draft.control))
    found = _request(walk, key)
    fill(draft, found, part, "ServiceRequest")
    common(draft, found, walk.order)
    if walk.timing is not None and "priority" in walk.timing:
        found["priority"] = walk.timing["priority"]
    if "code" not in found:
        draft.fault(part, 4, "code-missing")
    walk.noted = found
    walk.report = Report(f"order\n{key}", None, about=found)


def specimen(walk: Walk, part: Part) -> None:
    """SPM: before its tests in messages by specimen (OUL, OML by specimen), after them in all others."""
    draft = walk.draft
    if draft.patient is None:
        return
    known = part.text(2, 1) + part.text(2, 2)
    owner = walk.report.key if walk.report is not None else draft.patient_number
    id = draft.id("specimen", known, draft.patient_number) if known else draft.id("specimen", owner, part.text(1))
    found = draft.add("Specimen", id)
    draft.about(found, encounter="")
    fill(draft, found, part, "Specimen")
    _accession(draft, found, part)
    walk.noted = found
    if draft.kind == "OUL" or (draft.kind, draft.event) == ("OML", "O33"):
        results.finish(walk)
        walk.specimen, walk.report = found, None
        return
    target = walk.request if walk.request is not None else walk.report.resource if walk.report is not None else None
    if target is not None and target["resourceType"] in ("ServiceRequest", "DiagnosticReport"):
        refer(target, "specimen", found)
    if walk.report is not None and walk.report.resource is not None:
        for one in walk.report.observations:
            one.setdefault("specimen", {"reference": f"Specimen/{id}"})


def _accession(draft: Draft, found: Resource, part: Part) -> None:
    """SPM-2: the numbers of who asked and of who examines, each an EI inside a component."""
    for component, kind in ((1, "specimen-placer"), (2, "specimen-filler")):
        value = part.text(2, component)
        if value:
            identifier = {"system": systems.facility_numbers(draft.facility, kind), "value": value}
            found.setdefault("identifier", [])
            if identifier not in found["identifier"]:
                found["identifier"].append(identifier)
