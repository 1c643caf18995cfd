"""The visit register of a facility's day, as on paper: a line for each visit, in the order of their beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hoso.care.chart import Chart
from hoso.care.elements import Resource, classification, concept_text, is_void, moment, reference_key
from hoso.care.medicines import drug_name

OF_A_LINE = ("Condition", "MedicationRequest", "Procedure")


@dataclass(frozen=True, slots=True)
class Line:
    """`person`: the id. What was not written down is empty, and can be filled in by hand."""

    number: int
    visit: str
    person: str
    reason: str
    diagnoses: tuple[str, ...]
    treatment: tuple[str, ...]
    by: str


def register(visits: Iterable[Resource], parts: Iterable[Resource], homes: Mapping[str, str]) -> list[Line]:
    """`parts`: what belongs to these visits; `homes`: by "Patient/id" the person."""
    of_visit: dict[str, list[Resource]] = {}
    for one in parts:
        if not is_void(one):
            of_visit.setdefault(reference_key(one.get("encounter")), []).append(one)
    first = sorted(visits, key=lambda one: (moment(str(one["period"]["start"])) or 0, str(one["id"])))
    return [_line(n, one, of_visit.get(f"Encounter/{one['id']}", []), homes) for n, one in enumerate(first, 1)]


def _line(number: int, visit: Resource, parts: list[Resource], homes: Mapping[str, str]) -> Line:
    ranks = {reference_key(one.get("condition")): one.get("rank", 99) for one in visit.get("diagnosis", ())}
    found = sorted(
        (one for one in parts if one["resourceType"] == "Condition"),
        key=lambda one: ranks.get(f"Condition/{one['id']}", 99),
    )
    chart = Chart.of(parts)
    given = [drug_name(one, chart) for one in parts if one["resourceType"] == "MedicationRequest"]
    done = [concept_text(one.get("code")) for one in parts if one["resourceType"] == "Procedure"]
    reasons = (concept_text(one) for one in visit.get("reasonCode", ()))
    names = (str(one.get("individual", {}).get("display", "")) for one in visit.get("participant", ()))
    return Line(
        number,
        str(visit["id"]),
        homes.get(reference_key(visit.get("subject")), ""),
        next(filter(None, reasons), ""),
        tuple(filter(None, (_diagnosis(one) for one in found))),
        tuple(dict.fromkeys(filter(None, (*given, *done)))),
        ", ".join(dict.fromkeys(filter(None, names))),
    )


def _diagnosis(condition: Resource) -> str:
    return f"{classification(condition.get('code'))} {concept_text(condition.get('code'))}".strip()
