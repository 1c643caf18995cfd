"""The code lists as one caller may use them in a search: of those that are kept here only what he may read."""

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
    """`library` holds what may be read; `read` gives a record that lives and may be read, else None."""

    day: str
    library: Library
    read: Callable[[str, str], Version | None]

    def value_set(self, name: str) -> ValueSet | None:
        """By `ValueSet/id` or by address."""
        kind, _, id = name.partition("/")
        if kind != "ValueSet":
            return self.library.value_set(name, day=self.day)
        found = shipped().by_id("ValueSet", id)
        if isinstance(found, ValueSet):
            return found
        stored = self.read("ValueSet", id)
        if stored is None:
            return None
        read = known(stored.body)
        return read if isinstance(read, ValueSet) else ValueSet(Head("", id=id), parse(stored.body))
