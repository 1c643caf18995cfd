"""At the counter: a citizen shows a code, and the record is open to who types it for as long as the citizen said."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.policy.matrix import role
from hoso.core.errors import Refused
from hoso.web.pages import desk, door, errand, page, signed_in
from hoso.web.stewards import said

STAFF = "tied"


@signed_in
def redeem(request: HttpRequest) -> HttpResponse:
    asking = errand(request)
    row = role(asking.actor.role)
    if row is None or row.reach != STAFF:
        raise Http404
    problem, status = "", 200
    if request.method == "POST":
        try:
            grant = desk().grants.redeem(asking, request.POST.get("code", ""))
            home = door(request).persons.home_of(grant.patient)
            return HttpResponseRedirect(f"/patients/{home}")
        except Refused as refused:
            problem, status = said(refused), refused.status
    return page(request, "codes.html", status, problem=problem, code=request.POST.get("code", "")[:64])
