"""What doctor and backup share: all heads or rows of a table in pages, as they stood at one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from hoso.store.connection import Connection, Row
from hoso.store.plan import CONSENT, Head
from hoso.store.reading import TYPES

PAGE = 500

COLUMNS: dict[str, Sequence[str]] = {
    "token": ("key", "patient", "date", "rid", "system"),
    "ref": ("target", "key", "patient", "date", "rid"),
    "date": ("key", "low", "high", "patient", "rid"),
    "string": ("key", "value", "patient", "rid", "exact", "long"),
    "quantity": ("key", "low", "high", "patient", "rid", "system", "code", "unit", "part"),
    "relation": ("patient", "grantee", "kind", "since", "until", "rid"),
    "consent": CONSENT,
    "codes": ("key", "param", "code"),
    "systems": ("key", "number"),
    "texts": ("key", "value", "number", "exact", "long"),
}
"""Columns of the index tables, in the order of their rows."""

KEYS = {table: [name for name in columns if name != "long"] for table, columns in COLUMNS.items()}
"""What must be unique: everything but the rest of a long string."""

ASKED = 200
"""Rows that are asked for in one statement: one by one would cost a round trip each."""

_HEADS = """SELECT r.rid, r.patient, r.type, r.version, r.updated, r.deleted, b.dict, b.bytes FROM resource r
  LEFT JOIN body b ON b.patient = r.patient AND b.seq = r.seq"""


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Everything read inside stands at one moment, while others go on writing."""
    sqlite = connection.dialect == "sqlite"
    connection.rows("BEGIN" if sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        if not sqlite:
            connection.rows("SET LOCAL statement_timeout = 0")
        yield
    finally:
        connection.rows("COMMIT")


def pages(connection: Connection, table: str, columns: Sequence[str], key: Sequence[str]) -> Iterator[list[Row]]:
    """All rows in the order of `key`, which is unique."""
    names, order = ", ".join(columns), ", ".join(key)
    places = [list(columns).index(name) for name in key]
    after: tuple[object, ...] | None = None
    while True:
        where = f"WHERE ({order}) > ({', '.join('?' * len(key))})" if after else ""
        rows = connection.rows(f"SELECT {names} FROM {table} {where} ORDER BY {order} LIMIT ?", (*(after or ()), PAGE))  # noqa: S608
        if not rows:
            return
        yield rows
        after = tuple(rows[-1][place] for place in places)


def last(connection: Connection, table: str, key: Sequence[str]) -> Row | None:
    """The greatest key of a table: where a walk ends that must not run after those who write meanwhile."""
    order = ", ".join(f"{name} DESC" for name in key)
    rows = connection.rows(f"SELECT {', '.join(key)} FROM {table} ORDER BY {order} LIMIT 1")  # noqa: S608
    return rows[0] if rows else None


def heads(connection: Connection) -> Iterator[list[tuple[str, Head]]]:
    """Every head with its type, up to the last one there is now."""
    end = last(connection, "resource", ("patient", "rid"))
    patient, rid = -(1 << 62), 0
    while end:
        rows = connection.rows(
            f"{_HEADS} WHERE (r.patient, r.rid) > (?, ?) AND (r.patient, r.rid) <= (?, ?)"
            " ORDER BY r.patient, r.rid LIMIT ?",
            (patient, rid, *end, PAGE),
        )
        if not rows:
            return
        yield [_head(row) for row in rows]
        rid, patient = rows[-1][:2]


def heads_of(connection: Connection, rids: Sequence[int], *, lock: bool) -> list[tuple[str, Head]]:
    """Some heads; with `lock` nobody changes them before this transaction ends (on SQLite nobody could anyway)."""
    marks = ", ".join("?" * len(rids))
    ending = " FOR UPDATE OF r" if lock and connection.dialect == "postgresql" else ""
    sql = f"{_HEADS} JOIN key k ON k.patient = r.patient AND k.rid = r.rid WHERE k.rid IN ({marks}){ending}"
    return [_head(row) for row in connection.rows(sql, rids)]


def marks(connection: Connection, rids: Sequence[int]) -> dict[int, tuple[int | None, int, int, int]]:
    """What heads say of themselves for searches: their columns `date`, `present`, `systems` and `texts`."""
    sql = f"""SELECT r.rid, r.date, r.present, r.systems, r.texts FROM resource r
      JOIN key k ON k.patient = r.patient AND k.rid = r.rid WHERE k.rid IN ({", ".join("?" * len(rids))})"""  # noqa: S608
    return {rid: tuple(found) for rid, *found in connection.rows(sql, rids)}


def _head(row: Row) -> tuple[str, Head]:
    rid, patient, type, version, updated, deleted, dictionary, packed = row
    return TYPES[type], Head(rid, patient, version, updated, bool(deleted), dictionary or 0, packed)


def lacking(connection: Connection, table: str, wanted: Collection[Row]) -> list[Row]:
    """Those of the wanted rows that an index table does not have, or has otherwise."""
    key, columns = ", ".join(KEYS[table]), ", ".join(COLUMNS[table])
    marks = f"({', '.join('?' * len(KEYS[table]))})"
    ordered, found = list(wanted), []
    for start in range(0, len(ordered), ASKED):
        some = ordered[start : start + ASKED]
        sql = f"SELECT {columns} FROM {table} WHERE ({key}) IN (VALUES {', '.join([marks] * len(some))})"  # noqa: S608
        values = [value for row in some for value in row[: len(KEYS[table])]]
        there = {tuple(row) for row in connection.rows(sql, values)}
        found += [row for row in some if row not in there]
    return found


def count(connection: Connection, table: str) -> int:
    return int(connection.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608
