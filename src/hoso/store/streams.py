"""Messages that come one by one and are answered at once: items of one deposit a day of their sender.

An item is added when its records are stored, and only then is the message confirmed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hoso.store.backlog import insert
from hoso.store.connection import Connection
from hoso.store.deposits import DONE, DepositRow, ItemRow
from hoso.store.engine import Engine


class StreamTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def day(self, row: DepositRow, since: int) -> str:
        """The deposit of that sender, format and name received since then, or a new one like `row`."""

        def work(connection: Connection) -> str:
            found = connection.rows(
                """SELECT id FROM deposit WHERE state > 0 AND received >= ? AND format = ? AND sender = ? AND name = ?
                   ORDER BY received, id LIMIT 1""",
                (since, row.format, row.sender, row.name),
            )
            if found:
                return str(found[0][0])
            insert(connection, "deposit", row._replace(state=DONE))
            return row.id

        return self._engine.transact(work)

    def known(self, deposit: str, labels: Collection[str]) -> dict[str, ItemRow]:
        """The newest item of each label, without what it holds."""
        marks = ", ".join("?" * len(labels))
        sql = f"""SELECT deposit, number, state, label, digest, issues FROM deposit_item
                  WHERE deposit = ? AND label IN ({marks}) ORDER BY number"""  # noqa: S608
        rows = self._engine.reader().rows(sql, (deposit, *labels)) if labels else []
        return {row[3]: ItemRow(*row) for row in rows}

    def append(self, deposit: str, items: Sequence[ItemRow], counted: Mapping[str, int]) -> None:
        """Behind those that are there; `counted` are the numbers that senders are at. Durable on return."""

        def work(connection: Connection) -> None:
            ((last,),) = connection.rows(
                "UPDATE deposit SET items = items + ? WHERE id = ? RETURNING items", (len(items), deposit)
            )
            for number, item in enumerate(items, last - len(items) + 1):
                insert(connection, "deposit_item", item._replace(deposit=deposit, number=number))
            for sender, at in counted.items():
                connection.rows("DELETE FROM stream_number WHERE sender = ?", (sender,))
                connection.rows("INSERT INTO stream_number VALUES (?, ?)", (sender, at))

        self._engine.transact(work)

    def number(self, sender: str) -> int:
        """The last that was taken of a sender that counts; 0 of one that never did."""
        found = self._engine.reader().rows("SELECT number FROM stream_number WHERE sender = ?", (sender,))
        return int(found[0][0]) if found else 0
