"""Stylesheet, scripts and icon, served from memory under names that carry their content's hash.

A name that changes with the content may be kept by the browser for ever; the layers of the stylesheet are one file.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

STATIC = Path(__file__).parent / "static"
LAYERS = (
    "tokens",
    "base",
    "layout",
    "components",
    "pages",
    "reviews",
    "apps",
    "account",
    "citizen",
    "register",
    "vaccines",
    "orders",
    "visit",
    "today",
    "imports",
    "print",
)
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    url: str
    type: str
    body: bytes
    packed: bytes


@cache
def assets() -> dict[str, Asset]:
    """By plain name: "hoso.css", "search.js", "icon.svg"."""
    sources = {"hoso.css": b"\n".join((STATIC / "css" / f"{layer}.css").read_bytes() for layer in LAYERS)}
    for file in sorted(STATIC.glob("js/*.js")) + sorted(STATIC.glob("*.svg")):
        sources[file.name] = file.read_bytes()
    return {name: _asset(name, body) for name, body in sources.items()}


def url(name: str) -> str:
    return assets()[name].url


def _asset(name: str, body: bytes) -> Asset:
    mark = blake2b(body, digest_size=6).hexdigest()
    stem, suffix = Path(name).stem, Path(name).suffix
    return Asset(f"/static/{stem}.{mark}{suffix}", _TYPES[suffix], body, gzip.compress(body, mtime=0))


@cache
def _by_url() -> dict[str, Asset]:
    return {asset.url: asset for asset in assets().values()}


class Assets:
    """Middleware: answers /static before a session is looked up."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/static/"):
            return self.respond(request)
        asset = _by_url().get(request.path)
        if asset is None or request.method not in {"GET", "HEAD"}:
            return HttpResponseNotFound(content_type="text/plain")
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if packed:
            headers["Content-Encoding"] = "gzip"
        return HttpResponse(asset.packed if packed else asset.body, content_type=asset.type, headers=headers)
