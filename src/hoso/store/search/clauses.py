"""Values of one parameter → the test on its index table; which rows count is R4's rule for the parameter's kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import cast

import msgspec

from hoso.core import fold
from hoso.fhir.search import coded
from hoso.fhir.search.query import Date, Kind, Local, Match, Near, Number, Parts, Text, Token, Uri, Value
from hoso.fhir.ucum import canonical
from hoso.store.connection import Dialect
from hoso.store.index import LONGEST, UCUM, Keys, held, is_part, spread
from hoso.store.search.dates import date_test
from hoso.store.search.distance import within
from hoso.store.search.sql import FALSE, Sql, among, both, choose, contains, either, ends, nested, prefix

Rids = Mapping[tuple[str, str], tuple[int, ...]]
"""(type, id) → its number, and of a person those of its records; what is not there was never heard of."""


class Test(msgspec.Struct, frozen=True, gc=False):
    """Rows of `table` (under the alias given) that answer. `unique`: no resource can have two such rows."""

    table: str
    where: Sql
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Tests:
    """Makes the tests for one database and one query."""

    dialect: Dialect
    keys: Keys
    rids: Rids

    def test(self, match: Match, types: tuple[str, ...], a: str) -> list[Test]:
        """Tests of which one must hold; more than one only where values stand in different tables."""
        if match.kind == "composite":
            return self._composites(match, types, a)
        names = [(t, p) for t in types for p in spread(t, match.code)]
        return self._plain(match.kind, match.values, match.modifier, names, a)

    def _plain(
        self, kind: Kind, values: tuple[Value, ...], modifier: str | None, names: list[tuple[str, str]], a: str
    ) -> list[Test]:
        if modifier == "text":
            names = [(t, f"{p}:text") for t, p in names]
            begin = either(self._text(v.text, None, "s") for v in values if isinstance(v, Text))
            return [self._grouped("texts", both((self.params(names, "s"), begin)), a)]
        if modifier in ("of-type", "identifier"):
            names = [(t, f"{p}:{modifier}") for t, p in names]
        if kind == "token" and modifier in coded.MODIFIERS:
            raise ValueError(f":{modifier} is to be settled before the store is asked")
        if modifier in ("of-type", "identifier") or kind == "token":
            return self._coded(values, names, a)
        if kind == "reference":
            return self._references(values, names, a)
        return [_TESTS[kind](self, values, modifier, names, a)]

    def params(self, names: list[tuple[str, str]], a: str) -> Sql:
        return among(self.dialect, f"{a}.key", [self.keys.param(t, p) for t, p in names])

    def refs(self, types: Iterable[str], code: str, a: str, target: str | None = None) -> Sql:
        """Rows of a reference parameter. `target`: the type they lead to; None: the caller looks at that itself."""
        found = [(t, h.param) for t in types if (h := held(t, code)).target is None or target in (None, h.target)]
        return self.params(found, a) if found else FALSE

    def _coded(self, values: tuple[Value, ...], names: list[tuple[str, str]], a: str) -> list[Test]:
        """Codes stand in `token`; any code of a system is a matter of the record's set of systems. None: no record."""
        some = cast("tuple[Token, ...]", values)
        whole = [v for v in some if v.code is None and not is_part(names[0][1])]
        codes = tuple(v for v in some if v not in whole)
        tests = [self._tokens(codes, names, a)] if codes else []
        if whole:
            keys = among(self.dialect, "s.key", [self._token_key(t, p, v) for v in whole for t, p in names])
            tests.append(self._grouped("systems", keys, a))
        return tests or [Test("token", FALSE)]

    def _grouped(self, table: str, where: Sql, a: str) -> Test:
        """Records that share a set of which a member (`s`) answers."""
        numbers = nested(choose("s.number", Sql(f"{table} s"), where))
        return Test("resource", Sql(f"{a}.{table} IN ").also(numbers, ""), True)

    def _tokens(self, values: tuple[Value, ...], names: list[tuple[str, str]], a: str) -> Test:
        groups: dict[int | None, list[int]] = {}
        for value in cast("tuple[Token, ...]", values):
            system = None if value.system is None else self.keys.small(value.system or None)
            for type, param in names:
                groups.setdefault(system, []).append(self._token_key(type, param, value))
        tests = []
        for number, found in groups.items():
            test = among(self.dialect, f"{a}.key", found)
            tests.append(test if number is None else both((test, Sql(f"{a}.system = ?", (number,)))))
        unique = len(groups) == 1 and None not in groups and len(next(iter(groups.values()))) == 1
        if len(tests) == 1:
            return Test("token", tests[0], unique)
        every = among(self.dialect, f"{a}.key", [k for found in groups.values() for k in found])
        return Test("token", both((every, either(tests))))

    def _token_key(self, type: str, param: str, value: Token) -> int:
        if value.code is None:
            return self.keys.any_code(type, param, cast("str", value.system))
        return self.keys.token(type, param, value.code)

    def _strings(self, values: list[Text], modifier: str | None, names: list[tuple[str, str]], a: str) -> Test:
        return Test("string", both((self.params(names, a), either(self._text(v.text, modifier, a) for v in values))))

    def _text(self, text: str, modifier: str | None, a: str) -> Sql:
        if modifier == "exact":
            value, exact, long = self.keys.string(text)
            return self._same(value, exact, long, a)
        if modifier == "equals":
            folded = fold(text)
            whole = Sql(f"coalesce({a}.long, {a}.value) = ?", (folded,))
            return both((Sql(f"{a}.value = ?", (folded[:LONGEST],)), whole))
        if modifier == "ends":
            return ends(self.dialect, f"coalesce({a}.long, {a}.value)", fold(text))
        if modifier == "contains":
            return contains(self.dialect, f"coalesce({a}.long, {a}.value)", fold(text))
        return self._begins(fold(text), a)

    def _same(self, value: str, exact: int, long: str | None, a: str) -> Sql:
        same = Sql(f"({a}.value = ? AND {a}.exact = ?)", (value, exact))
        if long is None:
            return same
        return Sql(f"({a}.value = ? AND {a}.exact = ? AND {a}.long = ?)", (value, exact, long))

    def _begins(self, text: str, a: str) -> Sql:
        if len(text) <= LONGEST:
            return nested(prefix(f"{a}.value", text))
        head = Sql(f"({a}.value = ?", (text[:LONGEST],))
        return head.also(prefix(f"{a}.long", text), " AND ").also(Sql(")"), "")

    def _uris(self, values: tuple[Value, ...], modifier: str | None, names: list[tuple[str, str]], a: str) -> Test:
        texts = [cast("Uri", v).text for v in values]
        if modifier == "above":
            found = [self._same(*self.keys.uri(part), a) for text in texts for part in ancestors(text)]
        elif modifier == "below":
            found = [self._same(*self.keys.uri(text), a) for text in texts]
            found += [self._begins(text.rstrip("/") + "/", a) for text in texts]
        else:
            found = [self._same(*self.keys.uri(text), a) for text in texts]
        return Test("string", both((self.params(names, a), either(found))))

    def _references(self, values: tuple[Value, ...], names: list[tuple[str, str]], a: str) -> list[Test]:
        here = [v for v in values if isinstance(v, Local)]
        elsewhere = [v.text for v in values if isinstance(v, Uri)]
        tests = []
        if here:
            found = {(t, rid) for v in here for t in v.types for rid in self.rids.get((t, v.id), ())}
            tests.append(Test("ref", self._leads(found, names, a), len(found) == 1 and len(names) == 1))
        if elsewhere:
            tests.append(
                Test("string", both((self.params(names, a), either(self._canonical(u, a) for u in elsewhere))))
            )
        return tests

    def _leads(self, found: Set[tuple[str, int]], names: list[tuple[str, str]], a: str) -> Sql:
        """To one of these records, by parameters that may lead to its type."""
        by_keys: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for type, rid in sorted(found):
            keys = [(t, h.param) for t, p in names if (h := held(t, p)).target in (None, type)]
            by_keys.setdefault(tuple(keys), []).append(rid)
        return either(
            both((among(self.dialect, f"{a}.target", rids), self.params(list(keys), a)))
            for keys, rids in by_keys.items()
            if keys
        )

    def _canonical(self, text: str, a: str) -> Sql:
        """A canonical without a version stands for all versions."""
        same = self._same(*self.keys.uri(text), a)
        return same if "|" in text else either((same, self._begins(text + "|", a)))

    def _dates(self, values: tuple[Value, ...], modifier: str | None, names: list[tuple[str, str]], a: str) -> Test:
        tests = [date_test(cast("Date", v), f"{a}.low", f"{a}.high") for v in values]
        return Test("date", both((self.params(names, a), either(tests))))

    def _numbers(self, values: tuple[Value, ...], modifier: str | None, names: list[tuple[str, str]], a: str) -> Test:
        return Test("quantity", either(self._number(cast("Number", v), names, a) for v in values))

    def _number(self, value: Number, names: list[tuple[str, str]], a: str) -> Sql:
        key = self.params(names, a)
        if value.code is None:
            return _all(key, number_test(value, a))
        if value.system == UCUM and (based := self._based(value)):
            in_base, unit = based
            bases = among(self.dialect, f"{a}.key", [self.keys.base_unit(t, p, unit) for t, p in names])
            return _all(bases, number_test(in_base, a))
        code = self.keys.small(value.code)
        if value.system is None:
            label = Sql(f"({a}.code = ? OR {a}.unit = ?)", (code, code))
        else:
            label = Sql(f"{a}.system = ? AND {a}.code = ?", (self.keys.small(value.system), code))
        return _all(key, number_test(value, a), label)

    def _near(self, values: tuple[Value, ...], modifier: str | None, names: list[tuple[str, str]], a: str) -> Test:
        circles = [within(cast("Near", value), a) for value in values]
        return Test("quantity", both((self.params(names, a), either(circles))))

    def least(self, match: Match) -> float | None:
        """What the upper end of every number that answers reaches, where only that is asked; as it is indexed."""
        found = []
        for value in match.values:
            number = value.parts[-1][1] if isinstance(value, Parts) else value
            if not isinstance(number, Number) or (isinstance(value, Parts) and len(value.parts) > 2):
                return None
            based = self._based(number) if number.system == UCUM and number.code else None
            known = based[0] if based else number
            found.append({"gt": known.value, "ge": known.value, "ap": known.low}.get(known.prefix))
        return None if None in found else min(cast("list[float]", found))

    def _based(self, value: Number) -> tuple[Number, str] | None:
        found = [canonical(v, cast("str", value.code)) for v in (value.value, value.low, value.high)]
        if any(f is None for f in found):
            return None
        (middle, unit), (low, _), (high, _) = cast("list[tuple[float, str]]", found)
        return Number(value.prefix, middle, min(low, high), max(low, high)), unit

    def _composites(self, match: Match, types: tuple[str, ...], a: str) -> list[Test]:
        by_table: dict[str, list[Sql]] = {}
        for value in cast("tuple[Parts, ...]", match.values):
            for test in self._composite(match.code, value, types, a):
                by_table.setdefault(test.table, []).append(_all(test.where))
        return [Test(table, either(found)) for table, found in by_table.items()]

    def _composite(self, code: str, value: Parts, types: tuple[str, ...], a: str) -> list[Test]:
        (_, first), *rest = value.parts
        if isinstance(first, Token) and len(rest) == 1 and rest[0][0] == "quantity":
            return [self._measured(code, first, cast("Number", rest[0][1]), types, a)]
        names = [
            (t, self.keys.part(t, p, system, text))
            for t in types
            for p in spread(t, code)
            for system, text in _first_parts(first)
        ]
        if len(rest) == 2:
            low = number_test(cast("Number", rest[0][1]), a, f"{a}.low", f"{a}.low")
            high = number_test(cast("Number", rest[1][1]), a, f"{a}.high", f"{a}.high")
            return [Test("quantity", both((self.params(names, a), low, high)))]
        kind, last = rest[0]
        return self._plain(kind, (last,), None, names, a)

    def _measured(self, code: str, first: Token, value: Number, types: tuple[str, ...], a: str) -> Test:
        """A code and a quantity: rows stand under the code, with its system as `part`."""
        part = self.keys.part
        names = [(t, part(t, p, None, cast("str", first.code))) for t in types for p in spread(t, code)]
        test = self._number(value, names, a)
        if first.system is not None:
            test = both((test, Sql(f"{a}.part = ?", (self.keys.small(first.system or None),))))
        return Test("quantity", test)


_TESTS: Mapping[str, Callable[..., Test]] = {
    "string": lambda tests, values, modifier, names, a: tests._strings(list(values), modifier, names, a),
    "date": Tests._dates,
    "number": Tests._numbers,
    "quantity": Tests._numbers,
    "uri": Tests._uris,
    "near": Tests._near,
}


def _all(*parts: Sql) -> Sql:
    return nested(both(parts))


def _first_parts(first: Value) -> list[tuple[str | None, str]]:
    """How the first part of a composite is named in the index."""
    if isinstance(first, Token):
        return [(first.system, cast("str", first.code))]
    if isinstance(first, Local):
        return [(None, f"{t}/{first.id}") for t in first.types]
    return [(None, cast("Uri", first).text)]


def ancestors(url: str) -> list[str]:
    """The URL and everything above it on its path, with and without the slash at the end."""
    scheme, _, rest = url.partition("://")
    parts = rest.rstrip("/").split("/")
    found = [f"{scheme}://{'/'.join(parts[:n])}" for n in range(1, len(parts) + 1)]
    return list(dict.fromkeys([url, *found, *(f + "/" for f in found)]))


def number_test(value: Number, a: str, low: str | None = None, high: str | None = None) -> Sql:
    """R4 §3.1.1.4.9: equality knows the precision given, comparisons take the number as exact."""
    low, high = low or f"{a}.low", high or f"{a}.high"
    match value.prefix:
        case "eq":
            if low == high:
                return Sql(f"({low} >= ? AND {low} < ?)", (value.low, value.high))
            return Sql(f"({low} >= ? AND {low} < ? AND {high} < ?)", (value.low, value.high, value.high))
        case "ne":
            return Sql(f"({low} < ? OR {high} >= ?)", (value.low, value.high))
        case "gt":
            return Sql(f"{high} > ?", (value.value,))
        case "lt":
            return Sql(f"{low} < ?", (value.value,))
        case "ge":
            return Sql(f"{high} >= ?", (value.value,))
        case "le":
            return Sql(f"{low} <= ?", (value.value,))
        case "sa":
            return Sql(f"{low} > ?", (value.value,))
        case "eb":
            return Sql(f"({low} < ? AND {high} < ?)", (value.value, value.value))
        case "ap":
            return Sql(f"({low} <= ? AND {high} >= ?)", (value.high, value.low))
