"""Rows that are written together are all written, and cost the statements of others nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from hoso.store.sqlite.connection import STATEMENTS, TOGETHER, SqliteConnection, connect

INSERT = "INSERT INTO t VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET b = excluded.b"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[SqliteConnection]:
    handle = connect(tmp_path / "some.db", bytes(32), cache_kb=500, create=True)
    handle.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
    yield SqliteConnection(handle)
    handle.close()


def test_every_row_is_written_however_many_there_are(connection: SqliteConnection) -> None:
    for number in (1, TOGETHER - 1, TOGETHER, TOGETHER + 1, 5 * TOGETHER + 3):
        rows = [(n, f"{number}/{n}") for n in range(number)]
        connection.many(INSERT, rows)
        assert connection.rows("SELECT a, b FROM t ORDER BY a") == rows
    connection.many("DELETE FROM t WHERE a = ?", [(n,) for n in range(2 * TOGETHER)])
    assert connection.rows("SELECT count(*), min(a) FROM t") == [(3 * TOGETHER + 3, 2 * TOGETHER)]


def test_a_key_that_comes_twice_is_refused_as_before(connection: SqliteConnection) -> None:
    with pytest.raises(apsw.ConstraintError):
        connection.many("INSERT INTO t VALUES (?, ?)", [(n % TOGETHER, "") for n in range(TOGETHER + 1)])


def test_rows_leave_the_prepared_statements_where_they_are(connection: SqliteConnection) -> None:
    others = [f"SELECT {n} FROM t" for n in range(60)]
    for sql in others:
        connection.rows(sql)
    connection.many(INSERT, [(n, "") for n in range(4 * STATEMENTS)])
    before = connection.handle.cache_stats()["misses"]
    for sql in others:
        connection.rows(sql)
    assert connection.handle.cache_stats()["misses"] == before
