"""The only place where a resource enters a query: whatever opens an alias has the caller's visibility put on it.

Conditions, sorts, totals and includes take an `Alias`, and nothing else makes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from hoso.fhir.model import load
from hoso.store.connection import Dialect
from hoso.store.index import NO_DATE
from hoso.store.search.sql import FALSE, Sql, among, both, either
from hoso.store.visible import Visible


class Alias(msgspec.Struct, frozen=True, gc=False):
    """An opened resource. `patient`, `rid`, `date` are SQL; `row` tells that the columns of `resource` are there."""

    name: str
    types: tuple[str, ...]
    row: bool
    date: str | None

    @property
    def patient(self) -> str:
        return f"{self.name}.patient"

    @property
    def rid(self) -> str:
        return f"{self.name}.rid"


class Opener:
    """Opens aliases for one caller."""

    def __init__(self, dialect: Dialect, visible: Visible) -> None:
        self.dialect, self._visible = dialect, visible
        self._count = 0

    def persons(self, types: Iterable[str]) -> bool:
        """Whether a resource of one of these types may be a person, whose records then stand for it."""
        return self._visible.persons and "Patient" in types

    def name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def seen(self, types: tuple[str, ...]) -> tuple[str, ...]:
        """Of these types, those that exist for the caller."""
        return types if self._visible.types is None else tuple(t for t in types if self._visible.sees(t))

    def resource(self, types: tuple[str, ...], name: str | None = None) -> tuple[Alias, Sql]:
        """An alias for a row of `resource`, and what must hold of it: its type, that it lives, that it may be seen."""
        name = name or self.name("r")
        alias = Alias(name, types, True, f"coalesce({name}.date, {NO_DATE})")
        live = Sql(f"{alias.name}.deleted = 0")
        return alias, both((self._typed(alias), live))

    def indexed(self, types: tuple[str, ...], name: str, dated: bool) -> tuple[Alias, Sql] | None:
        """An alias for an index row whose key already implies its type and that it lives.

        None when the rules differ between the types: then only the resource itself tells which rule holds.
        """
        alias = Alias(name, types, False, f"{name}.date" if dated else None)
        rules = self._rules(alias)
        return (alias, next(iter(rules))) if len(rules) == 1 else None

    def _typed(self, alias: Alias) -> Sql:
        """Its type is one of those visible, and the rule of that type holds."""
        number, rules = load().type_number, self._rules(alias)
        if len(rules) == 1 and len(self.seen(alias.types)) == len(number):
            return next(iter(rules))
        return either(
            both((among(self.dialect, f"{alias.name}.type", [number[t] for t in types]), rule))
            for rule, types in rules.items()
        )

    def _rules(self, alias: Alias) -> dict[Sql, list[str]]:
        types = self.seen(alias.types)
        if len(types) == 1:  # as nearly always
            return {self._predicate(alias, types[0]): list(types)}
        alike: dict[object, list[str]] = {}
        for type in types:
            alike.setdefault(self._visible.rule(type), []).append(type)
        rules: dict[Sql, list[str]] = {}
        for some in alike.values():
            rules.setdefault(self._predicate(alias, some[0]), []).extend(some)
        return rules or {FALSE: list(alias.types)}

    def _predicate(self, alias: Alias, type: str) -> Sql:
        text, params = self._visible.predicate(alias.name, type)
        return Sql(text, tuple(params))


Open = Callable[[tuple[str, ...]], tuple[Alias, Sql]]
