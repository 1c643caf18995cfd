"""FHIRPath dates and times with their precision: a comparison that a missing part leaves open answers None.

A time of day without a zone is Viet Nam's, as everywhere in the record (see core.dates).
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Literal

from hoso.core.dates import VIETNAM

Kind = Literal["Date", "DateTime", "Time"]

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?\Z", re.ASCII)
_CLOCK = r"(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
_TIME = re.compile(_CLOCK + r"\Z", re.ASCII)
_DATETIME = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T(?:" + _CLOCK + r"(Z|[+-]\d\d:\d\d)?)?)?\Z", re.ASCII)
_DIGITS = (4, 6, 8, 10, 12, 14)


@dataclass(frozen=True, slots=True)
class Temporal:
    """`parts`: year, month, day, hour, minute, second as far as known (a Time starts at the hour).

    `fraction` are the digits after the second, as written; `zone` is the offset in minutes.
    """

    kind: Kind
    parts: tuple[int, ...]
    fraction: str = ""
    zone: int | None = None

    @classmethod
    def parse(cls, kind: str, text: str) -> Temporal | None:
        """None when the text is no such value, or no such day or minute exists."""
        if kind == "Time":
            return _made("Time", _TIME.match(text), 0)
        if kind == "Date":
            return _made("Date", _DATE.match(text), 0)
        return _made("DateTime", _DATETIME.match(text), 3)

    def __str__(self) -> str:
        start = 0 if self.kind != "Time" else 3
        marks = ("", "-", "-", "T", ":", ":")
        text = ""
        for n, part in enumerate(self.parts, start):
            mark = "" if n == start else marks[n]
            text += f"{mark}{part:04d}" if n == 0 else f"{mark}{part:02d}"
        if self.fraction:
            text += "." + self.fraction
        if self.zone is not None and len(self.parts) > 3:
            text += "Z" if self.zone == 0 else f"{'-' if self.zone < 0 else '+'}{_clock(abs(self.zone))}"
        return text

    @property
    def seconds(self) -> Decimal:
        """Seconds with their fraction: FHIRPath knows no border between the two."""
        return Decimal(f"{self.parts[-1]}.{self.fraction or '0'}")

    @property
    def whole(self) -> bool:
        """Known to the second."""
        return len(self.parts) == (3 if self.kind == "Time" else 6)

    @property
    def precision(self) -> int:
        """Digits known, as precision() counts them."""
        digits = _DIGITS[len(self.parts) - 1]
        if self.kind == "Time":
            digits = 2 * len(self.parts)
        return digits + len(self.fraction)

    def comparable_with(self, other: Temporal) -> bool:
        return (self.kind == "Time") == (other.kind == "Time")

    def compare(self, other: Temporal) -> int | None:
        """-1, 0, 1, or None when the shorter one does not say."""
        first, second = self, other
        if self._timed() and other._timed() and (self.zone is not None or other.zone is not None):
            first, second = self.in_utc(), other.in_utc()
        for a, b in zip(first._ordered(), second._ordered(), strict=False):
            if a != b:
                return -1 if a < b else 1
        return 0 if len(self.parts) == len(other.parts) else None

    def _timed(self) -> bool:
        return self.kind == "DateTime" and len(self.parts) > 3

    def _ordered(self) -> tuple[int | Decimal, ...]:
        return (*self.parts[:-1], self.seconds) if self.whole else self.parts

    @property
    def mark(self) -> Hashable:
        """Equal for equal values, as `compare` sees them."""
        moment = self.in_utc() if self._timed() else self
        return self.kind == "Time", moment._ordered()

    def in_utc(self) -> Temporal:
        zone = self.zone if self.zone is not None else int(VIETNAM.utcoffset(None).total_seconds()) // 60
        year, month, day, hour, minute, second = (*self.parts, 0, 0)[:6]
        offset = timezone(timedelta(minutes=zone))
        try:
            moved = datetime(year, month, day, hour, minute, second, tzinfo=offset).utctimetuple()
        except (OverflowError, ValueError):
            return self
        # Minutes of a zone move the hour alone only when the minute is known as well.
        return Temporal("DateTime", tuple(moved[: len(self.parts)]), self.fraction, 0)

    def plus(self, seconds: Decimal, months: int = 0) -> Temporal | None:
        """Later by months or by seconds, at this value's own precision; None beyond the calendar."""
        if self.kind == "Time":
            return self._time_plus(seconds)
        try:
            return self._date_plus(seconds, months)
        except (OverflowError, ValueError):
            return None

    def _time_plus(self, seconds: Decimal) -> Temporal:
        padded = (*self.parts, 0, 0)[:3]
        start = padded[0] * 3600 + padded[1] * 60 + padded[2] + Decimal(f"0.{self.fraction or 0}")
        total = (start + seconds) % 86400
        if total < 0:
            total += 86400
        whole = int(total)
        parts = (whole // 3600, whole // 60 % 60, whole % 60)[: len(self.parts)]
        return Temporal("Time", parts, self._digits(total - whole))

    def _date_plus(self, seconds: Decimal, months: int) -> Temporal:
        year, month, day, hour, minute, second = (*self.parts, *(1, 1, 0, 0, 0)[len(self.parts) - 1 :])[:6]
        if months:
            year, month = divmod(year * 12 + month - 1 + months, 12)
            month += 1
            day = min(day, _month_length(year, month))
        at = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001  (zone kept apart)
        micro = int(Decimal(f"0.{self.fraction or 0}") * 1_000_000)
        at += timedelta(seconds=int(seconds), microseconds=micro + int(seconds % 1 * 1_000_000))
        parts = (at.year, at.month, at.day, at.hour, at.minute, at.second)[: len(self.parts)]
        return Temporal(self.kind, parts, self._digits(Decimal(at.microsecond) / 1_000_000), self.zone)

    def _digits(self, fraction: Decimal) -> str:
        if not self.whole or not self.fraction:
            return ""
        return f"{fraction:.{max(len(self.fraction), 3)}f}"[2:]


def _made(kind: Kind, match: re.Match[str] | None, clock_at: int) -> Temporal | None:
    if match is None:
        return None
    groups = match.groups()
    zone, fraction = None, ""
    if kind == "DateTime":
        zone = _zone(groups[7])
        if zone == 9999:
            return None
        fraction, groups = groups[6] or "", groups[:6]
    elif kind == "Time":
        fraction, groups = groups[3] or "", groups[:3]
    known: list[int] = []
    for group in groups:
        if group is None:
            break
        known.append(int(group))
    if clock_at and len(known) < 3 and groups[3] is not None:
        return None
    made = Temporal(kind, tuple(known), fraction, zone)
    return made if _exists(made) else None


def _exists(value: Temporal) -> bool:
    day = value.parts[:3] if value.kind != "Time" else ()
    clock = value.parts[3:] if value.kind != "Time" else value.parts
    try:
        if day:
            date(*(*day, 1, 1)[:3])
    except ValueError:
        return False
    return all(part < limit for part, limit in zip(clock, (24, 60, 61), strict=False))


def _zone(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours * 60 + minutes > 14 * 60 or minutes > 59:
        return 9999
    return (hours * 60 + minutes) * (-1 if text[0] == "-" else 1)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _month_length(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1) if (year, month) != (9999, 12) else None
    return 31 if following is None else (following - timedelta(days=1)).day


def month_length(year: int, month: int) -> int:
    return _month_length(year, month)
