"""Features that an administrator of the node switches off: their doors then answer 403 with the reason, everywhere.

Each is on until somebody switches it, and each change is in the audit log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from hoso.web import errors
from hoso.web.accounts.models import Switch
from hoso.web.oauth.admin import administrators_only
from hoso.web.oauth.telling import tell
from hoso.web.pages import page
from hoso.web.sign_in.fresh import fresh
from hoso.web.upkeep.words import SWITCH_TITLES

DOORS: Mapping[str, re.Pattern[str]] = {
    "sharing": re.compile(r"/(?:me/share|me/sharing|s|shl|codes)(?:/|\Z)"),
    "enrolment": re.compile(r"/(?:enrol|sign-in/national)(?:/|\Z)"),
    "imports": re.compile(r"/imports(?:/|\Z)"),
    "apps": re.compile(r"/(?:oauth/authorize|patients/[^/]+/apps)(?:/|\Z)"),
    "manual": re.compile(r"/manual(?:/|\Z)"),
}
"""The addresses behind which each feature is."""


class Switched:
    """Middleware: asks the table only for addresses that can be switched off, and anew each time."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = next((name for name, door in DOORS.items() if door.match(request.path)), None)
        if name is not None and not is_on(name):
            return errors.switched_off(request)
        return self.respond(request)


def is_on(name: str) -> bool:
    return not Switch.objects.filter(name=name, on=False).exists()


@administrators_only
def listed(request: HttpRequest) -> HttpResponse:
    """Each feature, what off means, and who switched it when."""
    if request.method == "POST":
        return _turn(request)
    return _list(request)


@fresh
def _turn(request: HttpRequest) -> HttpResponse:
    name, user = request.POST.get("name", ""), request.user
    if name not in SWITCH_TITLES:
        raise Http404
    on = request.POST.get("to") == "on"
    told: Any = user
    tell(request, "feature-on" if on else "feature-off", name, channel="screen")
    Switch.objects.update_or_create(name=name, defaults={"on": on, "at": timezone.now(), "by": told.username})
    return HttpResponseRedirect("/features")


def _list(request: HttpRequest) -> HttpResponse:
    known = {one.name: one for one in Switch.objects.all()}
    rows = [
        (name, title, meaning, known[name].on if name in known else True, known.get(name))
        for name, (title, meaning) in SWITCH_TITLES.items()
    ]
    return page(request, "upkeep/switches.html", rows=rows)
