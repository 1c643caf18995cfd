"""What belongs to a page of matches: `_include` follows references out, `_revinclude` finds who points in.

Each resource comes once, never one that is a match, and only what the caller may see. `:iterate` goes on until nothing
new comes. A page with which too much would come is made with fewer matches, never cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hoso.fhir.labels.inherit import RESERVED
from hoso.fhir.model import load
from hoso.fhir.search.query import Include, Query
from hoso.store.connection import Connection, Row
from hoso.store.contract import Version
from hoso.store.index import held
from hoso.store.reading import TYPES
from hoso.store.search.alias import Opener
from hoso.store.search.canonical import Canonicals, Found
from hoso.store.search.clauses import Tests
from hoso.store.search.sql import Sql, among, both, choose, table_of

MOST, ALONE = 10_000, 100_000
"""Records that may come with one page, and with a page of a single match."""


class TooMany(Exception):
    """More would come than may come with one page."""


COLUMNS = (
    "{0}.type, {0}.id, {0}.version, {0}.updated, b.dict, b.bytes, {0}.patient, {0}.rid, {0}.seq,"
    " (SELECT mask FROM label y WHERE y.rid = {0}.rid)"
)


def included(
    connection: Connection, opener: Opener, tests: Tests, query: Query, matches: Sequence[Version]
) -> tuple[Version, ...]:
    if not matches or not (query.includes or query.revincludes):
        return ()
    most = MOST if len(matches) > 1 else ALONE
    walk = Walk(connection, opener, tests, most)
    seen = {m.rid for m in matches}
    found: list[Version] = []
    fresh: Sequence[Version] = matches
    edges = [(i, True) for i in query.includes] + [(i, False) for i in query.revincludes]
    while fresh:
        step = [v for edge, out in edges for v in walk.step(edge, out, fresh)]
        fresh = list({v.rid: v for v in step if v.rid not in seen}.values())
        seen.update(v.rid for v in fresh)
        found += fresh
        if len(found) > most:
            raise TooMany(most)
        edges = [(edge, out) for edge, out in edges if edge.iterate]
    return tuple(found)


def _target(edge: Include) -> str | None:
    """The type of what a step leads to. Rows of a wider parameter, in which another may stand, lead elsewhere too."""
    narrowed = held(edge.source, edge.code).target if edge.source and edge.code else None
    return edge.target or narrowed


class Walk:
    """Steps along references, one statement a step, and along canonicals where a step may be one.

    `most`: a statement stops one record beyond it.
    """

    def __init__(self, connection: Connection, opener: Opener, tests: Tests, most: int | None = None) -> None:
        self.connection, self.opener, self.tests = connection, opener, tests
        self._limit = Sql("") if most is None else Sql(f"LIMIT {most + 1}")
        self._canonicals = Canonicals(connection, opener, tests)

    def step(self, edge: Include, out: bool, start: Sequence[Version]) -> list[Version]:
        if not start:
            return []
        return self.outward(edge, start) if out else self.inward(edge, start)

    def outward(self, edge: Include, start: Sequence[Version]) -> list[Version]:
        """The records these refer to."""
        sources = [v for v in start if edge.source in (None, v.type)]
        target = _target(edge)
        types = (target,) if target else load().resource_types
        if not sources:
            return []
        f, k = self.opener.name("f"), self.opener.name("k")
        t, opened = self.opener.resource(types)
        tables = table_of(self.tests.dialect, "m", [(v.patient, v.rid) for v in sources])
        tables = tables.also(Sql(f" CROSS JOIN ref {f} CROSS JOIN key {k} CROSS JOIN resource {t.name}"), "")
        way = Sql(f"{f}.patient = m.a AND {f}.rid = m.b AND {k}.rid = {f}.target")
        same = Sql(f"{t.patient} = {k}.patient AND {t.rid} = {k}.rid")
        named = self._named(edge, {v.type for v in sources}, f)
        found = self._versions(tables, both((way, same, named, opened)), t.name)
        return found + self._meant(self._canonicals.outward(edge, sources))

    def inward(self, edge: Include, start: Sequence[Version]) -> list[Version]:
        """The records that refer to these."""
        targets = [v for v in start if _target(edge) in (None, v.type)]
        if not targets:
            return []
        f = self.opener.name("f")
        s, opened = self.opener.resource((edge.source,) if edge.source else load().resource_types)
        pointed_at = [(v.patient, v.rid) for v in targets] + self._records([v for v in targets if v.type == "Patient"])
        tables = table_of(self.tests.dialect, "m", pointed_at)
        tables = tables.also(Sql(f" CROSS JOIN ref {f} CROSS JOIN resource {s.name}"), "")
        way = Sql(f"{f}.target = m.b AND {s.patient} = {f}.patient AND {s.rid} = {f}.rid")
        named = self._named(edge, {edge.source} if edge.source else (), f)
        found = self._versions(tables, both((way, named, opened)), s.name)
        return found + self._meant(self._canonicals.inward(edge, targets))

    def _records(self, patients: Sequence[Version]) -> list[tuple[int, int]]:
        """Of persons among them, the records: who points at one of these points at the person."""
        if not patients or not self.opener.persons(("Patient",)):
            return []
        named = among(self.tests.dialect, "person", [v.rid for v in patients])
        sql = choose("record, record", Sql("member"), named)
        return [(patient, rid) for patient, rid in self.connection.rows(sql.text, sql.params)]

    def _meant(self, found: Found | None) -> list[Version]:
        return found.kept(self._versions(found.tables, found.where, found.name)) if found else []

    def _named(self, edge: Include, types: Iterable[str], f: str) -> Sql:
        """Rows of the parameter followed; `*` follows every one."""
        if edge.code is None:
            # the others are nobody's to follow, or those of an added parameter
            return Sql(f"{f}.key >= 0 AND {f}.key < 65536 AND ({f}.key & 127) < {min(RESERVED.values()) << 1}")
        return self.tests.refs(types, edge.code, f)

    def _versions(self, tables: Sql, where: Sql, name: str) -> list[Version]:
        tables = tables.also(Sql("CROSS JOIN body b"))
        where = both((where, Sql(f"b.patient = {name}.patient AND b.seq = {name}.seq")))
        sql = choose(COLUMNS.format(name), tables, where, True).also(Sql(f"ORDER BY {name}.rid")).also(self._limit)
        return [self._version(row) for row in self.connection.rows(sql.text, sql.params)]

    def _version(self, row: Row) -> Version:
        type, id, version, updated, dictionary, packed, patient, rid, seq, labels = row
        text = self.connection.text(dictionary, packed, rid, version)
        return Version(TYPES[type], id, version, updated, False, text, "PUT", patient, rid, seq, labels)
