"""What the rules found of unusual reading, for the privacy officer: who, whom, when, how much; and the decision."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.break_glass import OUTCOMES
from hoso.access.cases.words import FEWEST, MOST
from hoso.access.watching.watch import UnusualRow
from hoso.core.clock import instant
from hoso.core.errors import Refused
from hoso.web.alarm import OUTCOME_TITLES
from hoso.web.officers import officers_only
from hoso.web.pages import door, errand, page, watch
from hoso.web.roles import titles
from hoso.web.stewards import said


@officers_only
def queue(request: HttpRequest) -> HttpResponse:
    found = watch().queue(errand(request), _number(request))
    return page(
        request, "unusual.html", rows=[_shown(request, row) for row in found.rows], waits=found.open,
        number=found.page, links=_links(found.pages),
    )  # fmt: skip


@officers_only
def one(request: HttpRequest, id: str) -> HttpResponse:
    asking = errand(request)
    problem, status = "", 200
    try:
        row = watch().finding(asking, id[:64])
        if request.method == "POST":
            watch().decide(asking, row.id, request.POST.get("outcome", ""), request.POST.get("words", ""))
            return HttpResponseRedirect(f"/unusual/{row.id}")
    except Refused as refused:
        if refused.status == 404:
            raise Http404 from refused
        problem, status = said(refused), refused.status
    patients, number, pages = watch().people(asking, id[:64], _number(request))
    return page(
        request, "unusual_one.html", status, one=_shown(request, row), number=number, links=_links(pages),
        people=[door(request).persons.numbered(patient) for patient in patients],
        outcomes={name: OUTCOME_TITLES[name] for name in OUTCOMES}, outcome=request.POST.get("outcome", ""),
        words=request.POST.get("words", "")[:MOST], problem=problem, least=FEWEST, most=MOST,
    )  # fmt: skip


def _shown(request: HttpRequest, row: UnusualRow) -> dict[str, Any]:
    home = errand(request).actor.facility
    return {
        "row": row,
        "who": row.actor.removeprefix("user/"),
        "role": titles().get(row.role, row.role),
        "day": date.fromordinal(row.day),
        "away": row.facility if row.facility != home else "",
        "outcome": OUTCOME_TITLES.get(row.outcome or "", ""),
        "decided": instant(row.decided) if row.decided is not None else "",
        "officer": (row.officer or "").removeprefix("user/"),
    }


def _number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _links(pages: int) -> dict[int, str]:
    return {number: f"?page={number}" for number in range(1, pages + 1)}
