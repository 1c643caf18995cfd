"""What a result is ordered by: one SQL value per key, ties by rid, and the test "comes after this place".

A resource without a value comes last in either direction; of several values the lowest counts upwards and the highest
downwards. Ties go in the direction of the last key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from hoso.core.dates import OPEN_HIGH
from hoso.fhir.extraction.clinical import CLINICAL_DATE
from hoso.fhir.model import load
from hoso.fhir.search.query import Condition, Match, Near, SortKey
from hoso.store.index import NO_DATE, held, spread
from hoso.store.search.alias import Alias, Opener
from hoso.store.search.clauses import Tests
from hoso.store.search.distance import haversine
from hoso.store.search.sql import TRUE, Sql, among, both, choose, either, exists, nested, of_record


class Key(msgspec.Struct, frozen=True, gc=False):
    value: Sql
    descending: bool
    nullable: bool = True


def needs_row(keys: Sequence[SortKey]) -> bool:
    return any(key.kind in ("id", "updated") for key in keys)


def needs_date(keys: Sequence[SortKey], types: tuple[str, ...]) -> bool:
    return any(is_clinical(key, types) for key in keys)


def is_clinical(key: SortKey, types: tuple[str, ...]) -> bool:
    """Whether a key is the one clinical date of the type, which stands in the rows themselves."""
    return len(types) == 1 and CLINICAL_DATE.get(types[0]) == (key.code,)


@dataclass(frozen=True, slots=True)
class Sorts:
    opener: Opener
    tests: Tests

    def key(self, key: SortKey, m: Alias) -> Key:
        if key.kind == "id":
            return Key(Sql(f"{m.name}.id"), key.descending, False)
        if key.kind == "updated":
            return Key(Sql(f"{m.name}.updated"), key.descending, False)
        if is_clinical(key, m.types):
            assert m.date is not None
            return self._clinical(key, m.date)
        return Key(self._extreme(key, m), key.descending)

    def _clinical(self, key: SortKey, date: str) -> Key:
        if key.descending:
            return Key(Sql(date), True, False)
        return Key(Sql(f"CASE WHEN {date} = {NO_DATE} THEN {OPEN_HIGH} ELSE {date} END"), False, False)

    def _extreme(self, key: SortKey, m: Alias) -> Sql:
        pick = "max" if key.descending else "min"
        names = [(t, p) for t in m.types for p in spread(t, key.code)]
        a, table, column = self.opener.name("s"), "string", "value"
        if key.kind == "date":
            table, column = "date", "low"
        elif key.kind in ("number", "quantity"):
            table, column = "quantity", "low"
        elif key.kind == "reference":
            return self._reference(names, pick, m)
        elif key.kind == "token":
            return self._code(names, pick, m)
        elif key.near is not None:
            return self._distance(names, pick, key.near, m)
        mine = Sql(f"{a}.patient = {m.patient} AND {a}.rid = {m.rid}")
        where = both((mine, self.tests.params(names, a)))
        return nested(choose(f"{pick}({a}.{column})", Sql(f"{table} {a}"), where))

    def _distance(self, names: list[tuple[str, str]], pick: str, place: Near, m: Alias) -> Sql:
        a = self.opener.name("s")
        mine = both((Sql(f"{a}.patient = {m.patient} AND {a}.rid = {m.rid}"), self.tests.params(names, a)))
        far = haversine(place, a)
        found = choose(f"{pick}({far.text})", of_record(self.tests.dialect, "quantity", a), mine)
        return nested(Sql(found.text, far.params + found.params))

    def _reference(self, names: list[tuple[str, str]], pick: str, m: Alias) -> Sql:
        f, k = self.opener.name("f"), self.opener.name("k")
        way = Sql(f"{f}.patient = {m.patient} AND {f}.rid = {m.rid} AND {k}.rid = {f}.target")
        where = both((way, either(self._held(*name, f, k) for name in names)))
        return nested(choose(f"{pick}({k}.id)", Sql(f"ref {f} CROSS JOIN key {k}"), where))

    def _code(self, names: list[tuple[str, str]], pick: str, m: Alias) -> Sql:
        t, c = self.opener.name("t"), self.opener.name("c")
        tables = of_record(self.tests.dialect, "token", t).also(Sql(f"CROSS JOIN codes {c}"))
        way = Sql(f"{t}.patient = {m.patient} AND {t}.rid = {m.rid} AND {c}.key = {t}.key")
        params = among(self.tests.dialect, f"{c}.param", [self.tests.keys.param(*name) for name in names])
        return nested(choose(f"{pick}({c}.code)", tables, both((way, params))))

    def _held(self, type: str, code: str, f: str, k: str) -> Sql:
        param, target = held(type, code)
        rows = self.tests.params([(type, param)], f)
        return rows if target is None else both((rows, Sql(f"{k}.type = ?", (load().type_number[target],))))

    def exactness(self, condition: Condition, m: Alias) -> Key | None:
        """0 for a hit that has the searched text accents and all, else 1."""
        if not (isinstance(condition, Match) and condition.kind == "string" and condition.modifier is None):
            return None
        a = self.opener.name("e")
        test = self.tests.test(Match(condition.code, "string", condition.values, "exact"), m.types, a)[0]
        mine = Sql(f"{a}.patient = {m.patient} AND {a}.rid = {m.rid}")
        there = exists(self.tests.dialect, Sql(f"string {a}"), both((mine, test.where)))
        return Key(Sql("CASE WHEN ").also(there, "").also(Sql("THEN 0 ELSE 1 END")), False, False)


def order(keys: Sequence[Key], table: str = "") -> str:
    """ORDER BY over columns s1, s2, … and rid."""
    terms = []
    for n, key in enumerate(keys, 1):
        if key.nullable:
            terms.append(f"({table}s{n} IS NULL)")
        terms.append(f"{table}s{n}{' DESC' if key.descending else ''}")
    return ", ".join([*terms, f"{table}rid{' DESC' if falling(keys) else ''}"])


def falling(keys: Sequence[Key]) -> bool:
    return bool(keys) and keys[-1].descending


def after(keys: Sequence[Key], values: Sequence[object], rid: int) -> Sql:
    """True behind the place where a record with these sort values and this rid stands."""
    same: list[Sql] = []
    ways: list[Sql] = []
    for n, (key, value) in enumerate(zip(keys, values, strict=True), 1):
        beyond = _beyond(f"s{n}", key, value)
        if beyond is not None:
            ways.append(both((*same, beyond)))
        same.append(Sql(f"s{n} IS NULL") if value is None else Sql(f"s{n} = ?", (value,)))
    ways.append(both((*same, Sql(f"rid {'<' if falling(keys) else '>'} ?", (rid,)))))
    return either(ways) if ways else TRUE


def _beyond(column: str, key: Key, value: object) -> Sql | None:
    if value is None:
        return None
    test = f"{column} {'<' if key.descending else '>'} ?"
    return Sql(f"({test} OR {column} IS NULL)" if key.nullable else test, (value,))
