"""The threads that deliver: a bounded number, one for a subscription at a time, and few for one endpoint.

Endpoints that failed, or were never heard of, may take half of the threads, so that those that hang do not hold up
those that answer.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from queue import SimpleQueue

log = logging.getLogger(__name__)

PLACES = 12
OF_ENDPOINT = 2


class Couriers:
    def __init__(self, carry: Callable[[str], None], places: int = PLACES) -> None:
        """`carry` is told the id of a subscription."""
        self._carry, self._places = carry, places
        self._lock = threading.Lock()
        self._out: dict[str, tuple[str, bool]] = {}
        self._work: SimpleQueue[str] = SimpleQueue()
        self._threads = 0

    @property
    def busy(self) -> bool:
        return bool(self._out)

    def offer(self, id: str, endpoint: str, doubtful: bool) -> bool:
        """Whether somebody goes now; else it is to be offered again."""
        with self._lock:
            if id in self._out or len(self._out) >= self._places:
                return False
            there = Counter(where for where, _ in self._out.values())[endpoint]
            doubted = sum(one for _, one in self._out.values())
            if there >= OF_ENDPOINT or (doubtful and doubted >= max(1, self._places // 2)):
                return False
            self._out[id] = (endpoint, doubtful)
            if self._threads < len(self._out):
                self._threads += 1
                threading.Thread(target=self._go, name=f"hoso-courier-{self._threads}", daemon=True).start()
        self._work.put(id)
        return True

    def _go(self) -> None:
        while True:
            id = self._work.get()
            try:
                self._carry(id)
            except Exception:  # not even that it waits could be stored: the thread is all others' as well
                log.exception("subscription %s could not be told", id)
            finally:
                with self._lock:
                    del self._out[id]
