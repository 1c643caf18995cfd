"""Conditions in headers: If-Match on writes, If-None-Match and If-Modified-Since on reads (RFC 9110, FHIR R4 http)."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from hoso.access import Version
from hoso.api.message import Request
from hoso.core.errors import Refused

_TAG = re.compile(r'(?:W/)?"([^"\s]{1,64})"\Z')


def base_version(request: Request) -> str | None:
    """What a write builds on: the version of If-Match, None for "must not exist" (If-None-Match: *), else "any"."""
    match, none = request.condition("HTTP_IF_MATCH"), request.condition("HTTP_IF_NONE_MATCH")
    if match is not None:
        return _tag(match)
    if none is not None:
        if none.strip() != "*":
            raise Refused.because(400, "value", "rest.bad-condition", header="If-None-Match", value=none[:80])
        return None
    return "any"


def names_version(request: Request) -> bool:
    return request.header("HTTP_IF_MATCH") is not None or request.header("HTTP_IF_NONE_MATCH") is not None


def unchanged(request: Request, version: Version) -> bool:
    """Whether the caller already has this version, so that 304 is the answer."""
    none = request.header("HTTP_IF_NONE_MATCH")
    if none is not None:
        return any(_has(part.strip(), version.version) for part in none.split(","))
    since = request.header("HTTP_IF_MODIFIED_SINCE")
    if since is None:
        return False
    try:
        return version.updated // 1000 <= parsedate_to_datetime(since).timestamp()
    except (ValueError, OverflowError):
        return False  # RFC 9110: a date that cannot be read is ignored


def _has(held: str, version: str) -> bool:
    """A bare number, as some clients send, can only mean that version; on a read nothing hangs on it."""
    return held == "*" or (held if held.isdecimal() else _tag(held)) == version


def _tag(text: str) -> str:
    match = _TAG.match(text.strip())
    if not match:
        raise Refused.because(400, "value", "rest.bad-condition", header="ETag", value=text[:80])
    return match[1]
