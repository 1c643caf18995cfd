"""What a file of insurance XML holds once it is read: visits, their tables, rows of text, and where each stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from hoso.core import Issue
from hoso.core.errors import Severity


class Place(NamedTuple):
    """Visits and rows are counted from 1, as the people who look for them do."""

    source: str
    visit: int
    table: str = ""
    row: int = 0
    field: str = ""

    def __str__(self) -> str:
        """As in "HOSO[3].XML2[5].LIEU_DUNG"."""
        parts = [f"HOSO[{self.visit}]"]
        if self.table:
            parts.append(f"{self.table}[{self.row}]" if self.row else self.table)
        if self.field:
            parts.append(self.field)
        return ".".join(parts)

    def issue(self, code: str, key: str, severity: Severity = "error", **values: str) -> Issue:
        place = str(self)
        return Issue(code, key, {"place": place, **values}, place, severity)


@dataclass(slots=True)
class Row:
    """One record of a table. `values` has every element that stood there, also unknown and empty ones.

    `originals` are the texts as they came, of those fields whose old encoding was mended.
    """

    place: Place
    values: dict[str, str] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The text without spaces around it; "" when there is none."""
        return self.values.get(name, "").strip()

    def at(self, name: str) -> Place:
        return self.place._replace(field=name)  # and not a new Place: that of a sheet says its cells otherwise


@dataclass(slots=True)
class Visit:
    """One HOSO. `facility` is the code of whoever sent the file.

    `issues` say what of it could not be read (errors), and what looks odd (warnings); the rest stands in `tables`.
    """

    place: Place
    facility: str = ""
    tables: dict[str, list[Row]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What the facility calls the visit (MA_LK)."""
        summary = next((row for table in ("XML1", "XML0") for row in self.rows(table)), None)
        return summary.get("MA_LK") if summary else ""

    def rows(self, table: str) -> list[Row]:
        return self.tables.get(table, [])

    def add(self, table: str) -> Row:
        rows = self.tables.setdefault(table, [])
        row = Row(self.place._replace(table=table, row=len(rows) + 1))
        rows.append(row)
        return row
