"""What the caller can take: JSON or a refusal, pretty or as stored, gzip or plain, English or Vietnamese."""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import Any

from hoso.api.message import FHIR_JSON, Request, Response, read_pairs
from hoso.core.errors import Refused

_JSON_NAMES = ("json", "application/json", FHIR_JSON, "text/json", "application/json+fhir")
_ANY = ("*/*", "application/*")
GZIP_FROM = 1_400
"""Bytes from which compressing pays: below, the answer fits one packet anyway."""


@lru_cache(maxsize=512)
def takes_json(accept: str) -> bool:
    """Whether an Accept header allows FHIR JSON."""
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        refused = any(p.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for p in parameters)
        wrong_version = any(p.startswith("fhirversion=") and p[12:] not in ("4.0", "4.0.1") for p in parameters)
        if not refused and not wrong_version and (name in _ANY or name in _JSON_NAMES or name == "text/*"):
            return True
    return not accept.strip()


def check_format(request: Request) -> None:
    """406 when JSON is not what was asked for; `_format` overrides Accept."""
    asked = dict(read_pairs(request.query)).get("_format") if "_format" in request.query else None
    if asked is not None:
        if asked.split(";")[0].strip().lower().replace(" ", "+") not in _JSON_NAMES:
            raise Refused.because(406, "not-supported", "rest.not-acceptable", asked=asked[:80])
        return
    accept = request.header("HTTP_ACCEPT")
    if accept and not takes_json(accept):
        raise Refused.because(406, "not-supported", "rest.not-acceptable", asked=accept[:80])


def wants_pretty(request: Request) -> bool:
    return "_pretty" in request.query and dict(read_pairs(request.query)).get("_pretty") == "true"


def pretty(body: bytes) -> bytes:
    """Indents JSON text token by token: numbers and strings stay as they are written."""
    out, depth, at, end = bytearray(), 0, 0, len(body)
    while at < end:
        byte = body[at : at + 1]
        if byte == b'"':
            close = _string_end(body, at)
            out += body[at:close]
            at = close
            continue
        if byte in b"{[":
            after = _skip_space(body, at + 1)
            if body[after : after + 1] in (b"}", b"]"):
                out += byte + body[after : after + 1]
                at = after + 1
                continue
            depth += 1
            out += byte + b"\n" + b"  " * depth
        elif byte in b"}]":
            depth -= 1
            out += b"\n" + b"  " * depth + byte
        elif byte == b",":
            out += b",\n" + b"  " * depth
        elif byte == b":":
            out += b": "
        elif not byte.isspace():
            out += byte
        at += 1
    return bytes(out)


def _string_end(body: bytes, start: int) -> int:
    at = start + 1
    while True:
        quote = body.index(b'"', at)
        back = quote - 1
        while body[back] == 0x5C:
            back -= 1
        if (quote - back) % 2:
            return quote + 1
        at = quote + 1


def _skip_space(body: bytes, at: int) -> int:
    while body[at : at + 1].isspace():
        at += 1
    return at


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
