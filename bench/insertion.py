"""The limit of an import: the rows of a loaded node put into an empty one by plain SQL straight on the driver.

Nothing of HoSo's writing takes part: neither its plan nor its statements nor its functions. A transaction carries one
bundle, as in the import it is compared with, and the database's own keys and indexes are all there.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import apsw
import psycopg

from bench.node import cpu_seconds, tree
from hoso import compose
from hoso.store.postgres.connection import PostgresConnection
from hoso.store.sqlite.connection import SqliteConnection

BY_RID = ("key", "resource", "change", "token", "ref", "date", "string", "quantity")
BY_SEQ = ("body", "feed")

Rows = dict[str, list[tuple[Any, ...]]]


class _Reader(Protocol):
    def rows(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]: ...


def rate(full: Path, empty: Path, database: int | None, resources: int) -> float:
    """Resources in a processor second, the database server's share counted in."""
    node = compose.open(full)
    bundles = _by_bundle(node.store.engine.reader(), resources)
    node.close()
    node = compose.open(empty)
    connection = node.store.engine.reader()
    if isinstance(connection, SqliteConnection):
        connection.handle.pragma("query_only", False)
        insert = _sqlite(connection.handle)
    else:
        assert isinstance(connection, PostgresConnection)
        insert = _postgres(connection.handle)
    start, server = time.process_time(), cpu_seconds(tree(database)) if database else 0.0
    for rows in bundles:
        insert(rows)
    spent = time.process_time() - start
    spent += cpu_seconds(tree(database)) - server if database else 0.0
    node.close()
    return sum(len(rows["resource"]) for rows in bundles) / spent


def _by_bundle(reader: _Reader, resources: int) -> list[Rows]:
    """The rows of the first so many resources, those of each bundle together, by table."""
    changes = reader.rows("SELECT seq, rid, bundle FROM change ORDER BY seq LIMIT ?", (resources,))
    of_seq = {seq: bundle for seq, _, bundle in changes}
    of_rid = {rid: bundle for _, rid, bundle in changes}
    found: Mapping[bytes, Rows] = defaultdict(lambda: defaultdict(list))
    for tables, name, owner in ((BY_RID, "rid", of_rid), (BY_SEQ, "seq", of_seq)):
        for table in tables:
            for own, *row in reader.rows(f"SELECT {name}, * FROM {table}"):
                if own in owner:
                    found[owner[own]][table].append(tuple(row))
    return list(found.values())


def _sqlite(handle: apsw.Connection) -> Callable[[Rows], None]:
    def insert(rows: Rows) -> None:
        handle.execute("BEGIN IMMEDIATE")
        for table, some in rows.items():
            marks = ", ".join("?" * len(some[0]))
            handle.executemany(f"INSERT INTO {table} VALUES ({marks})", some)
        handle.execute("COMMIT")

    return insert


def _postgres(handle: psycopg.Connection[Any]) -> Callable[[Rows], None]:
    def insert(rows: Rows) -> None:
        with handle.transaction(), handle.cursor() as cursor:
            for table, some in rows.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in some:
                        copy.write_row(row)

    return insert
