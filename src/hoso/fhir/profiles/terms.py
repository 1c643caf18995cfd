"""Is a code in a value set? By the node's terminology and what the guides bring; None where that cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Protocol

from hoso.core.errors import Refused
from hoso.fhir.profiles.constraint import Tree
from hoso.fhir.profiles.shelf import Shelf
from hoso.fhir.terminology import CodeSystem, ConceptMap, Library, Selection, ValueSet, select
from hoso.fhir.terminology.reading import TYPES, of_tree

_ANY_DAY = ""
"""A profile does not say when a record was written: a code that held at any time is let be."""


class Terms(Protocol):
    library: Library

    def holds(self, value_set: str, system: str, code: str) -> bool | None: ...

    def subsumes(self, system: str, above: str, below: str) -> bool | None: ...


class LibraryTerms:
    def __init__(self, shelf: Shelf, library: Library) -> None:
        self.library = library.with_all(_of_guides(shelf))
        self._made: dict[str, Selection | None] = {}

    def holds(self, value_set: str, system: str, code: str) -> bool | None:
        """Without a system ("" of a plain code) any system of the set may have it."""
        if value_set not in self._made:
            self._made[value_set] = self._selection(value_set)
        selection = self._made[value_set]
        try:
            return selection.judge(system, code) if selection else None
        except Refused:  # a code system whose own hierarchy is none tells nothing
            return None

    def subsumes(self, system: str, above: str, below: str) -> bool | None:
        """Whether the one is the other or stands above it; None for codes that are not known here."""
        try:
            known = self.library.system(system)
            if known is None or known.find(above) is None or known.find(below) is None:
                return None
            return known.relation(above, below) in ("equivalent", "subsumes")
        except Refused:
            return None

    def _selection(self, url: str) -> Selection | None:
        try:
            found = self.library.value_set(url)
            return select(self.library, found.tree, _ANY_DAY, partial=True) if found else None
        except Refused:
            return None


def _of_guides(shelf: Shelf) -> Iterator[CodeSystem | ValueSet | ConceptMap]:
    for kind in TYPES:
        all: Iterable[Tree] = shelf.all(kind)
        for one in all:
            found = of_tree(one, partial(dict, one))
            if found is not None:
                yield found
