"""Who brings files for a facility and mends what was refused of them: its administrators, and its steward."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from hoso.access.organisation.facilities import Facility
from hoso.exchange.intake import Sender
from hoso.web.pages import door, errand, organisation, signed_in

View = Callable[..., HttpResponse]


def keepers(view: View) -> View:
    """view(request, place, …): the facility meant by `at`, of an administrator; of a steward, the own one."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        own = user.post.home if user.post else ""
        id = request.POST.get("at", request.GET.get("at", "")) or own
        is_own_steward = door(request).decides and id == own
        if not is_own_steward and not organisation().administers(errand(request), id):
            raise Http404
        place = organisation().facilities.by_id(id)
        if place is None or not place.code:  # without a code it would be anybody's
            raise Http404
        return view(request, place, *args, **kwargs)

    return signed_in(guarded)


def sender_of(request: HttpRequest, place: Facility) -> Sender:
    assert place.code
    return Sender(errand(request).actor.id, place.code, "screen")
