"""Partial dates as what they are: a half-open span of milliseconds (FHIR R4 search, date parameters).

A value without a time zone is a day in Viet Nam (UTC+7 all year, no summer time since 1975), where the record is kept.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from hoso.core.clock import to_ms

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?\Z",
    re.ASCII,
)


class Span(NamedTuple):
    """Milliseconds since 1970 UTC, `low` included, `high` excluded."""

    low: int
    high: int


OPEN_LOW = -(1 << 62)
OPEN_HIGH = 1 << 62


def parse_span(text: str) -> Span:
    """The time a FHIR date, dateTime or instant covers: "2026-02" is the whole month.

    Raises ValueError when the text is no such date (also 2023-02-30).
    """
    match = _DATE.match(text)
    if not match:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    tz = _zone(zone)
    if year == "0000":
        raise ValueError(text)
    if month is None:
        return Span(_ms(int(year), 1, 1, tz), _year_end(int(year), tz))
    if day is None:
        return Span(_ms(int(year), int(month), 1, tz), _month_end(int(year), int(month), tz))
    if hour is None:
        start = _ms(int(year), int(month), int(day), tz)
        return Span(start, start + 86_400_000)
    at = _time(int(year), int(month), int(day), hour, minute, second or "00", tz)
    if second is None:
        return Span(at, at + 60_000)
    if fraction is None:
        return Span(at, at + 1_000)
    low = at + int((fraction + "00")[:3])
    width = {1: 100, 2: 10}.get(len(fraction), 1)
    return Span(low, low + width)


def _time(year: int, month: int, day: int, hour: str, minute: str, second: str, tz: timezone) -> int:
    if second == "60":  # a leap second is the first instant of the next minute
        return to_ms(datetime(year, month, day, int(hour), int(minute), 59, tzinfo=tz)) + 1_000
    return to_ms(datetime(year, month, day, int(hour), int(minute), int(second), tzinfo=tz))


def _zone(text: str | None) -> timezone:
    if text is None:
        return VIETNAM
    if text == "Z":
        return timezone.utc  # noqa: UP017  (a timezone instance, as the other branches give)
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    if minutes > 14 * 60 or int(text[4:6]) > 59:
        raise ValueError(text)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _ms(year: int, month: int, day: int, tz: timezone) -> int:
    return to_ms(datetime(year, month, day, tzinfo=tz))


def _year_end(year: int, tz: timezone) -> int:
    return _ms(year + 1, 1, 1, tz) if year < 9999 else _ms(9999, 12, 31, tz) + 86_400_000


def _month_end(year: int, month: int, tz: timezone) -> int:
    return _ms(year, month + 1, 1, tz) if month < 12 else _year_end(year, tz)
