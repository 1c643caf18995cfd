"""Handing over: whoever treats a person lets a colleague of the same facility in for some days, and may end it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.grants import DELEGATION_LASTS
from hoso.access.policy.matrix import role
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.web.accounts.models import Account
from hoso.web.citizens import names
from hoso.web.pages import desk, door, errand, organisation, page, signed_in
from hoso.web.record import person_at
from hoso.web.stewards import said

DAYS = (1, 3, 7, DELEGATION_LASTS.days)


@signed_in
def delegate(request: HttpRequest, id: str) -> HttpResponse:
    asking, reach = errand(request), door(request)
    row = role(asking.actor.role)
    if row is None or row.reach != "tied":
        raise Http404
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    problem, status = "", 200
    if request.method == "POST":
        try:
            _done(request, person.id)
            return HttpResponseRedirect(f"/patients/{person.id}/delegate")
        except Refused as refused:
            problem, status = said(refused), refused.status
    given = desk().grants.handed_over(asking, person.id)
    who = names.grantees(given)
    return page(
        request,
        "delegate.html",
        status,
        person=person.patient,
        base=f"/patients/{person.id}",
        colleague=request.POST.get("colleague", "")[:64],
        days=DAYS,
        given=[
            {"id": one.id, "who": who.get(one.grantee, names.plain(one.grantee)), "until": from_ms(one.until)}
            for one in given
        ],
        problem=problem,
    )


def _done(request: HttpRequest, person: str) -> None:
    asking, form = errand(request), request.POST
    if "end" in form:
        desk().grants.take_back(asking, form["end"][:64])
        return
    name, days = form.get("colleague", "").strip()[:64], form.get("days", "")
    if not _is_colleague(request, name) or days not in map(str, DAYS):
        raise Refused.because(422, "value", "grant.colleague")
    desk().grants.delegate(asking, person, f"user/{name}", timedelta(days=int(days)))


def _is_colleague(request: HttpRequest, name: str) -> bool:
    """Whether this is an account of somebody who treats people at the facility where the reader acts now."""
    user: Any = request.user
    if not name.isprintable():
        return False
    found = Account.objects.filter(username=name, is_active=True, person="").first()
    if found is None or found.username == user.username or not user.facility:
        return False
    held = organisation().posts.of(found.practitioner)
    return any(one.facility == user.facility and (row := role(one.role)) and row.reach == "tied" for one in held)
