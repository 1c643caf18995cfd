"""Origins of approved browser apps, remembered for a second by each worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connection

from hoso.web.oauth.models import APPROVED, Client

FRESH_SECONDS = 1.0


@dataclass(slots=True)
class Origins:
    read: Callable[[], frozenset[str]]
    monotonic: Callable[[], float] = time.monotonic
    _until: float = 0.0
    _known: frozenset[str] = frozenset()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def registered(self, origin: str) -> bool:
        with self._lock:
            if self.monotonic() >= self._until:
                self._known = self.read()
                self._until = self.monotonic() + FRESH_SECONDS
            return origin in self._known


def _approved() -> frozenset[str]:
    """None while the database does not answer: an app's page then sees a network error, as it would anyway."""
    try:
        rows = Client.objects.filter(state=APPROVED).exclude(allowed_origins="")
        return frozenset(origin for text in rows.values_list("allowed_origins", flat=True) for origin in text.split())
    except (InterfaceError, OperationalError):
        connection.close()
        return frozenset()


_origins = Origins(_approved)
registered = _origins.registered
