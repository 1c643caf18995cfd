"""A node's audit log as the operator's commands and the doors use it: told, sealed, looked through, proved, erased."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hoso.access.audit import proof
from hoso.access.audit.asking import Asking, Standing, Watcher
from hoso.access.audit.event import Event, legible
from hoso.access.audit.journal import PlainJournal
from hoso.access.audit.note import Note, Signer, Verifier
from hoso.access.audit.running import Running, Turn
from hoso.access.audit.sealer import Sealer, is_map
from hoso.access.audit.spool import Spool
from hoso.access.audit.verify import ERASED, Verified, quick, verify
from hoso.core.clock import Clock, to_ms
from hoso.store import audit
from hoso.store.contract import Unavailable
from hoso.store.record_store import RecordStore

PAGE = 1_000
LATE = 7 * 86_400_000
"""Milliseconds after which an event has come to the log: a spool may hold it so long."""
_KEPT = ("audit-map", "audit-erase")
"""What says something of the log itself stays: it concerns its soundness, not a person."""


class NotErasable(Exception):
    """There is no such event, it is erased already, or it must stay. `reason` is one of none, again, kept."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AuditLog:
    def __init__(
        self,
        store: RecordStore,
        signer: Signer,
        clock: Clock,
        witnesses: Sequence[Watcher] = (),
        random: Callable[[int], bytes] = secrets.token_bytes,
        spool: Spool | None = None,
    ) -> None:
        self._spool = spool
        self._store, self._signer, self._clock = store, signer, clock
        self._witnesses = [watcher.verifier for watcher in witnesses]
        self.journal = PlainJournal(store, random, spool)
        self.sealer = Sealer(store.engine, signer, clock, random)
        self._asking = Asking(store.engine, witnesses)

    @property
    def verifier(self) -> Verifier:
        return self._signer.verifier

    def sign(self, text: str) -> str:
        """A signed note of a text whose first line is not the log's name: that would be a checkpoint."""
        if text.startswith(f"{self._signer.name}\n"):
            raise ValueError("a checkpoint is signed by the sealer alone")
        return str(Note(text, (self._signer.sign(text),)))

    def start(self, turn: Path) -> Running:
        """Seals and has its checkpoints witnessed until it is closed; one process at a time, by a file."""
        return Running(self.sealer, self._asking, Turn(turn), self.drain, self.journal.settle)

    def drain(self) -> int:
        """Brings events that waited in the spool to the database; answers how many. Raises Unavailable, Spoiled."""
        try:
            return self._spool.drain(self._store.record) if self._spool else 0
        except OSError as error:
            raise Unavailable(f"the spool: {error}") from error

    def ask(self) -> list[Standing]:
        """What the witnesses that have an address say of the newest checkpoint; what they sign is kept."""
        return self._asking.ask()

    def size(self) -> int:
        return audit.size(self._store.engine.reader())

    def verify(self, seen: Callable[[int], None] = lambda number: None) -> Verified:
        """The whole log. Raises Fault."""
        self._store.engine.gather()
        return verify(self._store.engine.reader(), self.verifier, self._witnesses, seen)

    def quick(self) -> int:
        """The end of the log and what was signed last. Answers how many events were looked at; raises Fault."""
        return quick(self._store.engine.reader(), self.verifier)

    def prove(self, patients: Collection[int], event: Event) -> dict[str, Any]:
        """Everything about these patient numbers; that it was handed out is an event of each, and part of the proof."""
        self.journal.tell([_about(event, patient) for patient in sorted(patients)])
        self.sealer.settle()
        while not self.sealer.publish(again=True):  # one of somebody else may not count what was just told
            self.sealer.settle()
        self.sealer.settle()
        self.ask()
        return proof.make(self._store.engine.reader(), self.verifier, patients)

    def prove_published(self, patients: Collection[int], closed: Callable[[Event], bool]) -> dict[str, Any]:
        """By the newest map of counts there is: for somebody who may ask at any time, so no map is made for it.

        Raises Unproved on a node that has published none yet.
        """
        return proof.make(self._store.engine.reader(), self.verifier, patients, closed)

    def erase(self, seq: int, event: Event) -> None:
        """Empties what an event says, at the end of its retention; `event` tells who does it and why."""
        rows = [row for row in audit.sealed(self._store.engine.reader(), seq, 1) if row.seq == seq]
        if not rows or rows[0].bytes is None:
            raise NotErasable("none")
        row = rows[0]
        if not row.bytes:
            raise NotErasable("again")
        if _stays(row.bytes, self._signer.name):
            raise NotErasable("kept")
        told = _about(event, row.patient, what=f"{ERASED}{seq}")

        def work(connection: Any) -> None:
            audit.insert(connection, self.journal.rows([told]))
            audit.erase(connection, row.event)

        self._store.engine.transact(work)

    def events(self, after: int = -1) -> Iterator[tuple[int, Event | None]]:
        """Sealed events behind a place, in order; None for what was erased or cannot be read."""
        while rows := audit.sealed(self._store.engine.reader(), after + 1, PAGE):
            for row in rows:
                yield row.seq, legible(row.bytes)
            after = rows[-1].seq

    def since(self, time: int) -> Iterator[Event]:
        """Sealed events of a moment and after, the newest first. Some come to the log up to `LATE` after they were."""
        before: int | None = None
        while rows := audit.newest(self._store.engine.reader(), None, before, PAGE):
            for row in rows:
                event = legible(row.bytes)
                if event is not None and event.time >= time:
                    yield event
                elif event is not None and event.time < time - LATE:
                    return
            before = rows[-1].seq

    def now(self) -> int:
        return to_ms(self._clock())


def _about(event: Event, patient: int, **fields: Any) -> Event:
    return msgspec.structs.replace(event, patient=patient, **fields)


def _stays(text: bytes, origin: str) -> bool:
    event = legible(text)
    return event is not None and (is_map(event, origin) or event.kind in _KEPT)
