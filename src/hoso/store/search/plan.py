"""Where a query starts: the condition that finds the fewest rows, measured by looking at a few hundred index entries.

SQLite has no idea how common a code is, and PostgreSQL only of the commonest; both are told by the order of joins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hoso.fhir.model import load
from hoso.fhir.search.query import (
    Chain,
    Compartment,
    Condition,
    Date,
    Has,
    Ids,
    InList,
    Local,
    Match,
    Query,
    SortKey,
)
from hoso.store.connection import Connection
from hoso.store.search.alias import Alias
from hoso.store.search.conditions import Conditions, Source
from hoso.store.search.sort import needs_date, needs_row
from hoso.store.search.sql import TRUE, Sql, both, choose, join, named, nested

GLANCE = 400
"""Index entries looked at to tell a rare condition from a common one."""

_RANK = {"token": 3, "reference": 2, "string": 4, "uri": 4, "composite": 3, "quantity": 7, "number": 7, "date": 8}
_LAST = 6
"""Ranks above are tried only when nothing better is there, and never measured: a range may look at every row."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The resources that match: FROM and WHERE around `alias`. `crowded`: it starts from hundreds of rows or more.

    `started` False: no condition has rows to start from, every resource of the type is looked at.
    """

    alias: Alias
    tables: Sql
    where: Sql
    unique: bool
    crowded: bool = False
    started: bool = True


def rids(connection: Connection, query: Query) -> dict[tuple[str, str], int]:
    """The records a query names, found with one statement."""
    numbers = load().type_number
    names = sorted({(numbers[t], id) for c in query.conditions for t, id in _named(c)})
    if not names:
        return {}
    types = load().resource_types
    tables = named(connection.dialect, "j", names).also(Sql("CROSS JOIN key k"))
    sql = choose("k.type, k.id, k.rid", tables, Sql("k.type = j.a AND k.id = j.b"))
    return {(types[number - 1], id): rid for number, id, rid in connection.rows(sql.text, sql.params)}


def _named(condition: Condition) -> list[tuple[str, str]]:
    match condition:
        case Compartment(type, id):
            return [(type, id)]
        case InList(ids):
            return [("List", id) for id in ids]
        case Chain(_, branches):
            return [name for _, inner in branches for name in _named(inner)]
        case Has(_, _, inner):
            return _named(inner)
        case Match(_, _, values):
            found = [part for v in values for _, part in getattr(v, "parts", (("", v),))]
            return [(t, v.id) for v in found if isinstance(v, Local) for t in v.types]
    return []


def select(
    connection: Connection,
    conditions: Conditions,
    types: tuple[str, ...],
    wanted: tuple[Condition, ...],
    sort: Sequence[SortKey] = (),
) -> Selection:
    """Starts where the fewest rows are; every resource of the types when no condition has rows to start from."""
    start = _start(connection, conditions, types, wanted)
    if start is not None:
        condition, source, crowded = start
        source, merged = _bounded(conditions, types, condition, source, wanted)
        rest = tuple(c for c in wanted if c is not condition and c not in merged)
        return replace(begin(conditions, types, source, rest, sort), crowded=crowded)
    return replace(along(conditions, types, TRUE, None, wanted), crowded=True, started=False)


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
) -> Selection:
    """From the rows of a source, those for which the rest holds."""
    row = needs_row(sort) or any(conditions.needs_row(c) for c in rest)
    row = row or (needs_date(sort, types) and not source.dated)
    alias, tables, where = conditions.opened(source, types, row=row)
    held = [conditions.holds(c, alias) for c in rest]
    return Selection(alias, tables, both((where, *held)), source.unique)


def _start(
    connection: Connection, conditions: Conditions, types: tuple[str, ...], wanted: tuple[Condition, ...]
) -> tuple[Condition, Source, bool] | None:
    found = [(rank(c), c, s) for c in wanted if (s := conditions.source(c, types)) is not None]
    if not found:
        return None
    found.sort(key=lambda entry: entry[0])
    best, condition, source = found[0]
    if best <= 1:
        return condition, source, False
    scope = _scope(connection, conditions, types, wanted) if len(found) > 1 else None
    if scope is not None:
        found = [(r, c, _within(s, scope)) for r, c, s in found]
    measured = [entry for entry in found if entry[0] <= _LAST]
    if not measured:
        return condition, source, True
    counts = _glance(connection, [(s, _leaf(conditions, c)) for _, c, s in measured])
    _, at = min((count, n) for n, count in enumerate(counts))
    return measured[at][1], measured[at][2], counts[at] >= GLANCE


def _bounded(
    conditions: Conditions, types: tuple[str, ...], condition: Condition, source: Source, wanted: tuple[Condition, ...]
) -> tuple[Source, tuple[Condition, ...]]:
    """A range of dates asked as two conditions, as one range where a record can have one date only."""
    if not (isinstance(condition, Match) and condition.kind == "date" and _one_date(types, condition.code)):
        return source, ()
    others = [c for c in wanted if isinstance(c, Match) and c.code == condition.code and c is not condition]
    tests = [conditions.tests.test(c, types, source.name)[0].where for c in others]
    return replace(source, where=both((source.where, *tests))), tuple(others)


def _one_date(types: tuple[str, ...], code: str) -> bool:
    type, _, name = load().search_params[types[0]][code].expression.partition(".")
    element = load().types[types[0]].by_name.get(name)
    plain = element is not None and element.max == 1 and all(t.code != "Timing" for t in element.types)
    return len(types) == 1 and type == types[0] and plain


def rank(condition: Condition) -> int:
    match condition:
        case Ids():
            return 0
        case Match(code="identifier", kind="token"):
            return 1
        case Match(kind="string", modifier="contains"):
            return 9
        case Match(kind="date", values=values) if all(isinstance(v, Date) and v.prefix == "eq" for v in values):
            return 5
        case Match(kind=kind):
            return _RANK[kind]
        case Chain(_, branches):
            return max(2, *(rank(inner) for _, inner in branches))
        case Has(_, _, inner):
            return max(2, rank(inner))
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


def _scope(
    connection: Connection, conditions: Conditions, types: tuple[str, ...], wanted: tuple[Condition, ...]
) -> int | None:
    """The one patient key under which everything stands that refers to the record a condition names.

    Most searches are about one patient; then every index range can be narrowed to that patient's part of it.
    """
    for condition in wanted:
        is_reference = isinstance(condition, Match) and condition.kind == "reference" and not condition.modifier
        if not (is_reference or isinstance(condition, Compartment)):
            continue
        source = conditions.source(condition, types)
        if source is None or not source.dated or not source.tables.text.startswith("ref "):
            continue
        ends = f"min({source.name}.patient), max({source.name}.patient)"
        sql = choose(ends, source.tables, source.where)
        low, high = connection.rows(sql.text, sql.params)[0]
        if low is None or low == high:
            return low or 0
    return None


def _within(source: Source, patient: int) -> Source:
    if not source.live:
        return source
    where = both((source.where, Sql(f"{source.name}.patient = ?", (patient,))))
    return Source(source.tables, where, source.name, source.dated, True, source.unique)
