"""The guides a node knows: what was shipped and what the operator loaded. No record, so nobody's rights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, NamedTuple

from hoso.core.errors import Issue, Refused
from hoso.fhir.json import encode, parse
from hoso.fhir.profiles import Shelf, shipped
from hoso.fhir.profiles.terms import LibraryTerms, Terms
from hoso.fhir.terminology import Library
from hoso.fhir.terminology import shipped as shipped_codes
from hoso.fhir.terminology.reading import TYPES
from hoso.fhir.validate import validate
from hoso.store.guides import Definition, GuideTable

Tree = dict[str, Any]


class Known(NamedTuple):
    shelf: Shelf
    terms: Terms


class Loaded(NamedTuple):
    stored: int
    unchanged: int


class Guides:
    """`library` is what is known of codes at this moment; the same object as long as that did not change."""

    def __init__(self, table: GuideTable, library: Callable[[], Library] = shipped_codes) -> None:
        self._table, self._library = table, library
        self._lock = Lock()
        self._shelf: tuple[int, Shelf] | None = None
        self._known: tuple[Library, Known] | None = None

    def known(self) -> Known:
        """As of now: what another process loaded counts at once."""
        mark, library = self._table.mark(), self._library()
        with self._lock:
            if self._shelf is None or mark != self._shelf[0]:
                shelf = Shelf([*shipped(), *(parse(one.body) for one in self._table.all())])
                self._shelf, self._known = (mark, shelf), None
            if self._known is None or self._known[0] is not library:
                shelf = self._shelf[1]
                self._known = library, Known(shelf, LibraryTerms(shelf, library))
            return self._known[1]

    def load(self, found: Iterable[tuple[str, Tree]]) -> Loaded:
        """Pairs of source and definition. Raises Refused when a profile among them cannot be worked out; then nothing
        is stored."""
        fresh = list(found)
        shelf = Shelf([*shipped(), *(parse(one.body) for one in self._table.all()), *(one for _, one in fresh)])
        for _, one in fresh:
            if one["resourceType"] in TYPES and (issues := validate(one)):
                raise Refused(422, Issue("invalid", "profile.not-r4", {"url": one["url"][:200]}), *issues)
            if one["resourceType"] == "StructureDefinition" and _profile(one):
                shelf.profile(one["url"])
        last = {(one["resourceType"], one["url"]): (source, one) for source, one in fresh}
        return Loaded(*self._table.put(_row(source, one) for source, one in last.values()))


def _profile(one: Tree) -> bool:
    return one.get("derivation") == "constraint" and one.get("kind") in ("resource", "complex-type")


def _row(source: str, one: Tree) -> Definition:
    return Definition(one["resourceType"], one["url"], str(one.get("version", "")), source, encode(one))
