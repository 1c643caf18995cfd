"""Calls from pages of other origins (CORS): only those that a registered browser app named, and never with cookies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., object]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
SHOWN = (
    "Content-Disposition, Content-Location, ETag, Last-Modified, Location, Retry-After, WWW-Authenticate, X-Progress"
)
_SECONDS = "600"
_NAMES = re.compile(r"[A-Za-z0-9-]{1,64}(\s*,\s*[A-Za-z0-9-]{1,64}){0,49}\Z", re.ASCII)


def across(inner: Application, registered: Callable[[str], bool]) -> Application:
    """`registered` tells whether an origin is an approved app's. To others the answer is the one without CORS."""

    def serve(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            return inner(environ, start)
        allowed = registered(origin)
        if environ["REQUEST_METHOD"] == "OPTIONS" and environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"):
            start("204 No Content", [*_allowed(origin, allowed), *(_preflight(environ) if allowed else [])])
            return [b""]

        def begin(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            return start(status, [*headers, *_allowed(origin, allowed)], *rest)

        return inner(environ, begin)

    return serve


def _preflight(environ: Environ) -> list[tuple[str, str]]:
    """Client libraries add headers of their own, which mean nothing here and do no harm: none is a reason to refuse."""
    asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    allowed = [("Access-Control-Allow-Headers", asked)] if _NAMES.match(asked) else []
    return [("Access-Control-Allow-Methods", METHODS), *allowed, ("Access-Control-Max-Age", _SECONDS)]


def _allowed(origin: str, allowed: bool) -> list[tuple[str, str]]:
    if not allowed:
        return [("Vary", "Origin")]
    return [
        ("Vary", "Origin"),
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", SHOWN),
    ]
