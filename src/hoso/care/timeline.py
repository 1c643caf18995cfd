"""The record as a story: what happened, where, newest first, by year; read one page of days at a time.

A page holds whole days only. Results of one day and place are one item, so that a blood count is not thirty lines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType
from typing import Literal

from hoso.care.card import Source
from hoso.care.chart import Chart
from hoso.care.elements import (
    Resource,
    classification,
    concept_text,
    concepts,
    day,
    has_code,
    is_vital,
    key_of,
    moment,
    reference_key,
    when,
)
from hoso.care.measures import flag_of, pressure_of, range_of, value_of
from hoso.care.medicines import drug_name
from hoso.care.sources import origins
from hoso.care.visits import care_of, reason_of

Kind = Literal["visit", "diagnosis", "result", "medicine", "vaccine", "procedure", "report", "allergy", "plan"]

KIND_TYPES: dict[Kind, tuple[str, ...]] = {
    "visit": ("Encounter",),
    "diagnosis": ("Condition",),
    "result": ("Observation",),
    "medicine": ("MedicationRequest", "MedicationDispense", "MedicationStatement"),
    "vaccine": ("Immunization",),
    "procedure": ("Procedure",),
    "report": ("DiagnosticReport", "DocumentReference"),
    "allergy": ("AllergyIntolerance",),
    "plan": ("ServiceRequest", "CarePlan"),
}
_ORDER = tuple(KIND_TYPES)
KIND_OF = {type: kind for kind, types in KIND_TYPES.items() for type in types}
DATE_PARAMETER = {
    "Encounter": "date",
    "Observation": "date",
    "MedicationRequest": "authoredon",
    "MedicationDispense": "whenhandedover",
    "MedicationStatement": "effective",
    "Immunization": "date",
    "Procedure": "date",
    "DiagnosticReport": "date",
    "DocumentReference": "date",
    "ServiceRequest": "authored",
    "CarePlan": "date",
}
"""Types read page by page; the others (diagnoses, allergies) are few and read whole."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line inside an item; `title` is a catalogue key or the record's own word."""

    title: str
    value: str
    unit: str = ""
    flag: str = ""
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    kind: Kind
    title: str
    note: str
    marks: tuple[Row, ...]
    """The rows that stand out, shown while the item is folded."""
    rows: tuple[Row, ...]
    source: Source
    versions: tuple[str, ...]
    """Version of each record behind the item."""
    received: str
    """When this node last received it."""
    visit: str = ""
    """Of a visit: the id of its Encounter."""


@dataclass(frozen=True, slots=True)
class TimelinePage:
    years: tuple[tuple[int | None, tuple[Item, ...]], ...]
    next: str | None
    """The newest day not shown yet; None at the end of the record."""
    facilities: tuple[str, ...]


def timeline_page(
    resources: Iterable[Resource],
    *,
    unfinished: Collection[str] = (),
    kind: Kind | None = None,
    facility: str = "",
    until: date | None = None,
    limit: int = 40,
    sources: Sequence[Resource] = (),
    young: Mapping[str, str] = MappingProxyType({}),
) -> TimelinePage:
    """`unfinished`: types of which older ones exist than those given; days they may be missing from wait.

    `sources` and `young` as for the emergency card.
    """
    chart = Chart.of([*resources, *sources])
    chart.origins.update(origins(sources, young, chart))
    items = [i for i in _items(chart) if until is None or (_day(i) or date.min) <= until]
    facilities = tuple(sorted({i.source.facility for i in items if i.source.facility}))
    horizon = _horizon(chart, unfinished)
    wanted = [
        i
        for i in items
        if (kind is None or i.kind == kind)
        and (not facility or i.source.facility == facility)
        and (horizon is None or (_day(i) or date.min) > horizon)
    ]
    shown, cut = _whole_days(wanted, limit)
    following = cut if cut is not None else horizon
    return TimelinePage(_by_year(shown), following.isoformat() if following else None, facilities)


def _horizon(chart: Chart, unfinished: Collection[str]) -> date | None:
    """The newest day that may be incomplete: for each unfinished type the oldest day we hold of it."""
    oldest = [min(days) for t in unfinished if (days := [d for r in chart.all(t) if (d := day(when(r)))])]
    return max(oldest, default=None)


def _whole_days(items: list[Item], limit: int) -> tuple[list[Item], date | None]:
    shown: list[Item] = []
    for at, group in groupby(items, key=_day):
        if len(shown) >= limit and at is not None:
            return shown, at
        shown.extend(group)
    return shown, None


def _by_year(items: list[Item]) -> tuple[tuple[int | None, tuple[Item, ...]], ...]:
    grouped = groupby(items, key=lambda i: at.year if (at := _day(i)) else None)
    return tuple((year, tuple(group)) for year, group in grouped)


def _day(item: Item) -> date | None:
    return day(item.source.when)


def _items(chart: Chart) -> list[Item]:
    reported = _reported(chart)
    items = [
        _item(resource, chart, kind)
        for type, kind in KIND_OF.items()
        if type != "Observation"
        for resource in chart.all(type)
    ]
    loose = [o for o in chart.all("Observation") if key_of(o) not in reported]
    items += [_results(group, chart) for group in _same_day(loose, chart)]
    return sorted(items, key=_place_in_story)


def _place_in_story(item: Item) -> tuple[int, str, int, int]:
    """Newest day first; within a day by facility, the visit before what was found and done in it."""
    at = _day(item) or date.min
    return -at.toordinal(), item.source.facility, _ORDER.index(item.kind), -(moment(item.source.when) or 0)


def _reported(chart: Chart) -> set[str]:
    """Observations that a report on this page already carries."""
    return {reference_key(r) for report in chart.all("DiagnosticReport") for r in report.get("result", ())}


def _same_day(observations: list[Resource], chart: Chart) -> list[list[Resource]]:
    groups: dict[tuple[date | None, str, bool], list[Resource]] = {}
    for one in observations:
        groups.setdefault((day(when(one)), chart.facility(one), is_vital(one)), []).append(one)
    return list(groups.values())


def _results(group: list[Resource], chart: Chart) -> Item:
    rows = tuple(row for one in group for row in _lines_of(one))
    title = "Vital signs" if is_vital(group[0]) else "Test results"
    if len(group) == 1:
        title = concept_text(group[0].get("code")) or title
    return Item(
        "result", title, "", _standing_out(rows), rows, chart.source(group[0]), _versions(group), _received(group)
    )


def _standing_out(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Values out of range first, three at most."""
    return tuple(sorted(rows, key=lambda r: not r.flag)[:3])


def _lines_of(observation: Resource) -> list[Row]:
    """A blood pressure is one line; of all else each value is one."""
    title = concept_text(observation.get("code"))
    if pressure := pressure_of(observation):
        return [Row(title, *pressure)]
    return rows_of(observation)


def rows_of(observation: Resource) -> list[Row]:
    """Its value and those of its parts, as far as they have one."""
    found = []
    for part in (observation, *observation.get("component", ())):
        value, unit = value_of(part)
        if value:
            found.append(Row(concept_text(part.get("code")), value, unit, flag_of(part), range_of(part)))
    return found


def _item(resource: Resource, chart: Chart, kind: Kind) -> Item:
    title, note, rows = _WORDS[kind](resource, chart)
    marks = _standing_out(tuple(rows[1:])) if kind == "report" and not note else ()
    comments = tuple(Row("Note", n["text"]) for n in resource.get("note", ()) if n.get("text"))
    kept = tuple(r for r in (*rows, *comments) if r.value)
    visit = str(resource.get("id", "")) if kind == "visit" else ""
    source = chart.source(resource)
    return Item(kind, title, note, marks, kept, source, _versions([resource]), _received([resource]), visit)


Words = tuple[str, str, list[Row]]

SAID = ("Vital signs", "Test results", "Resolved", "High risk", "yes", "no")
"""Catalogue keys this file puts into items, besides the titles of rows and CARE_TITLES."""

CARE_TITLES = {
    "outpatient": "Outpatient visit",
    "inpatient": "Hospital stay",
    "emergency": "Emergency visit",
    "home": "Home visit",
    "remote": "Remote visit",
    "other": "Visit",
}


def _visit(encounter: Resource, chart: Chart) -> Words:
    reasons = [t for c in encounter.get("reasonCode", ()) if (t := concept_text(c))]
    diagnosis = reason_of(encounter, chart)
    outcome = concept_text(encounter.get("hospitalization", {}).get("dischargeDisposition"))
    rows = [
        Row("Diagnosis", diagnosis),
        Row("Reason", "; ".join(reasons)),
        Row("Until", encounter.get("period", {}).get("end", "")),
        Row("Outcome", outcome),
    ]
    return CARE_TITLES[care_of(encounter)], diagnosis, rows


def _diagnosis(condition: Resource, chart: Chart) -> Words:
    state = (
        "Resolved"
        if condition.get("abatementDateTime") or has_code(condition.get("clinicalStatus"), "resolved")
        else ""
    )
    rows = [
        Row("Code", classification(condition.get("code"))),
        Row("Status", state),
        Row("Ended", condition.get("abatementDateTime", "")),
    ]
    return concept_text(condition.get("code")), state, rows


def _medicine(resource: Resource, chart: Chart) -> Words:
    instructions = [*resource.get("dosageInstruction", ()), *concepts(resource.get("dosage"))]
    dose = "; ".join(str(i["text"]) for i in instructions if i.get("text"))
    quantity = resource.get("quantity") or resource.get("dispenseRequest", {}).get("quantity") or {}
    amount = f"{quantity['value']:g} {quantity.get('unit', '')}".strip() if "value" in quantity else ""
    rows = [
        Row("Dose", dose),
        Row("Quantity", amount),
        Row("Reason", "; ".join(t for c in resource.get("reasonCode", ()) if (t := concept_text(c)))),
    ]
    return drug_name(resource, chart), dose, rows


def _vaccine(resource: Resource, chart: Chart) -> Words:
    number = next(
        (str(p.get("doseNumberPositiveInt") or p.get("doseNumberString")) for p in resource.get("protocolApplied", ())
         if p.get("doseNumberPositiveInt") or p.get("doseNumberString")), "",
    )  # fmt: skip
    rows = [Row("Dose number", number), Row("Lot", resource.get("lotNumber", ""))]
    return concept_text(resource.get("vaccineCode")), "", rows


def _procedure(resource: Resource, chart: Chart) -> Words:
    outcome = concept_text(resource.get("outcome"))
    reasons = "; ".join(t for c in resource.get("reasonCode", ()) if (t := concept_text(c)))
    return concept_text(resource.get("code")), outcome, [Row("Outcome", outcome), Row("Reason", reasons)]


def _report(resource: Resource, chart: Chart) -> Words:
    results = {key_of(o): o for o in chart.by_type.get("Observation", ())}
    carried = [results[k] for r in resource.get("result", ()) if (k := reference_key(r)) in results]
    conclusion = resource.get("conclusion") or resource.get("description") or ""
    rows = [Row("Conclusion", conclusion), *(row for o in carried for row in _lines_of(o))]
    title = concept_text(resource.get("code") or resource.get("type"))
    return title, conclusion, rows


def _allergy(resource: Resource, chart: Chart) -> Words:
    reactions = [t for r in resource.get("reaction", ()) for m in r.get("manifestation", ()) if (t := concept_text(m))]
    severe = resource.get("criticality") == "high"
    return (
        concept_text(resource.get("code")),
        ", ".join(reactions),
        [Row("Reaction", ", ".join(reactions)), Row("Risk", "High risk" if severe else "")],
    )


def _plan(resource: Resource, chart: Chart) -> Words:
    title = resource.get("title") or concept_text(resource.get("code"))
    title = title or next((t for c in concepts(resource.get("category")) if (t := concept_text(c))), "")
    target = next((n for p in concepts(resource.get("performer")) if (n := chart.name(p))), "")
    return title, target, [Row("To", target), Row("Description", resource.get("description", ""))]


_WORDS = {
    "visit": _visit,
    "diagnosis": _diagnosis,
    "medicine": _medicine,
    "vaccine": _vaccine,
    "procedure": _procedure,
    "report": _report,
    "allergy": _allergy,
    "plan": _plan,
}


def _versions(resources: list[Resource]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for r in resources if (v := str(r.get("meta", {}).get("versionId", "")))))


def _received(resources: list[Resource]) -> str:
    return max((str(r.get("meta", {}).get("lastUpdated", "")) for r in resources), default="")
