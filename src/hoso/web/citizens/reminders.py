"""Appointments and check-ups as calendar files, taken from the first page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from hoso.care.checkups import Due
from hoso.care.elements import moment
from hoso.core.clock import from_ms
from hoso.web.calendar import Entry, calendar
from hoso.web.citizens.home import appointments, dues, of_language
from hoso.web.citizens.own import own
from hoso.web.door import Door
from hoso.web.persons import Person

TYPE = "text/calendar; charset=utf-8"


@own
def appointment(request: HttpRequest, reach: Door, person: Person, id: str) -> HttpResponse:
    found = next((one for one in appointments(reach, person) if one.id == id), None)
    at = moment(found.start) if found is not None else None
    if found is None or at is None:
        raise Http404
    start = from_ms(at) if "T" in found.start else date.fromisoformat(found.start[:10])
    entry = Entry(f"appointment-{id}", start, found.words or _("Appointment"), found.place)
    return _file([entry], reach.records.clock(), "lich-hen")


@own
def reminders(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    """Check-ups on the day they are due; those that are late or not recorded a week from now."""
    found = dues(reach, person)
    if not found:
        raise Http404
    entries = [
        Entry(
            f"checkup-{one.key}-{person.id}", day_of(one, reach.today), of_language(one.name), "", of_language(one.why)
        )
        for one in found
    ]
    return _file(entries, reach.records.clock(), "nhac-kham")


def day_of(one: Due, today: date) -> date:
    return one.on if one.on is not None and one.on >= today else today + timedelta(days=7)


def _file(entries: Iterable[Entry], now: datetime, name: str) -> HttpResponse:
    response = HttpResponse(calendar(entries, now), content_type=TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response
