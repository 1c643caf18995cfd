"""How a package is built: which elements stand around its records and its rows. One reader then reads every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hoso.exchange.insurance.definitions import tables


@dataclass(frozen=True, slots=True)
class Shape:
    """`rows` names the table of each element that is one record of it; `wraps` stand around such elements.

    `kinds` is what LOAIHOSO may say; None: anything, since the elements alone decide. In `repeated` tables every
    element with fields in it is a row of its own, however deep. `refusal` is the text for a file with another root.
    """

    root: str
    records: frozenset[str]
    rows: Mapping[str, str]
    wraps: frozenset[str]
    kinds: frozenset[str] | None
    repeated: frozenset[str]
    refusal: str

    def begins(self, name: str) -> bool:
        """Whether a table begins with this element."""
        return name in self.rows or name in self.wraps


@cache
def insurance() -> Shape:
    listed = tables()
    return Shape(
        "GIAMDINHHS",
        frozenset({"HOSO", "HS"}),
        {table.row: name for name, table in listed.items()},
        frozenset(wrap for table in listed.values() for wrap in table.wraps),
        frozenset(listed),
        frozenset(),
        "insurance.root",
    )
