"""What goes on while a node serves: sealing about once a second, and asking the witnesses about once a minute.

Every process of a node has these threads; the one that holds the turn works, and when it ends another one goes on. What
a process holds in memory it brings to a disk itself.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from hoso.access.audit.asking import Asking, Standing
from hoso.access.audit.sealer import Sealer
from hoso.access.audit.spool import Spoiled
from hoso.store.connection import Race
from hoso.store.contract import Unavailable

log = logging.getLogger(__name__)

SEAL_SECONDS, ASK_SECONDS, TROUBLE_SECONDS = 1.0, 60.0, 5.0


class Turn:
    """Of one process among those of a machine that share a file; it is free again when that process is gone.

    It only spares work. That no event gets two places is the sealer's own lock, in the database.
    """

    def __init__(self, file: Path) -> None:
        self._handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        self._held = False
        self._gate = threading.Lock()

    def mine(self) -> bool:
        with self._gate:
            if not self._held:
                try:
                    fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._held = True
                except BlockingIOError:
                    return False
            return True

    def close(self) -> None:
        os.close(self._handle)


class Running:
    """Until it is closed."""

    def __init__(
        self, sealer: Sealer, asking: Asking, turn: Turn, drain: Callable[[], int], settle: Callable[[], int]
    ) -> None:
        """`drain` brings in what any process left in the spool, `settle` what this one holds in memory."""
        self._sealer, self._asking, self._turn = sealer, asking, turn
        self._drain, self._settle = drain, settle
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(work, seconds), name=name, daemon=True)
            for name, work, seconds in (
                ("hoso-sealer", self._seal, SEAL_SECONDS),
                ("hoso-witnesses", self._ask, ASK_SECONDS),
            )
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._turn.close()

    def _repeat(self, work: Callable[[], bool], seconds: float) -> None:
        wait = SEAL_SECONDS if seconds > SEAL_SECONDS else 0.0
        while not self._stop.wait(wait):
            wait = SEAL_SECONDS
            try:
                if settled := self._settle():
                    log.warning("AUDIT LOG: %d events of emergencies that waited in memory are kept", settled)
                if not self._turn.mine():
                    continue
                if work():
                    wait = seconds
            except (Unavailable, Race, Spoiled) as error:
                if not self._stop.is_set():
                    log.warning("the audit log waits: %s", error)
                wait = TROUBLE_SECONDS

    def _seal(self) -> bool:
        if drained := self._drain():
            log.warning("AUDIT LOG: %d events that waited in the spool are in the database", drained)
        self._sealer.settle()
        self._sealer.publish()
        return True

    def _ask(self) -> bool:
        """Whether it was done: a new node has nothing to show in its first second."""
        standings = self._asking.ask()
        for standing in standings:
            _tell(standing)
        return bool(standings) or not self._asking.somebody


def _tell(standing: Standing) -> None:
    if standing.betrays:
        log.error("AUDIT LOG: the witness %s does not agree (%s): %s", standing.name, standing.state, standing.detail)
    elif standing.state != "agrees":
        log.warning("the witness %s did not sign (%s): %s", standing.name, standing.state, standing.detail)
