"""Rows of figures with their budgets: printed as a table and written to build/TARGET.json."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

# Budgets of the design, "more is better" unless the unit is a time or a size.
BUDGETS: dict[str, float] = {
    "read.sqlite": 20_000,
    "read.postgresql": 9_000,
    "import.sqlite": 3_000,
    "import.postgresql": 2_500,
    "search.p50_ms": 3,
    "bytes_per_resource": 2_000,
    "validate_extract.us": 50,
    "decision.us": 10,
    "expand.sqlite.p50_ms": 20,
    "expand.postgresql.p50_ms": 20,
    "validate_code.sqlite.p50_ms": 2,
    "validate_code.postgresql.p50_ms": 2,
    "emergency.p99_ms": 50,
    "node.rss_mb": 200,
}
_LESS_IS_BETTER = ("ms", "us", "seconds", "bytes", "kB", "MB", "false links", "faults")
_DIGITS = {"share": 4}
"""Decimals that are kept; two for the others."""
_PRINTED = {"share": 4, "ms": 2, "false links": 0}
"""Decimals that are shown; one for the others."""


@dataclass(slots=True)
class Row:
    name: str
    figure: float
    unit: str
    budget: float | None = None
    limit: float | None = None
    ok: bool | None = None


class Figures:
    def __init__(self, command: str, budgets: Mapping[str, float] = BUDGETS) -> None:
        self.command, self._budgets = command, budgets
        self.rows: list[Row] = []
        self.notes: list[str] = []

    def say(self, note: str) -> None:
        """What the figures that follow rest on."""
        self.notes.append(note)
        print(note, flush=True)

    def add(self, name: str, figure: float, unit: str, limit: float | None = None) -> None:
        budget = self._budgets.get(name)
        digits = _DIGITS.get(unit, 2)
        ok = None
        if budget is not None:
            ok = figure <= budget if unit in _LESS_IS_BETTER else figure >= budget
        limit = None if limit is None else round(limit, digits)
        self.rows.append(Row(name, round(figure, digits), unit, budget, limit, ok))
        print(_line(self.rows[-1]), flush=True)

    def write(self, file: Path) -> None:
        file.parent.mkdir(exist_ok=True)
        rows = [asdict(row) for row in self.rows]
        file.write_text(
            json.dumps({"machine": machine(), "command": self.command, "notes": self.notes, "rows": rows}, indent=1)
            + "\n"
        )


def header(limit: str = "bare limit") -> str:
    return f"{'':34}{'figure':>12}  {'unit':<12}{'budget':>10}{limit:>16}"


def _line(row: Row) -> str:
    mark = {True: "ok", False: "MISSED", None: ""}[row.ok]
    digits = _PRINTED.get(row.unit, 1)
    budget = "" if row.budget is None else f"{row.budget:,.10g}"
    limit = "" if row.limit is None else f"{row.limit:,.{digits}f}"
    return f"{row.name:34}{row.figure:>12,.{digits}f}  {row.unit:<12}{budget:>10}{limit:>16}  {mark}"


def machine() -> str:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    cores = subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout.strip()
    load = Path("/proc/loadavg").read_text().split()[0]
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{cpu}, {cores} cores, {system}, load {load}"
