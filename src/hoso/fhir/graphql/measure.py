"""Chooses the operation and measures it with its fragments written out, before any of it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hoso.fhir.graphql.document import Document, Field, Fragment, Inline, Operation, Selection, Spread, Value
from hoso.fhir.graphql.faults import Fault, Place
from hoso.fhir.graphql.parser import MOST_DEPTH

MOST_FIELDS = 1_000
"""Of an operation, those of its fragments counted wherever they are used."""
_LISTED = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation with what it needs to run."""

    operation: Operation
    fragments: Mapping[str, Fragment]
    variables: Mapping[str, Value]


def chosen(document: Document, name: str | None, given: Mapping[str, Any]) -> Asked:
    """Raises Fault."""
    found = [one for one in document.operations if name is None or one.name == name]
    if len(found) != 1:
        key = "graphql.which" if found else "graphql.no-operation"
        raise Fault(key, document.operations[0].place, "required", name=(name or "")[:80])
    operation = found[0]
    _Measure(document.fragments).check(operation.selections)
    return Asked(operation, document.fragments, _variables(operation, given))


class _Measure:
    """Each fragment is measured once, so that fragments of fragments cost no more than they are long."""

    def __init__(self, fragments: Mapping[str, Fragment]) -> None:
        self._fragments = fragments
        self._known: dict[str, tuple[int, int]] = {}
        self._open: list[str] = []

    def check(self, selections: tuple[Selection, ...]) -> None:
        self._of(selections)

    def _of(self, selections: tuple[Selection, ...]) -> tuple[int, int]:
        """Number of fields, and how deep they stand."""
        size, depth = 0, 0
        for one in selections:
            more, below = self._one(one)
            size, depth = size + more, max(depth, below)
            if size > MOST_FIELDS:
                raise Fault("graphql.many-fields", one.place, "too-costly", limit=str(MOST_FIELDS))
            if depth > MOST_DEPTH:
                raise Fault("graphql.deep", one.place, "too-costly", limit=str(MOST_DEPTH))
        return size, depth

    def _one(self, one: Selection) -> tuple[int, int]:
        if isinstance(one, Field):
            size, depth = self._of(one.selections) if one.selections else (0, 0)
            return size + 1, depth + 1
        if isinstance(one, Inline):
            return self._of(one.selections)
        return self._spread(one)

    def _spread(self, one: Spread) -> tuple[int, int]:
        if one.name in self._known:
            return self._known[one.name]
        fragment = self._fragments.get(one.name)
        if fragment is None:
            raise Fault("graphql.no-fragment", one.place, "not-found", name=one.name)
        if one.name in self._open:
            raise Fault("graphql.circle", one.place, name=one.name)
        if len(self._open) == MOST_DEPTH:
            raise Fault("graphql.deep", one.place, "too-costly", limit=str(MOST_DEPTH))
        self._open.append(one.name)
        self._known[one.name] = self._of(fragment.selections)
        self._open.pop()
        return self._known[one.name]


def _variables(operation: Operation, given: Mapping[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, declared in operation.variables.items():
        if name in given:
            found[name] = _value(given[name], name, declared.place)
        elif declared.needed:
            raise Fault("graphql.no-value", declared.place, "required", name=name)
        else:
            found[name] = declared.default
        if found[name] is None and declared.needed:
            raise Fault("graphql.no-value", declared.place, "required", name=name)
    return found


def _value(given: Any, name: str, place: Place, deep: bool = False) -> Value:
    if given is None or isinstance(given, bool | int | str):
        return given
    if isinstance(given, Decimal | float):
        return Decimal(str(given))
    if isinstance(given, list) and not deep and len(given) <= _LISTED:
        return [_value(one, name, place, deep=True) for one in given]
    raise Fault("graphql.bad-value", place, "value", name=name)
