"""Which refusals of strangers the audit log is told: not all of them, or a flood of requests would be one of writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

QUIET_SECONDS = 1.0


@dataclass(slots=True)
class Noise:
    """Identical refusals: the first in each second."""

    monotonic: Callable[[], float] = time.monotonic
    _told: dict[tuple[str, ...], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def first(self, refusal: tuple[str, ...]) -> bool:
        with self._lock:
            now = self.monotonic()
            if len(self._told) > 1_000:
                self._told.clear()
            if now < self._told.get(refusal, now):
                return False
            self._told[refusal] = now + QUIET_SECONDS
            return True
