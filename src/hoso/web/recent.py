"""Whom a person looked at last: ids only, in a cookie that one session alone can read and that ends with the browser.

A name would outlive its correction; a row in the session would be a write to the disk for every card that is opened.
"""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse

MOST = 6


def recent(request: HttpRequest) -> list[str]:
    """The newest first; nothing from a cookie of another session or another hand."""
    try:
        return _signer(request).unsign(request.COOKIES.get(_cookie(), "")).split(" ")
    except BadSignature:
        return []


def remember(request: HttpRequest, response: HttpResponse, id: str) -> None:
    before = recent(request)
    if before[:1] != [id]:
        listed = [id, *(other for other in before if other != id)][:MOST]
        response.set_cookie(
            _cookie(),
            _signer(request).sign(" ".join(listed)),
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )


def forget(response: HttpResponse) -> None:
    response.delete_cookie(_cookie(), samesite="Lax")


def _cookie() -> str:
    return "__Host-hoso_recent" if settings.SESSION_COOKIE_SECURE else "hoso_recent"


def _signer(request: HttpRequest) -> Signer:
    return Signer(salt=f"hoso.recent {request.session.session_key}")
