"""The gate of a citizen's own pages: the signed-in citizen's own person, whatever is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from hoso.core.clock import from_ms
from hoso.web.alarm import REASON_TITLES
from hoso.web.citizens import names
from hoso.web.pages import View, door, emergencies, errand, page, signed_in
from hoso.web.persons import Person


def own(view: Callable[..., HttpResponse]) -> View:
    """view(request, door, person, …): nobody else's, and not there for staff."""

    def guarded(request: HttpRequest, **more: Any) -> HttpResponse:
        user: Any = request.user
        if not user.person:
            raise Http404
        reach = door(request)
        found = reach.persons.find(user.person)
        if isinstance(found, str):  # was merged: the record is that of the person it is part of now
            found = reach.persons.find(found)
        if not isinstance(found, Person):
            return page(request, "me_absent.html", 404)
        _notice(request)
        return view(request, reach, found, **more)

    return signed_in(guarded)


def mine(view: Callable[..., HttpResponse]) -> View:
    """view(request, …): of a signed-in citizen, for pages that do not show the record itself."""

    def guarded(request: HttpRequest, **more: Any) -> HttpResponse:
        user: Any = request.user
        if not user.person:
            raise Http404
        _notice(request)
        return view(request, **more)

    return signed_in(guarded)


def _notice(request: HttpRequest) -> None:
    """Every page of a citizen says what emergencies opened, until it was read."""
    rows = emergencies().unread(errand(request))
    who = names.actors({grant.grantee for grant, _ in rows})
    request.unread = [  # type: ignore[attr-defined]
        {
            "id": grant.id,
            "who": who.get(grant.grantee) or names.plain(grant.grantee),
            "facility": door(request).facility(emergency.facility) if emergency.facility else "",
            "since": from_ms(grant.since),
            "until": from_ms(grant.over),
            "reason": REASON_TITLES[emergency.code],
        }
        for grant, emergency in rows
    ]
