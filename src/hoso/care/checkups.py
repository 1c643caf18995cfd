"""Which check-ups are due for a person, from what is recorded: the cadences are a rule table with their sources.

What was done elsewhere and never sent is not known here, so a line says "not recorded" and never "not done".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from hoso.care.alerts import active_conditions
from hoso.care.chart import Chart
from hoso.care.elements import Resource, classification, concept_text, concepts, day, status, when
from hoso.care.rules import table
from hoso.core import fold

State = Literal["overdue", "soon", "unrecorded"]
SOON = 30
"""Days before it is due that it is told."""
_NAMED = ("Encounter", "DiagnosticReport", "Procedure", "Immunization")


@dataclass(frozen=True, slots=True)
class Due:
    """`last`: when it was last recorded; `on`: when it is due again. Both None when nothing is recorded."""

    key: str
    name: Mapping[str, str]
    why: Mapping[str, str]
    source: str
    state: State
    last: date | None
    on: date | None


def due(patient: Resource, chart: Chart, today: date) -> tuple[Due, ...]:
    """The most overdue first, then what is soon, then what was never recorded. Nothing for the dead."""
    born = day(patient.get("birthDate", ""))
    if born is None or patient.get("deceasedDateTime") or patient.get("deceasedBoolean"):
        return ()
    codes = [code for one in active_conditions(chart) if (code := classification(one.get("code")))]
    rules = (rule for rule in table("checkups")["checkup"] if _meant(rule, patient, _age(born, today), codes))
    found = [one for rule in rules if (one := _due(rule, chart, today)) is not None]
    return tuple(sorted(found, key=lambda one: (one.on is None, one.on or today)))


def observed_codes() -> tuple[str, ...]:
    """Every LOINC code that a rule looks at, so that only these need to be read."""
    return tuple(dict.fromkeys(code for rule in table("checkups")["checkup"] for code in rule.get("loinc", ())))


def _meant(rule: Mapping[str, Any], patient: Resource, age: int, codes: Iterable[str]) -> bool:
    def has(beginnings: Iterable[str]) -> bool:
        return any(code.startswith(beginning) for beginning in beginnings for code in codes)

    return (
        rule.get("from", 0) <= age <= rule.get("until", 200)
        and rule.get("sex", patient.get("gender")) == patient.get("gender")
        and (not rule.get("conditions") or has(rule["conditions"]))
        and not has(rule.get("without", ()))
    )


def _due(rule: Mapping[str, Any], chart: Chart, today: date) -> Due | None:
    """None while it is not due for a while."""
    last = max((at for at in _done(rule, chart) if at <= today), default=None)
    said = (rule["key"], rule["name"], rule["why"], rule["source"])
    if last is None:
        return Due(*said, "unrecorded", None, None)
    on = months_after(last, rule["months"])
    if (on - today).days > min(SOON, rule["months"] * 10):
        return None
    return Due(*said, "overdue" if on < today else "soon", last, on)


def _done(rule: Mapping[str, Any], chart: Chart) -> Iterable[date]:
    observed = chart.observations(rule["loinc"]) if "loinc" in rule else []
    words = [fold(word) for word in rule.get("words", ())]
    named = [one for one in chart.all(*_NAMED) if _says(one, words)] if words else []
    return (at for one in (*observed, *named) if (at := day(when(one))) is not None)


def _says(one: Resource, words: Iterable[str]) -> bool:
    if one["resourceType"] == "Encounter" and status(one) not in ("finished", "in-progress"):
        return False
    elements = ("reasonCode", "type", "code", "vaccineCode")
    said = fold(" ; ".join(concept_text(each) for name in elements for each in concepts(one.get(name))))
    return any(f" {word}" in f" {said}" for word in words)


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def months_after(start: date, months: int) -> date:
    """The same day of a later month, or its last day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for last in (start.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise ValueError(f"no such month: {year}-{month + 1}")
