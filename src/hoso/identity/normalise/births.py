"""Dates of birth and death as far as they are known: the filler 1 January, zeros, and years that cannot be."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from hoso.identity.normalise.person import Birth

EARLIEST = 1880
FILLER, IMPOSSIBLE, UNREADABLE = "filler-date", "impossible-date", "bad-date"
_FORMS = (
    re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d\d?)(?:-(?P<day>\d\d?)(?:T.*)?)?)?\Z", re.ASCII | re.DOTALL),
    re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:\d{4,6})?\Z", re.ASCII),
    re.compile(r"(?P<day>\d\d?)[/.-](?P<month>\d\d?)[/.-](?P<year>\d{4})\Z", re.ASCII),
)
_LONGEST = 64


def birth_of(text: str, today: date | None) -> tuple[Birth | None, str]:
    """The date, and a note when something was dropped or is a filler."""
    birth, note = _read(text)
    if birth and today and birth.year and _after(birth, today):
        return Birth(None, None, None, False, text), IMPOSSIBLE
    return birth, note


def _after(birth: Birth, today: date) -> bool:
    known = (birth.year, birth.month, birth.day)
    now = (today.year, today.month, today.day)
    for mine, limit in zip(known, now, strict=True):
        if mine is None or mine != limit:
            return mine is not None and mine > limit
    return False


@lru_cache(maxsize=16_384)
def _read(text: str) -> tuple[Birth | None, str]:
    stripped = text.strip()
    if not stripped:
        return None, ""
    match = next((found for form in _FORMS if (found := form.match(stripped))), None) if len(text) <= _LONGEST else None
    if match is None:
        return Birth(None, None, None, False, text), UNREADABLE
    parts = match.groupdict()
    year, month, day = (int(parts[name]) if parts[name] else None for name in ("year", "month", "day"))
    return _checked(year or 0, month, day, text)


def _checked(year: int, month: int | None, day: int | None, text: str) -> tuple[Birth, str]:
    if year < EARLIEST:
        return Birth(None, None, None, False, text), IMPOSSIBLE
    if month == 0 or day == 0:
        known = month if month and month <= 12 else None
        return Birth(year, known, None, True, text), FILLER
    if month == 1 and day == 1:
        return Birth(year, 1, 1, True, text), FILLER
    if month is not None and month > 12:
        return Birth(year, None, None, False, text), UNREADABLE
    if day is not None and not _exists(year, month or 1, day):
        return Birth(year, month, None, False, text), UNREADABLE
    return Birth(year, month, day, False, text), ""


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
