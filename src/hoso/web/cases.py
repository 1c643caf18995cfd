"""What citizens asked a facility, for its privacy officer, the overdue first: confirm, extend, answer, close."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.cases.cases import FINDINGS, OUTCOMES
from hoso.access.cases.words import FEWEST, MOST
from hoso.core.errors import Refused
from hoso.web.citizens.cases import shown
from hoso.web.citizens.log import shown_event
from hoso.web.citizens.titles import OUTCOME_TITLES
from hoso.web.officers import officers_only
from hoso.web.pages import desk, door, errand, page
from hoso.web.stewards import said


@officers_only
def queue(request: HttpRequest) -> HttpResponse:
    found = [shown(case) for case in desk().cases.queue(errand(request))]
    waits = sum(one["case"].state == "open" for one in found)
    return page(request, "cases.html", cases=found, waits=waits)


@officers_only
def one(request: HttpRequest, id: str) -> HttpResponse:
    asking, cases, reach = errand(request), desk().cases, door(request)
    case = _found(request, id)
    problem, status = "", 200
    if request.method == "POST":
        try:
            _step(request, case.row.id)
            return HttpResponseRedirect(f"/cases/{case.row.id}")
        except Refused as refused:
            problem, status = said(refused), refused.status
    event = cases.line(asking, case.row.id)
    return page(
        request,
        "case.html",
        status,
        one=shown(case),
        who=_person(request, case.row.patient),
        event=shown_event(event, case.row.event, reach) if event else None,
        outcomes={name: OUTCOME_TITLES[name] for name in (FINDINGS if case.kind == "look" else OUTCOMES)},
        outcome=request.POST.get("outcome", ""),
        words=request.POST.get("words", "")[:MOST],
        reason=request.POST.get("reason", "")[:MOST],
        problem=problem,
        least=FEWEST,
        most=MOST,
    )


def _found(request: HttpRequest, id: str) -> Any:
    try:
        return desk().cases.case(errand(request), id[:64])
    except Refused as refused:
        if refused.status == 404:
            raise Http404 from refused
        raise


def _step(request: HttpRequest, id: str) -> None:
    asking, cases, form = errand(request), desk().cases, request.POST
    match form.get("step"):
        case "acknowledge":
            cases.acknowledge(asking, id, third=form.get("third") == "yes")
        case "extend":
            cases.extend(asking, id, form.get("reason", ""))
        case "answer":
            cases.answer(asking, id, form.get("outcome", ""), form.get("words", ""))
        case "close":
            cases.close(asking, id)
        case _:
            raise Http404


def _person(request: HttpRequest, patient: int) -> dict[str, Any] | None:
    """Name and birth date of who asks: an officer has to know whom to answer."""
    return door(request).persons.numbered(patient)
