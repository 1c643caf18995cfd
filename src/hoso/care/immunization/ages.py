"""Ages and gaps in the words of the schedule ("6 weeks", "18 months", "1 year"), counted on the calendar.

A month is over on the same day of a later month, or on the day after its last when it has no such day.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

_UNITS = {"day": 0, "week": 0, "month": 1, "year": 12}


@cache
def _read(text: str) -> tuple[int, int]:
    """(months, days)."""
    number, _, unit = text.partition(" ")
    unit = unit.removesuffix("s")
    if unit not in _UNITS or not number.isdecimal():
        raise ValueError(f"not an age: {text!r}")
    months = int(number) * _UNITS[unit]
    return (months, 0) if months or unit in ("month", "year") else (0, int(number) * (7 if unit == "week" else 1))


def after(day: date, text: str) -> date:
    """The day on which so much time has passed since `day`."""
    months, days = _read(text)
    if not months:
        return day + timedelta(days=days)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return day.replace(year=year, month=month + 1)
    except ValueError:
        return date(year + (month == 11), (month + 1) % 12 + 1, 1)
