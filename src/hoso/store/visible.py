"""What one caller may see, as the search compiler needs it: a predicate for every table a query touches.

This is the seam for access control (design §5): the default is nothing, and a type that is not named is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hoso.store.reach import Clause


def open(type: str) -> Clause | None:
    """No clause: nothing is asked of the records."""
    return None


@dataclass(frozen=True, slots=True)
class Visible:
    """`types`: the resource types that exist for the caller. None is reserved for the store's own upkeep.

    `persons`: whether golden Patients are among the Patients, or only the records they were made of.
    `clause`: of a type for which it gives one, only the records that pass it exist for the caller.
    """

    types: frozenset[str] | None = frozenset()
    persons: bool = True
    clause: Callable[[str], Clause | None] = open

    def sees(self, type: str) -> bool:
        return self.types is None or type in self.types

    def rule(self, type: str) -> tuple[Clause | None, bool]:
        """Types for which this is the same have the same predicate."""
        return self.clause(type), type == "Patient" and not self.persons

    def predicate(self, alias: str, type: str) -> tuple[str, list[object]]:
        """SQL (with ? parameters) that is true for rows of `alias` the caller may see; `alias` has patient and rid."""
        if not self.sees(type):
            return "1=0", []
        clause = self.clause(type)
        tests = [] if clause is None else [clause.test(alias)]
        if type == "Patient" and not self.persons:
            tests.append((f"NOT EXISTS (SELECT 1 FROM person h WHERE h.rid = {alias}.rid)", []))  # noqa: S608
        return " AND ".join(text for text, _ in tests) or "1=1", [p for _, params in tests for p in params]


EVERYTHING = Visible(None)
