"""The guides a node knows: what was shipped and what the operator loaded. No record, so nobody's rights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, NamedTuple

from hoso.fhir.json import encode, parse
from hoso.fhir.profiles import Shelf, shipped
from hoso.fhir.profiles.terms import LoadedTerms, Terms
from hoso.store.guides import Definition, GuideTable

Tree = dict[str, Any]


class Known(NamedTuple):
    shelf: Shelf
    terms: Terms


class Loaded(NamedTuple):
    stored: int
    unchanged: int


class Guides:
    def __init__(self, table: GuideTable, terms: Callable[[Shelf], Terms] = LoadedTerms) -> None:
        self._table, self._terms = table, terms
        self._lock = Lock()
        self._mark = -1
        self._known: Known | None = None

    def known(self) -> Known:
        """As of now: what another process loaded counts at once."""
        mark = self._table.mark()
        with self._lock:
            if self._known is None or mark != self._mark:
                shelf = Shelf([*shipped(), *(parse(one.body) for one in self._table.all())])
                self._known, self._mark = Known(shelf, self._terms(shelf)), mark
            return self._known

    def load(self, found: Iterable[tuple[str, Tree]]) -> Loaded:
        """Pairs of source and definition. Raises Refused when a profile among them cannot be worked out; then nothing
        is stored."""
        fresh = list(found)
        shelf = Shelf([*shipped(), *(parse(one.body) for one in self._table.all()), *(one for _, one in fresh)])
        for _, one in fresh:
            if one["resourceType"] == "StructureDefinition" and _profile(one):
                shelf.profile(one["url"])
        last = {(one["resourceType"], one["url"]): (source, one) for source, one in fresh}
        return Loaded(*self._table.put(_row(source, one) for source, one in last.values()))


def _profile(one: Tree) -> bool:
    return one.get("derivation") == "constraint" and one.get("kind") in ("resource", "complex-type")


def _row(source: str, one: Tree) -> Definition:
    return Definition(one["resourceType"], one["url"], str(one.get("version", "")), source, encode(one))
