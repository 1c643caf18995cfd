"""A connection for the shortest questions: a prepared statement straight through libpq, one round trip, no cursor.

psycopg's cursor costs more processor time than such a question costs the server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from hoso.store.connection import Row
from hoso.store.postgres.connection import PostgresConnection

_BYTEA, _INT8, _TEXT, _BYTEAS, _VOID = 17, 20, 25, 1001, 2278
_BINARY = 1


def _integer(raw: bytes) -> int:
    return int.from_bytes(raw, "big", signed=True)


Column = tuple[int, Callable[[bytes], Any]]

_READERS: dict[int, Callable[[bytes], Any]] = {
    _BYTEA: bytes,
    20: _integer,
    21: _integer,
    23: _integer,
    25: bytes.decode,
    _VOID: bytes,
}
"""How the binary form of a column is read, by the number of its type: bytea, bigint, smallint, integer, text, void."""


class BriefConnection(PostgresConnection):
    """Statements with integers, texts, bytes and lists of bytes, never inside a transaction."""

    def _open(self) -> None:
        super()._open()
        self._prepared: dict[str, bytes] = {}
        self._columns: dict[bytes, list[Column]] = {}

    def send(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        values = [_binary(p)[1] for p in params]
        try:
            name = self._prepared.get(sql) or self._prepare(sql, params)
            result = self.handle.pgconn.exec_prepared(name, values, [_BINARY] * len(values), _BINARY)
            if result.status != ExecStatus.TUPLES_OK:
                raise psycopg.errors.error_from_result(result)
        except psycopg.Error as error:
            raise self._meaning(error) from error
        if not result.ntuples:
            return []
        columns = self._columns.get(name)
        if columns is None:  # a prepared statement never changes the types of its columns
            columns = [(column, _READERS[result.ftype(column)]) for column in range(result.nfields)]
            self._columns[name] = columns
        get = result.get_value
        return [
            tuple([None if (raw := get(row, column)) is None else read(raw) for column, read in columns])
            for row in range(result.ntuples)
        ]

    def _prepare(self, sql: str, params: Sequence[object]) -> bytes:
        name = f"hoso_brief_{len(self._prepared)}".encode()
        numbered = sql
        for place in range(1, len(params) + 1):
            numbered = numbered.replace("?", f"${place}", 1)
        types = [_binary(p)[0] for p in params]
        result = self.handle.pgconn.prepare(name, numbered.encode(), types)
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)
        self._prepared[sql] = name
        return name


def _binary(param: object) -> tuple[int, bytes]:
    """A parameter's type and its binary form."""
    if isinstance(param, int):
        return _INT8, param.to_bytes(8, "big", signed=True)
    if isinstance(param, list):
        return _BYTEAS, _array(param)
    return (_BYTEA, param) if isinstance(param, bytes) else (_TEXT, str(param).encode())


def _array(values: Sequence[bytes]) -> bytes:
    """One dimension, no NULL, of bytea, so many from 1."""
    head = b"".join(number.to_bytes(4, "big") for number in (1, 0, _BYTEA, len(values), 1))
    return head + b"".join(piece for value in values for piece in (len(value).to_bytes(4, "big"), value))
