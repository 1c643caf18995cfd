"""Where the person was cared for: last visits, stays in hospital and operations of the last twelve months."""

from __future__ import annotations

from datetime import date
from typing import Literal

from hoso.care.card import Operation, Visit
from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, concepts, day, reference_key, when
from hoso.care.rules import table
from hoso.core import fold

Care = Literal["outpatient", "inpatient", "emergency", "home", "remote", "other"]

_CARE: dict[str, Care] = {
    "AMB": "outpatient",
    "IMP": "inpatient",
    "ACUTE": "inpatient",
    "NONAC": "inpatient",
    "OBSENC": "inpatient",
    "SS": "inpatient",
    "EMER": "emergency",
    "HH": "home",
    "VR": "remote",
}
_YEAR = 366


def visits(chart: Chart, limit: int = 5) -> tuple[Visit, ...]:
    held = [e for e in chart.all("Encounter") if e.get("status") not in {"planned", "booked"}]
    return tuple(visit(e, chart) for e in held[:limit])


def stays(chart: Chart, today: date) -> tuple[Visit, ...]:
    """Hospital stays that touch the last twelve months."""
    found = [visit(e, chart) for e in chart.all("Encounter") if care_of(e) == "inpatient"]
    return tuple(v for v in found if _recent(v.end or v.start, today))


def operations(chart: Chart, today: date) -> tuple[Operation, ...]:
    return tuple(
        Operation(concept_text(p.get("code")), chart.source(p))
        for p in chart.all("Procedure")
        if _recent(when(p), today) and is_operation(p)
    )


def visit(encounter: Resource, chart: Chart) -> Visit:
    period = encounter.get("period", {})
    discharge = encounter.get("hospitalization", {}).get("dischargeDisposition")
    return Visit(
        facility=chart.facility(encounter),
        care=care_of(encounter),
        reason=reason_of(encounter, chart),
        outcome=concept_text(discharge),
        start=period.get("start", ""),
        end=period.get("end", ""),
        masked=any(one.get("code") == "MASKED" for one in encounter.get("meta", {}).get("security", ())),
    )


def care_of(encounter: Resource) -> Care:
    return _CARE.get(encounter.get("class", {}).get("code", ""), "other")


def reason_of(encounter: Resource, chart: Chart) -> str:
    """The diagnosis made, else the reason given, else the kind of visit."""
    conditions = {f"Condition/{c.get('id')}": c for c in chart.by_type.get("Condition", ())}
    for diagnosis in encounter.get("diagnosis", ()):
        reference = diagnosis.get("condition", {})
        condition = conditions.get(reference_key(reference))
        if name := (concept_text(condition.get("code")) if condition else reference.get("display", "")):
            return str(name)
    for element in ("reasonCode", "type"):
        if name := next((t for c in encounter.get(element, ()) if (t := concept_text(c))), ""):
            return name
    return ""


def is_operation(procedure: Resource) -> bool:
    rule = table("measures")["operations"]
    category = {code for c in concepts(procedure.get("category")) for _, code in codings(c)}
    systems = {system for system, _ in codings(procedure.get("code"))}
    name = fold(concept_text(procedure.get("code"))) + " "
    return bool(
        category & set(rule["categories"])
        or systems & set(rule["systems"])
        or any(fold(word) in name for word in rule["words"])
    )


def _recent(text: str, today: date) -> bool:
    at = day(text)
    return at is not None and (today - at).days <= _YEAR
