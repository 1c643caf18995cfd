"""Runs a query page by page: keyset paging over (sort values, rid), with what was there at the first page as its bound.

A cursor is a place, not a result: nothing is cached, nothing is capped, and a record made later does not enter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from hoso.core import Issue, Refused
from hoso.fhir.search import MAX_COUNT, Query
from hoso.fhir.search.query import SortKey
from hoso.fhir.search.values import refuse
from hoso.store.connection import SECONDS, Connection, Dialect, Row
from hoso.store.contract import Page, TooSlow, Version
from hoso.store.index import Keys
from hoso.store.reading import TYPES
from hoso.store.search.alias import Opener
from hoso.store.search.clauses import Tests
from hoso.store.search.conditions import Conditions
from hoso.store.search.includes import TooMany, included
from hoso.store.search.plan import Named, Selection, named_records, select
from hoso.store.search.sort import Key, Sorts, after, order
from hoso.store.search.sql import TRUE, Sql, both, choose
from hoso.store.search.window import SIZES, window
from hoso.store.visible import Visible


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a page ended. `seq` and `rid_limit`: the newest change and number there were at the first page."""

    seq: int
    rid_limit: int
    values: tuple[Any, ...]
    rid: int

    def text(self) -> str:
        return json.dumps([self.seq, self.rid_limit, list(self.values), self.rid], separators=(",", ":"))


LONGEST_CURSOR = 20_000


def place(cursor: str, keys: int) -> Place:
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError(cursor[:20])
        seq, limit, values, rid = json.loads(cursor)
        numbers = (seq, limit, rid, *(v for v in values if type(v) is int))
        if len(values) != keys or any(type(n) is not int or abs(n) >= 1 << 63 for n in numbers):
            raise ValueError(cursor)
        if not all(v is None or isinstance(v, str | int | float) for v in values):
            raise ValueError(cursor)
    except (ValueError, TypeError, RecursionError):
        raise refuse("search.cursor", "") from None
    return Place(seq, limit, tuple(values), rid)


def run(
    connection: Connection, keys: Keys, dialect: Dialect, query: Query, visible: Visible, cursor: str | None = None
) -> Page:
    """One page of matches with what the query includes, seen as one caller may see it."""
    try:
        with connection.limited():
            return Search(connection, keys, dialect, query, visible).page(cursor)
    except TooSlow:
        raise _too_slow() from None


@contextmanager
def limited(connection: Connection) -> Iterator[None]:
    """Refuses a search that takes too long, in words a caller can act on."""
    try:
        with connection.limited():
            yield
    except TooSlow:
        raise _too_slow() from None


def _too_slow() -> Refused:
    return Refused(503, Issue("too-costly", "search.too-slow", {"seconds": str(SECONDS)}))


def scan(connection: Connection, keys: Keys, dialect: Dialect, query: Query, visible: Visible) -> Iterator[Version]:
    """All matches in stable order, read in pages of which one at a time is in memory."""
    with limited(connection):
        whole = replace(query, count=MAX_COUNT, total="none", summary="false")
        search = Search(connection, keys, dialect, whole, visible)
    cursor: str | None = None
    while True:
        with limited(connection):
            matches, cursor = search.matches(cursor)
        yield from matches
        if cursor is None:
            return


class Search:
    """One query of one caller on one connection."""

    def __init__(self, connection: Connection, keys: Keys, dialect: Dialect, query: Query, visible: Visible) -> None:
        self.connection, self.query = connection, query
        self.opener = Opener(dialect, visible)
        self.types = self.opener.seen(query.types)
        self.named = named_records(connection, keys, query, self.types) if self.types else Named({})
        self.tests = Tests(dialect, keys, self.named.rids)
        self.conditions = Conditions(self.opener, self.tests)
        self.sorts = Sorts(self.opener, self.tests)

    def page(self, cursor: str | None) -> Page:
        if not self.types:
            return Page((), (), 0, None)
        if self.query.counts_only:
            return Page((), (), self.total(), None)
        matches, following, brought = self._with_included(cursor)
        total = len(matches) if cursor is None and following is None else None
        if total is None and self.query.total != "none":
            total = self.total()
        return Page(matches, brought, total, following)

    def _with_included(self, cursor: str | None) -> tuple[list[Version], str | None, tuple[Version, ...]]:
        """A page and what comes with it; where that is too much, half as many matches, and so on."""
        count = self.query.count
        while True:
            matches, following = self.matches(cursor, count)
            try:
                return matches, following, included(self.connection, self.opener, self.tests, self.query, matches)
            except TooMany as bound:
                if len(matches) == 1:
                    raise refuse("search.included-many", "", "too-costly", limit=str(bound)) from None
                count = len(matches) // 2

    def _selected(self, sort: Sequence[SortKey]) -> Selection:
        return select(self.connection, self.conditions, self.types, self.query.conditions, sort, self.named.scope)

    def total(self) -> int:
        found = self._selected(())
        what = "count(*)" if found.unique else f"count(DISTINCT {found.alias.rid})"
        sql = choose(what, found.tables, found.where)
        count: int = self.connection.rows(sql.text, sql.params)[0][0]
        return count

    def matches(self, cursor: str | None, count: int | None = None) -> tuple[list[Version], str | None]:
        """Up to `count` of them (None: what the query says), and the cursor behind them.

        Records made after the first page are left out here, so that a page may take a second look to be full.
        """
        if not self.types:
            return [], None
        count = self.query.count if count is None else count
        found: list[Version] = []
        selection = self._selected(self.query.sort)
        keys, sql = self._statement(selection)
        at = place(cursor, len(keys)) if cursor else None
        while True:
            room = count - len(found)
            rows = self._early(selection, at, room + 1) or self._ordered(keys, sql, at, room + 1)
            shown = rows[:room]
            found += [self._version(line) for line in shown if line[-3]]
            if shown:
                last = shown[-1]
                at = Place(at.seq if at else last[-2], at.rid_limit if at else last[-1], last[VALUES], last[6])
            if len(rows) <= room:
                return found, None
            if len(found) == count and at is not None:
                return found, at.text()

    def _early(self, selection: Selection, at: Place | None, limit: int) -> list[Row] | None:
        """A full page from the next stretch of the order, if so many match that it is likely and proves true."""
        query = self.query
        in_order = not query.sort or query.sort[0].kind == "updated"
        natural = in_order and not selection.started and len(self.types) == 1
        if natural or not selection.crowded or query.rank_exact:
            return None
        behind = (at.values, at.rid) if at else None
        for size in SIZES if query.sort or len(self.types) > 1 else SIZES[1:]:
            stretch = window(self.connection, self.conditions, self.types, query, behind, size)
            if stretch is None:
                return None
            rows = self._ordered(*self._statement(stretch), at, limit)
            if len(rows) == limit:
                return rows
        return None

    def _statement(self, found: Selection) -> tuple[list[Key], Sql]:
        """The sort keys, and SELECT patient, rid and sort values of all matches."""
        query, m = self.query, found.alias
        keys = [key for c in query.conditions if query.rank_exact and (key := self.sorts.exactness(c, m))]
        keys += [self.sorts.key(key, m) for key in query.sort]
        params: tuple[object, ...] = ()
        columns = f"{m.patient} AS patient, {m.rid} AS rid"
        for n, key in enumerate(keys, 1):
            columns, params = f"{columns}, {key.value.text} AS s{n}", params + key.value.params
        sql = choose(columns, found.tables, found.where, not found.unique)
        return keys, Sql(sql.text, params + sql.params)

    def _ordered(self, keys: Sequence[Key], matching: Sql, at: Place | None, limit: int) -> list[Row]:
        """Rows in the order of the keys, behind a place; with the values of the keys."""
        where = TRUE
        if at is not None:
            where = both((Sql("rid <= ?", (at.rid_limit,)), after(keys, at.values, at.rid)))
        values = "".join([f", p.s{n}" for n in range(1, len(keys) + 1)])
        old, known = self._old(at), Sql("?, ?", (at.seq, at.rid_limit)) if at else _NEWEST
        sql = (
            f"SELECT {_COLUMNS}{values}, {old.text}, {known.text} FROM (SELECT * FROM ({matching.text}) q"  # noqa: S608
            f" WHERE {where.text} ORDER BY {order(keys)} LIMIT {limit}) p CROSS JOIN resource r CROSS JOIN body b"
            f" WHERE {_BODIES} ORDER BY {order(keys, 'p.')}"
        )
        return self.connection.rows(sql, old.params + known.params + matching.params + where.params)

    def _old(self, at: Place | None) -> Sql:
        """Whether a record was there at the first page; an update since then does not make it new."""
        if at is None:
            return Sql("1")
        was = "EXISTS (SELECT 1 FROM change c WHERE c.rid = r.rid AND c.seq <= ?)"
        return Sql(f"CASE WHEN r.seq <= ? OR {was} THEN 1 ELSE 0 END", (at.seq, at.seq))

    def _version(self, row: Row) -> Version:
        type, id, version, updated, dictionary, packed, rid, patient, seq, labels = row[:10]
        body = self.connection.text(dictionary, packed, rid, version)
        return Version(TYPES[type], id, version, updated, False, body, "PUT", patient, rid, seq, labels)


VALUES = slice(10, -3)
"""Where the sort values stand in a row."""

_COLUMNS = (
    "r.type, r.id, r.version, r.updated, b.dict, b.bytes, r.rid, r.patient, r.seq,"
    " (SELECT mask FROM label y WHERE y.rid = r.rid)"
)
_BODIES = "r.patient = p.patient AND r.rid = p.rid AND b.patient = r.patient AND b.seq = r.seq"
_NEWEST = Sql("(SELECT max(seq) FROM change), (SELECT max(rid) FROM key)")
