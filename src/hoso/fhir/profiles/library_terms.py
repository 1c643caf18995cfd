"""Membership by the terminology service: what the guides bring, HoSo's own lists and those that the operator loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hoso.core.errors import Refused
from hoso.fhir.json import encode
from hoso.fhir.profiles.shelf import Shelf
from hoso.fhir.profiles.terms import LoadedTerms
from hoso.fhir.terminology import CodeSystem, ConceptMap, Library, Selection, ValueSet, select
from hoso.fhir.terminology.codesystem import Broken
from hoso.fhir.terminology.reading import known

_ANY_DAY = ""
"""A profile does not say when a record was written: a code that held at any time is let be."""


class LibraryTerms:
    """Sets that can be written down as lists are asked first, because that is a look into a dict."""

    def __init__(self, shelf: Shelf, library: Library) -> None:
        self._listed = LoadedTerms(shelf)
        self._library = library.with_all(_of_guides(shelf))
        self._made: dict[str, Selection | None] = {}

    def holds(self, value_set: str, system: str, code: str) -> bool | None:
        listed = self._listed.holds(value_set, system, code)
        if listed is not None:
            return listed
        if value_set not in self._made:
            self._made[value_set] = self._selection(value_set)
        selection = self._made[value_set]
        if selection is None:
            return None
        try:
            return self._found(selection, system, code)
        except (Refused, Broken):  # a code system whose own hierarchy is none tells nothing
            return None

    def _selection(self, url: str) -> Selection | None:
        try:
            found = self._library.value_set(url)
            return select(self._library, found.tree, _ANY_DAY) if found else None
        except (Refused, Broken):
            return None

    def _found(self, selection: Selection, system: str, code: str) -> bool | None:
        """A code that a fragment has not may yet be one of its code system."""
        url = system or selection.only_system()
        if not url:
            return None
        if selection.find(url, code) is not None:
            return True
        whole = selection.systems().get(url)
        return None if whole and whole.head.content != "complete" and whole.find(code) is None else False


def _of_guides(shelf: Shelf) -> Iterator[CodeSystem | ValueSet | ConceptMap]:
    for kind in ("CodeSystem", "ValueSet"):
        all: Iterable[dict[str, object]] = shelf.all(kind)
        for one in all:
            found = known(encode(one))
            if found is not None:
                yield found
