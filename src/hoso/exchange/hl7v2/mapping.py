"""A message segment by segment: each is read by its name, in the order it stands, whatever the dialect leaves out.

A segment that no line knows (Z-segments among them) changes nothing; it is kept in the raw message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hoso.exchange.hl7v2 import (
    appointments,
    clinical,
    documents,
    medicines,
    merging,
    orders,
    persons,
    results,
    stays,
    vaccinations,
)
from hoso.exchange.hl7v2 import walk as walking
from hoso.exchange.hl7v2.draft import Draft, Part
from hoso.exchange.hl7v2.walk import Walk

Handler = Callable[[Walk, Part], None]


def follow(draft: Draft) -> None:
    """Makes the records of the message in the draft."""
    walk = Walk(draft)
    seen: Counter[str] = Counter()
    for segment in draft.message.segments:
        name = segment.name
        seen[name] += 1
        if handler := _HANDLERS.get(name):
            handler(walk, Part(segment, seen[name]))
        walk.last = name
    _end(walk)
    if not seen["PID"]:
        draft.fault(Part(draft.message.segments[0], 1), 0, "pid-missing")
    for resource in draft.records.values():
        if resource["resourceType"] in ("MedicationRequest", "MedicationDispense"):
            medicines.tidied(resource)
        elif resource["resourceType"] == "Immunization":
            vaccinations.tidied(resource)


def _end(walk: Walk) -> None:
    orders.finish(walk)
    results.finish(walk)
    documents.finish(walk)
    appointments.finish(walk)


def _event(walk: Walk, part: Part) -> None:
    walk.event = part


def _patient(walk: Walk, part: Part) -> None:
    """Another patient in the same message has orders and results of its own."""
    if walk.person is not None:
        orders.finish(walk)
        results.finish(walk)
        documents.finish(walk)
        walk.order = walk.request = walk.dosage = walk.timing = walk.specimen = walk.dose = None
    persons.patient(walk, part)


def _observation(walk: Walk, part: Part) -> None:
    if walk.dose is not None:
        vaccinations.observation(walk, part)
    elif walk.document is not None:
        documents.content(walk, part)
    else:
        results.observation(walk, part)


_HANDLERS: dict[str, Handler] = {
    "AIG": appointments.resource,
    "AIL": appointments.resource,
    "AIP": appointments.resource,
    "AIS": appointments.resource,
    "AL1": clinical.allergy,
    "DG1": clinical.diagnosis,
    "EVN": _event,
    "GT1": persons.guarantor,
    "IAM": clinical.allergy,
    "IN1": persons.insurance,
    "MRG": merging.merge,
    "NK1": persons.contact,
    "NTE": walking.note,
    "OBR": orders.observation_request,
    "OBX": _observation,
    "ORC": orders.control,
    "PD1": persons.more,
    "PID": _patient,
    "PR1": clinical.procedure,
    "PRB": clinical.problem,
    "PV1": stays.visit,
    "PV2": stays.more,
    "RXA": vaccinations.vaccination,
    "RXD": medicines.dispensing,
    "RXE": medicines.prescription,
    "RXO": medicines.prescription,
    "RXR": medicines.route,
    "SCH": appointments.schedule,
    "SPM": orders.specimen,
    "TQ1": walking.timing,
    "TXA": documents.document,
}
SEGMENTS = frozenset(_HANDLERS)
