"""What the caller can take: JSON or a refusal, pretty or as stored, gzip or plain, English or Vietnamese."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from typing import Any

from hoso.api.message import FHIR_JSON, Request, Response, read_pairs
from hoso.core.errors import Refused

_JSON_NAMES = ("json", "application/json", FHIR_JSON, "text/json", "application/json+fhir")
_ANY = ("*/*", "application/*")
_VERSIONS = ("4.0", "4.0.1")
GZIP_FROM = 1_400
"""Bytes from which compressing pays: below, the answer fits one packet anyway."""


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++')


@lru_cache(maxsize=512)
def takes_json(accept: str) -> bool:
    """Whether an Accept header allows FHIR JSON."""
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        refused = any(p.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for p in parameters)
        wrong_version = any(p.startswith("fhirversion=") and p[12:].strip('"') not in _VERSIONS for p in parameters)
        if not refused and not wrong_version and (name in _ANY or name in _JSON_NAMES or name == "text/*"):
            return True
    return not accept.strip()


def check_format(request: Request) -> None:
    """406 when JSON is not what was asked for; `_format` overrides Accept."""
    asked = _dress(request, "_format")
    if asked is not None:
        name, parameters = media_type(asked)
        if name.replace(" ", "+") not in _JSON_NAMES or parameters.get("fhirversion", "4.0") not in _VERSIONS:
            raise Refused.because(406, "not-supported", "rest.not-acceptable", asked=asked[:80])
        return
    accept = request.header("HTTP_ACCEPT")
    if accept and not takes_json(accept):
        raise Refused.because(406, "not-supported", "rest.not-acceptable", asked=accept[:80])


def wants_pretty(request: Request) -> bool:
    return _dress(request, "_pretty") == "true"


def _dress(request: Request, name: str) -> str | None:
    """What the query or a posted form says of the answer's form."""
    if name not in request.query and name not in request.form:
        return None
    return dict(read_pairs(request.query) + read_pairs(request.form)).get(name)


def pretty(body: bytes) -> bytes:
    """Indents JSON text token by token: numbers and strings stay as they are written."""
    out: list[bytes] = []
    depth, previous = 0, b""
    for token in _TOKEN.findall(body):
        if token in b"}]":
            depth -= 1
            if previous not in (b"{", b"["):
                out.append(b"\n" + b"  " * depth)
        elif previous in (b"{", b"[", b","):
            out.append(b"\n" + b"  " * depth)
        out.append(b": " if token == b":" else token)
        if token in b"{[":
            depth += 1
        previous = token
    return b"".join(out)


def compressed(response: Response, accept_encoding: str) -> Response:
    """The response gzipped, when the caller takes it and it is worth it; a stream is compressed piece by piece."""
    if not _takes_gzip(accept_encoding) or any(name == "Content-Encoding" for name, _ in response.headers):
        return response
    if isinstance(response.body, bytes):
        if len(response.body) < GZIP_FROM:
            return response
        response.body = gzip.compress(response.body, 4, mtime=0)
        response.headers.append(("Content-Encoding", "gzip"))
    return response


@lru_cache(maxsize=128)
def _takes_gzip(accept_encoding: str) -> bool:
    for part in accept_encoding.split(","):
        name, _, weight = part.strip().lower().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def language_header(request: Request) -> tuple[str, str]:
    return ("Content-Language", request.language)


def media_type(content_type: str) -> tuple[str, dict[str, str]]:
    """`application/fhir+json; charset=utf-8` as name and parameters, in lower case."""
    name, *rest = content_type.split(";")
    parameters: dict[str, Any] = {}
    for piece in rest:
        key, _, value = piece.strip().partition("=")
        parameters[key.lower()] = value.strip().strip('"').lower()
    return name.strip().lower(), parameters
