"""From the outbox to the endpoint: in order, one notification at a time, tried again for days, and then given up aloud.

Rights are asked anew at each attempt. An event gets its number when it is first sent: one that may not be told by then
vanishes uncounted, one that was sent before keeps its number and is told empty.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from hoso.access.audit.journal import Journal
from hoso.access.subscribing.ending import NOBODY, UNREADABLE, Ending
from hoso.access.subscribing.events import Events
from hoso.access.subscribing.headers import Safe, Unopened
from hoso.access.subscribing.notification import FAILURES, Kind, Told, bundle
from hoso.access.subscribing.posting import Message, Poster, Undelivered
from hoso.access.subscribing.subscriber import Now, Subscriber, subscriber, wanted_of
from hoso.access.telling import Teller
from hoso.core.clock import Clock, to_ms
from hoso.fhir import xml
from hoso.fhir.subscriptions.wanted import XML
from hoso.store.connection import Race
from hoso.store.contract import Store, Unavailable, Version
from hoso.store.subscriptions import (
    ACTIVE,
    FAILING,
    REQUESTED,
    EventRow,
    SubscriptionRow,
    SubscriptionRows,
)

log = logging.getLogger(__name__)

AT_A_TIME = 200
"""Notifications of one subscription before its thread is another's for a while."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=3)
MOST_WAITING = 1_000_000
DUE = 200
KEPT = timedelta(days=30)
"""How long events that were told can be asked for again."""
TROUBLE_MS = 10_000


@dataclass(frozen=True, slots=True)
class Patience:
    """`days`: how long an endpoint may fail. `jitter`: a factor around 1, so that many do not come back at once."""

    days: int
    jitter: Callable[[], float]

    def wait(self, attempts: int) -> int:
        """Milliseconds after so many failures in a row."""
        wait = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
        return int(wait / timedelta(milliseconds=1) * self.jitter())


class Delivering:
    def __init__(
        self,
        store: Store,
        ending: Ending,
        poster: Poster,
        safe: Safe,
        journal: Journal,
        now: Now,
        clock: Clock,
        base: str,
        patience: Patience,
    ) -> None:
        self._store, self._table, self._poster, self._safe = store, ending.table, poster, safe
        self._now, self._clock, self._base, self._patience = now, clock, base, patience
        self._teller = Teller(journal, clock)
        self._ending, self._record = ending, ending.record
        self._pruned = 0

    def step(self, offer: Callable[[str, str, bool], bool]) -> bool:
        """Offers what is due to the couriers; there is never more to do at once."""
        now = self._ms()
        if now - self._pruned > 3_600_000:
            self._pruned = now
            self._table.prune(now - KEPT // timedelta(milliseconds=1))
        for row in self._table.due(now, DUE):
            offer(row.id, self._endpoint(row), row.attempts > 0 or row.state == REQUESTED)
        return False

    def _endpoint(self, row: SubscriptionRow) -> str:
        wanted = wanted_of(self._store, row)
        return urlsplit(wanted.endpoint).netloc if wanted is not None else ""

    def carry(self, id: str) -> None:
        """Does what is due for a subscription: begins it, ends it, tells its events, or that all is well."""
        for _ in range(AT_A_TIME):
            row = self._table.find(id)
            if row is None or row.state not in (REQUESTED, ACTIVE, FAILING) or row.due > self._ms():
                return
            try:
                if not self._carried(row):
                    return
            except Undelivered as error:
                self._failed(row, str(error))
                return
            except (Unavailable, Race) as error:
                log.warning("subscription %s waits: %s", id, error)
                self._put_off(id)
                return
            except Exception:  # one subscription must not end the others
                log.exception("subscription %s could not be told", id)
                self._put_off(id)
                return

    def _put_off(self, id: str) -> None:
        self._table.change(lambda rows: rows.set(id, due=self._ms() + TROUBLE_MS))

    def _carried(self, row: SubscriptionRow) -> bool:
        """One step further; whether there may be another."""
        if row.ends is not None and row.ends <= self._ms():
            return self._end(row, None)
        found = subscriber(self._store, row, self._now)
        if found is None:
            return self._end(row, UNREADABLE)
        if found.errand is None:
            return self._end(row, NOBODY)
        if row.state == REQUESTED:
            return self._begin(found)
        events = self._table.waiting(row, found.wanted.most)
        if events:
            return self._tell(found, events)
        if row.heartbeat and row.heard + row.heartbeat * 1000 <= self._ms():
            self._send(found, "heartbeat", [])
            self._settled(row, row.told)
        return False

    def _begin(self, found: Subscriber) -> bool:
        if found.wanted.bundled:
            self._send(found, "handshake", [])
        self._settled(found.row, found.row.told)
        return True

    def _tell(self, found: Subscriber, events: Sequence[EventRow]) -> bool:
        told, gone = self._due_to(found, events)
        if gone:
            self._table.change(lambda rows: rows.drop(found.row.id, gone))
        if told and self._send(found, "event-notification", told):
            self._settled(found.row, events[-1].place)
        else:
            self._table.change(lambda rows: rows.set(found.row.id, told=events[-1].place))
        return True

    def _due_to(self, found: Subscriber, events: Sequence[EventRow]) -> tuple[list[Told], list[int]]:
        """What is told of these events now, and the places of those that nobody will hear of."""
        assert found.errand is not None
        seen = Events(self._store, found, self._clock())
        told: list[Told] = []
        gone: list[int] = []
        number = found.row.numbered
        for row in events:
            version = self._store.vread(row.type, row.id, row.version)
            allowed = version if version is not None and not version.erased and seen.may(version) else None
            if allowed is None and not row.number:
                gone.append(row.place)
                continue
            again = bool(row.number)
            if not again:
                number += 1
                row = row._replace(number=number)
            body = seen.shown(allowed) if allowed is not None and found.wanted.shows else None
            told.append(Told(row, allowed, body, again))
        return told, gone

    def _send(self, found: Subscriber, kind: Kind, told: Sequence[Told]) -> bool:
        """Whether there was anything to send. Raises Undelivered.

        Before the first byte leaves, the numbers are given and the log has been told.
        """
        row, wanted = found.row, found.wanted
        try:
            headers = self._safe.open(row.id, row.secret)
        except Unopened as error:
            raise Undelivered("its headers were sealed with another key; write them again") from error
        message = self._message(found, kind, told)
        if message is None:
            return False

        def leaving() -> None:
            fresh = [one.row for one in told]
            if fresh:
                self._table.change(lambda rows: rows.number(row.id, fresh))
            self._disclosed(found, kind, told)

        repeated = "true" if any(one.again for one in told) else "false"
        ours = {**message.headers, "User-Agent": "HoSo", "HoSo-Repeated": repeated}
        self._poster.post(wanted.endpoint, replace(message, headers={**headers, **ours}), wanted.timeout, leaving)
        return True

    def _message(self, found: Subscriber, kind: Kind, told: Sequence[Told]) -> Message | None:
        wanted = found.wanted
        if wanted.bundled:
            base = self._base or (found.errand.base if found.errand else "")
            text = bundle(base, _as_told(found.row), wanted, kind, wanted.content, told, self._ms())
            return Message("POST", _in(wanted.payload, text), {"Content-Type": _type(wanted.payload)})
        (one,) = told
        number = {"HoSo-Event": str(one.row.number)}
        if not wanted.payload:
            return Message("POST", b"", {**number, "Content-Length": "0"})
        if one.body is None:  # deleted or closed since: there is nothing that could be updated
            return None
        headers = {**number, "Content-Type": _type(wanted.payload)}
        return Message("PUT", _in(wanted.payload, one.body), headers, f"/{one.row.type}/{one.row.id}")

    def _disclosed(self, found: Subscriber, kind: Kind, told: Sequence[Told]) -> None:
        assert found.errand is not None
        naming = found.wanted.shows if not found.wanted.bundled else found.wanted.content != "empty"
        versions: list[Version] = [one.version for one in told if one.version is not None and naming]
        numbers = f" {told[0].row.number}-{told[-1].row.number}" if told else ""
        self._teller.shown(found.errand, "notify", f"Subscription/{found.row.id} {kind}{numbers}", versions)

    def _settled(self, row: SubscriptionRow, place: int) -> None:
        """What was sent was taken."""
        now = self._ms()
        if not self._table.change(lambda rows: _settle(rows, row, place, now)):
            return
        if row.state != ACTIVE:
            self._record.say(row.id, "active", None)

    def _failed(self, row: SubscriptionRow, reason: str) -> None:
        now, attempts = self._ms(), row.attempts + 1
        failing = row.failing or now
        if now - failing >= timedelta(days=self._patience.days) // timedelta(milliseconds=1):
            self._end(row, f"given up after {self._patience.days} days: {reason}")
            return
        if self._table.unsent(row) > MOST_WAITING:
            self._end(row, f"more than {MOST_WAITING} events wait: {reason}")
            return
        worse = attempts >= FAILURES and row.state == ACTIVE
        due = now + self._patience.wait(attempts)
        values: dict[str, object] = {"attempts": attempts, "failing": failing, "due": due, "fault": reason}
        if worse:
            values["state"] = FAILING
        self._table.change(lambda rows: rows.set(row.id, **values) if _same(rows, row) else None)
        log.info("subscription %s: %s; tried again in %d s", row.id, reason, (due - now) // 1000)
        if worse or (attempts == FAILURES and row.state == REQUESTED):
            self._record.say(row.id, "error", reason)

    def _end(self, row: SubscriptionRow, reason: str | None) -> bool:
        if reason is not None:
            log.warning("subscription %s is off: %s", row.id, reason)
        self._ending.end(row, reason)
        return False

    def _ms(self) -> int:
        return to_ms(self._clock())


def _as_told(row: SubscriptionRow) -> SubscriptionRow:
    """As it is told to the one who hears it: whoever hears again is no longer in trouble."""
    return row._replace(state=ACTIVE if row.state == FAILING else row.state, attempts=0, fault=None)


def _same(rows: SubscriptionRows, row: SubscriptionRow) -> bool:
    """Whether it is still the version that was begun with, and nobody ended it."""
    found = rows.find(row.id)
    return found is not None and (found.version, found.state) == (row.version, row.state)


def _settle(rows: SubscriptionRows, row: SubscriptionRow, place: int, now: int) -> bool:
    if not _same(rows, row):
        return False
    rows.set(row.id, told=place, attempts=0, failing=None, fault=None, heard=now, due=now, state=ACTIVE)
    return True


def _in(payload: str, text: bytes) -> bytes:
    return xml.write(text) if payload == XML else text


def _type(payload: str) -> str:
    return f"{payload}; charset=utf-8"
