"""What was typed survives a session that ended meanwhile: signed, in this browser, for a quarter of an hour, for the
same person who typed it, and gone when it is shown again."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from hoso.web.registering.key import owner
from hoso.web.registering.typed import Typed, sent

PATH = "/register"
_SALT = "hoso.registering.kept"
_SECONDS = 900
_MOST = 3_800
"""A browser keeps about 4,000 bytes under one name."""


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The answer to a form that came after the session had ended."""
    back = {"kept": "1", "as": request.POST.get("kind", ""), "q": request.POST.get("q", "")[:500]}
    typed, _long = sent(request.POST)
    whole = {name: text for name, text in typed.items() if text}
    text = signing.dumps([owner(request.POST.get("key", "")), whole], salt=_SALT, compress=True)
    fits = len(text) <= _MOST
    said = {"kept": "1"} if fits else {}
    response = HttpResponseRedirect("/?" + urlencode(said | {"next": f"{PATH}?{urlencode(back)}"}))
    if fits:
        response.set_cookie(
            _cookie(), text, max_age=_SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    return response


def kept(request: HttpRequest) -> Typed:
    """Empty when there is nothing, or somebody else typed it."""
    try:
        whose, typed = signing.loads(request.COOKIES.get(_cookie(), ""), salt=_SALT, max_age=_SECONDS)
    except (signing.BadSignature, ValueError):
        return {}
    return dict(typed) if whose and whose == request.user.get_username() else {}


def forget(response: HttpResponse) -> None:
    response.delete_cookie(_cookie(), samesite="Lax")


def _cookie() -> str:
    return "__Host-hoso_typed" if settings.SESSION_COOKIE_SECURE else "hoso_typed"
