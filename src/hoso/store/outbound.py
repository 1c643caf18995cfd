"""What goes out to other houses, as rows: the destinations, and the queue of visits that are sent there.

Who works on a sending takes it for a while, so that no two send it at once and one who dies keeps it from nobody for
long. Of one visit and destination only the oldest that is open is worked on, so that nothing older arrives later.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from hoso.store.backlog import insert
from hoso.store.connection import Connection, Row
from hoso.store.engine import Engine

WAITING, RECEIVED, DELIVERED, REFUSED, GIVEN_UP, REPLACED, UNCHANGED, STOPPED = range(8)
"""`state` of a sending. Received: the receiver has it and has not said yet what became of it. Two of them are open."""


EMPTY: dict[str, object] = {"taken": 0, "body": b"", "held": "[]"}
"""Of one that is settled."""


class DestinationRow(NamedTuple):
    """Times are milliseconds. `secret` is sealed; `ended` None while it is sent to."""

    name: str
    form: str
    url: str
    address: str
    facility: str
    purpose: str
    basis: str
    username: str
    secret: bytes | None
    dialect: str
    created: int
    ended: int | None = None


class SendingRow(NamedTuple):
    """`issues` and `held` are JSON, `digest` the SHA-256 of the body as it goes; `failing`: since when, 0 for not."""

    id: str
    destination: str
    visit: str
    dialect: str
    partial: int
    asked: int
    asker: str
    state: int = WAITING
    due: int = 0
    taken: int = 0
    attempts: int = 0
    failing: int = 0
    settled: int = 0
    number: str = ""
    withheld: int = 0
    issues: str = "[]"
    held: str = "[]"
    digest: str = ""
    body: bytes = b""

    @property
    def open(self) -> bool:
        return self.state in (WAITING, RECEIVED)


_DESTINATION, _SENDING = ", ".join(DestinationRow._fields), ", ".join(SendingRow._fields)
_SELECT = f"SELECT {_SENDING} FROM outbound o"  # noqa: S608
_LIGHT = f"SELECT {', '.join(SendingRow._fields[:-1])} FROM outbound o"  # noqa: S608
"""All but the body, which comes last."""


class OutboundTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # Destinations

    def destinations(self) -> list[DestinationRow]:
        return [_destination(row) for row in self._rows(f"SELECT {_DESTINATION} FROM destination ORDER BY name")]  # noqa: S608

    def destination(self, name: str) -> DestinationRow | None:
        found = self._rows(f"SELECT {_DESTINATION} FROM destination WHERE name = ?", name)  # noqa: S608
        return _destination(found[0]) if found else None

    def put(self, row: DestinationRow) -> None:
        """A new one, or another way to one that is there."""

        def work(connection: Connection) -> None:
            connection.rows("DELETE FROM destination WHERE name = ?", (row.name,))
            insert(connection, "destination", row)

        self._engine.transact(work)

    def end(self, name: str, now: int) -> bool:
        """Whether there was one that was sent to; its secret goes."""
        sql = "UPDATE destination SET ended = ?, secret = NULL WHERE name = ? AND ended IS NULL RETURNING name"
        return bool(self._engine.transact(lambda connection: connection.rows(sql, (now, name))))

    # Asking

    def add(self, rows: Sequence[SendingRow], now: int) -> list[SendingRow]:
        """Queues them, durable on return; those that take nobody's place. An open one of the same visit that nobody
        has in hand is replaced; where one waits that was never begun, nothing is added, for it will send the same."""
        return self._engine.transact(lambda connection: [one for one in rows if _add(connection, one, now)])

    # Working

    def busy(self, now: int) -> list[str]:
        """The destinations for which something is due that nobody has in hand."""
        sql = (
            "SELECT DISTINCT destination FROM outbound WHERE state < 2 AND due <= ? AND taken < ? ORDER BY destination"
        )
        return [name for (name,) in self._rows(sql, now, now)]

    def due(self, destination: str, now: int, most: int) -> list[SendingRow]:
        """What is to be done for it, the longest due first, without bodies."""
        sql = f"""{_LIGHT} WHERE o.destination = ? AND o.state < 2 AND o.due <= ? AND o.taken < ?
                    AND (o.state = 1 OR NOT EXISTS (SELECT 1 FROM outbound e WHERE e.destination = o.destination
                       AND e.visit = o.visit AND e.state = 0 AND e.id < o.id))
                  ORDER BY o.due, o.id LIMIT ?"""  # noqa: S608
        return [_sending(row) for row in self._rows(sql, destination, now, now, most)]

    def take(self, id: str, now: int, until: int) -> SendingRow | None:
        """Takes it for a while and counts an attempt; None when it is settled, not due, or in other hands."""
        sql = f"""UPDATE outbound SET taken = ?, attempts = attempts + 1
                  WHERE id = ? AND state < 2 AND due <= ? AND taken < ? RETURNING {_SENDING}"""  # noqa: S608
        found = self._engine.transact(lambda connection: connection.rows(sql, (until, id, now, now)))
        return _sending(found[0]) if found else None

    def set(self, row: SendingRow, **values: object) -> bool:
        """Whether it was still in the hands of who took it as `row`; if not, nothing is changed."""
        change = ", ".join(f"{name} = ?" for name in values)
        sql = f"UPDATE outbound SET {change} WHERE id = ? AND taken = ? RETURNING id"  # noqa: S608
        given = (*values.values(), row.id, row.taken)
        return bool(self._engine.transact(lambda connection: connection.rows(sql, given)))

    def last(self, destination: str, visit: str, before: str) -> SendingRow | None:
        """What the receiver took last of a visit, before a sending."""
        sql = f"""{_LIGHT} WHERE o.destination = ? AND o.visit = ? AND o.id < ? AND o.state IN (1, 2)
                  ORDER BY o.id DESC LIMIT 1"""
        found = self._rows(sql, destination, visit, before)
        return _sending(found[0]) if found else None

    def prune(self, before: int) -> None:
        """Forgets those that came to nothing and were settled before a time."""
        sql = "DELETE FROM outbound WHERE state IN (5, 6) AND settled < ?"
        self._engine.transact(lambda connection: connection.rows(sql, (before,)))

    # Looking

    def find(self, id: str) -> SendingRow | None:
        found = self._rows(f"{_LIGHT} WHERE o.id = ?", id)
        return _sending(found[0]) if found else None

    def listed(self, destination: str, states: Collection[int], before: str, most: int) -> list[SendingRow]:
        """The newest first, from before an id; "" for all destinations."""
        marks = ", ".join("?" for _ in states)
        where, values = (" AND o.destination = ?", [destination]) if destination else ("", [])
        sql = f"{_LIGHT} WHERE o.id < ? AND o.state IN ({marks}){where} ORDER BY o.id DESC LIMIT ?"
        return [_sending(row) for row in self._rows(sql, before, *states, *values, most)]

    def _rows(self, sql: str, *values: object) -> list[Row]:
        return self._engine.reader().rows(sql, values)


def _add(connection: Connection, row: SendingRow, now: int) -> bool:
    same = "destination = ? AND visit = ? AND state = 0"
    open = connection.rows(
        f"SELECT dialect, partial, digest, taken FROM outbound WHERE {same}",  # noqa: S608
        (row.destination, row.visit),
    )
    if (row.dialect, row.partial, "") in [(dialect, partial, digest) for dialect, partial, digest, taken in open
                                          if taken < now]:  # fmt: skip
        return False
    connection.rows(
        f"UPDATE outbound SET state = ?, settled = ?, body = ?, held = ? WHERE {same} AND taken < ?",  # noqa: S608
        (REPLACED, now, b"", "[]", row.destination, row.visit, now),
    )
    insert(connection, "outbound", row)
    return True


def _destination(row: Row) -> DestinationRow:
    return DestinationRow._make(_plain(row))


def _sending(row: Row) -> SendingRow:
    return SendingRow(*_plain(row))


def _plain(row: Row) -> list[Any]:
    return [bytes(value) if isinstance(value, memoryview) else value for value in row]
