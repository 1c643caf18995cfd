"""Changing the keys of a node: which file takes which place, in an order that a kill at any moment does not harm."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hoso.core.durable import settle
from hoso.keyfolder import NEW, fresh, read_key, write_secret
from hoso.store import rotating
from hoso.store.record_store import RecordStore

KINDS = ("seal", "database")


class Busy(Exception):
    """Another rotation of this node is under way."""


def seal(folder: Path, store: RecordStore) -> int:
    """A new sealing key; answers how many keys of records it wraps now. One that was interrupted is finished."""
    keys = folder / "keys"
    with _locked(keys):
        file, coming = keys / "seal", keys / f"seal{NEW}"
        if not coming.exists():
            write_secret(coming, fresh())
            settle(keys)
        number = rotating.rewrap(store, read_key(file), read_key(coming))
        _overwrite(file)
        coming.replace(file)
        settle(keys)
        return number


def database(folder: Path) -> None:
    """A new key for the SQLite file of a node that nobody serves. Raises rotating.InUse."""
    keys, file = folder / "keys", folder / "hoso.db"
    with _locked(keys):
        _finish(folder)
        coming = keys / f"database{NEW}"
        write_secret(coming, fresh())
        settle(keys)
        try:
            rotating.rekey(file, read_key(keys / "database"), read_key(coming))
        except BaseException:
            _finish(folder)
            raise
        file.with_name(file.name + rotating.ENDING).replace(file)
        settle(folder)
        _finish(folder)


def recover(folder: Path) -> None:
    """At every start: goes on with a change of the database's key that was interrupted, or takes it back."""
    keys = folder / "keys"
    if (keys / f"database{NEW}").exists():
        try:
            with _locked(keys):
                _finish(folder)
        except Busy:
            return  # it is under way


def _finish(folder: Path) -> None:
    """By whichever key the database opens with now."""
    keys, file = folder / "keys", folder / "hoso.db"
    coming = keys / f"database{NEW}"
    if not coming.exists():
        return
    if rotating.opens(file, read_key(coming)):
        _overwrite(keys / "database")
        coming.replace(keys / "database")
    else:
        coming.unlink()
        file.with_name(file.name + rotating.ENDING).unlink(missing_ok=True)
    settle(keys)


def _overwrite(file: Path) -> None:
    """With another key's worth of chance: what is unlinked would stay on the disk until its place is used again."""
    with file.open("r+b") as out:
        out.write(fresh().encode())
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _locked(keys: Path) -> Iterator[None]:
    handle = os.open(keys.parent / "rotation.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        yield
    finally:
        os.close(handle)
