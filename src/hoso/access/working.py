"""Work that goes on while a node serves: every process has the thread, and the one that holds the turn works."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from hoso.access.audit.running import Turn
from hoso.core.errors import Refused
from hoso.store.connection import Race
from hoso.store.contract import Unavailable

log = logging.getLogger(__name__)

TROUBLE_SECONDS = 10.0


class Working:
    """Until it is closed. A process that ends leaves the work to the next one, which goes on with it."""

    def __init__(self, name: str, step: Callable[[], bool], turn: Turn, seconds: float) -> None:
        """`step` says whether there is more to do at once; else it is asked again after so many seconds."""
        self._name, self._step, self._turn, self._seconds = name, step, turn, seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=f"hoso-{name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._turn.close()

    def _repeat(self) -> None:
        wait = self._seconds
        while not self._stop.wait(wait):
            wait = self._seconds
            if not self._turn.mine():
                continue
            try:
                wait = 0.0 if self._step() else self._seconds
            except (Unavailable, Race, Refused) as error:
                log.warning("%s: the work waits: %s", self._name, error)
                wait = TROUBLE_SECONDS
            except Exception:  # one piece of work must not end all others: it is tried again
                log.exception("%s: a piece of work failed", self._name)
                wait = TROUBLE_SECONDS
