"""What the caller can take: JSON or XML or a refusal, pretty or as stored, gzip or plain, English or Vietnamese."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import parse_qsl

from hoso.api.message import FHIR_JSON, FHIR_XML, Request, Response, read_pairs
from hoso.core.errors import Refused

Format = Literal["json", "xml"]
JSON_NAMES = ("json", "application/json", FHIR_JSON, "text/json", "application/json+fhir")
XML_NAMES = ("xml", "application/xml", FHIR_XML, "text/xml", "application/xml+fhir")
BODIES = tuple(name for name in JSON_NAMES if "/" in name)
"""What a body may say it is, once XML has become JSON at the rim."""
_ANY = ("*/*", "application/*", "text/*")
_VERSIONS = ("4.0", "4.0.1")
GZIP_FROM = 1_400
"""Bytes from which compressing pays: below, the answer fits one packet anyway."""


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++')


@lru_cache(maxsize=512)
def preferred_format(accept: str) -> Format | None:
    """What an Accept header likes best of JSON and XML; None when it takes neither. JSON where all is the same."""
    best: tuple[float, Format] | None = None
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = _weight(parameters)
        wrong_version = any(p.startswith("fhirversion=") and p[12:].strip('"') not in _VERSIONS for p in parameters)
        found = _format(name)
        if found and weight > 0 and not wrong_version and (best is None or weight > best[0]):
            best = (weight, found)
    if best is not None:
        return best[1]
    return None if accept.strip() else "json"


def _format(name: str) -> Format | None:
    if name in XML_NAMES:
        return "xml"
    return "json" if name in JSON_NAMES or name in _ANY else None


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.replace(" ", "").partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


@lru_cache(maxsize=512)
def takes_json(accept: str) -> bool:
    """Whether FHIR JSON is what an Accept header likes best."""
    return preferred_format(accept) == "json"


def check_format(request: Request) -> None:
    """406 when neither JSON nor XML is what was asked for; `_format` overrides Accept."""
    asked = _dress(request, "_format")
    if asked is not None:
        if _named(asked) is None:
            raise Refused.because(406, "not-supported", "rest.not-acceptable", asked=asked[:80])
        return
    accept = request.header("HTTP_ACCEPT")
    if accept and preferred_format(accept) is None:
        raise Refused.because(406, "not-supported", "rest.not-acceptable", asked=accept[:80])


def _named(asked: str) -> Format | None:
    name, parameters = media_type(asked)
    return _format(name.replace(" ", "+")) if parameters.get("fhirversion", "4.0") in _VERSIONS else None


def spoken(accept: str, content_type: str, *encoded: str) -> Format:
    """The form of the answer: `_format` in the query or a form (`encoded`), else Accept, else as the body came.

    Never raises: it also decides how a refusal is written.
    """
    for text in encoded:
        if "_format" in text:
            asked = [value for name, value in parse_qsl(text[:10_000], keep_blank_values=True) if name == "_format"]
            if asked:
                return _named(asked[-1]) or "json"
    if accept.strip() in ("", "*/*") and content_type and media_type(content_type)[0] in XML_NAMES:
        return "xml"
    return preferred_format(accept) or "json"


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


def check_content(request: Request) -> None:
    """415 unless the body says it is JSON in UTF-8."""
    name, parameters = media_type(request.content_type)
    if name not in BODIES or not _readable(parameters):
        raise Refused.because(415, "not-supported", "rest.content-type", type=request.content_type[:80])


def _readable(parameters: dict[str, str]) -> bool:
    charset, version = parameters.get("charset", "utf-8"), parameters.get("fhirversion", "4.0")
    return charset in ("utf-8", "utf8", "us-ascii") and version in ("4.0", "4.0.1")
