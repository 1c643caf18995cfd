"""A small DB-API 2.0 over apsw: what Django's SQLite backend needs of a driver, and no more.

Every statement is run to its end at once, so that in autocommit a write is committed when `execute` returns.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from hoso.access import DamagedFile
from hoso.core.raw_key import raw

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"
CIPHER = "chacha20"
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))
Binary = bytes
"""What a text of bytes is given as."""


class Error(Exception):
    pass


class Warning(Exception):
    pass


class InterfaceError(Error):
    pass


class DatabaseError(Error):
    pass


class DataError(DatabaseError):
    pass


class OperationalError(DatabaseError):
    pass


class IntegrityError(DatabaseError):
    pass


class InternalError(DatabaseError):
    pass


class ProgrammingError(DatabaseError):
    pass


class NotSupportedError(DatabaseError):
    pass


_KINDS: tuple[tuple[type[Exception], type[Error]], ...] = (
    (apsw.ConstraintError, IntegrityError),
    (apsw.TooBigError, DataError),
    (apsw.RangeError, ProgrammingError),
    (apsw.BindingsError, ProgrammingError),
    (apsw.MisuseError, ProgrammingError),
    (apsw.InternalError, InternalError),
    (apsw.Error, OperationalError),
)


_DAMAGE = (apsw.CorruptError, apsw.NotADBError)


@contextmanager
def _translated(file: str) -> Iterator[None]:
    """Damage is no error of Django's: nobody who asks is to take it for an answer, or for something that passes."""
    try:
        yield
    except _DAMAGE as error:
        raise DamagedFile(file, str(error)) from error
    except apsw.Error as error:
        kind = next(ours for theirs, ours in _KINDS if isinstance(error, theirs))
        raise kind(str(error)) from error


def connect(database: str, *, key: bytes, timeout: float = 5.0) -> Connection:
    return Connection(database, key, timeout)


def make(file: Path, key: bytes) -> None:
    """A database without tables. Nothing else makes one: where one was, an empty one would hide that it is gone."""
    file.touch(mode=0o600, exist_ok=True)
    with _translated(str(file)):
        handle = _opened(file, key)
        handle.execute("PRAGMA user_version = 1")
        handle.close()


def _opened(file: Path, key: bytes) -> apsw.Connection:
    handle = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
    handle.pragma("cipher", CIPHER)
    handle.pragma("hexkey", raw(key))
    return handle


def _for_owner_only(file: Path) -> None:
    """Also one of an earlier release, and so the write-ahead log, which takes the mode of its database."""
    if not file.exists() or not file.stat().st_size:
        raise DamagedFile.gone(file)
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)


class Connection:
    """apsw is in autocommit unless a BEGIN was sent, which is how Django uses SQLite."""

    isolation_level: str | None = None

    def __init__(self, database: str, key: bytes, timeout: float) -> None:
        self.file = database
        _for_owner_only(Path(database))
        with _translated(database):
            self.apsw = _opened(Path(database), key)
            self.apsw.set_busy_timeout(int(timeout * 1000))
            self.apsw.pragma("journal_mode", "wal")
            self.apsw.pragma("synchronous", "full")

    def cursor(self) -> Cursor:
        return Cursor(self)

    def execute(self, sql: str, params: Sequence[object] = ()) -> Cursor:
        return self.cursor().execute(sql, params)

    def commit(self) -> None:
        self._end("COMMIT")

    def rollback(self) -> None:
        self._end("ROLLBACK")

    def _end(self, word: str) -> None:
        if self.apsw.in_transaction:
            self.execute(word)

    def close(self) -> None:
        with _translated(self.file):
            self.apsw.close()

    def create_function(self, name: str, narg: int, func: Callable[..., Any], *, deterministic: bool = False) -> None:
        self.apsw.create_scalar_function(name, func, narg, deterministic=deterministic)

    def create_aggregate(self, name: str, narg: int, aggregate: Callable[[], Any]) -> None:
        def factory() -> tuple[Any, Callable[..., None], Callable[..., Any]]:
            state = aggregate()
            return state, lambda s, *values: s.step(*values), lambda s: s.finalize()

        self.apsw.create_aggregate_function(name, factory, narg)


class Cursor:
    arraysize = 100

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, sql: str, params: Sequence[object] | Mapping[str, object] = ()) -> Cursor:
        with _translated(self.connection.file):
            self._run(sql, params)
        return self

    def executemany(self, sql: str, param_list: Iterable[Sequence[object] | Mapping[str, object]]) -> Cursor:
        total = 0
        for params in param_list:
            self.execute(sql, params)
            total += max(self.rowcount, 0)
        self.rowcount = total
        return self

    def _run(self, sql: str, params: Sequence[object] | Mapping[str, object]) -> None:
        base = self.connection.apsw
        inner = base.cursor()
        inner.exec_trace = self._describe
        before = base.total_changes()
        self.description = None
        rows = inner.execute(sql, _adapted(params)).fetchall()
        changed = base.total_changes() - before
        self.rowcount = changed or len(rows)
        self.lastrowid = base.last_insert_rowid()
        self._rows = iter(rows)

    def _describe(self, inner: apsw.Cursor, sql: str, bindings: object) -> bool:
        """Columns are known only while the statement runs; apsw asks here just before it does."""
        columns = inner.get_description()
        self.description = tuple((name, None, None, None, None, None, None) for name, _ in columns) or None
        return True

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetchmany(self, size: int = arraysize) -> list[tuple[Any, ...]]:
        return [row for _, row in zip(range(size), self._rows, strict=False)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows

    def close(self) -> None:
        self._rows = iter(())


def _adapted(params: Sequence[object] | Mapping[str, object]) -> Any:
    if isinstance(params, Mapping):
        return {name: _plain(value) for name, value in params.items()}
    return tuple(_plain(value) for value in params)


def _plain(value: object) -> object:
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, decimal.Decimal | str) else value
