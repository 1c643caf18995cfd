"""Carries a deposit out: batch by batch, each told before the next, so that one who dies has lost nothing.

After a stop the first batch may be stored already: what is as it came, and no older than the deposit, is its own.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from time import monotonic

from hoso.access import Records, Unavailable
from hoso.access.telling import Teller
from hoso.core import Issue
from hoso.core.clock import Clock, to_ms
from hoso.exchange.documents import Document
from hoso.exchange.door import Facilities, LoadDoor
from hoso.exchange.formats import FORMATS
from hoso.exchange.intake.batch import MOST, Asked, Done, carry_out
from hoso.exchange.intake.shapes import Sender, Wrote, issues_text, wrote_text
from hoso.store import deposits
from hoso.store.connection import Race
from hoso.store.deposits import DepositRow, DepositTable, ItemRow

log = logging.getLogger(__name__)

TAKEN_MS = 10_000
"""For so long a deposit is taken at a time: who works on it says so anew with each batch."""


def held(row: DepositRow) -> DepositRow:
    """A new deposit as one that is taken by whoever brings it."""
    return row._replace(taken=row.received + TAKEN_MS, attempts=1)


class Work:
    """One deposit, taken by us, as far as we come."""

    def __init__(self, runner: Runner, row: DepositRow, items: Sequence[ItemRow] = ()) -> None:
        """`items`: all there are, of a deposit that has just come; else they are asked for."""
        self._table, self._teller, self._clock, self._row = runner.table, runner.teller, runner.clock, row
        self._format = FORMATS[row.format]
        errand = Sender(row.sender, row.facility, "automatic").errand
        self._door = LoadDoor(runner.records, errand, runner.facilities)
        self._again = row.attempts > 1
        self._reached = 0
        self.items = {item.number: item for item in items}
        """As they stand, when they were at hand."""

    def run(self, seconds: float | None = None) -> bool:
        """Whether nothing waits any more. What is put off is tried once more when all else is done."""
        until = None if seconds is None else monotonic() + seconds
        for state in (deposits.WAITING, deposits.PUT_OFF):
            for batch in self._batches(state):
                if until is not None and monotonic() > until:
                    self._table.settle(self._row.id, [], 0)
                    return False
                if self._stored(batch, last=state == deposits.PUT_OFF):
                    return True
        return self._table.settle(self._row.id, [], 0)

    def _batches(self, state: int) -> Iterator[list[ItemRow]]:
        """What is done is another state then, so every look begins behind it."""
        self._reached = 0
        while rows := self._next(state):
            yield rows

    def _next(self, state: int) -> list[ItemRow]:
        if not self.items:
            return self._table.waiting(self._row.id, state, self._reached, MOST)
        left = (item for item in self.items.values() if item.state == state and item.number > self._reached)
        return list(islice(left, MOST))

    def _stored(self, rows: Sequence[ItemRow], last: bool) -> bool:
        """As many of them as go together; whether nothing is left."""
        asked = [Asked(row.number, row.piece, last) for row in rows]
        done = self._done(asked)
        if self._again:
            self._own(done)
            self._again = False
        self._reached = rows[len(done) - 1].number
        until = to_ms(self._clock()) + TAKEN_MS
        now = [settled(row, one) for row, one in zip(rows, done, strict=False)]
        if self.items:
            self.items |= {item.number: item for item in now}
        looked = self._teller.noting(self._door.reading, "read", f"deposit {self._row.id}")
        return self._table.settle(self._row.id, now, until, looked)

    def _done(self, asked: Sequence[Asked]) -> list[Done]:
        """A piece that brings out a fault of ours is set apart like any other that cannot be read."""
        try:
            return carry_out(self._door, self._format, self._row.facility, asked)
        except (Unavailable, Race):
            raise
        except Exception:
            log.exception("deposit %s: a piece of %d failed", self._row.id, len(asked))
            if len(asked) > 1:
                return self._done(asked[:1])
            document = Document(False, asked[0].data)
            document.refuse_whole(Issue("exception", "intake.fault", {"place": self._format.place(asked[0].number)}))
            return [Done(asked[0].number, document)]

    def _own(self, done: Sequence[Done]) -> None:
        """What an attempt that was cut short has written."""
        self._door.afresh()
        for one in done:
            told = {(wrote.type, wrote.id) for wrote in one.wrote}
            names = [(item.type, item.id) for item in one.document.arrived if (item.type, item.id) not in told]
            for head in self._door.heads(names).values():
                if not head.deleted and head.updated >= self._row.received:
                    one.wrote.append(Wrote(head.type, head.id, head.version))
                    one.fates.add("stored")


def settled(row: ItemRow, done: Done) -> ItemRow:
    document = done.document
    state = deposits.STORED if "stored" in done.fates else deposits.UNCHANGED
    if document.faults:
        state = deposits.QUARANTINED
    elif done.waits:
        state = deposits.PUT_OFF
    kept = state in (deposits.STORED, deposits.UNCHANGED)  # a Binary keeps the piece
    return row._replace(
        state=state,
        label=document.label[:200] or row.label,
        issues=issues_text(done.issues),
        wrote=wrote_text(done.wrote),
        digest=hashlib.sha256(row.piece).hexdigest(),
        data=b"" if kept and not row.mended else row.data,  # what somebody put in its place is not what came
        mended=b"" if kept else row.mended,
    )


KEPT, ARRIVING = timedelta(days=90), timedelta(days=1)
"""So long a settled deposit without refusals can be looked at and undone, and one that never became whole is left."""
SWEEP_SECONDS, SWEPT = 3_600.0, 100


class Runner:
    """Finds what nobody has carried out: it came to a process that ended, or was more than a request waits for."""

    def __init__(self, records: Records, table: DepositTable, teller: Teller, clock: Clock) -> None:
        self.records, self.table, self.teller, self.clock = records, table, teller, clock
        self.facilities = Facilities()
        self._swept = -SWEEP_SECONDS

    def process(self, id: str, seconds: float | None = None) -> bool:
        """Whether it was carried out to its end by this call. Raises Unavailable."""
        now = to_ms(self.clock())
        row = self.table.take(id, now, now + TAKEN_MS)
        return row is not None and Work(self, row).run(seconds)

    def carry_out(self, row: DepositRow, items: Sequence[ItemRow], seconds: float | None = None) -> list[ItemRow]:
        """One that is ours already, with all its items; they as they are then, nothing when some still wait."""
        work = Work(self, row, items)
        return list(work.items.values()) if work.run(seconds) else []

    def step(self) -> bool:
        """One deposit; whether there may be more. Raises Unavailable."""
        self._forget()
        row = self.table.first(to_ms(self.clock()))
        if row is not None:
            self.process(row.id)
        return row is not None

    def _forget(self) -> None:
        """Once in a while what nobody asks for any more; the records and their raw input stay."""
        if monotonic() - self._swept < SWEEP_SECONDS:
            return
        now = self.clock()
        for id in self.table.outdated(to_ms(now - KEPT), to_ms(now - ARRIVING), SWEPT):
            self.table.remove(id)
        self._swept = monotonic()
