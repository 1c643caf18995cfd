"""The texts of the fields as values of FHIR: partial dates, moments of Viet Nam, exact decimals, lists and codes.

A text that is no such value gives None: it is never guessed at, and the caller keeps it as it was written.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_SEPARATED = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:\+07:00)?)?\Z", re.ASCII
)
_DAY_FIRST = re.compile(r"(\d\d)[-/](\d\d)[-/](\d{4})(?: (\d\d):(\d\d)(?::(\d\d))?)?\Z", re.ASCII)
_DIGITS = re.compile(r"\d{4}|\d{6}|\d{8}|\d{10}|\d{12}|\d{14}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?\Z", re.ASCII)
_COMMA = re.compile(r"(-?\d{1,15}),(\d{1,2}|\d{4,9})\Z", re.ASCII)
"""A comma before three digits may stand between thousands, so such a text is no number."""

ZONE = "+07:00"
MEMORY = 4_096
"""Texts whose meaning is remembered: the dates, numbers and words of a visit come again in each of its rows."""


@lru_cache(MEMORY)
def moment(text: str) -> str | None:
    """A FHIR dateTime of "yyyymmddHHMM"; shorter texts and unknown parts (00) give what is known."""
    digits = _digits(text)
    if digits is None:
        return None
    day = _day(digits[:8])
    if day is None or len(day) < 10 or len(digits) <= 8:
        return day
    time = digits[8:].ljust(6, "0")
    if int(time[:2]) > 23 or int(time[2:4]) > 59 or int(time[4:]) > 59:
        return None
    return f"{day}T{time[:2]}:{time[2:4]}:{time[4:]}{ZONE}"


@lru_cache(MEMORY)
def day(text: str) -> str | None:
    """A FHIR date; of a text that also has a time, its day."""
    digits = _digits(text)
    return _day(digits[:8]) if digits else None


def time_known(text: str) -> bool:
    """Whether a text tells the time of a day; 0000 stands for an unknown one in a date of birth."""
    digits = _digits(text)
    return bool(digits and len(digits) >= 12 and digits[8:12] != "0000")


@lru_cache(MEMORY)
def number(text: str) -> str | None:
    """The digits of a JSON number, with the precision they were written with."""
    text = text.strip()
    if comma := _COMMA.match(text):
        text = f"{comma[1]}.{comma[2]}"
    if not _NUMBER.match(text):
        return None
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text)
    whole, point, rest = digits.partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{point}{rest}"


def listed(text: str) -> list[str]:
    """The members of a list with ";" between them."""
    return [part for one in text.split(";") if (part := one.strip())]


def code(text: str, width: int) -> str:
    """A code of digits with the zeros in front that software lost which took it for a number."""
    text = text.strip()
    return text.zfill(width) if text.isascii() and text.isdigit() else text


def _digits(text: str) -> str | None:
    text = text.strip()
    if match := _SEPARATED.match(text):
        return "".join(part for part in match.groups() if part)
    if match := _DAY_FIRST.match(text):
        day, month, year, *time = match.groups()
        return "".join([year, month, day, *(part for part in time if part)])
    return text if _DIGITS.fullmatch(text) else None


def _day(digits: str) -> str | None:
    """A partial date: month or day may be 00 or missing."""
    year, month, of_month = digits[:4], digits[4:6] or "00", digits[6:8] or "00"
    if year == "0000":
        return None
    if month == "00":
        return year if of_month == "00" else None
    if int(month) > 12:
        return None
    if of_month == "00":
        return f"{year}-{month}"
    try:
        date(int(year), int(month), int(of_month))
    except ValueError:
        return None
    return f"{year}-{month}-{of_month}"
