"""The terms of terms.toml: until when an answer is due, how long a record must be kept. Pure and without a clock."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from hoso.core.dates import VIETNAM

Kind = Literal["look", "access", "correction", "withdrawal", "restriction", "erasure"]
KINDS: tuple[Kind, ...] = get_args(Kind)
REQUESTS: tuple[Kind, ...] = KINDS[1:]
"""What the law names; "look" asks about a line of the log."""


@dataclass(frozen=True, slots=True)
class Term:
    """`working`: working days instead of days; such a term knows neither others to ask nor an extension."""

    kind: Kind
    days: int
    third: int
    working: int
    source: str

    def due(self, opened: datetime, *, third: bool = False, extended: bool = False) -> datetime:
        if self.working:
            return working_days_after(opened, self.working * (2 if extended else 1))
        days = self.third if third else self.days
        return _end(_day(opened) + timedelta(days=days * (2 if extended else 1)))


@cache
def terms() -> dict[Kind, Term]:
    table = _table()
    return {
        kind: Term(
            kind,
            row.get("days", 0),
            row.get("third", 0),
            row.get("working", 0),
            row.get("source", table["source"]),
        )
        for kind in KINDS
        for row in (table["term"][kind],)
    }


def acknowledge_by(opened: datetime) -> datetime:
    return working_days_after(opened, _table()["acknowledge"])


def acknowledge_days() -> int:
    return int(_table()["acknowledge"])


def retention_source() -> str:
    return str(_table()["retention"]["source"])


def kept_years() -> tuple[int, int]:
    """After death: of the health book, and of what belongs to the death."""
    book, death = _table()["retention"]["years_after_death"]
    return int(book), int(death)


def kept_until(died: date | None) -> date | None:
    """The last day on which a person's record must be kept; None while there is no such day: the person lives."""
    if died is None:
        return None
    return date(died.year + max(kept_years()), 12, 31)


def working_days_after(opened: datetime, days: int) -> datetime:
    """The end of the last of so many working days after; Saturdays and Sundays are none."""
    day, left = _day(opened), days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return _end(day)


def _day(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("hoso.access.cases") / "terms.toml").read_text("utf-8"))
