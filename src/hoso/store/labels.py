"""The labels of records as rows: worked out with every write, from what records say and from whom they inherit.

The mask of a record is the least that satisfies: what its versions say, and the masks of all it is made of by any
version, without what a human act took off. So it is the same in whatever order records arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from typing import Any

from hoso.fhir.labels import Said, inherit
from hoso.fhir.model import load
from hoso.store.connection import Connection
from hoso.store.plan import LabelPlan, LabelRow
from hoso.store.search.sql import among

Edge = tuple[int, int]
"""(source, heir)."""


@cache
def takes() -> frozenset[int]:
    """Keys of `ref` whose record inherits from the target."""
    return frozenset(_key(type, param) for type, param in inherit.params())


@cache
def gives() -> frozenset[int]:
    """Keys of `ref` whose target inherits from the record."""
    return frozenset(_key(type, param) for type, param in inherit.givers())


def _key(type: str, param: str) -> int:
    model = load()
    bit = inherit.RESERVED[param] if param in inherit.RESERVED else model.search_params[type][param].bit
    return model.type_number[type] << 7 | bit << 1


@cache
def _edge_keys() -> Mapping[int, bool]:
    """Whether a key gives."""
    return {**dict.fromkeys(takes(), False), **dict.fromkeys(gives(), True)}


def edges(rows: Iterable[tuple[Any, ...]]) -> list[Edge]:
    """Those of rows of `ref`."""
    kinds, found = _edge_keys(), []
    for row in rows:
        if (giving := kinds.get(row[1])) is not None:
            target, rid = row[0], row[4]
            found.append((rid, target) if giving else (target, rid))
    return found


class Labelling:
    """What one plan says about labels, gathered record by record; `settled` works out what follows."""

    def __init__(self) -> None:
        self.said: dict[int, Said] = {}
        self.edges: list[Edge] = []
        self.old: set[Edge] = set()

    def left(self, edges: Iterable[Edge]) -> None:
        """Edges of a version that is not the current one."""
        found = list(edges)
        self.old.update(found)
        self.edges += found

    def says(self, rid: int, said: Said) -> None:
        there = self.said.get(rid)
        self.said[rid] = said if there is None else Said(*(a | b for a, b in zip(there, said, strict=True)))

    def settled(self, connection: Connection, fresh: Collection[int], before: Callable[[int], Said]) -> LabelPlan:
        """`fresh`: records nobody has heard of. `before`: what the version that stands says."""
        look = ({source for source, _ in self.edges} | self.said.keys()).difference(fresh)
        rows = known(connection, look) if look else {}
        plan = LabelPlan(edges=self.old, seen=[rows.get(rid, LabelRow(rid)) for rid in sorted(look)])
        if self.said or any(row.mask for row in rows.values()):
            Spread(connection, frozenset(fresh), rows).run(self, plan, before)
        return plan


class Spread:
    """Labels go from record to record until nothing changes; they only grow."""

    def __init__(self, connection: Connection, fresh: frozenset[int], rows: dict[int, LabelRow]) -> None:
        self._connection, self._fresh = connection, fresh
        self._rows, self._there = dict(rows), dict(rows)

    def run(self, labelling: Labelling, plan: LabelPlan, before: Callable[[int], Said]) -> None:
        own: dict[int, set[int]] = {}
        for source, heir in labelling.edges:
            own.setdefault(source, set()).add(heir)
        grown = {rid for rid, said in labelling.said.items() if self._says(rid, said, before)}
        grown |= self._inherit([(s, h) for s, heirs in own.items() if self._mask(s) for h in heirs])
        plan.heirs = self.grow(grown, own)
        plan.rows = self.changed()
        seen = {row.rid for row in plan.seen}
        plan.seen += [self._there.get(rid, LabelRow(rid)) for rid in self._rows.keys() - seen - self._fresh]

    def grow(self, grown: set[int], own: Mapping[int, Collection[int]]) -> dict[int, int]:
        """Passes on what these have; answers how many heirs each has in the database. `own`: heirs not yet there."""
        numbers: dict[int, int] = {}
        while grown:
            there = heirs(self._connection, grown - self._fresh)
            numbers.update(dict.fromkeys(grown - self._fresh, 0))
            for source, _ in there:
                numbers[source] += 1
            grown = self._inherit([*there, *((s, h) for s in grown for h in own.get(s, ()))])
        return numbers

    def changed(self) -> list[LabelRow]:
        return sorted(row for rid, row in self._rows.items() if row != self._there.get(rid, LabelRow(rid)))

    def _mask(self, rid: int) -> int:
        row = self._rows.get(rid)
        return row.mask if row else 0

    def _says(self, rid: int, said: Said, before: Callable[[int], Said]) -> bool:
        row = self._rows.get(rid, LabelRow(rid))
        lowered = row.lowered
        if lowered:  # what was taken off stays off until a version says it that the one before did not say
            was = before(rid)
            lowered &= ~((said.content | said.hand) & ~(was.content | was.hand))
        content = row.content | said.content
        hand = row.hand | said.hand | (said.echo & ~(row.mask | content | lowered))
        return self._put(row._replace(content=content, hand=hand, lowered=lowered))

    def _inherit(self, edges: Iterable[Edge]) -> set[int]:
        wanted: dict[int, int] = {}
        for source, heir in edges:
            wanted[heir] = wanted.get(heir, 0) | self._mask(source)
        self._load(wanted.keys())
        rows = self._rows
        return {
            heir
            for heir, mask in wanted.items()
            if self._put((row := rows.get(heir, LabelRow(heir)))._replace(inherited=row.inherited | mask))
        }

    def _load(self, rids: Collection[int]) -> None:
        unknown = set(rids) - self._rows.keys() - self._fresh
        if unknown:
            found = known(self._connection, unknown)
            for rid in unknown:
                self._rows[rid] = self._there[rid] = found.get(rid, LabelRow(rid))

    def _put(self, row: LabelRow) -> bool:
        """Whether its mask has grown."""
        was = self._mask(row.rid)
        self._rows[row.rid] = settled = row.settled()
        return settled.mask != was


_COLUMNS = "rid, mask, content, hand, inherited, lowered"


def known(connection: Connection, rids: Collection[int]) -> dict[int, LabelRow]:
    """The rows there are of some records."""
    where = among(connection.dialect, "rid", sorted(rids))
    sql = f"SELECT {_COLUMNS} FROM label WHERE {where.text}"  # noqa: S608
    return {row[0]: LabelRow(*row) for row in connection.rows(sql, where.params)}


def heirs(connection: Connection, rids: Collection[int]) -> list[Edge]:
    """Who inherits from some records by what stands in the database."""
    if not rids:
        return []
    found: list[Edge] = []
    for sql, column in _HEIRS:
        where = among(connection.dialect, column, sorted(rids))
        found += [(source, heir) for source, heir in connection.rows(f"{sql} AND {where.text}", where.params)]
    return found


def sources(connection: Connection, rids: Collection[int]) -> list[Edge]:
    """From whom some records inherit."""
    found: list[Edge] = []
    for sql, column in _SOURCES:
        where = among(connection.dialect, column, sorted(rids))
        found += [(source, heir) for source, heir in connection.rows(f"{sql} AND {where.text}", where.params)]
    return found


def _listed(keys: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(keys)))


_HEIRS = (
    (f"SELECT f.target, f.rid FROM ref f WHERE f.key IN ({_listed(takes())})", "f.target"),  # noqa: S608
    (
        "SELECT k.rid, f.target FROM key k JOIN ref f ON f.patient = k.patient AND f.rid = k.rid"  # noqa: S608
        f" WHERE f.key IN ({_listed(gives())})",
        "k.rid",
    ),
    ("SELECT e.source, e.derived FROM label_edge e WHERE 1=1", "e.source"),
)
_SOURCES = (
    (
        "SELECT f.target, f.rid FROM key k JOIN ref f ON f.patient = k.patient AND f.rid = k.rid"  # noqa: S608
        f" WHERE f.key IN ({_listed(takes())})",
        "k.rid",
    ),
    (f"SELECT f.rid, f.target FROM ref f WHERE f.key IN ({_listed(gives())})", "f.target"),  # noqa: S608
    ("SELECT e.source, e.derived FROM label_edge e WHERE 1=1", "e.derived"),
)
