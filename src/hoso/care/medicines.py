"""What the person takes: one line per medicine, from prescriptions, dispensings and statements, newest first.

In use: prescribed and the supply lasts, or it is long-term and recent. Possibly in use: not stopped, but the supply
should have run out or nobody said how long it lasts. Stopped ones and finished short courses are not shown.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hoso.care.card import Dose, Medicine, Medicines
from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, day, key_of, reference_key, status, when
from hoso.core import fold

TYPES = ("MedicationRequest", "MedicationDispense", "MedicationStatement")

_RECENT = 90
_DOUBTFUL = 730
_LONG_COURSE = 28
"""From four weeks on it is treatment of a lasting illness: when such a supply has run out, the next may come from
elsewhere, so for half a year the medicine is asked about. A finished short course is over."""
_LAPSED = 183
_OPEN = {"active", "on-hold", "draft", "in-progress", "preparation", "intended", "unknown"}
_DAYS = {"d": 1, "day": 1, "days": 1, "wk": 7, "mo": 30, "a": 365, "h": 1 / 24}


def medicines(chart: Chart, today: date) -> Medicines:
    groups: dict[str, list[Resource]] = {}
    for resource in chart.all(*TYPES):
        if name := drug_name(resource, chart):
            groups.setdefault(_same(resource, name), []).append(resource)
    active: list[Medicine] = []
    possible: list[Medicine] = []
    for records in groups.values():
        line = _line(records, chart, today)
        use = _use(records, line, today)
        if use:
            (active if use == "active" else possible).append(line)
    return Medicines("listed" if active or possible else "unrecorded", tuple(active), tuple(possible))


def in_use(chart: Chart, shown: Medicines) -> list[tuple[Resource, Medicine]]:
    """(newest record, line) of each medicine in use or possibly in use, for the alert rules."""
    names = {line.name: line for line in (*shown.active, *shown.possible)}
    found: dict[str, tuple[Resource, Medicine]] = {}
    for resource in chart.all(*TYPES):
        name = drug_name(resource, chart)
        if name in names:
            found.setdefault(name, (resource, names[name]))
    return list(found.values())


def drug(resource: Resource, chart: Chart) -> Resource:
    """The medication as a concept, following a reference to a Medication, also a contained one."""
    if concept := resource.get("medicationCodeableConcept"):
        return dict(concept)
    reference = resource.get("medicationReference") or {}
    key = reference_key(reference)
    for medication in (*resource.get("contained", ()), *chart.all("Medication")):
        if key in {f"#{medication.get('id')}", key_of(medication)}:
            return medication.get("code") or {}
    return {"text": reference.get("display", "")}


def drug_name(resource: Resource, chart: Chart) -> str:
    return concept_text(drug(resource, chart))


def _same(resource: Resource, name: str) -> str:
    """Two records are of one medicine when their names agree: codes differ between prescriber and pharmacy."""
    return fold(name)


def _line(records: list[Resource], chart: Chart, today: date) -> Medicine:
    newest = records[0]
    supplied = max((when(r) for r in records), key=lambda t: day(t) or date.min)
    ends = [end for r in records if (end := _end(r)) is not None]
    end = max(ends, default=None)
    prescribed = next((r for r in records if r.get("dosageInstruction") or r.get("dosage")), newest)
    return Medicine(
        name=drug_name(newest, chart),
        dose=_dose(prescribed),
        supplied=supplied,
        days_left=None if end is None else (end - today).days,
        supply_end="" if end is None else end.isoformat(),
        source=chart.source(newest),
    )


def _use(records: list[Resource], line: Medicine, today: date) -> str:
    state = status(records[0])
    if line.days_left is not None and line.days_left >= 0 and state not in {"stopped", "cancelled", "declined"}:
        return "active"
    if state == "completed" and line.days_left is not None:
        lasting = max(_days(r) for r in records) >= _LONG_COURSE
        return "possible" if lasting and -line.days_left <= _LAPSED else ""
    if state not in _OPEN:
        return ""
    age = (today - (day(line.supplied) or date.min)).days
    if line.days_left is None and age <= _RECENT:
        return "active"
    return "possible" if age <= _DOUBTFUL else ""


def _end(resource: Resource) -> date | None:
    """The last day the supply or the course covers."""
    began = day(when(resource))
    for period in (resource.get("effectivePeriod", {}), _bounds(resource).get("boundsPeriod", {})):
        if period.get("end"):
            return day(period["end"])
    days = _days(resource)
    return began + timedelta(days=days) if began is not None and days else None


def _days(resource: Resource) -> int:
    supply = resource.get("dispenseRequest", {}).get("expectedSupplyDuration") or resource.get("daysSupply")
    for duration in (supply, _bounds(resource).get("boundsDuration")):
        if duration and duration.get("value"):
            unit = duration.get("code") or duration.get("unit") or "d"
            return int(min(duration["value"] * _DAYS.get(unit, 1), 3650))
    return 0


def _instructions(resource: Resource) -> list[Resource]:
    return list(resource.get("dosageInstruction") or resource.get("dosage") or ())


def _bounds(resource: Resource) -> dict[str, Any]:
    return next((i.get("timing", {}).get("repeat", {}) for i in _instructions(resource)), {})


def _dose(resource: Resource) -> Dose:
    first = next(iter(_instructions(resource)), {})
    needed = bool(first.get("asNeededBoolean") or first.get("asNeededCodeableConcept"))
    if text := first.get("text") or first.get("patientInstruction"):
        return Dose(text=text, as_needed=needed)
    quantity: Resource = next((d["doseQuantity"] for d in first.get("doseAndRate", ()) if "doseQuantity" in d), {})
    repeat = first.get("timing", {}).get("repeat", {})
    return Dose(
        amount=f"{quantity['value']:g}" if "value" in quantity else "",
        unit=quantity.get("unit") or quantity.get("code") or "",
        times=int(repeat.get("frequency", 0)),
        per=int(repeat.get("period", 1)),
        per_unit=repeat.get("periodUnit", ""),
        as_needed=needed,
    )


def drug_codes(resource: Resource, chart: Chart) -> list[tuple[str, str]]:
    return list(codings(drug(resource, chart)))
