"""Which records of a person a summary has in which section: what counts today, each thing once, the newest first.

Two records of one thing from two facilities are one line, of which the newest is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from hoso.care.alerts import active_conditions
from hoso.care.chart import Chart
from hoso.care.elements import Resource, classification, concept_text, concepts, has_code, status, when
from hoso.care.ips.table import rules
from hoso.care.medicines import in_use, medicines
from hoso.care.summary import is_past_visit
from hoso.core import fold
from hoso.fhir.negations import NO_PROBLEM, NONE_KNOWN

TYPES: Mapping[str, tuple[str, ...]] = {
    "problems": ("Condition",),
    "allergies": ("AllergyIntolerance",),
    "medicines": ("MedicationRequest", "MedicationStatement", "MedicationDispense"),
    "immunizations": ("Immunization",),
    "results": ("Observation", "DiagnosticReport"),
    "procedures": ("Procedure",),
    "devices": ("DeviceUseStatement",),
    "alerts": ("Flag",),
    "history": ("Condition",),
    "pregnancy": ("Observation",),
    "social": ("Observation",),
    "vitals": ("Observation",),
    "plan": ("CarePlan",),
}
"""What each section is made of."""
READ = tuple(dict.fromkeys(type for types in TYPES.values() for type in types))


def chosen(chart: Chart, today: date) -> dict[str, list[Resource]]:
    """By the key of the section, in the order in which they are shown."""
    known = _lasting(chart)
    return {
        "problems": known,
        "allergies": _allergies(chart),
        "medicines": _medicines(chart, today),
        "immunizations": _once(chart.all("Immunization"), _shot),
        "results": _results(chart),
        "procedures": _once(chart.all("Procedure"), _named_on_day),
        "devices": [one for one in chart.all("DeviceUseStatement") if status(one) in ("active", "intended", "on-hold")],
        "alerts": [one for one in chart.all("Flag") if status(one) == "active"],
        "history": _past(chart, known),
        "pregnancy": _last(one for one in chart.all("Observation") if _is_of_pregnancy(one)),
        "social": _last(_of_category(chart, "social-history")),
        "vitals": _last(_of_category(chart, "vital-signs")),
        "plan": [one for one in chart.all("CarePlan") if status(one) == "active"],
    }


def _lasting(chart: Chart) -> list[Resource]:
    found = [one for one in active_conditions(chart) if not is_past_visit(one)]
    real = [one for one in found if not any(has_code(one.get("code"), code) for code in NO_PROBLEM)]
    return _once(real or found, _name)


def _past(chart: Chart, known: Collection[Resource]) -> list[Resource]:
    """What is over, and diagnoses of visits that are not among the lasting problems."""
    names = {_name(one) for one in known}
    lasting = {id(one) for one in active_conditions(chart) if not is_past_visit(one)}
    over = [one for one in chart.all("Condition") if id(one) not in lasting and _name(one) not in names]
    return _once(over, _name)


def _allergies(chart: Chart) -> list[Resource]:
    """Statements that there is none stand only while there is none."""
    current = [one for one in chart.all("AllergyIntolerance") if status(one) not in ("inactive", "resolved")]
    denials = [one for one in current if any(has_code(one.get("code"), code) for code in NONE_KNOWN)]
    real = [one for one in current if one not in denials]
    return _once(real, _name) or denials[:1]


def _medicines(chart: Chart, today: date) -> list[Resource]:
    return [record for record, _ in in_use(chart, medicines(chart, today))]


def _results(chart: Chart) -> list[Resource]:
    """Of each test the last value, and reports that say something of their own."""
    reports = [one for one in chart.all("DiagnosticReport") if one.get("conclusion") or one.get("presentedForm")]
    tests = [one for one in _of_category(chart, "laboratory")]
    return [*_last(tests), *_once(reports, _named_on_day)]


def _of_category(chart: Chart, code: str) -> list[Resource]:
    return [one for one in chart.all("Observation") if any(has_code(c, code) for c in concepts(one.get("category")))]


@cache
def _pregnancy_codes() -> frozenset[str]:
    return frozenset(rules()["pregnancy"]["codes"])


def _is_of_pregnancy(one: Resource) -> bool:
    return any(coding.get("code") in _pregnancy_codes() for coding in one.get("code", {}).get("coding", ()))


def _last(found: Iterable[Resource]) -> list[Resource]:
    """Of each kind the newest."""
    return _once(list(found), _name)


def _once(found: Iterable[Resource], name: Callable[[Resource], Any]) -> list[Resource]:
    first: dict[Any, Resource] = {}
    for one in found:
        first.setdefault(name(one), one)
    return list(first.values())


def _name(one: Resource) -> str:
    code = one.get("code")
    return classification(code) or fold(concept_text(code)) or str(one.get("id"))


def _named_on_day(one: Resource) -> tuple[str, str]:
    return _name(one), when(one)[:10]


def _shot(one: Resource) -> tuple[str, str]:
    return fold(concept_text(one.get("vaccineCode"))) or str(one.get("id")), when(one)[:10]
