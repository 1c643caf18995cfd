"""A month or a quarter, as an address names it: 2026-11, 2026-Q4."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_FORM = re.compile(r"(20\d\d)-(?:(0[1-9]|1[0-2])|Q([1-4]))\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    year: int
    first_month: int
    months: int

    @classmethod
    def read(cls, text: str) -> Period | None:
        """None for what is no period."""
        found = _FORM.match(text)
        if found is None:
            return None
        year, month, quarter = found.groups()
        return cls(int(year), int(month), 1) if month else cls(int(year), int(quarter) * 3 - 2, 3)

    @classmethod
    def of(cls, on: date) -> Period:
        return cls(on.year, on.month, 1)

    @property
    def key(self) -> str:
        return f"{self.year}-Q{self.quarter}" if self.months == 3 else f"{self.year}-{self.first_month:02d}"

    @property
    def quarter(self) -> int:
        return (self.first_month + 2) // 3

    @property
    def first(self) -> date:
        return date(self.year, self.first_month, 1)

    @property
    def end(self) -> date:
        """The day after the last."""
        month = self.first_month + self.months
        return date(self.year + (month > 12), (month - 1) % 12 + 1, 1)

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def title(self) -> str:
        return f"{self.quarter:02d}/{self.year}" if self.months == 3 else f"{self.first_month:02d}/{self.year}"

    def before(self) -> Period:
        last = self.first - timedelta(days=1)
        return Period(last.year, last.month - self.months + 1, self.months)

    def after(self) -> Period:
        return Period(self.end.year, self.end.month, self.months)

    def wider(self) -> Period:
        """The quarter of a month."""
        return Period(self.year, self.quarter * 3 - 2, 3)
