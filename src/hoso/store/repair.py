"""Rebuilds the search index while a node serves: adds rows that are missing, takes away those that nothing asks for.

It changes index rows only; records and their log are never touched, and a rebuild may be stopped and begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from hoso.store.connection import Connection, Row
from hoso.store.plan import TABLES, Head, Table
from hoso.store.record_store import RecordStore
from hoso.store.standing import standing
from hoso.store.upkeep import COLUMNS, KEYS, count, heads, heads_of, lacking, last

CHUNK = 100
"""Records in one write transaction: others wait for milliseconds, not for the rebuild."""


@dataclass(slots=True)
class Mended:
    added: int = 0
    removed: int = 0


def rebuild(store: RecordStore, seen: Callable[[int], None] = lambda number: None) -> Mended:
    """Afterwards each index holds exactly what the records say. `seen` hears of rows looked at."""
    mended = Mended()
    wanted = dict.fromkeys(TABLES, 0)
    reader = store.engine.reader()
    for page in heads(reader):
        for start in range(0, len(page), CHUNK):
            some = page[start : start + CHUNK]
            rows = standing(store.engine, store.facts, reader, some)
            for table in TABLES:
                wanted[table] += len(rows[table])
            if any(lacking(reader, table, rows[table]) for table in TABLES):
                mended.added += _complete(store, [head.rid for _, head in some])
        seen(len(page))
    for table in TABLES:
        if count(reader, table) != wanted[table]:
            mended.removed += _clear(store, table, seen)
    return mended


def fill(store: RecordStore, seen: Callable[[int], None] = lambda number: None) -> None:
    """Makes all index rows of a store that has none, as after a restore."""
    for page in heads(store.engine.reader()):
        store.engine.transact(partial(_fill, store, page))
        seen(len(page))


def _fill(store: RecordStore, page: Sequence[tuple[str, Head]], connection: Connection) -> None:
    rows = standing(store.engine, store.facts, connection, page)
    for table in TABLES:
        ready = list(rows[table])
        for start in range(0, len(ready), CHUNK):
            some = ready[start : start + CHUNK]
            marks = ", ".join(["(" + ", ".join("?" * len(COLUMNS[table])) + ")"] * len(some))
            flat = [value for row in some for value in row]
            connection.rows(f"INSERT INTO {table} ({', '.join(COLUMNS[table])}) VALUES {marks}", flat)  # noqa: S608


def size(store: RecordStore) -> int:
    """How many rows `rebuild` will look at, about."""
    connection = store.engine.reader()
    return count(connection, "resource") + sum(count(connection, table) for table in TABLES)


def _complete(store: RecordStore, rids: Sequence[int]) -> int:
    def work(connection: Connection) -> int:
        rows = standing(store.engine, store.facts, connection, heads_of(connection, rids, lock=True))
        added = 0
        for table in TABLES:
            for row in lacking(connection, table, rows[table]):
                _insert(connection, table, row)
                added += 1
        return added

    return store.engine.transact(work)


def _clear(store: RecordStore, table: Table, seen: Callable[[int], None]) -> int:
    """Goes through a table in the order of its key and deletes rows that their record does not ask for."""
    key = KEYS[table]
    reader = store.engine.reader()
    removed, after, end = 0, None, last(reader, table, key)
    while end and (rows := _page(reader, table, key, after, end)):
        if _unwanted(store, reader, table, rows, lock=False):
            removed += store.engine.transact(partial(_delete_unwanted, store, table, rows))
        after = rows[-1][: len(key)]
        seen(len(rows))
    return removed


def _page(connection: Connection, table: Table, key: Sequence[str], after: Row | None, end: Row) -> list[Row]:
    place, marks = ", ".join(key), ", ".join("?" * len(key))
    where = f"({place}) <= ({marks})" + (f" AND ({place}) > ({marks})" if after else "")
    sql = f"SELECT {', '.join(COLUMNS[table])} FROM {table} WHERE {where} ORDER BY {place} LIMIT ?"  # noqa: S608
    return connection.rows(sql, (*end, *(after or ()), CHUNK))


def _unwanted(
    store: RecordStore, connection: Connection, table: Table, rows: Sequence[Row], *, lock: bool
) -> list[Row]:
    place = list(COLUMNS[table]).index("rid")
    rids = sorted({row[place] for row in rows})
    wanted = standing(store.engine, store.facts, connection, heads_of(connection, rids, lock=lock))[table]
    return [row for row in rows if tuple(row) not in wanted]


def _delete_unwanted(store: RecordStore, table: Table, rows: Sequence[Row], connection: Connection) -> int:
    surplus = _unwanted(store, connection, table, rows, lock=True)
    key = KEYS[table]
    where = " AND ".join(f"{name} = ?" for name in key)
    for row in surplus:
        connection.rows(f"DELETE FROM {table} WHERE {where}", row[: len(key)])  # noqa: S608
    return len(surplus)


def _insert(connection: Connection, table: Table, row: Row) -> None:
    """In place of a row with the same key and another rest, should damage have left one."""
    tail = " DO UPDATE SET long = excluded.long" if table == "string" else " DO NOTHING"
    sql = f"INSERT INTO {table} ({', '.join(COLUMNS[table])}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
    connection.rows(f"{sql} ON CONFLICT ({', '.join(KEYS[table])}){tail}", row)
