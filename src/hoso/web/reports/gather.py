"""The records that a report counts: of the reader's own facility, a stretch of days at a time, never one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from hoso.care.elements import Resource, day, key_of, when
from hoso.care.measures import measure_codes
from hoso.care.referrals.paper import CATEGORY
from hoso.care.reports.count import Facts
from hoso.care.reports.period import Period
from hoso.web.door import Door
from hoso.web.referrals.gather import sent_from
from hoso.web.today.here import VOID, Here, began, here, of_many, patient_of

NEEDED = ("Encounter", "Condition", "Observation", "Immunization", "ServiceRequest")
_MOST = 1_000
_DAYS = 7


def sees(reach: Door) -> bool:
    return bool(reach.errand.actor.facility) and all(reach.may(type) for type in NEEDED)


def facts(reach: Door, period: Period) -> Facts:
    """What happened from the first to the last day of the period, as far as the reader sees it."""
    place = here(reach)
    visits = [one for one in _dated(reach, "Encounter", period) if place.saw(one) and one.get("status") not in VOID]
    visits = [one for one in visits if patient_of(one)]
    keys = [key_of(one) for one in visits]
    parts = of_many(reach, "Condition", "encounter", keys)
    codes = ",".join(f"http://loinc.org|{code}" for code in measure_codes())
    parts += of_many(reach, "Observation", "encounter", keys, [("code", codes)])
    doses = [one for one in _dated(reach, "Immunization", period) if _given_here(one, place)]
    asked = [("category", CATEGORY)]
    requests = [one for one in _dated(reach, "ServiceRequest", period, asked) if patient_of(one)]
    received = [one for one in requests if any(place.is_place(to) for to in one.get("performer", ()))]
    sent_ids = sent_from(reach, place, requests)
    sent = [one for one in requests if str(one["id"]) in sent_ids and one.get("status") != "entered-in-error"]
    homes = reach.persons.homes({patient_of(one) for one in (*visits, *doses, *sent, *received)})
    people = {str(one["id"]): one for one in reach.persons.read(homes.values())}
    known = {f"Patient/{id}": home for id, home in homes.items() if home in people}
    return Facts(visits, parts, doses, sent, received, people, known)


_DATE = {"Encounter": "date", "Immunization": "date", "ServiceRequest": "authored"}


def _dated(reach: Door, type: str, period: Period, asked: Sequence[tuple[str, str]] = ()) -> list[Resource]:
    """In the order of their days. A stretch that is too full is asked for in halves, down to a day."""
    found: dict[str, Resource] = {}
    waiting = [(on, min(on + timedelta(days=_DAYS), period.end)) for on in _weeks(period)]
    while waiting:
        first, end = waiting.pop()
        name = _DATE[type]
        span = [(name, f"ge{began(first)}"), (name, f"lt{began(end)}"), ("_count", str(_MOST))]
        page = reach.search(type, [*span, *asked])
        if len(page) < _MOST or end - first <= timedelta(days=1):
            found |= {key_of(one): one for one in page if _is_within(one, period)}
        else:
            middle = first + (end - first) // 2
            waiting += [(first, middle), (middle, end)]
    return sorted(found.values(), key=lambda one: (_start(one), key_of(one)))


def _weeks(period: Period) -> Iterable[date]:
    on = period.first
    while on < period.end:
        yield on
        on += timedelta(days=_DAYS)


def _start(resource: Resource) -> str:
    return str(resource.get("period", {}).get("start", "") or when(resource) or resource.get("authoredOn", ""))


def _is_within(resource: Resource, period: Period) -> bool:
    """What goes on from the month before was counted there."""
    on = day(_start(resource))
    return on is not None and period.first <= on < period.end


def _given_here(dose: Resource, place: Here) -> bool:
    performed = any(place.is_place(one.get("actor")) for one in dose.get("performer", ()))
    return performed and dose.get("status") == "completed" and bool(patient_of(dose))
