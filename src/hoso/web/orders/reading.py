"""What the checks look at in one person's record, as far as the reader may see it, read once for a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hoso.care.chart import Chart
from hoso.care.elements import Resource, day, reference_key
from hoso.care.orders import ORDER_TYPES, Finding, Wanted, check_order
from hoso.care.rules import table
from hoso.web.door import Door
from hoso.web.here import is_at
from hoso.web.persons import Person

_LONG_STANDING = 170
"""Results that stand for longer than this many days are asked for by their codes, however many came since."""
_MOST = {"Observation": "500", "DiagnosticReport": "100", "ServiceRequest": "100", "Encounter": "30"}
_SORTED = {"Observation": "-date", "DiagnosticReport": "-date", "ServiceRequest": "-authored", "Encounter": "-date"}
_WRITTEN = ("ServiceRequest", "MedicationRequest", "DetectedIssue")
_OPEN = {"arrived", "triaged", "in-progress", "onleave"}


def may_order(reach: Door) -> bool:
    """The role writes orders and medicines, and acts at a facility; others do not find the page."""
    scopes = reach.errand.actor.scopes
    return bool(reach.errand.actor.facility) and all(scopes.permits(type, "c") for type in _WRITTEN)


@dataclass(frozen=True, slots=True)
class View:
    """`months`: age in months; None when the birth date is not known to the month."""

    chart: Chart
    refused: frozenset[str]
    today: date
    months: int | None
    born: str

    def check(self, wanted: Wanted, beside: list[Wanted]) -> list[Finding]:
        return check_order(self.chart, wanted, self.today, beside=beside, refused=self.refused)


def view(reach: Door, person: Person) -> View:
    allowed = [type for type in ORDER_TYPES if reach.may(type)]
    found = [one for type in allowed for one in reach.search(type, [("patient", person.id), *_newest(type)])]
    if "Observation" in allowed:
        found += reach.search("Observation", [("patient", person.id), ("code", _standing()), ("_count", "100")])
    once = {(one["resourceType"], one["id"]): one for one in found}
    sources = reach.persons.sources(person).patients
    chart = Chart.of([*once.values(), *reach.named_in(list(once.values())), *sources])
    born = str(person.patient.get("birthDate", ""))
    return View(chart, frozenset(ORDER_TYPES) - frozenset(allowed), reach.today, _months(born, reach.today), born)


def _newest(type: str) -> list[tuple[str, str]]:
    sorting = [("_sort", _SORTED[type])] if type in _SORTED else []
    return [*sorting, ("_count", _MOST.get(type, "300"))]


def _standing() -> str:
    rules = [rule for rule in table("order_tests")["test"] if rule["days"] >= _LONG_STANDING]
    return ",".join(f"http://loinc.org|{code}" for rule in rules for code in rule["loinc"])


def _months(born: str, today: date) -> int | None:
    on = day(born)
    if on is None or len(born) < len("2020-01"):
        return None if on is None else (today.year - on.year) * 12
    return (today.year - on.year) * 12 + today.month - on.month - (today.day < on.day)


def visit_here(reach: Door, person: Person, asked: str) -> str:
    """The visit the orders belong to: the one asked for, else the open one of today at this facility; "" for none."""
    if not reach.may("Encounter"):
        return ""
    found = reach.search("Encounter", [("patient", person.id), ("_sort", "-date"), ("_count", "20")])
    members = {f"Patient/{id}" for id in person.members}
    theirs = [one for one in found if reference_key(one.get("subject")) in members and is_at(reach, one)]
    named = next((str(one["id"]) for one in theirs if one["id"] == asked), "")
    began = (one for one in theirs if one.get("status") in _OPEN and _is_today(one, reach.today))
    return named or next((str(one["id"]) for one in began), "")


def _is_today(encounter: Resource, today: date) -> bool:
    return day(str(encounter.get("period", {}).get("start", ""))) == today
