"""What an expression may ask beyond the resource: codes and profiles. By itself R4's own are known, no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from hoso.fhir.model import load
from hoso.fhir.path.shapes import known
from hoso.fhir.path.values import Node

Codings = Sequence[tuple[str, str]]
"""Pairs of system ("" for a plain code) and code."""
STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
_VALUE_SET = "http://hl7.org/fhir/ValueSet/"


class Knowledge(Protocol):
    """None wherever it cannot be told."""

    def member(self, value_set: str, system: str, code: str) -> bool | None:
        """`system` is "" for a plain code: any system of the set may have it."""

    def subsumes(self, system: str, above: str, below: str) -> bool | None: ...

    def conforms(self, root: dict[str, Any], item: Node, profile: str) -> bool | None: ...

    def sliced(self, root: dict[str, Any], item: Node, profile: str, slice: str) -> bool | None:
        """Whether an element with its place belongs to that slice of the profile."""

    def ask(
        self, operation: str, named: str | dict[str, Any], one: Codings, other: Codings
    ) -> dict[str, Any] | str | None:
        """An operation of the terminology service."""


class Own:
    """R4's closed value sets and its own types."""

    def member(self, value_set: str, system: str, code: str) -> bool | None:
        codes = load().codes.get(value_set.partition("|")[0].removeprefix(_VALUE_SET))
        if codes is None:
            return None
        return any(code in members and system in ("", url) for url, members in codes.items())

    def subsumes(self, system: str, above: str, below: str) -> bool | None:
        return None

    def conforms(self, root: dict[str, Any], item: Node, profile: str) -> bool | None:
        return of_type(item, profile)

    def sliced(self, root: dict[str, Any], item: Node, profile: str, slice: str) -> bool | None:
        return None

    def ask(
        self, operation: str, named: str | dict[str, Any], one: Codings, other: Codings
    ) -> dict[str, Any] | str | None:
        return None


def of_type(item: Node, profile: str) -> bool | None:
    """Of the definition of one of R4's types; None for any other."""
    plain = profile.partition("|")[0]
    name = plain.removeprefix(STRUCTURE)
    return item.shape.is_a(name) if plain.startswith(STRUCTURE) and known(name) else None
