"""Exports go on while a node serves: every process has this thread, and the one that holds the turn works."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from hoso.access.audit.running import Turn
from hoso.store.connection import Race
from hoso.store.contract import Unavailable

log = logging.getLogger(__name__)

SECONDS, TROUBLE_SECONDS = 1.0, 10.0


class Running:
    """Until it is closed. A process that ends leaves the export to the next one, which goes on with it."""

    def __init__(self, step: Callable[[], bool], turn: Turn) -> None:
        self._step, self._turn = step, turn
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name="hoso-exports", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._turn.close()

    def _repeat(self) -> None:
        wait = SECONDS
        while not self._stop.wait(wait):
            wait = SECONDS
            if not self._turn.mine():
                continue
            try:
                wait = 0.0 if self._step() else SECONDS
            except (Unavailable, Race) as error:
                log.warning("exports wait: %s", error)
                wait = TROUBLE_SECONDS
            except Exception:  # one export must not end all others: it is tried again, and given up after some times
                log.exception("an export failed")
                wait = TROUBLE_SECONDS
