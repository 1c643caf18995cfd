"""Time comes in as an argument, never from the air: a `Clock` returns the present as an aware UTC datetime."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def system_clock() -> datetime:
    return datetime.now(UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC; negative before. Exact, also for years a C timestamp cannot hold."""
    return (moment - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def instant(ms: int) -> str:
    """FHIR `instant` in UTC with milliseconds, as HoSo writes `meta.lastUpdated`: 2026-11-23T01:02:03.004Z."""
    return f"{_second(ms // 1000)}.{ms % 1000:03}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """Answers of one second differ in what follows it."""
    return (EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
