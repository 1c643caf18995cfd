"""What belongs to a page of matches: `_include` follows references out, `_revinclude` finds who points in.

Each resource comes once, never one that is a match, and only what the caller may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hoso.fhir.model import load
from hoso.fhir.search.query import Include, Query
from hoso.store.connection import Connection, Row
from hoso.store.contract import Version
from hoso.store.reading import TYPES
from hoso.store.search.alias import Opener
from hoso.store.search.clauses import Tests
from hoso.store.search.sql import TRUE, Sql, both, choose, table_of

MAX_ROUNDS = 8
"""How often `:iterate` goes on from what the round before brought."""

COLUMNS = "{0}.type, {0}.id, {0}.version, {0}.updated, b.dict, b.bytes, {0}.patient, {0}.rid, {0}.seq"


def included(
    connection: Connection, opener: Opener, tests: Tests, query: Query, matches: Sequence[Version]
) -> tuple[Version, ...]:
    if not matches or not (query.includes or query.revincludes):
        return ()
    walk = Walk(connection, opener, tests)
    seen = {m.rid for m in matches}
    found: list[Version] = []
    fresh: Sequence[Version] = matches
    for round in range(MAX_ROUNDS):
        edges = [(i, True) for i in query.includes if round == 0 or i.iterate]
        edges += [(i, False) for i in query.revincludes if round == 0 or i.iterate]
        step = [v for edge, out in edges for v in walk.step(edge, out, fresh)]
        fresh = list({v.rid: v for v in step if v.rid not in seen}.values())
        seen.update(v.rid for v in fresh)
        found += fresh
        if not fresh:
            break
    return tuple(found)


class Walk:
    """Steps along references, one statement a step."""

    def __init__(self, connection: Connection, opener: Opener, tests: Tests) -> None:
        self.connection, self.opener, self.tests = connection, opener, tests

    def step(self, edge: Include, out: bool, start: Sequence[Version]) -> list[Version]:
        if not start:
            return []
        return self.outward(edge, start) if out else self.inward(edge, start)

    def outward(self, edge: Include, start: Sequence[Version]) -> list[Version]:
        """The records these refer to."""
        sources = [v for v in start if edge.source in (None, v.type)]
        types = (edge.target,) if edge.target else load().resource_types
        if not sources:
            return []
        f, k = self.opener.name("f"), self.opener.name("k")
        t, opened = self.opener.resource(types)
        tables = table_of(self.tests.dialect, "m", [(v.patient, v.rid) for v in sources])
        tables = tables.also(Sql(f" CROSS JOIN ref {f} CROSS JOIN key {k} CROSS JOIN resource {t.name}"), "")
        way = Sql(f"{f}.patient = m.a AND {f}.rid = m.b AND {k}.rid = {f}.target")
        same = Sql(f"{t.patient} = {k}.patient AND {t.rid} = {k}.rid")
        named = self._named(edge, {v.type for v in sources}, f)
        return self._versions(tables, both((way, same, named, opened)), t.name)

    def inward(self, edge: Include, start: Sequence[Version]) -> list[Version]:
        """The records that refer to these."""
        targets = [v for v in start if edge.target in (None, v.type)]
        if not targets:
            return []
        f = self.opener.name("f")
        s, opened = self.opener.resource((edge.source,) if edge.source else load().resource_types)
        tables = table_of(self.tests.dialect, "m", [(v.patient, v.rid) for v in targets])
        tables = tables.also(Sql(f" CROSS JOIN ref {f} CROSS JOIN resource {s.name}"), "")
        way = Sql(f"{f}.target = m.b AND {s.patient} = {f}.patient AND {s.rid} = {f}.rid")
        named = self._named(edge, {edge.source} if edge.source else (), f)
        return self._versions(tables, both((way, named, opened)), s.name)

    def _named(self, edge: Include, types: Iterable[str], f: str) -> Sql:
        """Rows of the parameter followed; `*` follows every one."""
        if edge.code is None:
            return TRUE
        return self.tests.params([(type, edge.code) for type in types], f)

    def _versions(self, tables: Sql, where: Sql, name: str) -> list[Version]:
        tables = tables.also(Sql("CROSS JOIN body b"))
        where = both((where, Sql(f"b.patient = {name}.patient AND b.seq = {name}.seq")))
        sql = choose(COLUMNS.format(name), tables, where, True).also(Sql(f"ORDER BY {name}.rid"))
        return [self._version(row) for row in self.connection.rows(sql.text, sql.params)]

    def _version(self, row: Row) -> Version:
        type, id, version, updated, dictionary, packed, patient, rid, seq = row
        text = self.connection.text(dictionary, packed)
        return Version(TYPES[type], id, version, updated, False, text, "PUT", patient, rid, seq)
