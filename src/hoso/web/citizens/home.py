"""A citizen's first page: what is to be done now, in the order in which it matters, and the ways to everything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from hoso.care import emergency_card
from hoso.care.card import Medicine
from hoso.care.chart import Chart
from hoso.care.checkups import Due, due, observed_codes
from hoso.care.elements import Resource, concept_text, day, reference_key, status
from hoso.care.results import newest_day
from hoso.core.clock import to_ms
from hoso.web.citizens.own import own
from hoso.web.citizens.results import results_of, shown
from hoso.web.citizens.titles import STANDINGS
from hoso.web.door import Door
from hoso.web.pages import page
from hoso.web.persons import Person

NEW = timedelta(days=30)
"""For so long a result is called new."""
LOW = 7
"""Days of a medicine that are left when it is told; and that it may have run out."""
_LONG_OUT = -30
_MOST = "1000"


@dataclass(frozen=True, slots=True)
class Appointment:
    """`start` as recorded. `id` stands in the address of its calendar file; "" for one that nobody gave a time."""

    id: str
    start: str
    words: str
    place: str


@own
def home(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    sources = reach.persons.sources(person)
    known, refused = reach.card(person, sources)
    card = emergency_card(person.patient, known, reach.today, refused, sources=sources.patients, young=sources.young)
    since = to_ms(reach.records.clock() - NEW)
    fresh = [one for one in results_of(reach, person) if newest_day(one) >= since]
    return page(
        request,
        "citizen/home.html",
        who=card.who,
        card=card,
        dues=dues(reach, person),
        fresh=[shown(one) for one in sorted(fresh, key=newest_day, reverse=True)],
        standings=STANDINGS,
        appointments=appointments(reach, person),
        ending=_ending(card.medicines.active),
        tongue="en" if get_language() == "en" else "vi",
        today=reach.today,
    )


def dues(reach: Door, person: Person) -> tuple[Due, ...]:
    """Read from what the rules look at, as far as it may be read."""
    types = [
        one for one in ("Condition", "Observation", "Encounter", "DiagnosticReport", "Procedure") if reach.may(one)
    ]
    asked = [("patient", person.id), ("_count", _MOST)]
    only = {
        "Observation": [("code", ",".join(f"http://loinc.org|{code}" for code in observed_codes())), ("_sort", "-date")]
    }
    found = [one for type in types for one in reach.search(type, [*asked, *only.get(type, [])])]
    return due(person.patient, Chart.of(found), reach.today)


def appointments(reach: Door, person: Person) -> list[Appointment]:
    """Those to come, the next first."""
    if not reach.may("Appointment"):
        return []
    found = reach.search("Appointment", [("patient", person.id), ("_count", _MOST)])
    chart = Chart.of([*found, *reach.named_in(found)])
    kept = [one for one in found if status(one) in ("proposed", "pending", "booked") and _is_ahead(one, reach.today)]
    made = [_appointment(one, chart) for one in kept]
    return sorted(made, key=lambda one: one.start)


def _appointment(one: Resource, chart: Chart) -> Appointment:
    others = [each.get("actor", {}) for each in one.get("participant", ())]
    places = [
        chart.name(each) for each in others if reference_key(each).partition("/")[0] in ("Location", "Organization")
    ]
    said = next((text for each in one.get("reasonCode", ()) if (text := concept_text(each))), "")
    words = str(one.get("description") or said or concept_text(one.get("appointmentType")))
    return Appointment(str(one["id"]), str(one.get("start", "")), words, next(filter(None, places), ""))


def _is_ahead(one: Resource, today: date) -> bool:
    at = day(str(one.get("start", "")))
    return at is not None and at >= today


def _ending(medicines: tuple[Medicine, ...]) -> list[Medicine]:
    """Those that run out soon or ran out lately, the most urgent first."""
    found = [one for one in medicines if one.days_left is not None and _LONG_OUT <= one.days_left <= LOW]
    return sorted(found, key=lambda one: one.days_left or 0)


def of_language(said: Any) -> str:
    return str(said["en" if get_language() == "en" else "vi"])
