"""What became of the resources of a load, counted by type: stored, unchanged or rejected; read is their sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Fate = Literal["stored", "unchanged", "rejected"]
FATES: tuple[Fate, ...] = ("stored", "unchanged", "rejected")
UNKNOWN = "?"
"""Stands for the type of what could not be read as a resource."""


@dataclass(slots=True)
class Tally:
    counts: Counter[tuple[str, Fate]] = field(default_factory=Counter)

    def add(self, type: str, fate: Fate, number: int = 1) -> None:
        self.counts[type, fate] += number

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.counts + other.counts)

    def total(self, fate: Fate) -> int:
        return sum(number for (_, of), number in self.counts.items() if of == fate)

    @property
    def read(self) -> int:
        return sum(self.counts.values())

    def summary(self) -> dict[str, int]:
        return {"read": self.read, **{fate: self.total(fate) for fate in FATES}}

    def types(self) -> list[str]:
        return sorted({type for type, _ in self.counts})

    def again(self) -> Tally:
        """The same as a second look at it would count: what was stored is there now."""
        seen = Tally()
        for (type, fate), number in self.counts.items():
            seen.add(type, "unchanged" if fate == "stored" else fate, number)
        return seen

    def rows(self) -> list[list[object]]:
        return [[type, fate, number] for (type, fate), number in sorted(self.counts.items())]

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, Fate, int]]) -> Tally:
        tally = cls()
        for type, fate, number in rows:
            tally.add(type, fate, number)
        return tally
