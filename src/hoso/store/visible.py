"""What one caller may see, as the search compiler needs it: a predicate for every table a query touches.

This is the seam for access control (design §5): the default is nothing, and a type that is not named is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hoso.store.reach import Clause

Codes = tuple[tuple[int, int | None], ...]
"""(key of a token, number of its system or None for any): of these a record must have one."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the records of a type: `patients` are the numbers of those whose records they are (None: anybody's),

    and of each list in `codes` they have a code.
    """

    patients: frozenset[int] | None = None
    codes: tuple[Codes, ...] = ()

    def test(self, alias: str) -> tuple[str, list[object]]:
        parts: list[str] = []
        params: list[object] = []
        if self.patients is not None:
            if not self.patients:
                return "1=0", []
            parts.append(f"{alias}.patient IN ({', '.join('?' * len(self.patients))})")
            params += sorted(self.patients)
        for codes in self.codes:
            either = " OR ".join(
                "g.key = ?" if system is None else "(g.key = ? AND g.system = ?)" for _, system in codes
            )
            parts.append(
                f"EXISTS (SELECT 1 FROM token g WHERE g.patient = {alias}.patient AND g.rid = {alias}.rid"  # noqa: S608
                f" AND ({either}))"
            )
            params += [number for pair in codes for number in pair if number is not None]
        return " AND ".join(parts) or "1=1", params


def whole(type: str) -> tuple[Part, ...] | None:
    """No parts: every record."""
    return None


def open(type: str) -> Clause | None:
    """No clause: nothing is asked of the records."""
    return None


@dataclass(frozen=True, slots=True)
class Visible:
    """`types`: the resource types that exist for the caller. None is reserved for the store's own upkeep.

    `persons`: whether golden Patients are among the Patients, or only the records they were made of.
    `parts`: of a type for which it names some, only the records of one of them exist for the caller.
    `clause`: of a type for which it gives one, only the records that pass it, on top of everything else.
    """

    types: frozenset[str] | None = frozenset()
    persons: bool = True
    parts: Callable[[str], tuple[Part, ...] | None] = whole
    clause: Callable[[str], Clause | None] = open

    def sees(self, type: str) -> bool:
        return self.types is None or type in self.types

    def predicate(self, alias: str, type: str) -> tuple[str, list[object]]:
        """SQL (with ? parameters) that is true for rows of `alias` the caller may see; `alias` has patient and rid."""
        if not self.sees(type):
            return "1=0", []
        parts = self.parts(type)
        tests = [] if parts is None else [_one_of(parts, alias)]
        clause = self.clause(type)
        if clause is not None:
            tests.append(clause.test(alias))
        if type == "Patient" and not self.persons:
            tests.append((f"NOT EXISTS (SELECT 1 FROM person h WHERE h.rid = {alias}.rid)", []))  # noqa: S608
        return " AND ".join(text for text, _ in tests) or "1=1", [p for _, params in tests for p in params]


def _one_of(parts: tuple[Part, ...], alias: str) -> tuple[str, list[object]]:
    tests = [part.test(alias) for part in parts] or [("1=0", [])]
    return f"({' OR '.join(f'({text})' for text, _ in tests)})", [p for _, params in tests for p in params]


EVERYTHING = Visible(None)
