"""The book as a page: whom it is about, what was before, visits a page at a time, and where things stand."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from hoso.care import emergency_card
from hoso.care.book import health_book
from hoso.care.elements import key_of
from hoso.web.citizens.own import own
from hoso.web.door import Door, Resource
from hoso.web.pages import door, page, signed_in
from hoso.web.persons import Person
from hoso.web.record import OWN, is_synthetic, person_at

VISITS = 10
"""Of one page."""
_MOST = 1_000
_OF_VISITS = ("Condition", "Observation", "MedicationRequest", "Procedure")
_OF_PERSON = ("Immunization", "Appointment")


@signed_in
def book(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    return person if isinstance(person, HttpResponse) else _shown(request, reach, person, f"/patients/{person.id}")


@own
def my_book(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return _shown(request, reach, person, OWN)


def _shown(request: HttpRequest, reach: Door, person: Person, base: str) -> HttpResponse:
    sources = reach.persons.sources(person)
    known, refused = reach.card(person, sources)
    card = emergency_card(person.patient, known, reach.today, refused, sources=sources.patients, young=sources.young)
    visits, more = _visits(reach, person, _page(request))
    resources = [*visits, *_inside(reach, visits), *_of_person(reach, person)]
    refused |= {type for type in (*_OF_VISITS, *_OF_PERSON) if not reach.may(type)}
    named = reach.named_in(resources)
    shown = health_book(person.patient, card, _once([*resources, *named, *sources.patients]), refused, reach.today)
    number = _page(request)
    return page(
        request,
        "book.html",
        base=base,
        own=base == OWN,
        who=card.who,
        joined=len(person.records),
        synthetic=is_synthetic(person.patient),
        today=reach.today,
        book=shown,
        refused=refused,
        newer=number - 1 if number > 1 else None,
        older=number + 1 if more else None,
    )


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 5 and int(text) else 1


def _visits(reach: Door, person: Person, number: int) -> tuple[list[Resource], bool]:
    """Those of a page, newest first; whether there are older ones."""
    if not reach.may("Encounter"):
        return [], False
    asked = [("patient", person.id), ("_sort", "-date"), ("_count", str(number * VISITS + 1))]
    found = reach.search("Encounter", asked)
    return found[(number - 1) * VISITS : number * VISITS], len(found) > number * VISITS


def _inside(reach: Door, visits: list[Resource]) -> list[Resource]:
    if not visits:
        return []
    of = ",".join(key_of(one) for one in visits)
    types = [type for type in _OF_VISITS if reach.may(type)]
    return [one for type in types for one in reach.search(type, [("encounter", of), ("_count", str(_MOST))])]


def _of_person(reach: Door, person: Person) -> list[Resource]:
    types = [type for type in _OF_PERSON if reach.may(type)]
    return [one for type in types for one in reach.search(type, [("patient", person.id), ("_count", "300")])]


def _once(resources: list[Resource]) -> list[Resource]:
    return list({key_of(one): one for one in resources}.values())
