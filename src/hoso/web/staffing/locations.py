"""The places of a facility or a department: buildings, wards, rooms, beds; added, renamed, closed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.organisation.facilities import Facility
from hoso.access.organisation.locations import KINDS
from hoso.core.errors import Refused
from hoso.web.pages import errand, organisation, page
from hoso.web.sign_in.fresh import fresh
from hoso.web.staffing.gate import administrators
from hoso.web.staffing.titles import KIND_TITLES
from hoso.web.stewards import said


@administrators
@fresh
def locations(request: HttpRequest, place: Facility) -> HttpResponse:
    problem = ""
    sent = {name: request.POST.get(name, "").strip()[:300] for name in ("name", "kind", "inside")}
    if request.method == "POST":
        try:
            _done(request, place, sent)
            return HttpResponseRedirect(f"/locations?at={place.id}")
        except Refused as refused:
            problem = said(refused)
    rows = organisation().locations.of(errand(request), place.id)
    return page(
        request, "staffing/locations.html", 422 if problem else 200, place=place, rows=rows, problem=problem,
        kinds={kind: KIND_TITLES[kind] for kind in KINDS}, titles=KIND_TITLES, sent=sent,
    )  # fmt: skip


def _done(request: HttpRequest, place: Facility, sent: dict[str, str]) -> None:
    by, register, id = errand(request), organisation().locations, request.POST.get("location", "")[:64]
    match request.POST.get("do"):
        case "add":
            register.add(by, place.id, sent["name"], sent["kind"], sent["inside"][:64])
        case "rename":
            register.rename(by, place.id, id, sent["name"])
        case "close":
            register.close(by, place.id, id)
        case "reopen":
            register.reopen(by, place.id, id)
        case _:
            raise Http404
