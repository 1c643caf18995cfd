"""The store's engine on one SQLite file: a connection per reading thread, one writing thread per process."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import apsw
import msgspec

from hoso.store import facts, migrate
from hoso.store.audit import AuditRow
from hoso.store.connection import Connection
from hoso.store.contract import DamagedFile, Unavailable
from hoso.store.facts import Facts
from hoso.store.plan import Head, Name, Plan
from hoso.store.seal import Keyring
from hoso.store.sqlite import apply
from hoso.store.sqlite.connection import SqliteConnection, check_library, connect
from hoso.store.sqlite.group import GroupCommit
from hoso.store.sqlite.inbox import Inbox

T = TypeVar("T")
P = ParamSpec("P")

# The ids of one type in one statement, each through the key's index.
_KEYS = """SELECT k.id, k.rid, k.patient FROM json_each(?) w CROSS JOIN key k ON k.type = ? AND k.id = w.value"""
_HEADS = """SELECT k.id, k.rid, k.patient, r.version, r.updated, r.deleted, b.dict, b.bytes
  FROM json_each(?) w CROSS JOIN key k ON k.type = ? AND k.id = w.value
  LEFT JOIN resource r ON r.patient = k.patient AND r.rid = k.rid
  LEFT JOIN body b ON b.patient = r.patient AND b.seq = r.seq"""

READER_CACHE_KB, SHARED_CACHE_KB, WRITER_CACHE_KB = 4_000, 8_000, 12_000
"""Decrypted pages a connection keeps. A miss costs 3 µs while the system has the file in memory: more buys little.
An import takes as long with a writer's 12 MB as with 32."""


def create(path: Path, key: bytes, node: str) -> None:
    """Makes the file, or brings the one there to this release's schema. The file is readable by its owner only."""
    check_library()
    path.touch(mode=0o600, exist_ok=True)
    path.chmod(0o600)
    _prepare(path, key, node)


def _prepare(path: Path, key: bytes, node: str) -> Facts:
    known = migrate.shipped("sqlite")
    connection = SqliteConnection(connect(path, key, cache_kb=2_000))
    try:
        connection.script("BEGIN IMMEDIATE")
        migrate.migrate(connection, known)
        facts.create(connection, node)
        found = facts.load(connection)
        connection.script("COMMIT")
        return found
    finally:
        connection.close()


class SqliteEngine:
    def __init__(self, path: Path, key: bytes, node: str, keyring: Keyring | None = None) -> None:
        check_library()
        if not path.exists():
            raise FileNotFoundError(path)
        if path.stat().st_size == 0:
            raise DamagedFile.gone(path)
        self.path, self._key = path, key
        self.facts = replace(_prepare(path, key, node), keyring=keyring)
        self._local = threading.local()
        self._open: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        self._closed = False
        self._shared: SqliteConnection | None = None
        self._idle: list[SqliteConnection] = []
        self._turn = threading.Lock()
        self._inbox = Inbox(path, key)
        self._group = GroupCommit(lambda: self._connect(WRITER_CACHE_KB), self._inbox.take)

    def _connect(self, cache_kb: int) -> SqliteConnection:
        handle = connect(self.path, self._key, cache_kb=cache_kb)
        self._open.add(handle)
        return SqliteConnection(handle, self.facts.codec, self.facts.keyring)

    def reader(self) -> SqliteConnection:
        try:
            return self._local.connection  # type: ignore[no-any-return]
        except AttributeError:
            connection = self._local.connection = self._connect_reader(READER_CACHE_KB)
            return connection

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect_reader(READER_CACHE_KB)
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def _connect_reader(self, cache_kb: int) -> SqliteConnection:
        if self._closed:
            raise Unavailable("the store is closed")
        connection = self._connect(cache_kb)
        connection.handle.pragma("query_only", True)
        return connection

    def brief(self, ask: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One thread after the other: reads side by side would only fight for the interpreter, a switch at every row.

        They would also fill a page cache each: a worker after many reads had 140 MB and has 65.
        """
        with self._turn:
            if self._shared is None:
                self._shared = self._connect_reader(SHARED_CACHE_KB)
            return ask(self._shared, *args, **kwargs)

    def transact(self, work: Callable[[Connection], T]) -> T:
        return self._group.run(work)

    once = aside = transact

    def record(self, rows: Sequence[AuditRow]) -> None:
        self._inbox.add(rows, self.lent)

    def gather(self) -> None:
        with self.lent() as connection:
            waits = self._inbox.waits(connection)
        if waits:
            self._group.run(lambda connection: None)

    def rids(self, connection: Connection) -> Iterator[int]:
        ((last,),) = connection.rows("SELECT coalesce(max(rid), 0) FROM key")
        return count(last + 1)

    def lookup(self, connection: Connection, names: Collection[Name], bodies: bool) -> dict[Name, Head]:
        sql = _HEADS if bodies else _KEYS
        by_type: dict[int, list[str]] = {}
        for type, id in names:
            by_type.setdefault(type, []).append(id)
        found = {}
        for type, ids in by_type.items():
            for id, rid, patient, *rest in connection.rows(sql, (msgspec.json.encode(ids).decode(), type)):
                if rest and rest[0] is not None:
                    version, updated, deleted, dictionary, packed = rest
                    found[type, id] = Head(rid, patient, version, updated, bool(deleted), dictionary or 0, packed)
                else:
                    found[type, id] = Head(rid, patient)
        return found

    def apply(self, connection: Connection, plan: Plan) -> None:
        assert isinstance(connection, SqliteConnection)
        apply.apply(connection, plan)

    def lock(self, connection: Connection, criteria: Sequence[str]) -> None:
        """There is one writer at a time already."""

    def alone(self, lock: int) -> Callable[[], bool]:
        """The file is on one machine."""
        return lambda: True

    def close(self) -> None:
        if not self._closed:
            with suppress(Unavailable):
                self.gather()
        self._closed = True
        self._group.close()
        self._inbox.close()
        for handle in list(self._open):
            handle.close()
