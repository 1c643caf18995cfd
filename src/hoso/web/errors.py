"""Pages for what went wrong: what happened and what to do, in the reader's language, never an internal detail."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from hoso.access import Unavailable
from hoso.core.errors import Refused
from hoso.web.configure import LANGUAGE_COOKIE
from hoso.web.pages import page

log = logging.getLogger("hoso.web")


def not_found(request: HttpRequest, exception: object = None) -> HttpResponse:
    return _error(request, 404, "not-found")


def forbidden(request: HttpRequest, exception: object = None) -> HttpResponse:
    return _error(request, 403, "forbidden")


def bad_request(request: HttpRequest, exception: object = None) -> HttpResponse:
    return _error(request, 400, "bad-request")


def broken(request: HttpRequest) -> HttpResponse:
    """Sign-in asks a database too: when that is what failed, it is said, and nothing more is asked of it."""
    _forget(request)
    if isinstance(sys.exc_info()[1], InterfaceError | OperationalError | Unavailable):
        return unavailable(request)
    return _error(request, 500, "broken")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _error(request, 403, "stale")


def no_icon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """A page's question that access turned down."""
    return _error(request, refusal.status, "forbidden" if refusal.status == 403 else "bad-request")


def switched_off(request: HttpRequest) -> HttpResponse:
    return _error(request, 403, "switched-off")


def unavailable(request: HttpRequest) -> HttpResponse:
    _forget(request)
    response = _error(request, 503, "unavailable")
    response.headers["Retry-After"] = "10"
    return response


def _forget(request: HttpRequest) -> None:
    """Who is asking stands in the database, which cannot be asked now."""
    request.user = None  # type: ignore[assignment]
    request.session = {}  # type: ignore[assignment]


def _error(request: HttpRequest, status: int, kind: str) -> HttpResponse:
    """Handlers may run outside the language middleware, so the language is settled again."""
    chosen = "en" if request.COOKIES.get(LANGUAGE_COOKIE) == "en" else "vi"
    values: dict[str, Any] = {"kind": kind}
    if not hasattr(request, "user"):
        request.user = None  # type: ignore[assignment]
    with translation.override(chosen):
        return page(request, "error.html", status, **values)
