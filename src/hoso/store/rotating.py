"""A new key in place of an old one: of the sealing key while the node serves, of the SQLite file while it does not.

Each step leaves files from which the next start goes on, or back, by itself; there is no moment at which a kill would
leave records without their key.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import apsw

from hoso.core.raw_key import raw
from hoso.store.connection import Connection
from hoso.store.record_store import RecordStore
from hoso.store.seal import mark, unwrap, wrap
from hoso.store.sqlite.connection import SqliteConnection, trouble
from hoso.store.sqlite.inbox import Inbox

CHUNK = 500
PAUSE_SECONDS = 3.0
"""Longer than a write is under way that began with the key of before."""
ENDING = ".new"


class InUse(Exception):
    """Somebody else has the database open."""


def rewrap(
    store: RecordStore, old: bytes, new: bytes, pause: Callable[[], None] = lambda: time.sleep(PAUSE_SECONDS)
) -> int:
    """Wraps every record's key with the new sealing key, until none of the old is left. Others may write meanwhile."""
    number = _sweep(store, old, new)
    pause()
    while late := _sweep(store, old, new):
        number += late
        pause()
    return number


def _sweep(store: RecordStore, old: bytes, new: bytes) -> int:
    number, after = 0, b""
    while rows := store.engine.reader().rows(
        "SELECT id, rid, wrapped FROM record_key WHERE id > ? ORDER BY id LIMIT ?", (after, CHUNK)
    ):
        behind = [(bytes(id), rid, bytes(wrapped)) for id, rid, wrapped in rows if not _is_new(bytes(wrapped), new)]
        if behind:
            store.engine.transact(partial(_wrap, behind, old, new))
        number, after = number + len(behind), bytes(rows[-1][0])
    return number


def _is_new(wrapped: bytes, new: bytes) -> bool:
    return wrapped.startswith(mark(new))


def _wrap(rows: list[tuple[bytes, int, bytes]], old: bytes, new: bytes, connection: Connection) -> None:
    for id, rid, wrapped in rows:
        fresh = wrap(new, id, rid, unwrap([old, new], id, rid, wrapped))
        connection.rows("UPDATE record_key SET wrapped = ? WHERE id = ?", (fresh, id))


@dataclass(frozen=True, slots=True)
class Form:
    """How a file of ours is encrypted: its cipher, and how a key is written for it."""

    cipher: str
    spelled: Callable[[bytes], str]


RECORDS = Form("aegis", raw)


def rekey(file: Path, old: bytes, new: bytes, form: Form = RECORDS, former: Form | None = None) -> None:
    """Makes `file.new`, the same database under the new key, whole and on the disk; `former` is how the old one is
    written for it, if otherwise. Raises InUse."""
    before = former or form
    passing = file.with_name(file.name + ENDING)
    with trouble(str(file)):
        alone(file, old, before)
        passing.unlink(missing_ok=True)
        os.close(os.open(passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        shutil.copyfile(file, passing)
        handle = _opened(passing, old, before)
        try:
            if form is RECORDS:
                _take_along(handle, Inbox(file, old))
            handle.pragma("hexrekey", form.spelled(new))
        finally:
            handle.close()
    if not opens(passing, new, form):
        raise InUse(f"{passing} cannot be opened with its new key")
    with passing.open("rb") as written:
        os.fsync(written.fileno())


def _take_along(handle: apsw.Connection, inbox: Inbox) -> None:
    """Events that a killed process left beside the database are under its key of before, which will be gone."""
    if inbox.folder.exists():
        handle.execute("BEGIN IMMEDIATE")
        inbox.take(SqliteConnection(handle))
        handle.execute("COMMIT")


def opens(file: Path, key: bytes, form: Form = RECORDS) -> bool:
    try:
        handle = _opened(file, key, form)
    except apsw.Error:
        return False
    try:
        handle.execute("SELECT count(*) FROM sqlite_master").fetchall()
        return True
    except (apsw.NotADBError, apsw.CorruptError):
        return False
    finally:
        handle.close()


def alone(file: Path, key: bytes, form: Form = RECORDS) -> None:
    """Brings the write-ahead log home. Raises InUse: whoever else has the file open would go on writing the old one."""
    handle = _opened(file, key, form)
    try:
        if handle.pragma("journal_mode", "delete") != "delete":
            raise InUse(str(file))
    except (apsw.BusyError, apsw.LockedError) as error:
        raise InUse(str(file)) from error
    finally:
        handle.close()


def _opened(file: Path, key: bytes, form: Form) -> apsw.Connection:
    handle = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
    handle.pragma("cipher", form.cipher)
    handle.pragma("hexkey", form.spelled(key))
    return handle
