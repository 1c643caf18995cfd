"""What a GraphQL document is made of. Only queries: there is nothing else to be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias, Union

from hoso.fhir.graphql.faults import Place


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


Value: TypeAlias = Union[bool, int, Decimal, str, "list[Value]", Variable, None]
"""Enumerated values are their names: `use: official` and `use: "official"` ask for the same."""


@dataclass(frozen=True, slots=True)
class Directive:
    name: str
    arguments: Mapping[str, Value]
    place: Place


@dataclass(frozen=True, slots=True)
class Field:
    """`key` is the name in the answer; `selections` is None for a field without any."""

    key: str
    name: str
    arguments: Mapping[str, Value]
    directives: tuple[Directive, ...]
    selections: tuple[Selection, ...] | None
    place: Place

    def directive(self, name: str) -> Directive | None:
        return next((one for one in self.directives if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Spread:
    name: str
    directives: tuple[Directive, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Inline:
    type: str | None
    directives: tuple[Directive, ...]
    selections: tuple[Selection, ...]
    place: Place


Selection: TypeAlias = Field | Spread | Inline


@dataclass(frozen=True, slots=True)
class Declared:
    """A variable of an operation. Unless it is `needed`, `default` counts when no value is given."""

    needed: bool
    default: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Operation:
    name: str | None
    variables: Mapping[str, Declared]
    selections: tuple[Selection, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Fragment:
    type: str
    selections: tuple[Selection, ...]


@dataclass(slots=True)
class Document:
    operations: list[Operation] = field(default_factory=list)
    fragments: dict[str, Fragment] = field(default_factory=dict)
