"""All that the page of the day shows, in a few searches for everybody together, never one for each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hoso.care.elements import Resource, day, is_void, reference_key, status
from hoso.care.today import Booking, Call, Day, Late, first_day, first_visit, is_dead, ordered, sorted_out
from hoso.core.clock import from_ms
from hoso.core.dates import VIETNAM, parse_span
from hoso.fhir import systems
from hoso.web.door import Door
from hoso.web.today.calls import calls
from hoso.web.today.here import VOID, Here, began, here, of_people, patient_of
from hoso.web.visits.gather import OPEN

MOST = 1_000
"""Appointments that are looked at; the page says so when there are more."""
_AWAITED = "proposed,pending,booked,arrived"


@dataclass(frozen=True, slots=True)
class Started:
    """A visit that began today: `id` of the Encounter."""

    id: str
    person: str
    began: str
    reason: str


@dataclass(frozen=True, slots=True)
class Picture:
    """`people` by id; `came`: by person the visit of today; `full`: more appointments than are looked at."""

    day: Day
    late: list[Late]
    people: Mapping[str, Resource]
    started: list[Started]
    came: Mapping[str, str]
    full: bool


def picture(reach: Door) -> Picture:
    place, today = here(reach), reach.today
    bookings, full = _bookings(reach, place)
    todays = _of_today(reach, place)
    homes = reach.persons.homes({patient_of(one) for one in todays} | {one.person for one in bookings})
    bookings = [replace(one, person=homes[one.person]) for one in bookings]
    told = sorted_out(bookings, _visits(reach, place, [one for one in bookings if one.due < today]), today)
    came = {homes[patient_of(one)]: str(one["id"]) for one in reversed(todays)}
    open_ = [one for one in todays if one.get("status") in OPEN]
    shown = [*(one.person for one in (*told.booked, *told.late)), *(homes[patient_of(one)] for one in open_)]
    people = {str(one["id"]): one for one in reach.persons.read(shown)}
    booked = [one for one in told.booked if one.person in people and not is_dead(people[one.person])]
    flagged = _flagged(reach, [one.person for one in told.late])
    started = [_started(one, homes) for one in open_ if homes[patient_of(one)] in people]
    return Picture(
        replace(told, booked=booked), ordered(told.late, people, flagged, today), people, started, came, full
    )


def _bookings(reach: Door, place: Here) -> tuple[list[Booking], bool]:
    """Appointments of this facility from the first day that counts up to today, as `person` the Patient they name."""
    if not reach.may("Appointment"):
        return [], False
    until = reach.today + timedelta(days=1)
    timed = [("date", f"ge{began(first_day(reach.today))}"), ("date", f"lt{began(until)}")]
    asked = [("status", _AWAITED), ("_count", str(MOST))]
    found = reach.search("Appointment", [*timed, ("_sort", "-date"), *asked])
    wishes = reach.search("Appointment", [("date:missing", "true"), ("_sort", "-_lastUpdated"), *asked])
    made_in = _made_in(reach, [*found, *wishes])
    told = calls(reach, [str(one["id"]) for one in (*found, *wishes)])
    bookings = []
    for one in (*found, *wishes):
        on, visit = _day(one), made_in.get(_visit_of(one), {})
        if on is None or not _is_ours(one, visit, place):
            continue
        if first_day(reach.today) <= on <= reach.today and patient_of(one):
            bookings.append(_booking(one, on, visit, told.get(str(one["id"]))))
    return bookings, MOST in (len(found), len(wishes))


def _is_ours(appointment: Resource, visit: Resource, place: Here) -> bool:
    """By the visit that made it, else by the place that takes part in it."""
    if visit:
        return place.saw(visit)
    return any(place.is_place(each.get("actor")) for each in appointment.get("participant", ()))


def _booking(one: Resource, on: date, visit: Resource, call: Call | None) -> Booking:
    codes = (
        coding.get("code", "")
        for concept in visit.get("type", ())
        for coding in concept.get("coding", ())
        if coding.get("system") == systems.VISIT_TEMPLATE
    )
    made_in = str(visit.get("id", ""))
    return Booking(str(one["id"]), patient_of(one), on, made_in, next(codes, ""), _hour(one), call)


def _day(appointment: Resource) -> date | None:
    wished: Resource = next(iter(appointment.get("requestedPeriod", ())), {})
    return day(str(appointment.get("start") or wished.get("start", "")))


def _hour(appointment: Resource) -> str:
    """Of a booking; the whole day of a wish has none."""
    if status(appointment) != "booked" or not appointment.get("start"):
        return ""
    return f"{from_ms(parse_span(str(appointment['start'])).low).astimezone(VIETNAM):%H:%M}"


def _visit_of(appointment: Resource) -> str:
    keys = (reference_key(one) for one in appointment.get("supportingInformation", ()))
    return next((key for key in keys if key.startswith("Encounter/")), "")


def _made_in(reach: Door, appointments: Sequence[Resource]) -> dict[str, Resource]:
    """The visits that made them, by key."""
    keys = {key for one in appointments if (key := _visit_of(one))}
    return reach.at(sorted(keys))


def _of_today(reach: Door, place: Here) -> list[Resource]:
    """Visits that began here today, the newest first."""
    asked = [("date", f"ge{began(reach.today)}"), ("_sort", "-date"), ("_count", str(MOST))]
    found = [one for one in reach.search("Encounter", asked) if place.saw(one) and one.get("status") not in VOID]
    return [one for one in found if _started_on(one) == reach.today and patient_of(one)]


def _visits(reach: Door, place: Here, late: Sequence[Booking]) -> dict[str, list[tuple[str, date]]]:
    """Visits here of those who may be late, by person."""
    people = list(dict.fromkeys(one.person for one in late))
    if not people:
        return {}
    since = min(map(first_visit, late))
    found = [one for one in of_people(reach, "Encounter", people, [("date", f"ge{began(since)}")]) if place.saw(one)]
    homes = reach.persons.homes({patient_of(one) for one in found})
    told: dict[str, list[tuple[str, date]]] = {}
    for one in found:
        on = _started_on(one)
        if on is not None and one.get("status") not in VOID:
            told.setdefault(homes[patient_of(one)], []).append((str(one["id"]), on))
    return told


def _flagged(reach: Door, people: Sequence[str]) -> set[str]:
    if not people or not reach.may("Flag"):
        return set()
    found = [one for one in of_people(reach, "Flag", people, []) if status(one) == "active" and not is_void(one)]
    return set(reach.persons.homes({patient_of(one) for one in found}).values())


def _started_on(encounter: Resource) -> date | None:
    return day(str(encounter.get("period", {}).get("start", "")))


def _started(one: Resource, homes: Mapping[str, str]) -> Started:
    reason = next((text for each in one.get("reasonCode", ()) if (text := each.get("text", ""))), "")
    return Started(str(one["id"]), homes[patient_of(one)], str(one["period"]["start"]), reason)


def appointment(reach: Door, id: str) -> Resource | None:
    """An appointment of this facility whose person the reader may see; None for any other."""
    found = reach.at([f"Appointment/{id}"]).get(f"Appointment/{id}") if 0 < len(id) <= 64 else None
    if found is None:
        return None
    return found if _is_ours(found, _made_in(reach, [found]).get(_visit_of(found), {}), here(reach)) else None
