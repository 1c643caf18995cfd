"""A stretch of the order wanted, for conditions that so many records meet that finding them all first would be waste.

The next two hundred, then two thousand places of the sort index are taken and the conditions tested there; a page is
nearly always full by then. If not, the search runs from its conditions: a wrong guess costs a few milliseconds. In a
type's own order the walk ends where the page is full, so there it is two thousand at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hoso.core.dates import OPEN_HIGH
from hoso.fhir.model import load
from hoso.fhir.search.query import Query, SortKey
from hoso.store.connection import Connection
from hoso.store.index import NO_DATE, spread
from hoso.store.search.clauses import Tests
from hoso.store.search.conditions import Conditions, Source
from hoso.store.search.plan import Selection, along, begin
from hoso.store.search.sort import is_clinical
from hoso.store.search.sql import TRUE, Sql, both, choose, nested

SIZES = (200, 2_000)
NAME = "w"


class Walk(NamedTuple):
    """An index that stands in the order of a sort key."""

    table: str
    column: str
    where: Sql


def window(
    connection: Connection,
    conditions: Conditions,
    types: tuple[str, ...],
    query: Query,
    behind: tuple[Sequence[Any], int] | None,
    size: int,
) -> Selection | None:
    """Matches in the next `size` places of the order; None where no index stands in that order."""
    if len(types) > 1 and not query.sort:
        near = _numbers(behind, size)
        return begin(conditions, types, Source(near, TRUE, NAME, False, False, True), query.conditions, ())
    walk = _walk(conditions.tests, types, query.sort)
    where = walk and _stretch(connection, walk, query.sort, behind, size)
    if walk is None or where is None:
        return None
    if walk.table == "resource":
        return along(conditions, types, where, NAME, query.conditions)
    log = walk.table == "change"
    source = Source(Sql(f"{walk.table} {NAME}"), where, NAME, False, not log, log, log)
    return begin(conditions, types, source, query.conditions, query.sort)


def _numbers(behind: tuple[Sequence[Any], int] | None, size: int) -> Sql:
    """The next records of any type."""
    where = TRUE if behind is None else Sql("rid > ?", (behind[1],))
    return nested(choose("patient, rid", Sql("key"), where).also(Sql(f"ORDER BY rid LIMIT {size}")), NAME)


def _stretch(
    connection: Connection, walk: Walk, sort: Sequence[SortKey], behind: tuple[Sequence[Any], int] | None, size: int
) -> Sql | None:
    """Rows from the place reached up to `size` further on; None where only records without a value are left."""
    down = bool(sort) and sort[0].descending
    where, place = walk.where, f"{NAME}.{walk.column}"
    if behind is not None:
        reached = behind[0][0] if sort else behind[1]
        if reached is None or reached in (NO_DATE, OPEN_HIGH):
            return None
        where = both((where, Sql(f"{place} {'<=' if down else '>='} ?", (reached,))))
    last = Sql(f"ORDER BY {place}{' DESC' if down else ''} LIMIT 1 OFFSET {size}")
    edge = choose(place, Sql(f"{walk.table} {NAME}"), where).also(last)
    if walk.column == "rid":
        found = Sql("coalesce(").also(nested(edge), "").also(Sql(f"{OPEN_HIGH})"), ", ")
        return both((where, Sql(f"{place} < ").also(found, "")))
    for (value,) in connection.rows(edge.text, edge.params):
        where = both((where, Sql(f"{place} {'>' if down else '<'} ?", (value,))))
    return where


def _walk(tests: Tests, types: tuple[str, ...], sort: Sequence[SortKey]) -> Walk | None:
    if len(types) != 1:
        return Walk("change", "time", TRUE) if sort and sort[0].kind == "updated" else None
    mine = Sql(f"{NAME}.type = ?", (load().type_number[types[0]],))
    if not sort:
        return Walk("resource", "rid", mine)
    key = sort[0]
    if key.kind == "updated":
        return Walk("resource", "updated", mine)
    if is_clinical(key, types):
        return Walk("resource", "date", both((mine, Sql(f"{NAME}.date IS NOT NULL"))))
    named = tests.params([(types[0], param) for param in spread(types[0], key.code)], NAME)
    if key.kind == "date":
        return Walk("date", "low", named)
    if key.kind in ("string", "uri"):
        return Walk("string", "value", named)
    return None
