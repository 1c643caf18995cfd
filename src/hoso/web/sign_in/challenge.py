"""What a stranger's passkey has to sign: carried by the browser under the node's signature, for a few minutes, once.

In a session it would be a row of the database for whoever asks, and strangers may ask as often as they like.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.mfa.webauthn.internal import auth
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from hoso.web.accounts import throttle

COOKIE = "hoso_passkey"
LIFE = timedelta(minutes=5)
_SALT = "passkey"


def give(response: HttpResponse) -> None:
    """Moves the challenge that was just made from the session into a cookie."""
    state = auth.get_state()
    auth.clear_state()
    response.set_cookie(
        COOKIE,
        signing.dumps(state, salt=_SALT),
        max_age=LIFE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Strict",
    )


def take(request: HttpRequest) -> bool:
    """Puts it where it is looked for; False when there is none, or it is old or not ours."""
    state = _read(request)
    if state is not None:
        auth.set_state(state)
    return state is not None


def spend(request: HttpRequest) -> bool:
    """Whether this is the first use; also when two come at once to two workers."""
    state = _read(request)
    return state is not None and throttle.spend("challenge", str(state.get("challenge")), timezone.now(), LIFE)


def _read(request: HttpRequest) -> dict[str, Any] | None:
    try:
        state = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LIFE)
    except signing.BadSignature:
        return None
    return state if isinstance(state, dict) else None
