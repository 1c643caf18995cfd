"""The desk of what goes out: visits are asked to be sent, and how each sending stands can be looked up."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from hoso.access import Errand
from hoso.access.outbound.destinations import Destination, Destinations
from hoso.access.telling import Teller
from hoso.core import Refused, new_id
from hoso.core.clock import Clock, to_ms
from hoso.exchange.outbound.prepare import DIALECTS, NotTheirs, Preparing
from hoso.exchange.outbound.runner import Runner
from hoso.exchange.outbound.shapes import STATES, Sending, State, sending
from hoso.store.outbound import OutboundTable, SendingRow

PAGE = 500
OPEN: tuple[State, ...] = ("waiting", "received")
_PAUSE = 0.1
_LAST = "~"
"""Behind every id."""


class Asked(NamedTuple):
    """`waiting`: visits of which the same waits already."""

    sendings: list[str]
    waiting: int


class Outbox:
    def __init__(
        self,
        table: OutboundTable,
        destinations: Destinations,
        preparing: Preparing,
        runner: Runner,
        teller: Teller,
        clock: Clock,
    ) -> None:
        self.destinations, self.runner = destinations, runner
        self._table, self._preparing, self._teller, self._clock = table, preparing, teller, clock

    def ask(
        self, errand: Errand, name: str, visits: Sequence[str], *, dialect: str = "", partial: bool = False
    ) -> Asked:
        """Queues visits for a destination. Raises Refused, with nothing queued, for one that it may not have."""
        to = self._living(name)
        dialect = dialect or to.dialect
        if dialect not in DIALECTS:
            raise Refused.because(400, "not-supported", "outbound.dialect", dialect=dialect[:20])
        for visit in visits:
            try:
                self._preparing.check(to, visit)
            except NotTheirs as error:
                raise Refused.because(404, "not-found", error.key, id=visit[:64]) from error
        self._teller.act(errand, "send-ask", f"{len(visits)} visits to {to.name}")
        return self._queued(errand, to, visits, dialect, partial)

    def ask_since(self, errand: Errand, name: str, since: str, *, dialect: str = "", partial: bool = False) -> Asked:
        """The same for all visits of the destination's facility that ended, or went on, at a day or after it."""
        to = self._living(name)
        found = list(self._preparing.visits(to, [("date", f"ge{since}")]))
        self._teller.act(errand, "send-ask", f"{len(found)} visits since {since} to {to.name}")
        return self._queued(errand, to, found, dialect or to.dialect, partial)

    def _queued(self, errand: Errand, to: Destination, visits: Sequence[str], dialect: str, partial: bool) -> Asked:
        now = to_ms(self._clock())
        added: list[SendingRow] = []
        for at in range(0, len(visits), PAGE):
            rows = [
                SendingRow(new_id(), to.name, visit, dialect, int(partial), now, errand.actor.id, due=now)
                for visit in visits[at : at + PAGE]
            ]
            added += self._table.add(rows, now)
        return Asked([row.id for row in added], len(visits) - len(added))

    def written(self, errand: Errand, name: str, visit: str, *, dialect: str = "", partial: bool = False) -> bytes:
        """The body as it would be sent to a destination now; told as taken out by who asks. Raises Refused."""
        to = self._living(name)
        row = SendingRow("", to.name, visit, dialect or to.dialect, int(partial), 0, errand.actor.id)
        try:
            made = self._preparing.prepared(to, row)
        except NotTheirs as error:
            raise Refused.because(404, "not-found", error.key, id=visit[:64]) from error
        self._teller.shown(errand, "send-file", f"Encounter/{visit} as for {to.name}", made.versions)
        return made.body

    def listed(
        self, name: str = "", states: Collection[State] = STATES, before: str = _LAST, most: int = PAGE
    ) -> list[Sending]:
        """The newest first, from before an id."""
        numbers = [STATES.index(one) for one in states]
        return [sending(row) for row in self._table.listed(name, numbers, before, min(most, PAGE))]

    def find(self, id: str) -> Sending | None:
        row = self._table.find(id)
        return sending(row) if row is not None else None

    def wait(self, ids: Collection[str], seconds: float, seen: Callable[[Sending], None]) -> list[Sending]:
        """Sends here, beside whoever else does, until these are settled or the time is over; those that are not."""
        ends, left = time.monotonic() + seconds, set(ids)
        while left:
            self.runner.step(self._worked)
            for id in sorted(left):
                one = self.find(id)
                if one is None or one.state not in OPEN:
                    left.discard(id)
                    if one is not None:
                        seen(one)
            if left and time.monotonic() >= ends:
                break
            if left:
                time.sleep(_PAUSE)
        return [one for id in sorted(left) if (one := self.find(id)) is not None]

    def _worked(self, lane: str, destination: str, doubtful: bool) -> bool:
        self.runner.work(lane)
        return True

    def _living(self, name: str) -> Destination:
        to = self.destinations.living(name)
        if to is None:
            raise Refused.because(404, "not-found", "outbound.no-destination", name=name[:80])
        return to
