"""What is wrong with many rows, gathered by what mends it: one line for a thousand rows with the same trouble.

Memory is bounded: of each group some rows and texts are kept, of the rest only the number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hoso.core import Issue
from hoso.core.errors import Severity

SHOWN = 20
GROUPS = 500


@dataclass(slots=True)
class Repair:
    """`example` is the first issue; `texts` are cells as found, each with its first row and, if there is one, a fix."""

    key: str
    column: str
    severity: Severity
    example: Issue
    count: int = 0
    rows: list[int] = field(default_factory=list)
    texts: dict[str, tuple[int, str]] = field(default_factory=dict)


class Repairs:
    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], Repair] = {}

    def add(self, row: int, issues: Iterable[Issue]) -> None:
        for issue in issues:
            column = issue.values.get("column", "")
            name = (issue.severity, issue.key, column)
            if name not in self._groups:
                if len(self._groups) >= GROUPS:
                    name = (issue.severity, issue.key, "")
                self._groups.setdefault(name, Repair(issue.key, name[2], issue.severity, issue))
            group = self._groups[name]
            group.count += 1
            if len(group.rows) < SHOWN and (not group.rows or group.rows[-1] != row):
                group.rows.append(row)
            text = issue.values.get("text", "")
            if text and len(group.texts) < SHOWN:
                group.texts.setdefault(text, (row, issue.values.get("fix", "")))

    def groups(self) -> list[Repair]:
        """Errors first, then what most rows have."""
        return sorted(self._groups.values(), key=lambda one: (one.severity != "error", -one.count, one.column))
