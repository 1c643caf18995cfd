"""Dates as R4 compares them, and the stretch of the index in which rows that answer can stand.

The b-tree leads by where a date begins. Nearly all dates last a day at most, so a search by where they end is a stretch
of it as well; the few that last longer stand in an index of their own by where they end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from hoso.core.dates import OPEN_HIGH, OPEN_LOW
from hoso.fhir.added import is_added
from hoso.fhir.model import load
from hoso.fhir.search.query import Date, Match
from hoso.store.search.sql import Sql, both, either

DAY = 86_400_000

"""Of milliseconds; stands in the definition of the index `date_long`, too."""


def date_test(value: Date, low: str, high: str) -> Sql:
    """R4 §3.1.1.4.7 on half-open spans: [low, high) is the record's, [first, last) the one searched."""
    first, last = value.span
    inside = Sql(f"({low} >= ? AND {low} < ? AND {high} <= ?)", (first, last, last))
    match value.prefix:
        case "eq":
            return inside
        case "ne":
            return Sql(f"({low} < ? OR {high} > ?)", (first, last))
        case "gt":
            return Sql(f"{high} > ?", (last,))
        case "lt":
            return Sql(f"{low} < ?", (first,))
        case "ge":
            return either((Sql(f"{high} > ?", (last,)), inside))
        case "le":
            return either((Sql(f"{low} < ?", (first,)), inside))
        case "sa":
            return Sql(f"{low} >= ?", (last,))
        case "eb":
            return Sql(f"{high} <= ?", (first,))
        case "ap":
            width = last - first
            return Sql(f"({low} < ? AND {high} > ?)", (last + width, first - width))


def moment_test(value: Date, column: str) -> Sql:
    """The same for a single millisecond, as a range of its column."""
    first, last = value.span
    width = last - first
    match value.prefix:
        case "eq":
            return Sql(f"({column} >= ? AND {column} < ?)", (first, last))
        case "ne":
            return Sql(f"({column} < ? OR {column} >= ?)", (first, last))
        case "gt" | "sa":
            return Sql(f"{column} >= ?", (last,))
        case "ge":
            return Sql(f"{column} >= ?", (first,))
        case "lt" | "eb":
            return Sql(f"{column} < ?", (first,))
        case "le":
            return Sql(f"{column} < ?", (last,))
        case "ap":
            return Sql(f"({column} >= ? AND {column} < ?)", (first - width, last + width))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where rows that answer begin (`low` to `high`) and the earliest they `end`."""

    low: int = OPEN_LOW
    high: int = OPEN_HIGH
    end: int = OPEN_LOW


def stretch(value: Date) -> Stretch:
    first, last = value.span
    width = last - first
    match value.prefix:
        case "eq":
            return Stretch(first, last, first)
        case "gt":
            return Stretch(end=last)
        case "ge":
            return Stretch(end=first)
        case "sa":
            return Stretch(last, end=last)
        case "lt" | "eb":
            return Stretch(high=first)
        case "le":
            return Stretch(high=last)
        case "ap":
            return Stretch(high=last + width, end=first - width)
        case "ne":
            return Stretch()


def common(matches: Sequence[Match]) -> Stretch:
    """Of conditions that must all hold, each with values of which one must."""
    each = [[stretch(cast("Date", v)) for v in match.values] for match in matches]
    return Stretch(
        max(min(s.low for s in ways) for ways in each),
        min(max(s.high for s in ways) for ways in each),
        max(min(s.end for s in ways) for ways in each),
    )


def parts(matches: Sequence[Match], a: str) -> list[Sql]:
    """Tests of which one holds for each row of `date` that answers: one, or one for short and one for long dates."""
    every = [either(date_test(cast("Date", v), f"{a}.low", f"{a}.high") for v in match.values) for match in matches]
    within = common(matches)
    begins = _between(f"{a}.low", within.low, within.high)
    if within.end <= max(within.low, OPEN_LOW):
        return [both((*begins, *every))]
    near = _between(f"{a}.low", max(within.low, within.end - DAY), within.high)
    short = Sql(f"{a}.high <= {a}.low + {DAY}")
    long = Sql(f"{a}.high > {a}.low + {DAY} AND {a}.high > ?", (within.end,))
    return [both((*near, short, *every)), both((long, *begins, *every))]


def _between(column: str, low: int, high: int) -> Iterable[Sql]:
    if low > OPEN_LOW:
        yield Sql(f"{column} >= ?", (low,))
    if high < OPEN_HIGH:
        yield Sql(f"{column} < ?", (high,))


@cache
def one_date(type: str, code: str) -> bool:
    """Whether a record of the type has at most one row of the parameter: all branches read one element, not a list."""
    definition = load().types[type]
    if is_added(code):
        return False
    branches = [b.strip(" ()") for b in load().search_params[type][code].expression.split("|")]
    names = {found[1] if (found := re.match(rf"{type}\.(\w+)($|\.as\(|\.ofType\()", b)) else "" for b in branches}
    element = definition.by_name.get(names.pop()) if len(names) == 1 else None
    return element is not None and element.max == 1
