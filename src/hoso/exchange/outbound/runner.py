"""Carries sendings out: the right is asked anew, the log is told, the bytes leave, and the answer decides what follows.

The same bytes go at every attempt, so that the receiver knows them again, as long as the destination may still have
all that they hold and none of it was changed; else the visit is written anew. Trouble is tried again for days.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Lock

from hoso.access import Unavailable, Version
from hoso.access.outbound.calling import Unreached
from hoso.access.outbound.destinations import Destination, Destinations, Form
from hoso.access.outbound.means import Means
from hoso.access.subscribing.delivering import Patience
from hoso.access.subscribing.headers import Unopened
from hoso.access.telling import Teller
from hoso.core import Issue, Refused
from hoso.core.clock import Clock, to_ms
from hoso.exchange.intake.shapes import issues_text
from hoso.exchange.outbound.prepare import NotTheirs, Preparing
from hoso.exchange.outbound.shapes import Later, Lost, Outcome, Taken, Way, Wrong
from hoso.store import outbound as rows
from hoso.store.connection import Race
from hoso.store.deposits import packed, unpacked
from hoso.store.outbound import OutboundTable, SendingRow

log = logging.getLogger(__name__)

TAKEN_MS = 180_000
"""Longer than the longest attempt: two sign-ins and two requests, each of which is cut."""
TROUBLE_MS = 10_000
LONGEST_PAUSE_MS = 300_000
LANES = 2
"""Of one destination: so many are at work at once."""
PART, AT_A_TIME = 20, 10
"""Sendings that are looked up at once, and how often before the thread is another's for a while."""
HOUR_MS = 3_600_000
KEPT = timedelta(days=30)
"""How long a sending can be looked up that came to nothing, for another took its place or nothing had changed."""


class Runner:
    def __init__(
        self,
        table: OutboundTable,
        destinations: Destinations,
        preparing: Preparing,
        ways: Mapping[Form, Way],
        teller: Teller,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._table, self._destinations, self._preparing, self._ways = table, destinations, preparing, ways
        self._teller, self._clock, self._patience = teller, clock, patience
        self._lock, self._pruned = Lock(), 0
        self._pauses: dict[str, tuple[int, int]] = {}
        """Of destinations in trouble: until when they are let alone, and after how many troubles in a row."""

    def step(self, offer: Callable[[str, str, bool], bool]) -> bool:
        """Offers what is due to those who work, a few for each destination; there is never more to do at once."""
        now = self._ms()
        if now - self._pruned > HOUR_MS:
            self._pruned = now
            self._table.prune(now - KEPT // timedelta(milliseconds=1))
        for name in self._table.busy(now):
            if not self._is_paused(name):
                for lane in range(LANES):
                    offer(f"{name}/{lane}", name, name in self._pauses)
        return False

    def work(self, lane: str) -> None:
        """Carries what is due for a destination, beside its other lane, until all is or the receiver is in trouble."""
        name, _, number = lane.rpartition("/")
        for _ in range(AT_A_TIME):
            due = self._table.due(name, self._ms(), LANES * PART)[int(number) :: LANES]
            if not due:
                return
            for row in due:
                if self._is_paused(name):
                    return
                self.carry(row.id)

    def _is_paused(self, name: str) -> bool:
        with self._lock:
            return self._pauses.get(name, (0, 0))[0] > self._ms()

    def carry(self, id: str) -> None:
        """One attempt, unless somebody else has it in hand."""
        now = self._ms()
        row = self._table.take(id, now, now + TAKEN_MS)
        if row is None:
            return
        try:
            self._carried(row)
        except (Unavailable, Race) as error:
            log.warning("sending %s waits: %s", id, error)
            self._table.set(row, taken=0, due=self._ms() + TROUBLE_MS)
        except Exception:  # one visit must not end the others; what happened is in the node's log
            log.exception("sending %s failed", id)
            self._later(row, Later(Issue("exception", "outbound.fault"), everybody=False))

    def _carried(self, row: SendingRow) -> None:
        to = self._destinations.living(row.destination)
        if to is None:
            self._end(row, rows.STOPPED, [Issue("forbidden", "outbound.no-destination", {"name": row.destination})])
            return
        try:
            means = self._destinations.means(to)
            outcome = self._asked(to, means, row) if row.state == rows.RECEIVED else self._sent(to, means, row)
        except Unopened:
            self._later(row, Later(Issue("security", "outbound.other-key", {"name": to.name})))
        except Unreached as error:
            self._later(row, Later(Issue("transient", error.key)))
        else:
            if outcome is not None:
                self._settle(*outcome)

    def _asked(self, to: Destination, means: Means, row: SendingRow) -> tuple[SendingRow, Outcome]:
        return row, self._ways[to.form].ask(to, means, row)

    def _sent(self, to: Destination, means: Means, row: SendingRow) -> tuple[SendingRow, Outcome] | None:
        """None when nothing is to be sent, which then is settled."""
        ready = self._ready(to, row)
        if ready is None:
            return None
        row, versions = ready

        def leaving() -> None:
            self._teller.shown(to.errand(), "send", f"Encounter/{row.visit} to {to.name}: {to.basis}", versions)

        try:
            return row, self._ways[to.form].send(to, means, row, unpacked(row.body), leaving)
        except Unreached as error:
            return row, Later(Issue("transient", error.key))

    def _ready(self, to: Destination, row: SendingRow) -> tuple[SendingRow, Sequence[Version]] | None:
        """The sending with a body that may leave, in hand for the time of an attempt, and what it was made of."""
        versions: Sequence[Version] | None = self._preparing.again(to, row) if row.digest else None
        values: dict[str, object] = {}
        if versions is None:
            try:
                made = self._preparing.prepared(to, row)
            except NotTheirs as error:
                self._end(row, rows.STOPPED, [Issue("forbidden", error.key, {"id": row.visit})])
                return None
            except Refused as refused:
                self._end(row, rows.REFUSED, refused.issues)
                return None
            versions, digest = made.versions, hashlib.sha256(made.body).hexdigest()
            if self._is_there(row, digest):
                self._end(row, rows.UNCHANGED, [], withheld=made.withheld, digest=digest)
                return None
            values = {"held": made.held, "digest": digest, "body": packed(made.body), "withheld": made.withheld}
        values["taken"] = self._ms() + TAKEN_MS
        if not self._table.set(row, **values):
            return None  # it took so long that somebody else has it in hand
        return row._replace(**values), versions  # type: ignore[arg-type]

    def _is_there(self, row: SendingRow, digest: str) -> bool:
        """Whether this is what the receiver took last."""
        last = self._table.last(row.destination, row.visit, row.id)
        return last is not None and last.digest == digest

    # What comes of it

    def _settle(self, row: SendingRow, outcome: Outcome) -> None:
        if isinstance(outcome, Later):
            self._later(row, outcome)
            return
        with self._lock:
            self._pauses.pop(row.destination, None)
        if isinstance(outcome, Wrong):
            self._end(row, rows.REFUSED, outcome.issues)
        elif isinstance(outcome, Lost):
            again = Later(Issue("not-found", "outbound.lost", {"number": row.number}), everybody=False)
            self._later(row._replace(state=rows.WAITING), again, state=rows.WAITING, number="")
        elif outcome.settled:
            self._end(row, rows.DELIVERED, outcome.issues, number=outcome.number or row.number)
        else:
            self._received(row, outcome)

    def _received(self, row: SendingRow, outcome: Taken) -> None:
        """It is asked for later; that it waits there is no trouble, but not for ever."""
        now, fresh = self._ms(), row.state == rows.WAITING
        since, attempts = (now, 0) if fresh else (row.failing or now, row.attempts)
        if self._is_over(since, now):
            self._end(row, rows.GIVEN_UP, [Issue("timeout", "outbound.never-settled", {"number": row.number})])
            return
        self._table.set(
            row, state=rows.RECEIVED, number=outcome.number or row.number, attempts=attempts, failing=since,
            due=now + self._patience.wait(attempts + 1), taken=0, issues=issues_text(outcome.issues),
        )  # fmt: skip

    def _later(self, row: SendingRow, why: Later, **more: object) -> None:
        now = self._ms()
        since = row.failing or now
        if why.everybody:
            self._pause(row.destination, now, why.after)
        if self._is_over(since, now):
            self._end(row, rows.GIVEN_UP, [replace(why.issue, severity="error")])
            return
        wait = max(self._patience.wait(row.attempts), (why.after or 0) * 1000)
        issues = issues_text([replace(why.issue, severity="warning")])
        self._table.set(row, due=now + wait, failing=since, taken=0, issues=issues, **more)
        log.info("sending %s: %s; tried again in %d s", row.id, why.issue.key, wait // 1000)

    def _pause(self, destination: str, now: int, after: int | None) -> None:
        with self._lock:
            times = self._pauses.get(destination, (0, 0))[1] + 1
            wait = after * 1000 if after is not None else min(self._patience.wait(times), LONGEST_PAUSE_MS)
            self._pauses[destination] = (now + wait, times)

    def _is_over(self, since: int, now: int) -> bool:
        return now - since >= timedelta(days=self._patience.days) // timedelta(milliseconds=1)

    def _end(self, row: SendingRow, state: int, issues: Sequence[Issue], **more: object) -> None:
        """What was sent is kept by its receiver and by the records it was made of: the copy goes."""
        values = {"state": state, "settled": self._ms(), "issues": issues_text(issues), **rows.EMPTY, **more}
        self._table.set(row, **values)

    def _ms(self) -> int:
        return to_ms(self._clock())
