"""A condition in two forms: `holds`, a test of a resource already at hand, and `source`, the rows to start from.

A query starts from one condition's source and tests the others, so that the most selective one does the finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from hoso.fhir.added import PRESENT, is_added
from hoso.fhir.model import load
from hoso.fhir.search.query import (
    Chain,
    Compartment,
    Condition,
    Date,
    Group,
    Has,
    Ids,
    InList,
    Match,
    Missing,
    Token,
    Updated,
)
from hoso.store.index import held
from hoso.store.search.alias import Alias, Opener
from hoso.store.search.clauses import Test, Tests
from hoso.store.search.dates import moment_test, one_date, parts
from hoso.store.search.sql import FALSE, TRUE, Sql, among, both, choose, either, exists, join, nested, of_record

DATED = frozenset({"token", "ref"})
"""Index tables whose rows carry the clinical date in their primary key."""


class Source(msgspec.Struct, frozen=True, gc=False):
    """`tables` (with `name` among them, having patient and rid) and `where`.

    `live`: its rows are of the types searched and of records that live; else the resource itself must be asked.
    `change`: its rows are changes, of which only the one that made the resource as it is counts.
    """

    tables: Sql
    where: Sql
    name: str
    dated: bool
    live: bool
    unique: bool = False
    change: bool = False


@dataclass(frozen=True, slots=True)
class Conditions:
    opener: Opener
    tests: Tests

    def holds(self, condition: Condition, m: Alias) -> Sql:
        match condition:
            case Match():
                return self._match(condition, m)
            case Missing():
                return self._missing(condition, m)
            case Ids(ids, negated):
                test = among(self.tests.dialect, f"{m.name}.id", ids)
                return Sql("NOT ").also(test, "") if negated else test
            case Updated(values):
                return either(moment_test(v, f"{m.name}.updated") for v in values)
            case Chain(code, branches):
                return either(self._points(code, types, inner, m) for types, inner in branches)
            case Has():
                return self._pointed_at(condition, m)
            case InList():
                tables, where, f = self._items(condition)
                return exists(self.tests.dialect, tables, both((where, Sql(f"{f}.target = {m.rid}"))))
            case Compartment():
                return self._in_compartment(condition, m)
            case Group(operator, members):
                tests = [nested(self.holds(inner, m)) for inner in members]
                if operator == "not":
                    return Sql("NOT ").also(tests[0], "")
                return nested(both(tests)) if operator == "and" else either(tests)

    def needs_row(self, condition: Condition) -> bool:
        """Whether `holds` asks columns of the resource itself."""
        if isinstance(condition, Group):
            return any(self.needs_row(inner) for inner in condition.conditions)
        return isinstance(condition, Missing | Ids | Updated)

    def _match(self, condition: Match, m: Alias) -> Sql:
        if condition.modifier == "not":
            return Sql("NOT ").also(self._match(replace(condition, modifier=None), m), "")
        a = self.opener.name("x")
        return either(self._row_exists(test, a, m) for test in self.tests.test(condition, m.types, a))

    def _row_exists(self, test: Test, a: str, m: Alias) -> Sql:
        return exists(
            self.tests.dialect,
            Sql(f"token {a}") if test.table == "token" else of_record(self.tests.dialect, test.table, a),
            both((test.where, _same_record(a, m, test.table in DATED))),
        )

    def _missing(self, condition: Missing, m: Alias) -> Sql:
        if condition.code in ("_id", "_lastUpdated"):
            return FALSE if condition.missing else TRUE
        if is_added(condition.code):
            there = Match(
                condition.code + PRESENT, "token", (Token(None, "true"),), "not" if condition.missing else None
            )
            return self._match(there, m)
        model = load()
        bits: dict[int, list[int]] = {}
        for type in m.types:
            bit = 1 << model.search_params[type][condition.code].bit
            bits.setdefault(bit, []).append(model.type_number[type])
        sign = "=" if condition.missing else "<>"
        if len(bits) == 1:
            return Sql(f"({m.name}.present & ?) {sign} 0", (next(iter(bits)),))
        return either(
            both((among(self.tests.dialect, f"{m.name}.type", types), Sql(f"({m.name}.present & ?) {sign} 0", (bit,))))
            for bit, types in bits.items()
        )

    def _points(self, code: str, types: tuple[str, ...], inner: Condition, m: Alias) -> Sql:
        f, k = self.opener.name("f"), self.opener.name("k")
        t, opened = self.opener.resource(types)
        tables = Sql(f"ref {f} CROSS JOIN key {k} CROSS JOIN resource {t.name}")
        way = Sql(f"{k}.rid = {f}.target AND {t.patient} = {k}.patient AND {t.rid} = {k}.rid")
        rest = both((self.tests.refs(m.types, code, f), _same_record(f, m, False)))
        holds = self.holds(inner, t)
        straight = exists(self.tests.dialect, tables, both((rest, way, opened, holds)))
        if not self.opener.persons(types):
            return straight
        p = self.opener.name("p")
        tables = Sql(f"ref {f} CROSS JOIN member {p} CROSS JOIN resource {t.name}")
        way = Sql(f"{p}.record = {f}.target AND {t.patient} = {p}.person AND {t.rid} = {p}.person")
        return either((straight, exists(self.tests.dialect, tables, both((rest, way, opened, holds)))))

    def _pointed_at(self, condition: Has, m: Alias) -> Sql:
        f = self.opener.name("f")
        s, opened = self.opener.resource((condition.type,))
        tables = Sql(f"ref {f} CROSS JOIN resource {s.name}")
        target = Sql(f"{f}.target = {m.rid}")
        if self.opener.persons(m.types):
            all = f"SELECT {m.rid} UNION ALL SELECT record FROM member WHERE person = {m.rid}"  # noqa: S608
            target = Sql(f"{f}.target IN ({all})")
        way = both((target, Sql(f"{s.patient} = {f}.patient AND {s.rid} = {f}.rid")))
        keys = self.tests.refs((condition.type,), condition.code, f)
        return exists(self.tests.dialect, tables, both((way, keys, opened, self.holds(condition.condition, s))))

    def _items(self, condition: InList) -> tuple[Sql, Sql, str]:
        """Items of lists the caller may see."""
        rids = [rid for id in condition.ids for rid in self.tests.rids.get(("List", id), ())]
        s, opened = self.opener.resource(("List",))
        f = self.opener.name("f")
        listed = among(self.tests.dialect, s.rid, rids) if rids else FALSE
        way = Sql(f"{f}.patient = {s.patient} AND {f}.rid = {s.rid}")
        keys = self.tests.params([("List", "item")], f)
        return Sql(f"resource {s.name} CROSS JOIN ref {f}"), both((listed, opened, way, keys)), f

    def _in_compartment(self, condition: Compartment, m: Alias) -> Sql:
        f = self.opener.name("f")
        rids = self.tests.rids.get((condition.type, condition.id))
        if rids is None:
            return FALSE
        named = both((self._members(condition, m.types, f, rids), _same_record(f, m, True)))
        own = among(self.tests.dialect, m.rid, rids)
        tests = [exists(self.tests.dialect, Sql(f"ref {f}"), named)]
        return either([*tests, own] if condition.type in m.types else tests)

    def _members(self, condition: Compartment, types: Iterable[str], f: str, rids: Sequence[int]) -> Sql:
        members = load().compartments[condition.type]
        names = [(*held(t, code), t) for t in types for code in members.get(t, ()) if code in load().search_params[t]]
        fitting = sorted({(t, param) for param, target, t in names if target in (None, condition.type)})
        targets = among(self.tests.dialect, f"{f}.target", rids)
        return both((targets, self.tests.params(fitting, f) if fitting else FALSE))

    def source(self, condition: Condition, types: tuple[str, ...]) -> Source | None:
        """Rows to start from; None for a condition that tells only what a resource is not, or asks its own row."""
        match condition:
            case Match(modifier="not") | Missing() | Ids(negated=True):
                return None
            case Updated(values):
                return self._updated_source(values) if len(types) > 1 else None
            case Match():
                return self._match_source(condition, types)
            case Ids(ids):
                return self._ids_source(ids, types)
            case Chain():
                return self._chain_source(condition, types)
            case Has():
                return self._has_source(condition)
            case InList():
                tables, where, f = self._items(condition)
                return self._target_source(tables, where, f)
            case Compartment():
                return self._compartment_source(condition, types)
            case Group(operator, members):
                return self._group_source(operator, members, types)

    def _group_source(self, operator: str, members: tuple[Condition, ...], types: tuple[str, ...]) -> Source | None:
        """Either of several: what each finds. All of several: what one finds, and the others hold for."""
        if operator == "or":
            found = [self.selected(types, inner) for inner in members]
            parts = [part for part in found if part is not None]
            return self._union(self.opener.name("g"), parts) if len(parts) == len(found) else None
        for first in members if operator == "and" else ():
            source = self.source(first, types)
            if source is not None:
                rest = [inner for inner in members if inner is not first]
                m, tables, where = self.opened(source, types, row=any(self.needs_row(inner) for inner in rest))
                held = both((where, *(self.holds(inner, m) for inner in rest)))
                return self._union(self.opener.name("g"), [choose(f"{m.patient}, {m.rid}", tables, held)])
        return None

    def _match_source(self, condition: Match, types: tuple[str, ...]) -> Source | None:
        if condition.kind == "date":
            return self.dated((condition,), types)
        d = self.opener.name("d")
        tests = self.tests.test(condition, types, d)
        if len(tests) != 1:
            return self._union(d, [choose("patient, rid", Sql(f"{t.table} {d}"), t.where) for t in tests])
        test = tests[0]
        least = self.tests.least(condition) if test.table == "quantity" else None
        if least is not None:
            return self._reaching(d, test.where, least)
        return Source(Sql(f"{test.table} {d}"), test.where, d, test.table in DATED, True, test.unique)

    def _reaching(self, d: str, where: Sql, least: float) -> Source:
        """Nearly all numbers are points, whose b-tree leads by where they begin; ranges have an index by their end."""
        points = both((Sql(f"{d}.high = {d}.low AND {d}.low >= ?", (least,)), where))
        ranges = both((Sql(f"{d}.high > {d}.low AND {d}.high >= ?", (least,)), where))
        each = [choose("patient, rid", Sql(f"quantity {d}"), part) for part in (points, ranges)]
        return Source(nested(join(" UNION ALL ", each), d), TRUE, d, False, True)

    def dated(self, matches: Sequence[Match], types: tuple[str, ...]) -> Source:
        """Rows of a date parameter that answer all of `matches`; of several, where a record has one row only."""
        d, code = self.opener.name("d"), matches[0].code
        key = self.tests.params([(type, code) for type in types], d)
        unique = len(types) == 1 and one_date(types[0], code)
        found = [both((key, part)) for part in parts(matches, d)]
        if len(found) == 1:
            return Source(Sql(f"date {d}"), found[0], d, False, True, unique)
        each = join(" UNION ALL ", [choose("patient, rid", Sql(f"date {d}"), where) for where in found])
        return Source(nested(each, d), TRUE, d, False, True, unique)

    def _union(self, d: str, parts: list[Sql], live: bool = True) -> Source:
        union = nested(join(" UNION ", parts), d)
        return Source(union, TRUE, d, False, live, True)

    def _updated_source(self, values: Iterable[Date]) -> Source:
        """Over many types the log has the times in order; one type has an index for it."""
        d = self.opener.name("d")
        where = either(moment_test(v, f"{d}.time") for v in values)
        return Source(Sql(f"change {d}"), where, d, False, False, True, True)

    def _ids_source(self, ids: tuple[str, ...], types: tuple[str, ...]) -> Source:
        d = self.opener.name("d")
        numbers = [load().type_number[t] for t in types]
        named = both((among(self.tests.dialect, f"{d}.type", numbers), among(self.tests.dialect, f"{d}.id", ids)))
        return Source(Sql(f"key {d}"), named, d, False, False, True)

    def _chain_source(self, condition: Chain, types: tuple[str, ...]) -> Source | None:
        parts: list[tuple[Sql, Sql, str]] = []
        for targets, inner in condition.branches:
            f, t = self.opener.name("f"), self.opener.name("t")
            found = self.selected(targets, inner)
            if found is None:
                return None
            if self.opener.persons(targets):
                found = self._with_records(found)
            tables = nested(found, t).also(Sql(f"CROSS JOIN ref {f}"))
            keys = self.tests.refs(types, condition.code, f)
            parts.append((tables, both((Sql(f"{f}.target = {t}.rid"), keys)), f))
        if len(parts) == 1:
            tables, where, f = parts[0]
            return Source(tables, where, f, True, True)
        d = self.opener.name("d")
        return self._union(d, [choose(f"{f}.patient, {f}.rid", a, b) for a, b, f in parts])

    def _has_source(self, condition: Has) -> Source | None:
        found = self.selected((condition.type,), condition.condition)
        if found is None:
            return None
        s, f = self.opener.name("s"), self.opener.name("f")
        tables = nested(found, s).also(Sql(f"CROSS JOIN ref {f}"))
        way = Sql(f"{f}.patient = {s}.patient AND {f}.rid = {s}.rid")
        keys = self.tests.refs((condition.type,), condition.code, f)
        return self._target_source(tables, both((way, keys)), f)

    def _with_records(self, found: Sql) -> Sql:
        """The resources found, and of a person among them all its records."""
        q, p = self.opener.name("q"), self.opener.name("p")
        records = choose(f"{p}.record AS rid", nested(found, q).also(Sql(f"CROSS JOIN member {p}")),
                         Sql(f"{p}.person = {q}.rid"))  # fmt: skip
        return choose("rid", nested(found, q), TRUE).also(records, " UNION ")

    def _target_source(self, tables: Sql, where: Sql, f: str) -> Source:
        d = self.opener.name("k")
        joined = both((where, Sql(f"{d}.rid = {f}.target")))
        straight = Source(tables.also(Sql(f"CROSS JOIN key {d}")), joined, d, False, False)
        if not self.opener.persons(("Patient",)):
            return straight
        p = self.opener.name("p")
        columns = f"{d}.patient, {d}.rid"
        theirs = both((where, Sql(f"{p}.record = {f}.target AND {d}.rid = {p}.person")))
        persons = choose(columns, tables.also(Sql(f"CROSS JOIN member {p} CROSS JOIN key {d}")), theirs)
        return self._union(d, [choose(columns, straight.tables, straight.where), persons], live=False)

    def _compartment_source(self, condition: Compartment, types: tuple[str, ...]) -> Source | None:
        d = self.opener.name("d")
        rids = self.tests.rids.get((condition.type, condition.id))
        if rids is None:
            return Source(Sql(f"ref {d}"), FALSE, d, True, True)
        members = self._members(condition, types, d, rids)
        if condition.type not in types:
            return Source(Sql(f"ref {d}"), members, d, True, True)
        parts = [
            choose("patient, rid", Sql(f"ref {d}"), members),
            choose("patient, rid", Sql("key"), among(self.tests.dialect, "rid", rids)),
        ]
        return self._union(d, parts, live=False)

    def selected(self, types: tuple[str, ...], condition: Condition) -> Sql | None:
        """SELECT patient, rid of the resources for which one condition holds; None when it cannot be started from."""
        source = self.source(condition, types)
        if source is None:
            return None
        m, tables, where = self.opened(source, types, row=False)
        return choose(f"{m.patient}, {m.rid}", tables, where, not source.unique)

    def opened(self, source: Source, types: tuple[str, ...], *, row: bool) -> tuple[Alias, Sql, Sql]:
        """The resources behind a source, opened for the caller: alias, FROM and WHERE."""
        indexed = self.opener.indexed(types, source.name, source.dated) if source.live and not row else None
        if indexed:
            alias, seen = indexed
            return alias, source.tables, both((source.where, seen))
        alias, seen = self.opener.resource(types)
        way = Sql(f"{alias.patient} = {source.name}.patient AND {alias.rid} = {source.name}.rid")
        if source.change:
            way = way.also(Sql(f"{alias.name}.seq = {source.name}.seq"), " AND ")
        tables = source.tables.also(Sql(f"CROSS JOIN resource {alias.name}"))
        return alias, tables, both((source.where, way, seen))


def _same_record(a: str, m: Alias, dated: bool) -> Sql:
    same = f"{a}.patient = {m.patient} AND {a}.rid = {m.rid}"
    return Sql(f"{same} AND {a}.date = {m.date}" if dated and m.date else same)
