"""What one caller may see, as the search compiler needs it: a predicate for every table a query touches.

This is the seam for access control (design §5): the default is nothing, and a type that is not named is not there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visible:
    """`types`: the resource types that exist for the caller. None is reserved for the store's own upkeep."""

    types: frozenset[str] | None = frozenset()

    def sees(self, type: str) -> bool:
        return self.types is None or type in self.types

    def predicate(self, alias: str, type: str) -> tuple[str, list[object]]:
        """SQL (with ? parameters) that is true for rows of `alias` the caller may see; `alias` has patient and rid."""
        return ("1=1", []) if self.sees(type) else ("1=0", [])


EVERYTHING = Visible(None)
