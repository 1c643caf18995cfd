"""Numbers committed changes densely, in one process of all that share the database: whoever holds the lock."""

from __future__ import annotations

import logging
import threading
import time

from hoso.store.connection import Race
from hoso.store.contract import Unavailable
from hoso.store.postgres.connection import PostgresConnection

log = logging.getLogger(__name__)

LOCK = 4_847_003
BATCH = 1_000
BUSY_WAIT, IDLE_WAIT, STANDBY_WAIT = 0.01, 0.2, 1.0
KEPT_MS = 24 * 3_600_000
"""How long the row of a conditional write's criterion stays: far longer than any transaction."""


class Sequencer:
    def __init__(self, url: str) -> None:
        self._url = url
        self._wake, self._stop = threading.Event(), threading.Event()
        self._swept = 0.0
        self._thread = threading.Thread(target=self._run, name="hoso-sequencer", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was committed here; other processes' commits are found by looking."""
        self._wake.set()

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                connection = PostgresConnection(self._url)
                try:
                    self._serve(connection)
                finally:
                    connection.close()
            except (Unavailable, Race) as error:
                log.warning("the sequencer starts again: %s", error)
                self._stop.wait(STANDBY_WAIT)

    def _serve(self, connection: PostgresConnection) -> None:
        while not connection.send("SELECT pg_try_advisory_lock(?)", (LOCK,))[0][0]:
            if self._stop.wait(STANDBY_WAIT):
                return
        while not self._stop.is_set():
            self._wake.clear()
            ((done,),) = connection.send("SELECT hoso_number(CAST(? AS integer))", (BATCH,))
            if done == 0:
                self._sweep(connection)
                self._wake.wait(IDLE_WAIT)
            elif done < BATCH:
                self._stop.wait(BUSY_WAIT)  # let some gather: each batch of numbers costs an fsync of its own

    def _sweep(self, connection: PostgresConnection) -> None:
        if time.monotonic() - self._swept > 3_600:
            self._swept = time.monotonic()
            connection.send("DELETE FROM business_key WHERE time < ?", (time.time_ns() // 1_000_000 - KEPT_MS,))
