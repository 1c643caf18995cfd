"""Group commit: whoever waits to write shares one transaction and one fsync, each but the first behind a savepoint.

A caller hears of success only after the commit; one unit that fails undoes itself and nobody else. The first, which has
nobody's work before it, is undone by ending the transaction: behind a savepoint SQLite copies every page before it
changes, and a large unit would go through all of these copies at the end of each of its statements.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import apsw

from hoso.store.contract import Unavailable
from hoso.store.sqlite.connection import SqliteConnection, trouble

log = logging.getLogger(__name__)
T = TypeVar("T")

LARGEST = 256
LONGEST_SECONDS = 0.1
"""A group ends then, so that other processes get their turn and nobody waits long for the fsync."""


class Unit:
    """Work somebody waits for."""

    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[SqliteConnection], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class GroupCommit:
    """The one writing thread of this process."""

    def __init__(self, connect: Callable[[], SqliteConnection], begin: Callable[[SqliteConnection], None]) -> None:
        """`begin` is done first in each transaction."""
        self._connect, self._begin = connect, begin
        self._connection: SqliteConnection | None = None
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="hoso-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[SqliteConnection], T]) -> T:
        """Runs `work` on the writing thread, in a transaction; returns when it is on the disk."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a write inside a write: use the transaction at hand")
        if self._closed:
            raise Unavailable("the store is closed")
        unit = Unit(work)
        self._queue.put(unit)
        unit.done.acquire()
        if unit.error is not None:
            raise unit.error
        return cast(T, unit.result)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (unit := self._queue.get()) is not None:
            group = [unit]
            try:
                self._group(group)
            except BaseException as error:
                self._give_up(group, error)
            for each in group:
                each.done.release()
        self._drop()
        while not self._queue.empty():  # came while closing
            if (late := self._queue.get()) is not None:
                late.error = Unavailable("the store is closed")
                late.done.release()

    def _group(self, group: list[Unit]) -> None:
        connection = self._connection = self._connection or self._connect()
        with trouble(connection.file):
            connection.handle.execute("BEGIN IMMEDIATE")
            self._begin(connection)
            ends = time.monotonic() + LONGEST_SECONDS
            if not self._done(connection, group[0]):
                connection.handle.execute("ROLLBACK")
                return
            while len(group) < LARGEST and time.monotonic() < ends and (unit := self._waiting()) is not None:
                group.append(unit)
                self._behind_savepoint(connection, unit)
            connection.handle.execute("COMMIT")

    def _waiting(self) -> Unit | None:
        try:
            unit = self._queue.get_nowait()
        except queue.Empty:
            return None
        if unit is None:
            self._queue.put(None)
        return unit

    def _behind_savepoint(self, connection: SqliteConnection, unit: Unit) -> None:
        connection.handle.execute("SAVEPOINT unit")
        if not self._done(connection, unit):
            connection.handle.execute("ROLLBACK TO unit")
        connection.handle.execute("RELEASE unit")

    def _done(self, connection: SqliteConnection, unit: Unit) -> bool:
        """False when the unit failed by itself, and what it wrote is to be undone."""
        try:
            unit.result = unit.work(connection)
        except Exception as error:
            if isinstance(error, Unavailable | apsw.Error) or not connection.handle.in_transaction:
                raise  # the database itself failed: nobody in this group may believe to be stored
            unit.error = error
            return False
        return True

    def _give_up(self, group: list[Unit], error: BaseException) -> None:
        """Nothing of the group is stored; the next one starts on a fresh connection."""
        self._drop()
        if not isinstance(error, Unavailable):
            log.error("the writer failed", exc_info=error)
        for unit in group:
            unit.error = error if isinstance(error, Unavailable) else Unavailable(str(error))
            unit.error.__cause__ = error.__cause__ or error

    def _drop(self) -> None:
        """Closing a connection rolls back what it has begun."""
        if self._connection is not None:
            try:
                self._connection.close()
            except apsw.Error as error:
                log.error("closing the writer's connection: %s", error)
            self._connection = None
