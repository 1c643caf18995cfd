"""Rebuilds the search index while a node serves: adds rows that are missing, takes away those that nothing asks for.

It changes index rows only; records and their log are never touched, and a rebuild may be stopped and begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from hoso.store import label_upkeep
from hoso.store.connection import Connection, Row
from hoso.store.plan import GROUPED, TABLES, Grouped, Head, Table
from hoso.store.record_store import RecordStore
from hoso.store.standing import Marks, Standing, standing
from hoso.store.upkeep import COLUMNS, KEYS, count, heads, heads_of, lacking, last, marks

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
            made = standing(store.engine, store.facts, reader, some)
            for table in TABLES:
                wanted[table] += len(made.tables[table])
            if _incomplete(reader, made):
                mended.added += _complete(store, [head.rid for _, head in some])
        seen(len(page))
    for table in TABLES:
        if count(reader, table) != wanted[table]:
            mended.removed += _clear(store, table, seen) + store.engine.transact(partial(_once, table))
    mended.added += label_upkeep.mend(store, seen)
    store.seal_rest()
    return mended


def fill(store: RecordStore, seen: Callable[[int], None] = lambda number: None) -> None:
    """Makes all index rows of a store that has none, as after a restore."""
    for page in heads(store.engine.reader()):
        store.engine.transact(partial(_fill, store, page))
        seen(len(page))
    label_upkeep.mend(store)  # a backup of before there were labels has none
    store.seal_rest()


def _fill(store: RecordStore, page: Sequence[tuple[str, Head]], connection: Connection) -> None:
    made = standing(store.engine, store.facts, connection, page)
    _mark(connection, made)
    for table in TABLES:
        ready = list(made.tables[table])
        for start in range(0, len(ready), CHUNK):
            some = ready[start : start + CHUNK]
            marks = ", ".join(["(" + ", ".join("?" * len(COLUMNS[table])) + ")"] * len(some))
            flat = [value for row in some for value in row]
            connection.rows(f"INSERT INTO {table} ({', '.join(COLUMNS[table])}) VALUES {marks}", flat)  # noqa: S608


def size(store: RecordStore) -> int:
    """How many rows `rebuild` will look at, about."""
    connection = store.engine.reader()
    return count(connection, "resource") + count(connection, "change") + sum(count(connection, t) for t in TABLES)


def _complete(store: RecordStore, rids: Sequence[int]) -> int:
    def work(connection: Connection) -> int:
        made = standing(store.engine, store.facts, connection, heads_of(connection, rids, lock=True))
        added = _mark(connection, made)
        for table in TABLES:
            for row in lacking(connection, table, made.tables[table]):
                insert(connection, table, row)
                added += 1
        return added

    return store.engine.transact(work)


def _marked(connection: Connection, made: Standing) -> list[tuple[int, Marks]]:
    """Heads whose marks are not what they should be."""
    there = marks(connection, list(made.marks))
    return [(rid, right) for rid, right in made.marks.items() if there.get(rid) != right]


def _incomplete(connection: Connection, made: Standing) -> bool:
    if _marked(connection, made) or any(lacking(connection, table, made.grouped[table]) for table in GROUPED):
        return True
    return any(lacking(connection, table, made.tables[table]) for table in TABLES)


def _mark(connection: Connection, made: Standing) -> int:
    """Sets that are missing, then marks."""
    added = 0
    for table in GROUPED:
        for row in lacking(connection, table, made.grouped[table]):
            insert(connection, table, row)
            added += 1
    wrong = _marked(connection, made)
    for rid, right in wrong:
        connection.rows(
            """UPDATE resource SET date = ?, present = ?, systems = ?, texts = ? WHERE rid = ?
               AND patient = (SELECT k.patient FROM key k WHERE k.rid = ?)""",
            (*right, rid, rid),
        )
    return added + len(wrong)


def _once(table: Table, connection: Connection) -> int:
    """Rows that stand twice, which SQLite's primary keys do not let happen, stand once."""
    if connection.dialect == "sqlite":
        return 0
    connection.rows("SET LOCAL statement_timeout = 0")
    names = ", ".join(COLUMNS[table])
    twice = connection.rows(f"SELECT {names}, count(*) FROM {table} GROUP BY {names} HAVING count(*) > 1")  # noqa: S608
    for *row, _ in twice:
        insert(connection, table, row)
    return sum(number - 1 for *_, number in twice)


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
    wanted = standing(store.engine, store.facts, connection, heads_of(connection, rids, lock=lock)).tables[table]
    return [row for row in rows if tuple(row) not in wanted]


def _delete_unwanted(store: RecordStore, table: Table, rows: Sequence[Row], connection: Connection) -> int:
    surplus = _unwanted(store, connection, table, rows, lock=True)
    key = KEYS[table]
    where = " AND ".join(f"{name} = ?" for name in key)
    for row in surplus:
        connection.rows(f"DELETE FROM {table} WHERE {where}", row[: len(key)])  # noqa: S608
    return len(surplus)


def insert(connection: Connection, table: Table | Grouped, row: Sequence[object]) -> None:
    """In place of rows with the same key, and perhaps another rest, should damage have left some."""
    key = KEYS[table]
    where = " AND ".join(f"{name} = ?" for name in key)
    connection.rows(f"DELETE FROM {table} WHERE {where}", row[: len(key)])  # noqa: S608
    sql = f"INSERT INTO {table} ({', '.join(COLUMNS[table])}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
    connection.rows(sql, row)
