"""Where events are told: in the transaction of a write, or by themselves and durable before anything is answered.

Their order, their numbers and their place in the tree come after the commit, from the sealer.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import Protocol

from hoso.access.audit.event import SALT, Event, row
from hoso.access.audit.spool import Spool
from hoso.store.audit import AuditRow
from hoso.store.contract import Store, Transaction, Unavailable

log = logging.getLogger(__name__)


WINDOW_SECONDS = 0.001
"""How long a telling waits for others, where the one before had company; a lone one waits for nobody. At 32 connections
and 2 cores it makes of 5,300 reads a second 6,700 on SQLite, of 4,300 5,300 on PostgreSQL; 2 ms make it less again."""

MOST_HELD = 10_000
"""Events of emergencies that a process keeps in memory while no disk takes them: some 10 MB."""


class Journal(Protocol):
    def rows(self, events: Sequence[Event]) -> list[AuditRow]:
        """What `Store.save` takes along in its own transaction."""

    def put(self, transaction: Transaction, events: Sequence[Event]) -> None:
        """In the transaction of a write: they are stored if and only if it is."""

    def tell(self, events: Sequence[Event]) -> None:
        """For reads, refusals and sign-ins; durable on return. Raises Unavailable when they cannot be kept."""


class PlainJournal:
    """Tellings that come while others are on their way to the disk go there together, after them and a moment's wait.

    So a lone one waits for nothing, and the more there are the fewer commits each costs.
    """

    def __init__(
        self, store: Store, random: Callable[[int], bytes] = secrets.token_bytes, spool: Spool | None = None
    ) -> None:
        """`spool`: where events wait that the database does not take.

        When it fails too, or there is none, nothing is shown but what an emergency opened: a life does not wait for a
        disk. Those events stay in memory until something takes them (`settle`).
        """
        self._store, self._random, self._spool = store, random, spool
        self._held: list[AuditRow] = []
        self._gate, self._turn = Lock(), Lock()
        self._next = _Group()
        self._company = False
        """Whether the last commit was for several: then others are about to come, and it is worth a moment's wait."""

    def rows(self, events: Sequence[Event]) -> list[AuditRow]:
        salts = self._random(SALT * len(events))
        return [row(event, salts[at : at + SALT]) for at, event in zip(count(0, SALT), events, strict=False)]

    def put(self, transaction: Transaction, events: Sequence[Event]) -> None:
        transaction.record(self.rows(events))

    def tell(self, events: Sequence[Event]) -> None:
        if not events:
            return
        rows = self.rows(events)
        try:
            self._tell(rows)
        except Unavailable:
            if not all(event.grant for event in events) or len(self._held) + len(rows) > MOST_HELD:
                raise
            with self._gate:
                self._held += rows
            log.error("AUDIT LOG: no disk takes events; %d of emergencies wait in memory", len(self._held))

    def settle(self) -> int:
        """Brings what is in memory to a disk; answers how many events that were. Raises Unavailable."""
        with self._gate:
            rows, self._held = self._held, []
        if rows:
            try:
                self._keep(rows)
            except BaseException:
                with self._gate:
                    self._held = rows + self._held
                raise
        return len(rows)

    def _tell(self, rows: Sequence[AuditRow]) -> None:
        with self._gate:
            group = self._next
            leads = not group.rows
            group.rows += rows
            group.tellers += 1
            if not leads and group.done is None:
                group.done = threading.Event()
        if leads:
            self._commit(group)
            return
        assert group.done is not None
        group.done.wait()
        if group.error is not None:
            raise Unavailable(str(group.error)) from group.error

    def _commit(self, group: _Group) -> None:
        """By the first who came, for all who came until the commit before was done."""
        with self._turn:
            if self._company:
                time.sleep(WINDOW_SECONDS)
            with self._gate:
                self._next = _Group()
                self._company = group.tellers > 1
            try:
                self._keep(group.rows)
            except BaseException as error:
                group.error = error
                raise
            finally:
                if group.done is not None:  # nobody joins any more
                    group.done.set()

    def _keep(self, rows: Sequence[AuditRow]) -> None:
        try:
            self._store.record(rows)
        except Unavailable as error:
            if self._spool is None:
                raise
            try:
                self._spool.add(rows)
            except OSError as second:
                raise Unavailable(f"{error}; spool: {second}") from second
            log.error("AUDIT LOG: the database takes no events (%s); %d wait in the spool", error, len(rows))


class Silence:
    """Of upkeep that makes a node's own views anew from its records: nobody is shown anything, and nothing is told."""

    def rows(self, events: Sequence[Event]) -> list[AuditRow]:
        return []

    def put(self, transaction: Transaction, events: Sequence[Event]) -> None:
        pass

    def tell(self, events: Sequence[Event]) -> None:
        pass


@dataclass(slots=True)
class _Group:
    rows: list[AuditRow] = field(default_factory=list)
    tellers: int = 0
    done: threading.Event | None = None
    """Of those who wait for the first; most tellings are alone."""
    error: BaseException | None = None
