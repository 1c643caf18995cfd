"""Subscriptions as rows: who asked, how far each is told, and the events that wait (a durable outbox) or were told.

An event stands at the place of its change in the feed, so order and completeness are those of the change log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from hoso.store.backlog import insert
from hoso.store.connection import Connection
from hoso.store.engine import Engine
from hoso.store.reading import NUMBER, TYPES, feed_end

T = TypeVar("T")

REQUESTED, ACTIVE, FAILING, OFF, WAITING = 0, 1, 2, 3, 4
"""`subscription.state`. WAITING: the feed was not yet looked through up to its own change."""

RESTORED = 1_000_000
"""By how much the numbers of events go on higher after a backup was brought back."""


class SubscriptionRow(NamedTuple):
    """Times are milliseconds; see the migration for what each column means."""

    id: str
    owner: str
    asked: str
    asked_errand: str
    asked_secret: bytes | None
    version: str = ""
    errand: str = ""
    secret: bytes | None = None
    state: int = WAITING
    since: int = 0
    numbered: int = 0
    told: int = 0
    attempts: int = 0
    due: int = 0
    failing: int | None = None
    fault: str | None = None
    heard: int = 0
    heartbeat: int = 0
    ends: int | None = None


class EventRow(NamedTuple):
    """`number` 0: not given yet. `method` says what was done to the record."""

    place: int
    number: int
    type: str
    id: str
    version: str
    method: str
    time: int


_COLUMNS = ", ".join(SubscriptionRow._fields)
_EVENT = "place, number, type, id, version, method, time"
_WAITS = "EXISTS (SELECT 1 FROM subscription_event e WHERE e.subscription = s.id AND e.place > s.told)"


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The Subscriptions that somebody wrote last."""

    owner: str

    def test(self, alias: str) -> tuple[str, list[object]]:
        text = (
            "EXISTS (SELECT 1 FROM key own JOIN subscription asked ON asked.id = own.id"  # noqa: S608
            f" WHERE own.rid = {alias}.rid AND own.type = ? AND asked.owner = ?)"
        )
        return text, [NUMBER["Subscription"], self.owner]


class SubscriptionRows:
    """The rows on one connection, inside the transaction that stores the record."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, id: str) -> SubscriptionRow | None:
        rows = self._connection.rows(f"SELECT {_COLUMNS} FROM subscription WHERE id = ?", (id,))  # noqa: S608
        return _row(rows[0]) if rows else None

    def living(self, owner: str) -> int:
        """How many of an owner's are not off."""
        ((found,),) = self._connection.rows(
            "SELECT count(*) FROM subscription WHERE owner = ? AND state <> 3", (owner,)
        )
        return int(found)

    def ask(self, row: SubscriptionRow) -> None:
        """A version its subscriber wrote; it counts from its place in the feed on."""
        if self.find(row.id) is None:
            insert(self._connection, "subscription", row)
        else:
            self.set(row.id, owner=row.owner, asked=row.asked, asked_errand=row.asked_errand,
                     asked_secret=row.asked_secret)  # fmt: skip

    def sealed_anew(self, anew: Callable[[str, bytes], bytes | None]) -> int:
        """What is kept sealed, as `anew` seals it; answers how many rows."""
        found = [
            _row(one)
            for one in self._connection.rows(
                f"SELECT {_COLUMNS} FROM subscription WHERE secret IS NOT NULL OR asked_secret IS NOT NULL"  # noqa: S608
            )
        ]
        for row in found:
            secrets = {"secret": row.secret, "asked_secret": row.asked_secret}
            self.set(row.id, **{name: anew(row.id, bytes(one)) for name, one in secrets.items() if one is not None})
        return len(found)

    def set(self, id: str, **values: object) -> None:
        change = ", ".join(f"{name} = {'NULL' if value is None else '?'}" for name, value in values.items())
        given = [value for value in values.values() if value is not None]
        self._connection.rows(f"UPDATE subscription SET {change} WHERE id = ?", (*given, id))  # noqa: S608

    def remove(self, id: str) -> None:
        self._connection.rows("DELETE FROM subscription_event WHERE subscription = ?", (id,))
        self._connection.rows("DELETE FROM subscription WHERE id = ?", (id,))

    def forget(self, id: str) -> None:
        """What was not sent will not be."""
        self._connection.rows("DELETE FROM subscription_event WHERE subscription = ? AND number IS NULL", (id,))

    def add(self, id: str, event: EventRow) -> None:
        self._connection.rows(
            "INSERT INTO subscription_event (subscription, place, type, id, version, method, time)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (id, event.place, NUMBER[event.type], event.id, event.version, event.method, event.time),
        )

    def drop(self, id: str, places: Sequence[int]) -> None:
        """Events that nobody will hear of."""
        for place in places:
            self._connection.rows(
                "DELETE FROM subscription_event WHERE subscription = ? AND place = ? AND number IS NULL", (id, place)
            )

    def number(self, id: str, events: Sequence[EventRow]) -> None:
        """Gives events their numbers, for ever."""
        for event in events:
            self._connection.rows(
                "UPDATE subscription_event SET number = ? WHERE subscription = ? AND place = ?",
                (event.number, id, event.place),
            )
        self.set(id, numbered=max(event.number for event in events))

    def walked(self, before: int, until: int) -> bool:
        """The feed was looked through; false when another process did meanwhile."""
        if not before and not self._connection.rows("SELECT id FROM subscription_cursor"):
            self._connection.rows("INSERT INTO subscription_cursor VALUES (1, 0)")
        change = "UPDATE subscription_cursor SET number = ? WHERE id = 1 AND number = ? RETURNING id"
        return bool(self._connection.rows(change, (until, before)))


def after_restore(connection: Connection) -> None:
    """Numbers that were given since the backup are not given to other events: whoever hears sees the gap."""
    connection.rows("UPDATE subscription SET numbered = numbered + ?", (RESTORED,))


class SubscriptionTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def change(self, work: Callable[[SubscriptionRows], T]) -> T:
        return self._engine.transact(lambda connection: work(SubscriptionRows(connection)))

    def find(self, id: str) -> SubscriptionRow | None:
        return SubscriptionRows(self._engine.reader()).find(id)

    def all(self) -> list[SubscriptionRow]:
        rows = self._engine.reader().rows(f"SELECT {_COLUMNS} FROM subscription ORDER BY id")  # noqa: S608
        return [_row(row) for row in rows]

    def due(self, now: int, limit: int) -> list[SubscriptionRow]:
        """Those to be begun, ended, told of events, or that all is well; those that do not fail first."""
        silent = "heartbeat > 0 AND heard + heartbeat * 1000 <= ?"
        rows = self._engine.reader().rows(
            f"SELECT {_COLUMNS} FROM subscription s"  # noqa: S608
            f" WHERE state < 3 AND (ends <= ? OR due <= ? AND (state = 0 OR {_WAITS} OR {silent}))"
            " ORDER BY CASE WHEN attempts = 0 THEN 0 ELSE 1 END, due, id LIMIT ?",
            (now, now, now, limit),
        )
        return [_row(row) for row in rows]

    def cursor(self) -> int:
        rows = self._engine.reader().rows("SELECT number FROM subscription_cursor WHERE id = 1")
        return int(rows[0][0]) if rows else 0

    def skip(self) -> int:
        """Up to where the feed need not be looked through, as nobody has subscribed; 0 when somebody has.

        The end is read first: a subscription whose change stands before it is seen by the second question.
        """
        connection = self._engine.reader()
        end = feed_end(connection)
        return 0 if connection.rows("SELECT 1 FROM subscription LIMIT 1") else end

    def waiting(self, row: SubscriptionRow, limit: int) -> list[EventRow]:
        """The events that are to be told next, in order."""
        return self._events("subscription = ? AND place > ? ORDER BY place LIMIT ?", (row.id, row.told, limit))

    def unsent(self, row: SubscriptionRow) -> int:
        """How many wait."""
        ((found,),) = self._engine.reader().rows(
            "SELECT count(*) FROM subscription_event WHERE subscription = ? AND place > ?", (row.id, row.told)
        )
        return int(found)

    def numbered(self, id: str, first: int, last: int, limit: int) -> list[EventRow]:
        """Events that have numbers, from one to another."""
        where = "subscription = ? AND number >= ? AND number <= ? ORDER BY place LIMIT ?"
        return self._events(where, (id, first, last, limit))

    def prune(self, before: int) -> None:
        """Forgets events from before a time that were told, and those of subscriptions that are off."""
        self._engine.transact(
            lambda connection: connection.rows(
                "DELETE FROM subscription_event WHERE time < ? AND place <= (SELECT CASE WHEN s.state = 3"
                " THEN subscription_event.place ELSE s.told END FROM subscription s"
                " WHERE s.id = subscription_event.subscription)",
                (before,),
            )
        )

    def _events(self, where: str, params: Sequence[object]) -> list[EventRow]:
        rows = self._engine.reader().rows(f"SELECT {_EVENT} FROM subscription_event WHERE {where}", params)  # noqa: S608
        return [EventRow(place, number or 0, TYPES[type], *rest) for place, number, type, *rest in rows]


def _row(row: Sequence[object]) -> SubscriptionRow:
    return SubscriptionRow(*(bytes(value) if isinstance(value, memoryview) else value for value in row))  # type: ignore[arg-type]
