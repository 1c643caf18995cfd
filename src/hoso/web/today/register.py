"""/today/register: the visit register of one day, made of what is on record, to be printed like the paper one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode

from hoso.care.elements import Resource, day, human_name, key_of
from hoso.care.register import OF_A_LINE, register
from hoso.care.visit.note import day_of
from hoso.care.who import insurance_of
from hoso.web.door import Door
from hoso.web.pages import door, errand, may_print, page
from hoso.web.papers.views import PaperDoor
from hoso.web.present import place_text
from hoso.web.today.here import VOID, began, here, of_many, patient_of
from hoso.web.today.views import for_writers

PER_PAGE = 100
_MOST = 1_000


@for_writers
def book(request: HttpRequest) -> HttpResponse:
    """Printing is not looking: what the role may not print is not there."""
    if not may_print(request, "Encounter"):
        raise Http404
    seen = door(request)
    on = _day(request.GET.get("day", ""), seen.today)
    code = seen.errand.actor.facility
    visits = _visits(seen, on)
    homes = seen.persons.homes({patient_of(one) for one in visits})
    people = {str(one["id"]): one for one in seen.persons.read(homes.values())}
    request.errand = replace(errand(request), channel="print", activity="print")  # type: ignore[attr-defined]
    told = PaperDoor(request)
    lines = register(visits, _parts(told, visits), {f"Patient/{id}": home for id, home in homes.items()})
    lines = [one for one in lines if one.person in people]
    pages = max(1, -(-len(lines) // PER_PAGE))
    text = request.GET.get("page", "1")
    number = min(max(1, int(text)), pages) if text.isascii() and text.isdecimal() and len(text) < 4 else 1
    shown = lines[(number - 1) * PER_PAGE : number * PER_PAGE]
    return page(
        request,
        "today/register.html",
        on=on,
        place=seen.facility(code),
        lines=shown,
        total=len(lines),
        full=len(visits) >= _MOST,
        number=number,
        links={n: f"/today/register?{urlencode({'day': on.isoformat(), 'page': str(n)})}" for n in range(1, pages + 1)},
        people={one.person: _person(people[one.person]) for one in shown},
    )


def _visits(reach: Door, on: date) -> list[Resource]:
    """The visits that began here on a day, of the first `_MOST` of those whom the reader sees."""
    asked = [
        ("date", f"ge{began(on)}"),
        ("date", f"lt{began(on + timedelta(days=1))}"),
        ("_sort", "date"),
        ("_count", str(_MOST)),
    ]
    place = here(reach)
    found = [one for one in reach.search("Encounter", asked) if place.saw(one) and one.get("status") not in VOID]
    return [one for one in found if day(str(one.get("period", {}).get("start", ""))) == on and patient_of(one)]


def _parts(reach: Door, visits: Sequence[Resource]) -> list[Resource]:
    keys = [key_of(one) for one in visits]
    return [one for type in OF_A_LINE if reach.may(type) for one in of_many(reach, type, "encounter", keys)]


def _person(patient: Resource) -> dict[str, str]:
    return {
        "id": str(patient["id"]),
        "name": human_name(patient.get("name")),
        "born": str(patient.get("birthDate", "")),
        "sex": str(patient.get("gender", "")),
        "place": place_text(patient.get("address")),
        "insurance": insurance_of(patient),
    }


def _day(text: str, today: date) -> date:
    """As it is typed, 05/12/2026, or as a link has it; a day that is none, or is still to come, is today."""
    try:
        on = day_of(text) or (date.fromisoformat(text) if len(text) == 10 else today)
    except ValueError:
        return today
    return min(on, today)
