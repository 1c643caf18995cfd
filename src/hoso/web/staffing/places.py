"""Departments of a facility, and the tree for those who govern: what stands below, added, renamed, moved, closed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.organisation.facilities import Facilities, Facility, Wanted
from hoso.access.organisation.kinds import governs, kinds
from hoso.core.errors import Refused
from hoso.web.pages import errand, organisation, page
from hoso.web.sign_in.fresh import fresh
from hoso.web.staffing.gate import administrators
from hoso.web.stewards import said

_FIELDS = ("code", "gln", "kind", "name", "address")


@administrators
@fresh
def departments(request: HttpRequest, place: Facility) -> HttpResponse:
    facilities, problem = organisation().facilities, ""
    if request.method == "POST":
        try:
            if request.POST.get("do") == "close":
                facilities.close_department(errand(request), request.POST.get("department", ""))
            else:
                facilities.add_department(errand(request), place.id, request.POST.get("name", ""))
            return HttpResponseRedirect(f"/departments?at={place.id}")
        except Refused as refused:
            problem = said(refused)
    rows = [one for one in facilities.below(errand(request), place.id) if not one.code]
    return page(request, "staffing/departments.html", 422 if problem else 200, place=place, rows=rows, problem=problem)


@administrators
@fresh
def facilities(request: HttpRequest, place: Facility) -> HttpResponse:
    """One place in the tree and what stands below it."""
    register, problem = organisation().facilities, ""
    top = register.line(place.id)
    if not any(governs(one.kind) for one in top if organisation().administers(errand(request), one.id)):
        raise Http404
    sent = {name: request.POST.get(name, "").strip()[:300] for name in _FIELDS}
    if request.method == "POST":
        try:
            _done(request, register, place, sent)
            return HttpResponseRedirect(f"/facilities?at={place.id}")
        except Refused as refused:
            problem = said(refused)
    below = [one for one in register.below(errand(request), place.id) if one.code]
    line = [one for one in top if organisation().administers(errand(request), one.id)]
    fitting = [kind for kind in kinds().values() if place.kind in kind.under and kind.ended is None]
    titles = {kind.code: kind.title for kind in kinds().values()}
    return page(
        request, "staffing/facilities.html", 422 if problem else 200, place=place, line=line, below=below,
        kinds=fitting, titles=titles, sent=sent, problem=problem,
    )  # fmt: skip


def _done(request: HttpRequest, register: Facilities, place: Facility, sent: dict[str, str]) -> None:
    by, code = errand(request), request.POST.get("facility", "")
    match request.POST.get("do"):
        case "add":
            register.add(by, Wanted(sent["code"], sent["kind"], sent["name"], place.code, sent["gln"], sent["address"]))
        case "rename":
            register.rename(by, code, sent["name"])
        case "move":
            register.move(by, code, request.POST.get("under", "").strip())
        case "close":
            register.close(by, code)
        case "reopen":
            register.reopen(by, code)
        case _:
            raise Http404
