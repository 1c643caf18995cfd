"""After registering: who it is now, under which code, and what comes next; and the citizen card to print."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse

from hoso.access.policy.matrix import role
from hoso.care.chart import Chart
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.fhir.systems import CITIZEN_CODE
from hoso.identity.code import born_of, initials_of
from hoso.identity.code.paper import Face, card_pdf
from hoso.web.pages import codes, door, errand, may_print, page, signed_in
from hoso.web.papers.views import paper
from hoso.web.persons import Person
from hoso.web.recent import remember
from hoso.web.record import person_at


@signed_in
def registered(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    response = page(
        request,
        "registering/done.html",
        id=person.id,
        who=who(person.patient, Chart.of([person.patient]), reach.today),
        code=_code(person),
        joined=len(person.records),
        changed="changed" in request.GET,
        prints=may_print(request, "Patient"),
        visit=_visit(request, person.id),
        today=reach.today,
    )
    remember(request, response, person.id)
    return response


def _visit(request: HttpRequest, id: str) -> str:
    """Where a visit is written down, for who writes one, on a node that has that page."""
    row = role(errand(request).actor.role)
    if row is None or not (row.covers("write", "Encounter") and row.covers("write", "Observation")):
        return ""
    try:
        return reverse("visit_new", args=[id])
    except NoReverseMatch:
        return ""


@signed_in
def citizen_card(request: HttpRequest, id: str) -> HttpResponse:
    """Name, code, QR and Code 128 on a card; for who prints what identifies people."""
    reach = paper(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    if not reach.prints("Patient"):
        raise Refused.because(403, "forbidden", "rest.forbidden", type="Patient", right="r")
    code = _code(person)
    if not code:
        raise Http404
    told = who(person.patient, Chart.of([person.patient]), reach.today)
    response = HttpResponse(
        card_pdf([Face(code, _qr(code, told), told.name, told.born[:4])]), content_type="application/pdf"
    )
    response["Content-Disposition"] = f'inline; filename="the-nguoi-dan-{person.id[:36]}.pdf"'
    return response


def _qr(code: str, told: Any) -> str:
    """The signed text where this node can make one, else the code itself: both find the record."""
    try:
        return codes().card(code, initials_of(told.name), born_of(told.born))
    except Refused:
        return code


def _code(person: Person) -> str:
    return next((i["value"] for i in person.patient.get("identifier", ()) if i.get("system") == CITIZEN_CODE), "")
