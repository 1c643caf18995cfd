"""The book and a visit as files: printing is not looking, so it has its own right and its own event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from threading import BoundedSemaphore
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from hoso.access import Unavailable
from hoso.care import emergency_card, timeline_page
from hoso.care.chart import Chart
from hoso.care.elements import human_name
from hoso.care.timeline import KIND_TYPES, Item
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.fhir.systems import CITIZEN_CODE
from hoso.identity.code import born_of, initials_of
from hoso.web.citizens.own import own
from hoso.web.door import Door, Resource
from hoso.web.pages import codes, door, errand, may_print, records, signed_in
from hoso.web.papers.book import Printing, book, visit
from hoso.web.papers.pocket import pocket
from hoso.web.persons import Person
from hoso.web.record import KIND_TITLES, person_at
from hoso.web.visits import gather

_AT_ONCE = 200
"""Of each type, read for one stretch of the book."""
PATIENCE = 20.0
"""Seconds; a book of 1,500 items takes four."""
_setting = BoundedSemaphore(1)
"""One book at a time is set in a process: it is all processor, and the pages of others go on."""


class PaperDoor(Door):
    """What its reader may print."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(records(), errand(request))
        self.prints = partial(may_print, request)

    def may(self, type: str) -> bool:
        return super().may(type) and self.prints(type)


@signed_in
def book_of(request: HttpRequest, id: str) -> HttpResponse:
    person = person_at(request, door(request), id)
    return person if isinstance(person, HttpResponse) else _book(request, person)


@signed_in
def visit_of(request: HttpRequest, id: str, encounter: str) -> HttpResponse:
    person = person_at(request, door(request), id)
    return person if isinstance(person, HttpResponse) else _visit(request, person, encounter)


@own
def my_book(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return _book(request, person)


@own
def my_visit(request: HttpRequest, reach: Door, person: Person, encounter: str) -> HttpResponse:
    return _visit(request, person, encounter)


@own
def my_card(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    """What an emergency needs, for a purse."""
    paper_reach = paper(request)
    sources = paper_reach.persons.sources(person)
    resources, refused = paper_reach.card(person, sources)
    card = emergency_card(
        person.patient, resources, reach.today, refused, sources=sources.patients, young=sources.young
    )
    return as_file(pocket(card, printing(request, paper_reach, person)), "the-cap-cuu", person)


def _book(request: HttpRequest, person: Person) -> HttpResponse:
    paper(request)
    return as_file(book_for(request, person), "so-suc-khoe", person)


def book_for(request: HttpRequest, person: Person) -> bytes:
    """The whole book, on the errand that the request has by now."""
    reach = PaperDoor(request)
    sources = reach.persons.sources(person)
    resources, refused = reach.card(person, sources)
    card = emergency_card(
        person.patient, resources, reach.today, refused, sources=sources.patients, young=sources.young
    )
    years = list(_years(reach, person, sources.patients, sources.young))
    with _turn():
        return book(card, years, printing(request, reach, person))


def _visit(request: HttpRequest, person: Person, id: str) -> HttpResponse:
    reach = paper(request)
    if not reach.may("Encounter"):
        raise Refused.because(403, "forbidden", "rest.forbidden", type="Encounter", right="r")
    resources = _of_visit(reach, person, id)
    sources = reach.persons.sources(person)
    shown = timeline_page(
        [*resources, *reach.named_in(resources)], limit=10_000, sources=sources.patients, young=sources.young
    )
    whose = who(person.patient, Chart.of([person.patient]), reach.today, sources.patients)
    items = [item for _year, some in shown.years for item in some]
    with _turn():
        return as_file(visit(whose, items, printing(request, reach, person)), "luot-kham", person)


@contextmanager
def _turn() -> Iterator[None]:
    """Raises Unavailable when others' books take too long."""
    if not _setting.acquire(timeout=PATIENCE):
        raise Unavailable("other books are being set")
    try:
        yield
    finally:
        _setting.release()


def paper(request: HttpRequest) -> PaperDoor:
    """From here on the request prints: what it is told as, and what it is allowed by."""
    request.errand = replace(errand(request), channel="print", activity="print")  # type: ignore[attr-defined]
    reach = PaperDoor(request)
    if not reach.prints():
        raise Refused.because(403, "forbidden", "rest.forbidden", type="Patient", right="r")
    return reach


def _of_visit(reach: Door, person: Person, id: str) -> list[Resource]:
    encounter, _version = gather.visit_at(reach, person, id)
    return [encounter, *gather.parts_of(reach, id)]


def _years(
    reach: Door, person: Person, sources: Iterable[Resource], young: Any
) -> Iterator[tuple[int | None, list[Item]]]:
    """The whole timeline, read a stretch at a time."""
    until: date | None = None
    year: int | None = None
    items: list[Item] = []
    while True:
        resources, unfinished = reach.timeline(person, None, until, _AT_ONCE)
        shown = timeline_page(
            resources, unfinished=unfinished, until=until, limit=100_000, sources=list(sources), young=young
        )
        for of, some in shown.years:
            if items and of != year:
                yield year, items
                items = []
            year = of
            items += some
        following = date.fromisoformat(shown.next) if shown.next else None
        if following is None or (until is not None and following >= until):
            break
        until = following
    if items:
        yield year, items


def printing(request: HttpRequest, reach: PaperDoor, person: Person) -> Printing:
    withheld = [
        _(KIND_TITLES[kind]) for kind, types in KIND_TYPES.items() if not any(reach.may(type) for type in types)
    ]
    user: Any = request.user
    by = user.name or user.username
    return Printing(by, reach.records.clock(), reach.today, qr_of(person.patient), withheld)


def qr_of(patient: Resource) -> str:
    """The signed text of the card where this node can make one, else the code itself: both find the record."""
    code = next((i["value"] for i in patient.get("identifier", ()) if i.get("system") == CITIZEN_CODE), "")
    if not code:
        return ""
    try:
        return codes().card(code, initials_of(human_name(patient.get("name"))), born_of(patient.get("birthDate", "")))
    except Refused:
        return str(code)


def as_file(body: bytes, name: str, person: Person) -> HttpResponse:
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}-{person.id[:36]}.pdf"'
    return response
