"""Where a query starts: the condition that finds the fewest rows, measured by looking at a few hundred index entries.

SQLite has no idea how common a code is, and PostgreSQL only of the commonest; both are told by the order of joins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import msgspec
from msgspec import structs

from hoso.fhir.model import load
from hoso.fhir.search.query import (
    Chain,
    Compartment,
    Condition,
    Group,
    Has,
    Ids,
    InList,
    Local,
    Match,
    Query,
    SortKey,
    Updated,
)
from hoso.store.connection import Connection, Dialect, Row
from hoso.store.index import Keys, held
from hoso.store.reading import TYPES
from hoso.store.search.alias import Alias
from hoso.store.search.conditions import Conditions, Source
from hoso.store.search.dates import one_date
from hoso.store.search.sort import needs_date, needs_row
from hoso.store.search.sql import TRUE, Sql, both, choose, join, named, nested

GLANCE = 400
"""Index entries looked at to tell a rare condition from a common one."""

_RANK = {
    "token": 3,
    "reference": 2,
    "string": 4,
    "uri": 4,
    "composite": 3,
    "date": 5,
    "near": 5,
    "quantity": 6,
    "number": 6,
}
_PATIENT = load().type_number["Patient"]
NOBODY = 0
"""A patient key that none has."""
_LAST = 6
"""Ranks above are tried only when nothing better is there, and never measured: they may look at every row."""


class Selection(msgspec.Struct, frozen=True, gc=False):
    """The resources that match: FROM and WHERE around `alias`. `crowded`: it starts from hundreds of rows or more.

    `started` False: no condition has rows to start from, every resource of the type is looked at.
    """

    alias: Alias
    tables: Sql
    where: Sql
    unique: bool
    crowded: bool = False
    started: bool = True


class Named(NamedTuple):
    """What the records a query names are known by, and `scope`: the one patient key that a reference leads to.

    A person is known by the numbers of all its records too, so that what names it finds what stands in any of them.
    Most searches are about one patient; then every index range can be narrowed to that patient's part of it.
    """

    rids: dict[tuple[str, str], tuple[int, ...]]
    scope: int | None = None


def named_records(connection: Connection, keys: Keys, query: Query, types: tuple[str, ...]) -> Named:
    """Found with one statement; none when no record is named."""
    numbers = load().type_number
    names = sorted({(numbers[t], id) for c in query.conditions for t, id in _named(c)})
    if not names:
        return Named({})
    anchor = _anchor(query.conditions) if len(types) == 1 else None
    key = None if anchor is None else keys.param(types[0], held(types[0], anchor.code).param)
    sql = _known(connection.dialect, names, "k.rid", key)
    patients = [name for name in names if name[0] == _PATIENT]
    if patients:
        sql = sql.also(_known(connection.dialect, patients, "m.record", key), " UNION ALL ")
    rows = connection.rows(sql.text, sql.params)
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for number, id, rid, *_ in rows:
        found[TYPES[number], id] = (*found.get((TYPES[number], id), ()), rid)
    return Named(found, _scope(rows, anchor))


def _known(dialect: Dialect, names: Sequence[tuple[int, str]], rid: str, key: int | None) -> Sql:
    """Type, id and number of some names, and the least and greatest patient key of what refers to them by `key`."""
    params: tuple[object, ...] = ()
    ends = ", CAST(NULL AS bigint), CAST(NULL AS bigint)"
    if key is not None:
        end = f"(f.patient) FROM ref f WHERE f.target = {rid} AND f.key = ?)"
        ends, params = f", (SELECT min{end}, (SELECT max{end}", (key, key)
    listed, member, of = named(dialect, "j", names), "", ""
    if rid == "m.record":
        member, of = " CROSS JOIN member m", " AND m.person = k.rid"
    sql = (
        f"SELECT k.type, k.id, {rid}{ends} FROM {listed.text} CROSS JOIN key k{member}"  # noqa: S608
        f" WHERE k.type = j.a AND k.id = j.b{of}"
    )
    return Sql(sql, params + listed.params)


def _anchor(wanted: Sequence[Condition]) -> Match | None:
    """A reference to one record."""
    for condition in wanted:
        match condition:
            case Match(kind="reference", values=(Local(),), modifier=None):
                return condition
    return None


def _scope(rows: Sequence[Row], anchor: Match | None) -> int | None:
    if anchor is None:
        return None
    value = cast("Local", anchor.values[0])
    ends = [(low, high) for number, id, _, low, high in rows if id == value.id and TYPES[number] in value.types]
    met = {end for pair in ends for end in pair if end is not None}
    return met.pop() if len(met) == 1 else None if met else NOBODY


def _named(condition: Condition) -> list[tuple[str, str]]:
    match condition:
        case Compartment(type, id):
            return [(type, id)]
        case InList(ids):
            return [("List", id) for id in ids]
        case Chain(_, branches):
            return [name for _, inner in branches for name in _named(inner)]
        case Group(_, members):
            return [name for inner in members for name in _named(inner)]
        case Has(_, _, inner):
            return _named(inner)
        case Match(_, _, values):
            found = [part for v in values for _, part in getattr(v, "parts", (("", v),))]
            return [(t, v.id) for v in found if isinstance(v, Local) for t in v.types]
    return []


class Start(NamedTuple):
    """Conditions whose rows a query may begin with, the best `rank` first."""

    rank: int
    conditions: tuple[Condition, ...]
    source: Source
    crowded: bool = False


def select(
    connection: Connection,
    conditions: Conditions,
    types: tuple[str, ...],
    wanted: tuple[Condition, ...],
    sort: Sequence[SortKey] = (),
    scope: int | None = None,
) -> Selection:
    """Starts where the fewest rows are; every resource of the types when no condition has rows to start from."""
    start = _start(connection, conditions, types, wanted, scope)
    if start is not None:
        rest = tuple(c for c in wanted if c not in start.conditions)
        return begin(conditions, types, start.source, rest, sort, start.crowded)
    return structs.replace(along(conditions, types, TRUE, None, wanted), crowded=True, started=False)


def along(
    conditions: Conditions, types: tuple[str, ...], where: Sql, name: str | None, wanted: tuple[Condition, ...]
) -> Selection:
    """Of the resources themselves, those for which all holds."""
    alias, seen = conditions.opener.resource(types, name)
    held = [conditions.holds(c, alias) for c in wanted]
    return Selection(alias, Sql(f"resource {alias.name}"), both((where, seen, *held)), True)


def begin(
    conditions: Conditions,
    types: tuple[str, ...],
    source: Source,
    rest: tuple[Condition, ...],
    sort: Sequence[SortKey],
    crowded: bool = False,
) -> Selection:
    """From the rows of a source, those for which the rest holds."""
    row = needs_row(sort) or any(conditions.needs_row(c) for c in rest)
    row = row or (needs_date(sort, types) and not source.dated)
    alias, tables, where = conditions.opened(source, types, row=row)
    held = [conditions.holds(c, alias) for c in rest]
    return Selection(alias, tables, both((where, *held)), source.unique, crowded)


def _start(
    connection: Connection,
    conditions: Conditions,
    types: tuple[str, ...],
    wanted: tuple[Condition, ...],
    scope: int | None,
) -> Start | None:
    found = sorted(_starts(conditions, types, wanted), key=lambda start: start.rank)
    if not found or found[0].rank <= 1:
        return found[0] if found else None
    if scope is not None:
        return _scoped(found, scope)
    measured = [start for start in found if start.rank <= _LAST]
    if not measured:
        return found[0]._replace(crowded=True)
    counts = _glance(connection, [(s.source, _leaf(conditions, s.conditions[0])) for s in measured])
    least, at = min((count, n) for n, count in enumerate(counts))
    return measured[at]._replace(crowded=least >= GLANCE)


def _starts(conditions: Conditions, types: tuple[str, ...], wanted: tuple[Condition, ...]) -> Iterator[Start]:
    """Each condition that has rows to start from; those about the one date of a record are one stretch of it."""
    ranges: dict[str, list[Match]] = {}
    for condition in wanted:
        if _is_range(condition, types):
            ranges.setdefault(cast("Match", condition).code, []).append(cast("Match", condition))
            continue
        source = conditions.source(condition, types)
        if source is not None:
            yield Start(rank(condition), (condition,), source)
    for matches in ranges.values():
        yield Start(min(map(rank, matches)), tuple(matches), conditions.dated(matches, types))


def _is_range(condition: Condition, types: tuple[str, ...]) -> bool:
    dated = isinstance(condition, Match) and condition.kind == "date" and len(types) == 1
    return dated and one_date(types[0], cast("Match", condition).code)


def _scoped(found: Sequence[Start], patient: int) -> Start:
    """Within one patient a code's rows are fewer than the patient's own, and both are few: nothing is measured."""
    near = [s for s in found if isinstance(s.conditions[0], Match) and s.source.dated and s.source.live]
    best = max(near, key=lambda s: (s.rank, cast("Match", s.conditions[0]).code == "code"))
    source = best.source
    where = both((source.where, Sql(f"{source.name}.patient = ?", (patient,))))
    return best._replace(source=structs.replace(source, where=where))


def rank(condition: Condition) -> int:
    match condition:
        case Ids():
            return 0
        case Match(code="identifier", kind="token"):
            return 1
        case Match(kind="string", modifier="contains" | "ends"):
            return 9
        case Group("or", members):
            return max(2, *map(rank, members))
        case Group("and", members):
            return max(2, min(map(rank, members)))
        case Match(kind=kind):
            return _RANK[kind]
        case Chain(_, branches):
            return max(2, *(rank(inner) for _, inner in branches))
        case Has(_, _, inner):
            return max(2, rank(inner))
        case Updated():
            return 6
        case _:
            return 2


def _leaf(conditions: Conditions, condition: Condition) -> Source | None:
    """The condition at the end of a chain, which is common when the chain is."""
    match condition:
        case Chain(_, ((types, inner), *_)):
            return _leaf(conditions, inner) or conditions.source(inner, types)
        case Has(type, _, inner):
            return _leaf(conditions, inner) or conditions.source(inner, (type,))
    return None


def _glance(connection: Connection, sources: list[tuple[Source, Source | None]]) -> list[int]:
    """How many rows each source has, counted up to `GLANCE`; behind a common leaf nothing is counted at all."""
    counts: list[Sql] = []
    for source, leaf in sources:
        count = _count(source, f"g{len(counts)}")
        if leaf is not None:
            crowd = _count(leaf, f"h{len(counts)}").also(Sql(f">= {GLANCE} THEN {GLANCE} ELSE"))
            count = Sql("CASE WHEN ").also(crowd, "").also(count).also(Sql("END"))
        counts.append(count)
    sql = Sql("SELECT ").also(join(", ", counts), "")
    return list(connection.rows(sql.text, sql.params)[0])


def _count(source: Source, name: str) -> Sql:
    some = choose("1", source.tables, source.where).also(Sql(f"LIMIT {GLANCE}"))
    return nested(choose("count(*)", nested(some, name), TRUE))
