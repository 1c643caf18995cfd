"""What a suite comes to: counts per group, the rows of the report, and a line for each failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Row(NamedTuple):
    """One figure as `build/*.json` has them; without a figure the suite could not be run."""

    name: str
    figure: float | None
    unit: str
    budget: int
    limit: int | None
    ok: bool


@dataclass
class Counts:
    right: int = 0
    wrong: int = 0
    left_out: int = 0

    @property
    def total(self) -> int:
        return self.right + self.wrong + self.left_out


class Suite(NamedTuple):
    name: str
    groups: dict[str, Counts]
    rows: list[Row]
    failures: list[str]
