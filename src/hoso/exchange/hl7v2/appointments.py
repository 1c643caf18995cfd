"""SCH, AIS, AIG, AIL, AIP: an appointment, known by the number of who keeps the calendar (filler), else who asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from hoso.core.text import fold
from hoso.exchange.hl7v2 import moments
from hoso.exchange.hl7v2.coded import decimal
from hoso.exchange.hl7v2.draft import Part, reference
from hoso.exchange.hl7v2.tables import Resource, codes
from hoso.exchange.hl7v2.walk import Walk
from hoso.exchange.hl7v2.ways import fill

_TIMELESS = ("proposed", "cancelled", "waitlist")
"""States in which FHIR wants no time."""
_LONGEST = 7 * 24 * 3600


def schedule(walk: Walk, part: Part) -> None:
    """SCH. Whose it is, a later segment says."""
    draft = walk.draft
    finish(walk)
    number = walk.number(part, 2) or walk.number(part, 1)
    if not number:
        draft.fault(part, 2, "appointment-missing")
        return
    found = walk.appointment = draft.add("Appointment", draft.id("appointment", number))
    told = fold(part.text(25, 2) or part.text(25))
    by_code = codes("appointment").get(fold(part.text(25))) or codes("appointment").get(told)
    if told and not by_code:
        draft.warn(part, 25, "unknown-code", text=told)
    by_event = codes("appointment-event").get(draft.event, "pending")
    ends = by_event in ("cancelled", "entered-in-error", "noshow")
    found["status"] = by_event if ends else by_code or by_event
    fill(draft, found, part, "Appointment")
    start, end = (moments.moment(part.text(11, at), draft.zone) for at in (4, 5))
    found |= {name: at for name, at in (("start", start), ("end", end)) if at}
    found["minutes"] = _minutes(part, 9, 10)
    walk.noted = found


def _minutes(part: Part, amount: int, units: int) -> float:
    value, factor = decimal(part.text(amount)), codes("duration").get(fold(part.text(units)))
    seconds = float(value) * factor if value is not None and factor else 0.0
    return seconds / 60 if 0 < seconds <= _LONGEST else 0.0


def resource(walk: Walk, part: Part) -> None:
    """AIS, AIG, AIL, AIP: what, where and who; the times of the service are those of an appointment without its own."""
    found = walk.appointment
    if found is None:
        return
    fill(walk.draft, found, part, "Appointment")
    at, length, units = (4, 7, 8) if part.name == "AIS" else (6, 9, 10) if part.name in ("AIL", "AIP") else (8, 11, 12)
    start = moments.moment(part.text(at), walk.draft.zone)
    if start and "start" not in found:
        found["start"] = start
        if minutes := _minutes(part, length, units):
            found["minutes"] = minutes
    walk.noted = found


def finish(walk: Walk) -> None:
    """The patient joins; an appointment without a whole time is a wish, not a booking."""
    found, draft = walk.appointment, walk.draft
    if found is None:
        return
    walk.appointment = None
    minutes = found.pop("minutes")
    start, end = (_exact(found.pop(name, "")) for name in ("start", "end"))
    if start and not end and minutes:
        end = (datetime.fromisoformat(start) + timedelta(minutes=minutes)).isoformat()
    if start and end and not moments.is_before(end, start):
        found |= {"start": start, "end": end}
    elif found["status"] not in _TIMELESS:
        part = next(Part(one, 1) for one in draft.message.segments if one.name == "SCH")
        draft.warn(part, 11, "appointment-untimed")
        found["status"] = "proposed" if found["status"] != "entered-in-error" else "cancelled"
    if draft.patient is not None:
        mine: Resource = {"actor": reference(draft.patient), "status": "accepted"}
        found["participant"] = [mine, *found.get("participant", ())]
    else:
        del draft.records["Appointment", found["id"]]


def _exact(text: str) -> str | None:
    """An instant, as an appointment has; a day alone is none."""
    return text if len(text) > 10 else None
