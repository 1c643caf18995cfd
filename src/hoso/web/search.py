"""The first page: sign-in for a stranger, one search box for staff, and who matches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from hoso.care.elements import human_name
from hoso.core import citizen_code, fold
from hoso.fhir import systems
from hoso.fhir.number_systems import number_space
from hoso.web.box import LONGEST, Asked, asked
from hoso.web.counter import strangers
from hoso.web.door import Door, Hit, Resource
from hoso.web.landing import other_than_search
from hoso.web.marks import Mark, marks
from hoso.web.pages import codes, door, may, may_register, page
from hoso.web.present import place_text
from hoso.web.recent import recent
from hoso.web.registering.resources import known_as
from hoso.web.visits.keeping import unfinished

PER_PAGE = 20
_MOST_CODES = 50
_SHOWN = (systems.PERSONAL_NUMBER, systems.INSURANCE_NUMBER, systems.CITIZEN_CODE)


def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return page(
            request,
            "sign_in.html",
            username="",
            problem="",
            next=request.GET.get("next", ""),
            idle="idle" in request.GET,
            kept="kept" in request.GET,
        )
    other = other_than_search(request)
    if other is not None:
        return other
    text = request.GET.get("q", "")
    question = _with_merged(asked(text, codes().verify_card))
    if not text.strip() or question.empty:
        return _start(request, door(request))
    return _results(request, question, door(request))


def _with_merged(question: Asked) -> Asked:
    """A code on an old card also finds the person under the codes it was merged with."""
    merged = (name for n in question.numbers if citizen_code.is_valid(n) for name in codes().names(n)[:_MOST_CODES])
    return replace(question, numbers=tuple(dict.fromkeys([*question.numbers, *merged])))


def _start(request: HttpRequest, door: Door) -> HttpResponse:
    """The empty box, and whom this person looked at last."""
    people = door.persons.read(recent(request))
    return page(
        request,
        "search.html",
        unfinished=_unfinished(request, door),
        asked=None,
        recent=[row(Hit(p, []), 0) for p in people],
        today=door.today,
        registers=may_register(request),
    )


def _unfinished(request: HttpRequest, door: Door) -> list[dict[str, Any]]:
    """Visits in which this person typed and that are not signed, whose person is still open to them."""
    rows = unfinished(int(request.user.pk))  # type: ignore[arg-type]
    homes = door.persons.homes([row.person for row in rows]) if rows else {}
    people = {one["id"]: one for one in door.persons.read(homes.values())} if rows else {}
    return [
        {
            "at": row.saved,
            "name": human_name(found.get("name")),
            "url": f"/patients/{found['id']}/visits/{row.encounter}/edit",
        }
        for row in rows
        if (found := people.get(homes[row.person]))
    ]


def _results(request: HttpRequest, question: Asked, door: Door) -> HttpResponse:
    found = door.find(question)
    elsewhere = strangers(request, question, found)
    number = _page_number(request, len(found.people))
    shown = found.people[(number - 1) * PER_PAGE : number * PER_PAGE]
    names = [_name(hit.person) for hit in found.people]
    marked = marks(door, [hit.person for hit in shown])
    rows = [row(hit, names.count(_name(hit.person)) - 1, marked[hit.person["id"]]) for hit in shown]
    pages = -(-len(found.people) // PER_PAGE)
    links = {n: "/?" + urlencode({"q": question.text, "page": str(n)}) for n in range(1, pages + 1)}
    return page(
        request,
        "search.html",
        q=question.text,
        asked=question,
        rows=rows,
        elsewhere=elsewhere,
        opens=may(request, "emergency"),
        registers=may_register(request) and not question.problem,
        text=request.GET.get("q", "")[:LONGEST],
        total=len(found.people),
        more=found.more,
        number=number,
        links=links,
        today=door.today,
    )


def _page_number(request: HttpRequest, total: int) -> int:
    asked_for = request.GET.get("page", "1")
    number = int(asked_for) if asked_for.isascii() and asked_for.isdecimal() and len(asked_for) < 4 else 1
    return max(1, min(number, -(-total // PER_PAGE)))


def row(hit: Hit, same_name: int, mark: Mark | None = None) -> dict[str, Any]:
    person = hit.person
    facilities = [p.get("managingOrganization", {}).get("display", "") for p in (*hit.records, person)]
    spelled = (human_name(p.get("name")) for p in hit.records)
    return {
        "id": person["id"],
        "name": human_name(person.get("name")),
        "found_as": next((name for name in spelled if fold(name) != _name(person)), ""),
        "sex": person.get("gender", ""),
        "born": person.get("birthDate", ""),
        "died": person.get("deceasedDateTime") or ("yes" if person.get("deceasedBoolean") else ""),
        "place": place_text(person.get("address")),
        "number": _known_number(person),
        "facility": ", ".join(dict.fromkeys(name for name in facilities if name)),
        "records": sum(1 for link in person.get("link", ()) if link["type"] == "seealso"),
        "same_name": same_name,
        "known_as": next((text for one in (*hit.records, person) if (text := known_as(one))), ""),
        "mark": mark,
    }


def _name(patient: Resource) -> str:
    return fold(human_name(patient.get("name")))


def _known_number(person: Resource) -> str:
    numbers = {
        number_space(i.get("system", ""), i.get("value")): i.get("value", "") for i in person.get("identifier", ())
    }
    return next((numbers[s] for s in _SHOWN if numbers.get(s)), "") or next(iter(numbers.values()), "")
