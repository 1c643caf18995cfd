"""Citizens reach their own pages and no others: those of staff are not there for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.web import errors

OWN = ("/me", "/account", "/sign-in", "/sign-out", "/language", "/enrol", "/connected-apps", "/oauth/", "/.well-known/",
       "/s", "/shl", "/manual", "/training")  # fmt: skip


class OwnPages:
    """Whoever is signed in as a citizen and goes elsewhere is told that there is no such page."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated or user.staff or _own(request.path):
            return self.respond(request)
        return HttpResponseRedirect("/me") if request.path == "/" else errors.not_found(request)


def _own(path: str) -> bool:
    return any(path == one.rstrip("/") or path.startswith(one.rstrip("/") + "/") for one in OWN)
