"""What holds for every page: headers that a browser enforces, the language, and signing out who went away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import Resolver404, resolve
from django.utils import translation

from hoso.access import Unavailable
from hoso.core.errors import Refused
from hoso.web import errors, pages
from hoso.web.accounts.hasher import Busy
from hoso.web.configure import LANGUAGE_COOKIE

log = logging.getLogger("hoso.web")

Respond = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'{targets}; base-uri 'none'; frame-ancestors 'none'"
)
"""`targets`: origins of apps to which the answer to a form on the page may lead, on the few pages that have such."""
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
"""What pages are asked by; Django takes a TRACE for a safe one and shows the page."""
_SEEN = "seen"
_BEGUN = "begun"
_NOTE_EVERY = 60


class Headers:
    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.respond(request) if request.method in METHODS else HttpResponseNotAllowed(METHODS)
        targets = "".join(f" {origin}" for origin in getattr(response, "form_targets", ()))
        response.headers["Content-Security-Policy"] = POLICY.format(targets=targets)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class Language:
    """The cookie's choice, else Vietnamese: a browser's own setting says little about a shared station's staff."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = "en" if request.COOKIES.get(LANGUAGE_COOKIE) == "en" else "vi"
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = self.respond(request)
        response.headers.setdefault("Content-Language", chosen)
        return response


class Idle:
    """Half an hour without a click ends the session, and half a day with clicks, as this node's rules say.

    The time is noted once a minute, not at every click. A form that somebody had filled in is given to its view all the
    same, where the view knows how to keep it for whoever signs in next.
    """

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now, rules = int(time.time()), settings.SIGN_IN
            seen, begun = request.session.get(_SEEN, 0), request.session.setdefault(_BEGUN, now)
            if (seen and now - seen > rules.idle.total_seconds()) or now - begun > rules.longest.total_seconds():
                logout(request)
                return self.respond(request) if _keeps(request) else HttpResponseRedirect("/?idle=1")
            if now - seen > _NOTE_EVERY:
                request.session[_SEEN] = now
                _note(request.session)
        return self.respond(request)


def _keeps(request: HttpRequest) -> bool:
    """Whether somebody filled in a form that is kept for them."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return request.method == "POST" and getattr(view, "keeps_typed", False)


def _note(session: SessionBase) -> None:
    """With a full disk what an emergency opened is still read; the session ends sooner then."""
    try:
        session.save()
    except OperationalError as error:
        log.warning("the time of a session is not kept: %s", error)
    session.modified = False


class Told:
    """Whose records a page shows is in the audit log before its first byte; when that cannot be, nothing is shown."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.respond(request)
        try:
            pages.tell(request)
        except Unavailable:
            return errors.unavailable(request)
        return response


class Refusals:
    """A refusal by access, or a database that does not answer, becomes a page that says what to do."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.respond(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refused):
            return errors.refused(request, exception)
        return errors.unavailable(request) if isinstance(exception, Unavailable | Busy) else None
