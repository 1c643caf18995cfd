"""Opens the encrypted file the way the store needs it: authenticated pages, WAL, nothing in clear on the disk."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path

import apsw

from hoso.core.raw_key import raw
from hoso.store import connection
from hoso.store.codec import Codec
from hoso.store.connection import Dialect, Row
from hoso.store.contract import DamagedFile, TooSlow, Unavailable
from hoso.store.seal import Keyring

log = logging.getLogger(__name__)

OLDEST = (3, 51, 3)
"""Before it, two processes restarting the write-ahead log at once could corrupt the database."""

BUSY_SECONDS = 30.0
STATEMENTS = 512
"""Prepared statements that are kept, the most that the driver takes."""

TOGETHER = 16
"""Rows of one INSERT. Every run of a statement takes one of the places above, and gives it back behind the others: rows
one by one would drive out all that is kept, and each group of writes would prepare its statements anew."""

STEPS = 1_000_000
"""Of SQLite's machine between two looks at the clock: some tens of milliseconds."""
_TROUBLE = (
    apsw.BusyError, apsw.LockedError, apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.CorruptError,
    apsw.NotADBError, apsw.NoMemError, apsw.ReadOnlyError, apsw.ProtocolError, apsw.InterruptError,
    apsw.ConnectionClosedError,
)  # fmt: skip
DAMAGE = (apsw.CorruptError, apsw.NotADBError)
"""Of these waiting does not help. A page that was changed is one, for each is proved when it is decrypted; so is a key
that is not this file's."""


class Unsafe(Exception):
    """The SQLite library in use must not hold records."""


def check_library() -> None:
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < OLDEST:
        raise Unsafe(f"SQLite {apsw.sqlite_lib_version()} is older than {'.'.join(map(str, OLDEST))}")


@contextmanager
def trouble(file: str) -> Iterator[None]:
    """What the database cannot help becomes `Unavailable`, with its cause in the log; what we did wrong stays."""
    try:
        yield
    except apsw.InterruptError as error:
        raise TooSlow(str(error)) from error
    except DAMAGE as error:
        log.error("SQLite: %s: %s: %s", file, type(error).__name__, error)
        raise DamagedFile(file, str(error)) from error
    except _TROUBLE as error:
        log.error("SQLite: %s: %s", type(error).__name__, error)
        raise Unavailable(str(error)) from error


class SqliteConnection:
    """One thread's connection. The writer's stands inside a transaction while work runs on it."""

    dialect: Dialect = "sqlite"

    def __init__(self, handle: apsw.Connection, codec: Codec | None = None, keyring: Keyring | None = None) -> None:
        self.handle, self.file = handle, handle.filename  # of a closed one it cannot be asked
        self._execute = handle.execute
        self._unpack = codec.unpack if codec else None
        self._keyring = keyring

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        try:
            return self._execute(sql, params).fetchall()
        except _TROUBLE:
            with trouble(self.file):
                raise

    @contextmanager
    def limited(self) -> Iterator[None]:
        ends = time.monotonic() + connection.SECONDS
        self.handle.set_progress_handler(lambda: time.monotonic() > ends, STEPS)
        try:
            yield
        finally:
            self.handle.set_progress_handler(None)

    def many(self, sql: str, params: Collection[Sequence[object]]) -> None:
        """One statement for many rows, inside a transaction."""
        rows = list(params)
        whole = len(rows) - len(rows) % TOGETHER if " VALUES (" in sql else 0
        with trouble(self.file):
            if whole:
                some = [tuple(chain.from_iterable(rows[at : at + TOGETHER])) for at in range(0, whole, TOGETHER)]
                self.handle.executemany(_together(sql), some)
            if whole < len(rows):
                self.handle.executemany(sql, rows[whole:])

    def text(self, dictionary: int, packed: bytes, rid: int, version: str) -> bytes:
        assert self._unpack is not None
        if dictionary >= 0:
            return self._unpack(dictionary, packed)
        assert self._keyring is not None
        return self._unpack(~dictionary, self._keyring.open(self, packed, rid, version))

    def script(self, sql: str) -> None:
        with trouble(self.file):
            self.handle.execute(sql)

    def close(self) -> None:
        self.handle.close()


@lru_cache(256)
def _together(sql: str) -> str:
    """An INSERT of one row as one of `TOGETHER`. When one fails the whole transaction ends, so SQLite need not be
    ready to undo these rows alone."""
    before, _, rest = sql.partition(" VALUES (")
    marks, _, after = rest.partition(")")
    before = before.replace("INSERT INTO", "INSERT OR FAIL INTO")
    return f"{before} VALUES {', '.join([f'({marks})'] * TOGETHER)}{after}"


def connect(path: Path, key: bytes, *, cache_kb: int, create: bool = False) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    with trouble(str(path)):
        handle = apsw.Connection(str(path), flags=flags, statementcachesize=STATEMENTS)
        handle.set_busy_handler(_patience)
        # Without it SQLite plans a statement anew for every value bound to it: 35 µs on a read of 6 µs.
        handle.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        handle.pragma("cipher", "aegis")
        handle.pragma("hexkey", raw(key))
        handle.pragma("journal_mode", "wal")
        handle.pragma("synchronous", "full")
        handle.pragma("temp_store", "memory")
        handle.pragma("cache_size", -cache_kb)
        handle.pragma("wal_autocheckpoint", 4_000)
        handle.pragma("journal_size_limit", 64_000_000)
        return handle


def _patience(tries: int) -> bool:
    """Short, uneven waits: a station's loader and its web workers take turns, none of them starves."""
    pause = 0.002
    if tries * pause > BUSY_SECONDS:
        return False
    time.sleep(pause * random.uniform(0.5, 1.5))
    return True
