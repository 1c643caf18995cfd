"""Work that callers wait for, as rows: carried out one at a time, oldest first, told until it expires, then gone."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from hoso.store.connection import Connection
from hoso.store.engine import Engine

OPEN, READY, FAILED = 0, 1, 2
"""`state` of each. One that was cancelled or has expired has no row."""


R = TypeVar("R", bound=NamedTuple)
"""The fields of a row are the columns of its table."""


class Backlog(Generic[R]):
    """`table` has the columns id, state and attempts, and created and expires in milliseconds."""

    def __init__(self, engine: Engine, table: str, row: type[R]) -> None:
        self._engine, self._table, self._row = engine, table, row
        self._select = f"SELECT {', '.join(row._fields)} FROM {table}"  # noqa: S608

    def find(self, id: str) -> R | None:
        return self._one(f"{self._select} WHERE id = ?", id)

    def first(self) -> R | None:
        """The one that has waited longest, begun or not."""
        return self._one(f"{self._select} WHERE state = 0 ORDER BY created, id LIMIT 1")

    def begun(self, id: str) -> bool:
        """Counts an attempt; whether it is still wanted."""
        return self._update("attempts = attempts + 1", id)

    def expired(self, now: int) -> list[str]:
        sql = f"SELECT id FROM {self._table} WHERE expires <= ?"  # noqa: S608
        return [id for (id,) in self._engine.reader().rows(sql, (now,))]

    def ids(self) -> set[str]:
        return {id for (id,) in self._engine.reader().rows(f"SELECT id FROM {self._table}")}  # noqa: S608

    def _one(self, sql: str, *values: object) -> R | None:
        rows = self._engine.reader().rows(sql, values)
        return self._row._make(rows[0]) if rows else None

    def _update(self, change: str, id: str, *values: object) -> bool:
        """Changes what is still open; false when it is not."""
        sql = f"UPDATE {self._table} SET {change} WHERE id = ? AND state = 0 RETURNING id"  # noqa: S608
        return bool(self._engine.transact(lambda connection: connection.rows(sql, (*values, id))))


def has_room(
    connection: Connection, table: str, caller: str, most: int, most_of_caller: int, counted: str = "1 = 1"
) -> bool:
    """Whether one more may be inserted by this transaction: so many at once, and so many of one caller."""
    if connection.dialect == "postgresql":
        connection.rows(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
    ((all, own),) = connection.rows(
        f"SELECT count(*), count(CASE WHEN caller = ? THEN 1 END) FROM {table} WHERE {counted}",  # noqa: S608
        (caller,),
    )
    return bool(all < most and own < most_of_caller)


def insert(connection: Connection, table: str, row: NamedTuple) -> None:
    marks = ", ".join("NULL" if value is None else "?" for value in row)
    connection.rows(
        f"INSERT INTO {table} ({', '.join(row._fields)}) VALUES ({marks})",  # noqa: S608
        [value for value in row if value is not None],
    )
