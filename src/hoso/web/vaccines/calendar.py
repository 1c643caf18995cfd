"""A calendar file (RFC 5545) with the days on which vaccines are due, for the calendar of a phone.

The same day of the same person keeps its UID, so that a newer file moves the entry instead of adding one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext as _

from hoso.care.immunization import vaccines

_LINE = 75
"""Octets of a line; longer ones are folded."""


def calendar(name: str, person: str, days: Iterable[tuple[date, Sequence[str]]], today: date, now: datetime) -> str:
    """What is due already stands on today."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//HoSo//HoSo//VI", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    summary = _escaped(_("Vaccination: %(name)s") % {"name": name})
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for due, keys in _joined(days, today):
        titles = ", ".join(_(vaccines()[key].title) for key in keys)
        lines += [
            "BEGIN:VEVENT",
            f"UID:vaccines-{person}-{'-'.join(sorted(keys))}@hoso.vn",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{due:%Y%m%d}",
            f"DTEND;VALUE=DATE:{due + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{summary}",
            f"DESCRIPTION:{_escaped(titles)}",
            "TRANSP:TRANSPARENT",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_escaped(titles)}",
            "TRIGGER:-PT12H",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _joined(days: Iterable[tuple[date, Sequence[str]]], today: date) -> list[tuple[date, list[str]]]:
    by_day: dict[date, dict[str, None]] = {}
    for due, keys in days:
        by_day.setdefault(max(due, today), {}).update(dict.fromkeys(keys))
    return [(due, list(keys)) for due, keys in sorted(by_day.items())]


def _escaped(text: str) -> str:
    for plain, safe in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(plain, safe)
    return text


def _folded(line: str) -> Iterable[str]:
    """Never inside a letter."""
    part = ""
    for letter in line:
        if len((part + letter).encode()) > _LINE:
            yield part
            part = " "
        part += letter
    yield part
