"""Who reaches the pages of administration, and about which organisation; to others they are not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from hoso.access.organisation.facilities import Facility
from hoso.access.policy import matrix
from hoso.web.pages import errand, organisation, signed_in
from hoso.web.roles import staff

View = Callable[..., HttpResponse]


def administrators(view: View) -> View:
    """view(request, place, …): `place` is the facility meant by `at`, else the administrator's own."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        id = request.POST.get("at", request.GET.get("at", "")) or (user.post.home if user.post else "")
        if not organisation().administers(errand(request), id):
            raise Http404
        place = organisation().facilities.by_id(id)
        if place is None:
            raise Http404
        return view(request, place, *args, **kwargs)

    return signed_in(guarded)


def within(request: HttpRequest, place: Facility) -> list[Facility]:
    """The facility and its open departments, at every depth."""
    facilities = organisation().facilities
    found, waiting = [place], [place]
    while waiting:
        below = [one for one in facilities.below(errand(request), waiting.pop().id) if not one.code and one.active]
        fresh = [one for one in below if one not in found]
        found += fresh
        waiting += fresh
    return found


def givable(request: HttpRequest) -> list[str]:
    """Roles that this administrator gives, without their older names."""
    user: Any = request.user
    names = set(matrix.roles())
    return [role for role in staff() if role in names and matrix.gives(user.post.kind, role)]


def day(request: HttpRequest, name: str) -> date | None:
    """Raises ValueError for what is no day."""
    text = request.POST.get(name, "").strip()
    return date.fromisoformat(text) if text else None
