"""What came in by the doors for other software, as rows: a deposit and its items, until all of them are settled.

An item is kept as it came until a Binary of the records keeps it. Who works on a deposit takes it for a while, so that
one who dies keeps it from nobody for long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import zstandard

from hoso.store import audit
from hoso.store.audit import AuditRow
from hoso.store.backlog import insert
from hoso.store.connection import Connection, Row
from hoso.store.engine import Engine

ARRIVING, OPEN, DONE = 0, 1, 2
"""`state` of a deposit: not whole yet and not confirmed to anybody; something is to be done; everything is settled."""
WAITING, PUT_OFF, STORED, UNCHANGED, QUARANTINED, SET_ASIDE, UNDONE = range(7)
"""`state` of an item. Put off: it refers to a record that nobody has brought yet."""
LEVEL = 3


class DepositRow(NamedTuple):
    """Times are milliseconds; `taken`: until when somebody has it. `digest` is the hex SHA-256 of all, "" once undone.

    `signature` is JSON. `items`: how many there are.
    """

    id: str
    format: str
    sender: str
    facility: str
    name: str
    received: int
    digest: str = ""
    size: int = 0
    signature: str = "{}"
    state: int = ARRIVING
    attempts: int = 0
    taken: int = 0
    items: int = 0


class ItemRow(NamedTuple):
    """`issues` and `wrote` are JSON; `digest` the hex SHA-256 of the piece that is read: `mended`, else `data`."""

    deposit: str
    number: int
    state: int = WAITING
    label: str = ""
    digest: str = ""
    issues: str = "[]"
    wrote: str = "[]"
    data: bytes = b""
    mended: bytes = b""

    @property
    def piece(self) -> bytes:
        return unpacked(self.mended or self.data)


_DEPOSIT, _ITEM = ", ".join(DepositRow._fields), ", ".join(ItemRow._fields)
_SELECT, _ITEMS = f"SELECT {_DEPOSIT} FROM deposit", f"SELECT {_ITEM} FROM deposit_item"  # noqa: S608
_LIGHT = f"SELECT {_ITEM.replace('data, mended', 'substr(data, 1, 1), substr(mended, 1, 1)')} FROM deposit_item"  # noqa: S608


_HELD = "CAST(? AS jsonb), CAST(? AS bytea[]), CAST(? AS bytea[])"
_EVENTS = "CAST(? AS bytea[]), CAST(? AS bytea[])"
_ADD = f"SELECT hoso_deposit(CAST(? AS jsonb), {_HELD}, {_EVENTS})"
_SETTLE = f"SELECT hoso_settle(?, {_HELD}, ?, {_EVENTS})"
"""PostgreSQL: each a round trip, and a transaction by itself."""


def packed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(data) if data else b""


def unpacked(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data) if data else b""


class DepositTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # Receiving

    def same(self, digest: str, facility: str) -> DepositRow | None:
        """The whole deposit that brought these very bytes."""
        found = self._rows(f"{_SELECT} WHERE digest = ? AND facility = ? AND state > 0", digest, facility)
        return DepositRow._make(found[0]) if found else None

    def add(self, row: DepositRow, items: Sequence[ItemRow], events: Sequence[AuditRow] = ()) -> None:
        """Durable on return, with the events that tell of it."""

        def work(connection: Connection) -> None:
            if connection.dialect == "postgresql":
                connection.rows(_ADD, (_json(row._asdict()), *_held(items), *_events(events)))
                return
            insert(connection, "deposit", row)
            _insert(connection, items)
            audit.insert(connection, events)

        self._engine.aside(work)

    def extend(self, items: Sequence[ItemRow]) -> None:
        self._engine.transact(lambda connection: _insert(connection, items))

    def whole(self, row: DepositRow) -> None:
        """All of it is here: it is to be worked on."""
        sql = "UPDATE deposit SET digest = ?, size = ?, signature = ?, state = ?, items = ? WHERE id = ? RETURNING id"
        values = (row.digest, row.size, row.signature, OPEN, row.items, row.id)
        self._engine.transact(lambda connection: connection.rows(sql, values))

    def remove(self, id: str) -> None:
        def work(connection: Connection) -> None:
            connection.rows("DELETE FROM deposit_item WHERE deposit = ?", (id,))
            connection.rows("DELETE FROM deposit WHERE id = ?", (id,))

        self._engine.transact(work)

    # Working

    def first(self, now: int) -> DepositRow | None:
        """The one that has waited longest and that nobody has."""
        found = self._rows(f"{_SELECT} WHERE state = 1 AND taken < ? ORDER BY received, id LIMIT 1", now)
        return DepositRow._make(found[0]) if found else None

    def take(self, id: str, now: int, until: int) -> DepositRow | None:
        """Takes it for a while and counts an attempt; None when there is nothing to do or somebody else has it."""
        sql = f"""UPDATE deposit SET taken = ?, attempts = attempts + 1
                  WHERE id = ? AND state = 1 AND taken < ? RETURNING {_DEPOSIT}"""  # noqa: S608
        found = self._engine.transact(lambda connection: connection.rows(sql, (until, id, now)))
        return DepositRow._make(found[0]) if found else None

    def waiting(self, id: str, state: int, after: int, most: int) -> list[ItemRow]:
        """The next items in that state, with what came."""
        sql = f"{_ITEMS} WHERE deposit = ? AND state = ? AND number > ? ORDER BY number LIMIT ?"
        return [ItemRow._make(row) for row in self._rows(sql, id, state, after, most)]

    def settle(self, id: str, items: Sequence[ItemRow], until: int, events: Sequence[AuditRow] = ()) -> bool:
        """What became of items; whether nothing waits any more, so that the deposit is closed.

        `until`: for how long it is still taken, 0 to let go of it. `events` tell of what was looked at for them.
        """

        def work(connection: Connection) -> bool:
            if connection.dialect == "postgresql":
                ((closed,),) = connection.rows(_SETTLE, (id, *_held(items), until, *_events(events)))
                return bool(closed)
            audit.insert(connection, events)
            for item in items:
                connection.rows(
                    """UPDATE deposit_item SET state = ?, label = ?, digest = ?, issues = ?, wrote = ?, data = ?,
                         mended = ?
                       WHERE deposit = ? AND number = ?""",
                    (
                        item.state, item.label, item.digest, item.issues, item.wrote, item.data, item.mended, id,
                        item.number,
                    ),
                )  # fmt: skip
            left = connection.rows("SELECT 1 FROM deposit_item WHERE deposit = ? AND state IN (0, 1) LIMIT 1", (id,))
            if left:
                connection.rows("UPDATE deposit SET taken = ? WHERE id = ?", (until, id))
            else:
                connection.rows("UPDATE deposit SET taken = 0, state = 2 WHERE id = ? AND state = 1", (id,))
            return not left

        return self._engine.aside(work)

    def reopen(self, id: str, items: Sequence[ItemRow]) -> None:
        """Items that are to be tried again."""

        def work(connection: Connection) -> None:
            for item in items:
                connection.rows(
                    "UPDATE deposit_item SET state = 0, digest = ?, mended = ? WHERE deposit = ? AND number = ?",
                    (item.digest, item.mended, id, item.number),
                )
            connection.rows("UPDATE deposit SET state = 1 WHERE id = ?", (id,))

        self._engine.transact(work)

    def undone(self, id: str) -> None:
        """The same bytes may come anew."""
        self._engine.transact(lambda c: c.rows("UPDATE deposit SET digest = '' WHERE id = ?", (id,)))

    # Looking

    def find(self, id: str) -> DepositRow | None:
        found = self._rows(f"{_SELECT} WHERE id = ? AND state > 0", id)
        return DepositRow._make(found[0]) if found else None

    def listed(self, facility: str | None, before: tuple[int, str], most: int) -> list[DepositRow]:
        """The newest first, from before a time and id; of one facility, or of all (None)."""
        sql = f"{_SELECT} WHERE state > 0 AND (received < ? OR (received = ? AND id < ?))"
        values: list[object] = [before[0], before[0], before[1]]
        if facility is not None:
            sql, values = f"{sql} AND facility = ?", [*values, facility]
        rows = self._rows(f"{sql} ORDER BY received DESC, id DESC LIMIT ?", *values, most)
        return [DepositRow._make(row) for row in rows]

    def counts(self, ids: Sequence[str]) -> dict[str, dict[int, int]]:
        """Of each deposit, how many items are in which state."""
        found: dict[str, dict[int, int]] = {id: {} for id in ids}
        for id in ids:
            for state, number in self._rows(
                "SELECT state, count(*) FROM deposit_item WHERE deposit = ? GROUP BY state", id
            ):
                found[id][state] = number
        return found

    def item(self, id: str, number: int) -> ItemRow | None:
        found = self._rows(f"{_ITEMS} WHERE deposit = ? AND number = ?", id, number)
        return ItemRow._make(found[0]) if found else None

    def items(self, id: str, state: int | None, after: int, most: int) -> list[ItemRow]:
        """In the order they came; of what they hold only the first byte, which says whether there is any."""
        among = "" if state is None else " AND state = ?"
        values = [id, after, *([] if state is None else [state]), most]
        sql = f"{_LIGHT} WHERE deposit = ? AND number > ?{among} ORDER BY number LIMIT ?"
        return [ItemRow._make(row) for row in self._rows(sql, *values)]

    def backwards(self, id: str, before: int, most: int) -> list[ItemRow]:
        """From the last to the first, with what they hold."""
        sql = f"{_ITEMS} WHERE deposit = ? AND number < ? ORDER BY number DESC LIMIT ?"
        return [ItemRow._make(row) for row in self._rows(sql, id, before, most)]

    def outdated(self, before: int, arriving: int, most: int) -> list[str]:
        """Settled ones without a refusal that came before a time, and those that never became whole."""
        sql = """SELECT id FROM deposit d WHERE (state = 2 AND received < ? AND NOT EXISTS
                   (SELECT 1 FROM deposit_item i WHERE i.deposit = d.id AND i.state = 4))
                 OR (state = 0 AND received < ?) LIMIT ?"""
        return [id for (id,) in self._rows(sql, before, arriving, most)]

    def _rows(self, sql: str, *values: object) -> list[Row]:
        return self._engine.reader().rows(sql, values)


_TEXTS = ("number", "state", "label", "digest", "issues", "wrote")


def _held(items: Sequence[ItemRow]) -> tuple[str, list[bytes], list[bytes]]:
    texts = _json([{name: getattr(item, name) for name in _TEXTS} for item in items])
    return texts, [item.data for item in items], [item.mended for item in items]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _events(events: Sequence[AuditRow]) -> tuple[list[bytes], list[bytes]]:
    return [row.salt for row in events], [row.bytes for row in events]


def _insert(connection: Connection, items: Sequence[ItemRow]) -> None:
    for item in items:
        insert(connection, "deposit_item", item)
