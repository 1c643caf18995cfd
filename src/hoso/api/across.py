"""Calls from pages of other origins (CORS): only those that a registered browser app named, and never with cookies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., object]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
ASKED = "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer"
SHOWN = "Content-Location, ETag, Last-Modified, Location"
_SECONDS = "600"


def across(inner: Application, registered: Callable[[str], bool]) -> Application:
    """`registered` tells whether an origin is an approved app's. To others the answer is the one without CORS."""

    def serve(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            return inner(environ, start)
        allowed = registered(origin)
        if environ["REQUEST_METHOD"] == "OPTIONS" and environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"):
            start("204 No Content", [*_allowed(origin, allowed), *(_PREFLIGHT if allowed else [])])
            return [b""]

        def begin(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            return start(status, [*headers, *_allowed(origin, allowed)], *rest)

        return inner(environ, begin)

    return serve


_PREFLIGHT = [
    ("Access-Control-Allow-Methods", METHODS),
    ("Access-Control-Allow-Headers", ASKED),
    ("Access-Control-Max-Age", _SECONDS),
]


def _allowed(origin: str, allowed: bool) -> list[tuple[str, str]]:
    if not allowed:
        return [("Vary", "Origin")]
    return [
        ("Vary", "Origin"),
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", SHOWN),
    ]
