"""Rebuilds the search index while a node serves: adds rows that are missing, takes away those that nothing asks for.

It changes index rows only; records and their log are never touched, and a rebuild may be stopped and begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hoso.store.connection import Connection, Row
from hoso.store.doctor import stands
from hoso.store.plan import TABLES, Table
from hoso.store.record_store import RecordStore
from hoso.store.standing import standing
from hoso.store.upkeep import COLUMNS, count, heads, heads_of

CHUNK = 100
"""Records in one write transaction: others wait for milliseconds, not for the rebuild."""


@dataclass(slots=True)
class Mended:
    added: int = 0
    removed: int = 0


def rebuild(store: RecordStore, seen: Callable[[int], None] = lambda number: None) -> Mended:
    """Afterwards each index holds exactly what the records say. `seen` hears of rows looked at."""
    mended = Mended()
    for page in heads(store.engine.reader()):
        rids = [head.rid for _, head in page]
        for start in range(0, len(rids), CHUNK):
            mended.added += _complete(store, rids[start : start + CHUNK])
        seen(len(page))
    for table in TABLES:
        mended.removed += _clear(store, table, seen)
    return mended


def size(store: RecordStore) -> int:
    """How many rows `rebuild` will look at, about."""
    connection = store.engine.reader()
    return count(connection, "resource") + sum(count(connection, table) for table in TABLES)


def _complete(store: RecordStore, rids: Sequence[int]) -> int:
    def work(connection: Connection) -> int:
        rows = standing(store.engine, store.facts, connection, heads_of(connection, rids, lock=True))
        added = 0
        for table in TABLES:
            for row in rows[table]:
                if not stands(connection, table, row):
                    _insert(connection, table, row)
                    added += 1
        return added

    return store.engine.transact(work)


def _clear(store: RecordStore, table: Table, seen: Callable[[int], None]) -> int:
    """Goes through a table in the order of its key and deletes rows that their record does not ask for."""
    key = [name for name in COLUMNS[table] if name != "long"]
    removed, after = 0, None
    while True:
        rows = _page(store.engine.reader(), table, key, after)
        if not rows:
            return removed
        removed += store.engine.transact(lambda connection, rows=rows: _unwanted(store, connection, table, rows))  # type: ignore[misc]
        after = rows[-1][: len(key)]
        seen(len(rows))


def _page(connection: Connection, table: Table, key: Sequence[str], after: Row | None) -> list[Row]:
    where = f"WHERE ({', '.join(key)}) > ({', '.join('?' * len(key))})" if after else ""
    sql = f"SELECT {', '.join(COLUMNS[table])} FROM {table} {where} ORDER BY {', '.join(key)} LIMIT ?"  # noqa: S608
    return connection.rows(sql, (*(after or ()), CHUNK))


def _unwanted(store: RecordStore, connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    place = list(COLUMNS[table]).index("rid")
    rids = sorted({row[place] for row in rows})
    wanted = standing(store.engine, store.facts, connection, heads_of(connection, rids, lock=True))[table]
    surplus = [row for row in rows if tuple(row) not in wanted]
    key = [name for name in COLUMNS[table] if name != "long"]
    for row in surplus:
        where = " AND ".join(f"{name} = ?" for name in key)
        connection.rows(f"DELETE FROM {table} WHERE {where}", row[: len(key)])  # noqa: S608
    return len(surplus)


def _insert(connection: Connection, table: Table, row: Row) -> None:
    """In place of a row with the same key and another rest, should damage have left one."""
    key = [name for name in COLUMNS[table] if name != "long"]
    tail = " DO UPDATE SET long = excluded.long" if table == "string" else " DO NOTHING"
    sql = f"INSERT INTO {table} ({', '.join(COLUMNS[table])}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
    connection.rows(f"{sql} ON CONFLICT ({', '.join(key)}){tail}", row)
