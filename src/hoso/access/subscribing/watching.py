"""From the change log to the outbox: each change is looked at once, in order, and its events are stored with its place.

Nothing is lost by a stop, since the next look begins where the last one was stored. A subscription counts from the
place of its own change on, and so does every later version of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache, partial

from hoso.access.subscribing.ending import NOBODY, UNREADABLE, Ending
from hoso.access.subscribing.events import Events, held_of
from hoso.access.subscribing.subscriber import Now, subscriber, wanted_of
from hoso.core.clock import Clock, to_ms
from hoso.fhir.json import parse
from hoso.fhir.subscriptions import Held, read
from hoso.store.connection import Race
from hoso.store.contract import Change, Store, TooSlow, Unavailable
from hoso.store.subscriptions import (
    OFF,
    REQUESTED,
    WAITING,
    EventRow,
    SubscriptionRow,
    SubscriptionRows,
)

log = logging.getLogger(__name__)

TYPE = "Subscription"
PAGE = 500
UNWATCHED = 10_000
"""Numbers of the feed that may be left behind unlooked at while nobody subscribes: each advance is a write."""

Step = Callable[[SubscriptionRows], None]


class Watching:
    def __init__(self, store: Store, ending: Ending, now: Now, clock: Clock) -> None:
        self._store, self._table, self._ending = store, ending.table, ending
        self._now, self._clock = now, clock
        self._types: dict[tuple[str, str], frozenset[str]] = {}

    def step(self) -> bool:
        """Looks through a stretch of the feed; whether there is more of it."""
        before = self._table.cursor()
        if self._store.feed_end() <= before:
            return False
        skip = self._table.skip()
        if skip:
            if skip > before + UNWATCHED:
                self._table.change(lambda rows: rows.walked(before, skip))
            return False
        rows = {row.id: row for row in self._table.all()}
        watched = self._watched(rows)
        types = {TYPE, *(type for types in watched.values() for type in types)}
        stretch = self._store.feed_of(types, before, PAGE)
        steps, until = self._looked(rows, watched, stretch.changes, stretch.until)
        if until > before:
            self._table.change(partial(_store, steps, before, until))
        return stretch.more or until < stretch.until

    def _watched(self, rows: dict[str, SubscriptionRow]) -> dict[str, frozenset[str]]:
        """The types of those that count."""
        found = {}
        for row in rows.values():
            if row.state not in (OFF, WAITING) and row.version:
                found[row.id] = self._types_of(row)
        return found

    def _types_of(self, row: SubscriptionRow) -> frozenset[str]:
        name = (row.id, row.version)
        if name not in self._types:
            wanted = wanted_of(self._store, row)
            self._types[name] = wanted.types if wanted is not None else frozenset()
        return self._types[name]

    def _looked(
        self,
        rows: dict[str, SubscriptionRow],
        watched: dict[str, frozenset[str]],
        changes: Sequence[Change],
        until: int,
    ) -> tuple[list[Step], int]:
        """What is to be stored, and up to where: not beyond a change of a subscription, as it may ask for more."""
        steps: list[Step] = []
        known: dict[str, Events | None] = {}
        for change in changes:
            if change.version.type == TYPE:
                own = rows.get(change.version.id)
                step = self._of_subscription(own, change) if own is not None else None
                if step is not None:
                    return [*steps, step], change.number
                continue
            held = cache(partial(held_of, change.version))
            for id, types in watched.items():
                if change.version.type in types:
                    if id not in known:
                        known[id] = self._events(rows[id])
                    if self._meets(rows[id], known, change, held):
                        steps.append(partial(SubscriptionRows.add, id=id, event=_event(change)))
        return steps, until

    def _meets(
        self, row: SubscriptionRow, known: dict[str, Events | None], change: Change, held: Callable[[], Held]
    ) -> bool:
        """One that cannot be decided ends, and says so: it must not hold up all others."""
        events = known[row.id]
        try:
            return events is not None and events.meets(change, held)
        except TooSlow:
            self._ending.end(row, "its search takes too long")
        except (Unavailable, Race):
            raise
        except Exception:
            log.exception("subscription %s: change %d cannot be decided", row.id, change.number)
            self._ending.end(row, "a change could not be decided")
        known[row.id] = None
        return False

    def _events(self, row: SubscriptionRow) -> Events | None:
        """None of one that ends, as it must not go on later as if nothing had been missed."""
        found = subscriber(self._store, row, self._now)
        if found is None or found.errand is None:
            self._ending.end(row, UNREADABLE if found is None else NOBODY)
            return None
        return Events(self._store, found, self._clock())

    def _of_subscription(self, row: SubscriptionRow, change: Change) -> Step | None:
        """What its subscriber wrote counts from here on; what the node wrote itself changes nothing."""
        version = change.version
        if version.deleted:
            return partial(SubscriptionRows.remove, id=row.id)
        if version.version != row.asked:
            return None
        wanted, now = read(parse(version.body)), to_ms(self._clock())
        off = wanted.status == "off"
        return partial(
            _begin,
            row=row,
            values={
                "version": row.asked, "errand": row.asked_errand, "secret": row.asked_secret,
                "state": OFF if off else REQUESTED, "since": change.number, "attempts": 0, "due": now, "failing": None,
                "fault": None, "heard": now, "heartbeat": wanted.heartbeat, "ends": wanted.ends,
            },
        )  # fmt: skip


def _begin(rows: SubscriptionRows, row: SubscriptionRow, values: dict[str, object]) -> None:
    """What waited goes on waiting, unless there is a pause between."""
    before = rows.find(row.id)
    paused = values["state"] == OFF or before is None or before.state in (OFF, WAITING)
    if paused:
        rows.forget(row.id)
    rows.set(row.id, **values, **({"told": values["since"]} if paused else {}))


def _event(change: Change) -> EventRow:
    one = change.version
    method = "DELETE" if one.deleted else "POST" if change.base is None else "PUT"
    return EventRow(change.number, 0, one.type, one.id, one.version, method, one.updated)


def _store(steps: Sequence[Step], before: int, until: int, rows: SubscriptionRows) -> None:
    if rows.walked(before, until):
        for step in steps:
            step(rows)
