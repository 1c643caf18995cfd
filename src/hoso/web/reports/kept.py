"""Reports as they were counted and as they were closed: opening one reads no person's record, counting does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hoso.care.reports.count import Figures
from hoso.care.reports.period import Period


@dataclass(frozen=True, slots=True)
class Report:
    figures: Figures
    at: datetime
    by: str

    def number(self, key: str) -> int:
        return len(self.figures.get(key, ()))


def read(facility: str, period: Period, *, closed: bool) -> Report | None:
    from hoso.web.accounts.models import StationReport

    row = StationReport.objects.filter(facility=facility, period=period.key, closed=closed).first()
    return Report(_unpacked(row.figures), row.at, row.by) if row else None


def keep(facility: str, period: Period, figures: Figures, by: str, at: datetime) -> Report:
    from hoso.web.accounts.models import StationReport

    values: dict[str, Any] = {"figures": _packed(figures), "at": at, "by": by[:128]}
    StationReport.objects.update_or_create(facility=facility, period=period.key, closed=False, defaults=values)
    return Report(figures, at, by)


def close(facility: str, period: Period, by: str, at: datetime) -> bool:
    """The report as it is counted now is what was reported; whether it was open. A closed one stays as it is."""
    from hoso.web.accounts.models import StationReport

    row = StationReport.objects.filter(facility=facility, period=period.key, closed=False).first()
    if row is None:
        return False
    values: dict[str, Any] = {"figures": row.figures, "at": at, "by": by[:128]}
    _, made = StationReport.objects.get_or_create(facility=facility, period=period.key, closed=True, defaults=values)
    return made


def _packed(figures: Figures) -> str:
    """Each line once, and in the figures its place."""
    lines = list(dict.fromkeys(key for keys in figures.values() for key in keys))
    places = {key: at for at, key in enumerate(lines)}
    return json.dumps([lines, {name: [places[key] for key in keys] for name, keys in figures.items()}])


def _unpacked(text: str) -> Figures:
    lines, figures = json.loads(text)
    return {name: [lines[at] for at in places] for name, places in figures.items()}
