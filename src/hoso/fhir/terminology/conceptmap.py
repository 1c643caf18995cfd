"""A map from codes to codes, with the days on which it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import msgspec

from hoso.fhir.terminology.codesystem import Head


class Mapping(msgspec.Struct, frozen=True, gc=False):
    """One code to one code; `equivalence` is R4's, said from the target (wider: the target means more)."""

    source_system: str
    source: str
    target_system: str
    target: str
    equivalence: str
    display: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """The value sets that a map leads from and to, as far as it names them."""

    source: str = ""
    target: str = ""


class ConceptMap:
    def __init__(self, head: Head, scope: Scope, read: Callable[[], Iterable[Mapping]]) -> None:
        self.head, self.scope = head, scope
        self._read = read

    @cached_property
    def forward(self) -> dict[tuple[str, str], list[Mapping]]:
        found: dict[tuple[str, str], list[Mapping]] = {}
        for one in self._read():
            found.setdefault((one.source_system, one.source), []).append(one)
        return found

    @cached_property
    def backward(self) -> dict[tuple[str, str], list[Mapping]]:
        found: dict[tuple[str, str], list[Mapping]] = {}
        for mappings in self.forward.values():
            for one in mappings:
                found.setdefault((one.target_system, one.target), []).append(one)
        return found


OPPOSITE = {"wider": "narrower", "narrower": "wider", "subsumes": "specializes", "specializes": "subsumes"}
"""What an equivalence is when the map is read backwards; the others stay what they are."""
