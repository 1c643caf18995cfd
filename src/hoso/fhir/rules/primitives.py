"""The formats of R4's primitive types, each checked in time linear in the text.

The published patterns are not used as they stand: the one for base64 backtracks without end on hostile input.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

TEXT_LIMIT = 1024 * 1024
"""Characters in one string or markdown (R4)."""

_A = re.ASCII
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?+"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
_YEAR = r"(?!0000)\d{4}"
_DAY = rf"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"

_date = re.compile(rf"{_DAY}|{_YEAR}(?:-(?:0[1-9]|1[0-2]))?", _A).fullmatch
_date_time = re.compile(rf"{_DAY}(?:T{_TIME}{_ZONE})?|{_YEAR}(?:-(?:0[1-9]|1[0-2]))?", _A).fullmatch
_instant = re.compile(rf"{_DAY}T{_TIME}{_ZONE}", _A).fullmatch
_time = re.compile(_TIME, _A).fullmatch
_id = re.compile(r"[A-Za-z0-9\-.]{1,64}", _A).fullmatch
_VERSIONED = r"(?:\|\S*+)?"
_oid_uri = re.compile(rf"urn:oid:[0-2](?:\.(?:0|[1-9]\d*+))++{_VERSIONED}", _A).fullmatch
_oid = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*+))++", _A).fullmatch
_uuid = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", _A).fullmatch
_code = re.compile(r"\S++(?:\s\S++)*+", _A).fullmatch
_uri = re.compile(r"\S++").fullmatch

_NUMBERS = frozenset({int, float, Decimal})
_SPACE = str.maketrans("", "", " \t\r\n")


def _in_calendar(text: str) -> bool:
    """30 February passes the pattern; only days above 28 need a look at the calendar."""
    if len(text) < 10 or text[8:10] <= "28":
        return True
    try:
        date(int(text[:4]), int(text[5:7]), int(text[8:10]))
    except ValueError:
        return False
    return True


def is_boolean(value: Any) -> bool:
    return value is True or value is False


def is_integer(value: Any) -> bool:
    return type(value) is int and -2_147_483_648 <= value <= 2_147_483_647


def is_unsigned(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 2_147_483_647


def is_positive(value: Any) -> bool:
    return type(value) is int and 0 < value <= 2_147_483_647


def is_decimal(value: Any) -> bool:
    return type(value) in _NUMBERS


def is_string(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= TEXT_LIMIT


def is_code(value: Any) -> bool:
    return type(value) is str and _code(value) is not None


def is_uri(value: Any) -> bool:
    """Any text without white space; an oid or uuid urn must also be well formed, "|version" after it or not."""
    if type(value) is not str or _uri(value) is None:
        return False
    if value.startswith("urn:uuid:"):
        return _uuid(value.lower().partition("|")[0]) is not None
    return _oid_uri(value) is not None if value.startswith("urn:oid:") else True


def is_id(value: Any) -> bool:
    return type(value) is str and _id(value) is not None


def is_oid(value: Any) -> bool:
    return type(value) is str and _oid(value) is not None


def is_uuid(value: Any) -> bool:
    return type(value) is str and _uuid(value) is not None


def is_date(value: Any) -> bool:
    return type(value) is str and _date(value) is not None and _in_calendar(value)


def is_date_time(value: Any) -> bool:
    return type(value) is str and _date_time(value) is not None and _in_calendar(value)


def is_instant(value: Any) -> bool:
    return type(value) is str and _instant(value) is not None and _in_calendar(value)


def is_time(value: Any) -> bool:
    return type(value) is str and _time(value) is not None


def is_base64(value: Any) -> bool:
    if type(value) is not str or not value:
        return False
    try:
        binascii.a2b_base64(value.translate(_SPACE), strict_mode=True)
    except ValueError:
        return False
    return True


_SURE_DAY = rf"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"
_SURE_MOMENT = re.compile(rf"{_SURE_DAY}T{_TIME}{_ZONE}", _A).fullmatch
KNOWN_LIMIT = 20_000
KNOWN_LENGTH = 100

KNOWN: dict[str, set[str]] = {"code": set(), "uri": set()}
"""Codes and addresses found right before: a few thousand come again and again."""


def _remembering(kind: str, valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    known = KNOWN[kind]

    def check(value: Any) -> bool:
        if not valid(value):
            return False
        if len(value) <= KNOWN_LENGTH and value[0] != "#":
            if len(known) >= KNOWN_LIMIT:
                known.clear()
            known.add(value)
        return True

    return check


QUICK: dict[str, Callable[[str], object]] = {
    "canonical": KNOWN["uri"].__contains__,
    "code": KNOWN["code"].__contains__,
    "date": re.compile(_SURE_DAY, _A).fullmatch,
    "dateTime": _SURE_MOMENT,
    "id": _id,
    "instant": _SURE_MOMENT,
    "markdown": len,
    "string": len,
    "time": _time,
    "uri": KNOWN["uri"].__contains__,
    "url": KNOWN["uri"].__contains__,
}
"""A first look in one call into C: what it accepts is right, what it does not accept goes to CHECKS.

`len` stands for text, whose length must also be within TEXT_LIMIT.
"""

CHECKS: dict[str, Callable[[Any], bool]] = {
    "base64Binary": is_base64,
    "boolean": is_boolean,
    "canonical": _remembering("uri", is_uri),
    "code": _remembering("code", is_code),
    "date": is_date,
    "dateTime": is_date_time,
    "decimal": is_decimal,
    "id": is_id,
    "instant": is_instant,
    "integer": is_integer,
    "markdown": is_string,
    "oid": is_oid,
    "positiveInt": is_positive,
    "string": is_string,
    "time": is_time,
    "unsignedInt": is_unsigned,
    "uri": _remembering("uri", is_uri),
    "url": _remembering("uri", is_uri),
    "uuid": is_uuid,
}
