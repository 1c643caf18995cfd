"""What this node asks of those who sign in; an operator may change it in config.toml, under [sign_in]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta

_BOUNDS = {"shortest_password": (8, 128), "idle_minutes": (1, 480), "longest_hours": (1, 24), "unused_days": (1, 365)}


@dataclass(frozen=True, slots=True)
class Rules:
    """The defaults meet NIST 800-63B-4 (15 characters, no composition) and TCVN 14423 (second factor, 45 days)."""

    shortest_password: int = 15
    second_factor: bool = True
    """Whether staff need one. Without it a password alone opens records: for a closed network only."""
    idle_minutes: int = 30
    longest_hours: int = 12
    unused_days: int = 45

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def longest(self) -> timedelta:
        return timedelta(hours=self.longest_hours)

    @property
    def unused(self) -> timedelta:
        return timedelta(days=self.unused_days)


def parse(table: Mapping[str, object]) -> Rules:
    """Raises ValueError naming the setting that is unknown or out of bounds."""
    known = {field.name for field in fields(Rules)}
    for name, value in table.items():
        if name not in known:
            raise ValueError(f"[sign_in] {name} is no setting")
        if name == "second_factor":
            if not isinstance(value, bool):
                raise ValueError("[sign_in] second_factor is true or false")
            continue
        low, high = _BOUNDS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"[sign_in] {name} is a whole number from {low} to {high}")
    return Rules(**table)  # type: ignore[arg-type]
