"""A stretch of the order wanted, for conditions that so many records meet that finding them all first would be waste.

The next two thousand places of the sort index are taken and the conditions tested there: a page is nearly always full
by then. If it is not, the search runs from its conditions as usual, so a wrong guess costs a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hoso.core.dates import OPEN_HIGH
from hoso.fhir.model import load
from hoso.fhir.search.query import SortKey
from hoso.store.connection import Connection
from hoso.store.index import NO_DATE, spread
from hoso.store.search.clauses import Tests
from hoso.store.search.conditions import Source
from hoso.store.search.sort import is_clinical
from hoso.store.search.sql import Sql, both, choose

SIZE = 2_000
NAME = "w"


class Walk(NamedTuple):
    """An index that stands in the order of a sort key. `live`: its rows are of living records of the type."""

    table: str
    column: str
    where: Sql
    live: bool


def window(
    connection: Connection,
    tests: Tests,
    types: tuple[str, ...],
    sort: Sequence[SortKey],
    behind: tuple[Sequence[Any], int] | None,
) -> Source | None:
    """Rows of the next places in order; None where no index stands in that order."""
    walk = _walk(tests, types, sort)
    if walk is None:
        return None
    down = bool(sort) and sort[0].descending
    where, place = walk.where, f"{NAME}.{walk.column}"
    if behind is not None:
        reached = behind[0][0] if sort else behind[1]
        if reached is None or reached in (NO_DATE, OPEN_HIGH):
            return None
        where = both((where, Sql(f"{place} {'<=' if down else '>='} ?", (reached,))))
    direction = " DESC" if down else ""
    edge = choose(place, Sql(f"{walk.table} {NAME}"), where).also(
        Sql(f"ORDER BY {place}{direction} LIMIT 1 OFFSET {SIZE}")
    )
    for (value,) in connection.rows(edge.text, edge.params):
        where = both((where, Sql(f"{place} {'>' if down else '<'} ?", (value,))))
    return Source(Sql(f"{walk.table} {NAME}"), where, NAME, False, walk.live)


def _walk(tests: Tests, types: tuple[str, ...], sort: Sequence[SortKey]) -> Walk | None:
    if len(types) != 1:
        return None
    mine = Sql(f"{NAME}.type = ?", (load().type_number[types[0]],))
    if not sort:
        return Walk("resource", "rid", mine, False)
    key = sort[0]
    if key.kind == "updated":
        return Walk("resource", "updated", mine, False)
    if is_clinical(key, types):
        return Walk("resource", "date", both((mine, Sql(f"{NAME}.date IS NOT NULL"))), False)
    named = tests.params([(types[0], param) for param in spread(types[0], key.code)], NAME)
    if key.kind == "date":
        return Walk("date", "low", named, True)
    if key.kind in ("string", "uri"):
        return Walk("string", "value", named, True)
    return None
