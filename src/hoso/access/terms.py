"""The code lists as one caller may use them in a search: of value sets that are kept here only those he may read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hoso.fhir.json import parse
from hoso.fhir.terminology import Library, ValueSet, shipped
from hoso.fhir.terminology.codesystem import Head
from hoso.fhir.terminology.reading import known
from hoso.store.contract import Version


@dataclass(frozen=True, slots=True)
class Terms:
    """`read` gives a record that lives and may be read, else None."""

    day: str
    library: Library
    read: Callable[[str, str], Version | None]

    def value_set(self, name: str) -> ValueSet | None:
        """By `ValueSet/id` or by address."""
        kind, _, id = name.partition("/")
        if kind == "ValueSet":
            return self._by_id(id)
        found = self.library.value_set(name, day=self.day)
        if found is None or _brought(found.head.id) or self.read("ValueSet", found.head.id) is not None:
            return found
        return None

    def _by_id(self, id: str) -> ValueSet | None:
        found = shipped().by_id("ValueSet", id)
        if isinstance(found, ValueSet):
            return found
        stored = self.read("ValueSet", id)
        if stored is None:
            return None
        read = known(stored.body)
        return read if isinstance(read, ValueSet) else ValueSet(Head("", id=id), parse(stored.body))


def _brought(id: str) -> bool:
    return shipped().by_id("ValueSet", id) is not None
