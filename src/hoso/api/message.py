"""A request and a response as the FHIR interactions see them, whether they came alone or as an entry of a Bundle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from time import gmtime
from typing import Any
from urllib.parse import unquote

from hoso.access import Actor, Errand, Version
from hoso.core.errors import Refused
from hoso.fhir.outcome import Language

FHIR_JSON = "application/fhir+json"
FHIR_XML = "application/fhir+xml"
Header = tuple[str, str]
CONTENT: Header = ("Content-Type", "application/fhir+json; charset=utf-8")
XML_CONTENT: Header = ("Content-Type", "application/fhir+xml; charset=utf-8")

QUERY_LIMIT = 200_000
PAIRS_LIMIT = 500


@dataclass(slots=True)
class Request:
    """`path` are the segments below the base; `header` names are as WSGI spells them (HTTP_IF_MATCH)."""

    method: str
    path: tuple[str, ...]
    query: str
    headers: Mapping[str, Any]
    errand: Errand
    base: str
    language: Language = "en"
    body: bytes = b""
    content_type: str = FHIR_JSON
    form: str = ""
    xml: bool = False
    """Whether the answer will be sent as XML. An interaction answers in JSON all the same, unless it streams."""
    signing_in: str = ""
    """The address under which an app is let in: the base's, unless systems have one of their own."""

    @property
    def actor(self) -> Actor:
        return self.errand.actor

    def header(self, name: str) -> str | None:
        value: str | None = self.headers.get(name)
        return value or None

    def condition(self, name: str) -> str | None:
        """A header on which a write depends. One that is there and says nothing is "", never as if it were not there:

        so arrives a header that is not ASCII, and without its condition the write would be another one.
        """
        return self.headers.get(name)

    def pairs(self) -> list[tuple[str, str]]:
        """Parameters of the query and of a posted form, in order; `_format` and `_pretty` are not among them."""
        return [pair for pair in read_pairs(self.query) + read_pairs(self.form) if pair[0] not in _DRESS]

    @property
    def lenient(self) -> bool:
        return self.prefers("handling") == "lenient"

    def prefers(self, what: str) -> str | None:
        """The value of a preference in the Prefer header, such as `return` or `handling`."""
        for part in (self.header("HTTP_PREFER") or "").replace(";", ",").split(","):
            name, _, value = part.strip().partition("=")
            if name.strip().lower() == what:
                return value.strip().strip('"')
        return None


_DRESS = ("_format", "_pretty")


@dataclass(slots=True)
class Response:
    status: int
    headers: list[Header] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""
    updated: int | None = None


def read_pairs(text: str) -> list[tuple[str, str]]:
    """Decodes application/x-www-form-urlencoded text; anything unreadable is refused, never replaced."""
    if not text:
        return []
    if len(text) > QUERY_LIMIT:
        raise Refused.because(400, "too-long", "rest.query-too-long", limit=str(QUERY_LIMIT))
    if text.count("&") >= PAIRS_LIMIT:
        raise Refused.because(400, "too-costly", "rest.too-many-parameters", limit=str(PAIRS_LIMIT))
    try:
        pairs = [_pair(part) for part in text.split("&") if part]
    except UnicodeDecodeError as error:
        raise Refused.because(400, "value", "rest.query-not-utf8") from error
    if "\0" in text or "%00" in text:
        raise Refused.because(400, "value", "rest.query-nul")
    return pairs


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return _decoded(name), _decoded(value)


def _decoded(text: str) -> str:
    """Most of what is sent needs no decoding."""
    if "+" in text:
        text = text.replace("+", " ")
    return unquote(text, errors="strict") if "%" in text else text


def version_headers(version: str | None, updated: int) -> list[Header]:
    found = [("Last-Modified", http_date(updated // 1000))]
    return [("ETag", f'W/"{version}"'), *found] if version else found


def resource_response(version: Version) -> Response:
    return Response(200, [CONTENT, *version_headers(version.version, version.updated)], version.body, version.updated)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=8192)
def http_date(seconds: int) -> str:
    """An HTTP date (IMF-fixdate), in English whatever the machine's language."""
    t = gmtime(seconds)
    return (
        f"{_DAYS[t.tm_wday]}, {t.tm_mday:02} {_MONTHS[t.tm_mon - 1]} {t.tm_year:04}"
        f" {t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} GMT"
    )
