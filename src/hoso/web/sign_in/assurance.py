"""How surely it is known who sits there: whether a second factor was shown in this session, and how long ago.

Staff without one reach nothing but the pages on which it is set up; dangerous acts ask for it again after five minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.web.sign_in.settings import FRESH_SECONDS

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
OPEN = ("/account", "/sign-out", "/sign-in", "/language", "/static/")
"""Addresses for those who have yet to show a second factor."""
CHANGING = ("/account/password", "/sign-out", "/sign-in", "/language", "/static/")
"""Addresses for those who have yet to choose their password."""


def enrolled(user: Any) -> bool:
    return bool(is_mfa_enabled(user, FACTORS))


def multi(request: HttpRequest) -> bool:
    """Whether this session was begun, or confirmed since, with a second factor."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, _user(request)))


def recent(request: HttpRequest) -> bool:
    """Whether the strongest proof that this person can give was given within five minutes."""
    user = _user(request)
    needed = "mfa" if enrolled(user) else "password" if user.has_usable_password() else "national"
    records = [r for r in get_authentication_records(request, _user(request)) if r.get("method") == needed]
    return bool(records) and time.time() - float(records[-1]["at"]) < FRESH_SECONDS


class FirstPassword:
    """Whoever signs in with a password that somebody else gave chooses another before anything opens."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = _user(request)
        if user.is_authenticated and user.first_password and not request.path.startswith(CHANGING):
            return HttpResponseRedirect("/account/password")
        return self.respond(request)


class SecondFactor:
    """Nobody of the staff reaches anything before a second factor is set up and was shown."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _lacks(request) and not request.path.startswith(OPEN):
            return HttpResponseRedirect("/account")
        return self.respond(request)


def _lacks(request: HttpRequest) -> bool:
    user = _user(request)
    return bool(user.is_authenticated and user.staff and settings.SIGN_IN.second_factor and not multi(request))


def _user(request: HttpRequest) -> Any:
    return request.user
