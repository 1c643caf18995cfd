"""Changing the keys of a node: which file takes which place, in an order that a kill at any moment does not harm."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hoso.core.durable import settle
from hoso.core.raw_key import raw
from hoso.keyfolder import ACCOUNTS, NEW, BadConfig, fresh, read_key, read_keys, write_secret
from hoso.store import rotating
from hoso.store.record_store import RecordStore
from hoso.web.sqlite.dbapi import CIPHER
from hoso.web.sqlite.secret import of_accounts

KINDS = ("seal", "database", "accounts")


class Busy(Exception):
    """Another rotation of this node is under way."""


def seal(folder: Path, store: RecordStore) -> int:
    """A new sealing key; answers how many keys of records it wraps now. One that was interrupted is finished."""
    keys = folder / "keys"
    with locked(keys):
        file, coming = keys / "seal", keys / f"seal{NEW}"
        if not coming.exists():
            write_secret(coming, fresh())
            settle(keys)
        number = rotating.rewrap(store, read_key(file), read_key(coming))
        overwrite(file)
        coming.replace(file)
        settle(keys)
        return number


def database(folder: Path) -> None:
    """A new key for the SQLite file of a node that nobody serves. Raises rotating.InUse."""
    _change(folder, _DATABASE)


def accounts(folder: Path) -> None:
    """A new key for the file of the accounts of a node that nobody serves. Raises rotating.InUse.

    Who serves has the records open, the accounts perhaps not yet.
    """
    rotating.alone(folder / _DATABASE.file, _DATABASE.now(folder / "keys"))
    _change(folder, _ACCOUNTS)


def recover(folder: Path) -> None:
    """At every start: goes on with a change of a file's key that was interrupted, or takes it back; and encrypts a file
    of an earlier release as this one does. Raises rotating.InUse while that release serves it."""
    for kept in (_DATABASE, _ACCOUNTS):
        if (folder / "keys" / f"{kept.key}{NEW}").exists():
            try:
                with locked(folder / "keys"):
                    _finish(folder, kept)
            except Busy:
                return  # it is under way
    _as_today(folder, _ACCOUNTS)


def _as_today(folder: Path, kept: _Kept) -> None:
    """The cipher of the accounts derived a key of ours by 64,007 rounds, for each connection anew, until 28/11/2026."""
    file, keys = folder / kept.file, folder / "keys"
    if not file.exists():
        return
    try:
        key = kept.now(keys)
    except (OSError, BadConfig):
        return  # a key is missing, which is said, or mended, after the settings were read
    if rotating.opens(file, key, kept.form):
        return
    if kept.former is None or not rotating.opens(file, key, kept.former):
        return  # it is damaged, which whoever opens it says
    try:
        with locked(keys):
            rotating.rekey(file, key, key, kept.form, kept.former)
            file.with_name(file.name + rotating.ENDING).replace(file)
            settle(folder)
    except Busy as busy:
        raise rotating.InUse(str(file)) from busy


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file, the name of the key it is encrypted with, and what that key is now, by the folder of keys."""

    file: str
    key: str
    form: rotating.Form
    now: Callable[[Path], bytes]
    former: rotating.Form | None = None

    def opens(self, file: Path, key: bytes) -> bool:
        return any(rotating.opens(file, key, form) for form in (self.form, self.former) if form is not None)


_DATABASE = _Kept("hoso.db", "database", rotating.RECORDS, lambda keys: read_key(keys / "database"))
_ACCOUNTS = _Kept(
    "accounts.db", ACCOUNTS, rotating.Form(CIPHER, raw), lambda keys: of_accounts(read_keys(keys)),
    rotating.Form(CIPHER, bytes.hex),
)  # fmt: skip


def _change(folder: Path, kept: _Kept) -> None:
    keys, file = folder / "keys", folder / kept.file
    with locked(keys):
        _finish(folder, kept)
        coming = keys / f"{kept.key}{NEW}"
        write_secret(coming, fresh())
        settle(keys)
        try:
            rotating.rekey(file, kept.now(keys), read_key(coming), kept.form)
        except BaseException:
            _finish(folder, kept)
            raise
        file.with_name(file.name + rotating.ENDING).replace(file)
        settle(folder)
        _finish(folder, kept)


def _finish(folder: Path, kept: _Kept) -> None:
    """By whichever key the file opens with now."""
    keys, file = folder / "keys", folder / kept.file
    coming, own = keys / f"{kept.key}{NEW}", keys / kept.key
    if not coming.exists():
        return
    if kept.opens(file, read_key(coming)):
        if own.exists():
            overwrite(own)
        coming.replace(own)
    else:
        coming.unlink()
        file.with_name(file.name + rotating.ENDING).unlink(missing_ok=True)
    settle(keys)


def overwrite(file: Path) -> None:
    """With another key's worth of chance: what is unlinked would stay on the disk until its place is used again."""
    with file.open("r+b") as out:
        out.write(fresh().encode())
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def locked(keys: Path) -> Iterator[None]:
    handle = os.open(keys.parent / "rotation.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        yield
    finally:
        os.close(handle)
