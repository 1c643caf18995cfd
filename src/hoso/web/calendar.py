"""A calendar file (RFC 5545) of some entries, for the calendar that somebody already has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

_LONGEST_LINE = 75
"""Bytes of a line, as the standard has it; longer ones are folded."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`start` is a day for what has no hour."""

    id: str
    start: date | datetime
    words: str
    place: str = ""
    more: str = ""


def calendar(entries: Iterable[Entry], now: datetime) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//HoSo//1//VI", "CALSCALE:GREGORIAN"]
    for entry in entries:
        lines += _event(entry, now)
    return "".join(_folded(one) for one in [*lines, "END:VCALENDAR"]).encode()


def _event(entry: Entry, now: datetime) -> list[str]:
    timed = isinstance(entry.start, datetime)
    start = f"DTSTART:{_utc(entry.start)}" if timed else f"DTSTART;VALUE=DATE:{entry.start:%Y%m%d}"  # type: ignore[arg-type]
    return [
        "BEGIN:VEVENT",
        f"UID:{_text(entry.id)}@hoso",
        f"DTSTAMP:{_utc(now)}",
        start,
        *(["DURATION:PT30M"] if timed else []),
        f"SUMMARY:{_text(entry.words)}",
        *([f"LOCATION:{_text(entry.place)}"] if entry.place else []),
        *([f"DESCRIPTION:{_text(entry.more)}"] if entry.more else []),
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(entry.words)}",
        "TRIGGER:-P1D",
        "END:VALARM",
        "END:VEVENT",
    ]


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """What a line could be broken out of with is written as what it stands for."""
    plain = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in words)
    for letter, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        plain = plain.replace(letter, written)
    return plain


def _folded(line: str) -> str:
    """No letter is cut in two."""
    folded, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LONGEST_LINE:
            folded, size = f"{folded}\r\n ", 1
        folded, size = folded + letter, size + width
    return f"{folded}\r\n"
