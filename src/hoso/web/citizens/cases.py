"""What a citizen asked and what became of it: about a line of the log that looks wrong, or about the own data."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse

from hoso.access.cases.cases import Case
from hoso.access.cases.terms import REQUESTS, acknowledge_days, kept_years, retention_source, terms
from hoso.access.cases.words import FEWEST, MOST
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.web.citizens import names
from hoso.web.citizens.copy import bundle
from hoso.web.citizens.log import place_at, shown_event
from hoso.web.citizens.own import mine, own
from hoso.web.citizens.places import facilities
from hoso.web.citizens.titles import CASE_HINTS, CASE_TITLES, OUTCOME_TITLES
from hoso.web.door import Door
from hoso.web.pages import desk, door, errand, page
from hoso.web.persons import Person
from hoso.web.stewards import said

NODE = "-"
"""Chosen in place of a facility: whoever runs this node."""


@mine
def listed(request: HttpRequest) -> HttpResponse:
    cases = desk().cases.own(errand(request))
    return page(
        request,
        "citizen/cases.html",
        cases=[shown(case) for case in cases],
        requests=REQUESTS,
        titles=CASE_TITLES,
        hints=CASE_HINTS,
        terms=terms(),
        acknowledge=acknowledge_days(),
        retention=retention_source(),
        places=names.facilities(door(request), {case.row.facility for case in cases}),
    )


@own
def ask(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    """`event` asks about a line of the log, `kind` for what the law gives."""
    seq, kind = place_at(request, "event"), request.GET.get("kind", "")
    event = desk().looks.event(errand(request), seq) if seq is not None else None
    if event is None and kind not in REQUESTS:
        raise Http404
    places = {} if event else facilities(reach, person)
    problem, status = "", 200
    if request.method == "POST":
        try:
            made = _made(request, seq if event else None, kind, places)
            return HttpResponseRedirect(f"/me/cases/{made.row.id}")
        except Refused as refused:
            problem, status = said(refused), refused.status
    return page(
        request,
        "citizen/ask.html",
        status,
        event=shown_event(event, seq, reach) if event and seq is not None else None,
        kind="look" if event else kind,
        titles=CASE_TITLES,
        hints=CASE_HINTS,
        places=places,
        place=request.POST.get("facility", ""),
        node_choice=NODE,
        words=(request.POST.get("words") or request.GET.get("words", ""))[:MOST],
        least=FEWEST,
        most=MOST,
        problem=problem,
        days=terms()["look"].working,
    )


def _made(request: HttpRequest, seq: int | None, kind: str, places: dict[str, str]) -> Case:
    words = request.POST.get("words", "")
    if seq is not None:
        return desk().cases.ask_about(errand(request), seq, words)
    facility = request.POST.get("facility", "")
    if facility != NODE and facility not in places:
        raise Refused.because(422, "value", "case.facility")
    return desk().cases.request(errand(request), kind, "" if facility == NODE else facility, words)


@own
def one(request: HttpRequest, reach: Door, person: Person, id: str) -> HttpResponse:
    asking, cases = errand(request), desk().cases
    case = cases.own_case(asking, id[:64])
    if case is None:
        raise Http404
    if request.method == "POST":
        cases.end(asking, case.row.id)
        return HttpResponseRedirect(f"/me/cases/{case.row.id}")
    event = desk().looks.event(asking, case.row.event) if case.kind == "look" else None
    return page(
        request,
        "citizen/case.html",
        one=shown(case),
        event=shown_event(event, case.row.event, reach) if event else None,
        titles=CASE_TITLES,
        place=reach.facility(case.row.facility) if case.row.facility else "",
        retention=retention_source(),
        kept=kept_years(),
    )


@mine
def copy(request: HttpRequest, id: str) -> HttpResponse:
    """The whole record as a file, when it was granted."""
    if request.method != "POST":
        raise Http404
    try:
        versions = desk().cases.copy(errand(request), id[:64])
    except Refused as refused:
        raise Http404 from refused
    response = StreamingHttpResponse(bundle(versions), content_type="application/fhir+json")
    response["Content-Disposition"] = 'attachment; filename="hoso-ho-so.json"'
    return response  # type: ignore[return-value]


def shown(case: Case) -> dict[str, Any]:
    row = case.row
    times = ("opened", "acknowledge_by", "due", "acknowledged", "extended", "answered", "closed")
    until = case.copy_until
    return {
        "case": case,
        "row": row,
        "title": CASE_TITLES[case.kind],
        "outcome": OUTCOME_TITLES.get(row.outcome or "", ""),
        "copy_until": from_ms(until) if until is not None and until > case.now else None,
        **{name: None if (at := getattr(row, name)) is None else from_ms(at - (name in ("due", "acknowledge_by")))
           for name in times},
    }  # fmt: skip
