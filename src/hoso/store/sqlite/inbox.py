"""Events that were told by themselves, durable in files beside the database until the next write takes them along.

A commit for each would empty the page caches of all who read. No event is taken twice or left: how far a file was
taken stands in the database, in the transaction that took it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hoso.core.durable import settle
from hoso.store import audit
from hoso.store.audit import AuditRow
from hoso.store.connection import Connection
from hoso.store.contract import Unavailable

log = logging.getLogger(__name__)

ENDING = "-told"
"""Of the folder, behind the name of the database's file."""
ROOM = 1 << 20
"""Bytes of a file, zeros at first: a flush of what has its place already costs half of one that makes a file longer."""
MOST_FILES = 64
"""Of a process, when nothing can be taken along any more: then what is told is refused, and goes to the spool."""
GENERATION, LENGTH, TAG = 16, 4, 16
_END = bytes(LENGTH)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, list[tuple[bytes, bytes]]]).decode


class _Batch(NamedTuple):
    """What was told together, and where it ends in its file."""

    time: int
    rows: list[AuditRow]
    end: int


class _Waiting(NamedTuple):
    """What of a file is not taken yet."""

    file: Path
    generation: bytes
    batches: list[_Batch]
    torn: bool
    """Something stands behind them that nobody can read."""


class Inbox:
    """Of one process; what all processes left there is taken along by whoever writes."""

    def __init__(self, database: Path, key: bytes) -> None:
        self.folder = database.with_name(database.name + ENDING)
        self._key = key
        self._turn = threading.Lock()
        self._files: list[_File] = []
        self._file: _File | None = None

    def add(self, rows: Sequence[AuditRow], lend: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Durable on return. What it is lent says what was taken of the files that are full. Raises Unavailable."""
        text = _encode((time.time_ns(), rows))
        try:
            with self._turn:
                if self._file is None or not self._file.has_room(len(text)):
                    with lend() as connection:
                        self._file = self._next(len(text), connection)
                self._file.add(text)
        except OSError as error:
            with self._turn, suppress(OSError):
                self._drop()
            raise Unavailable(str(error)) from error

    def waits(self, connection: Connection) -> bool:
        return any(found.batches for found in self._waiting(connection))

    def take(self, connection: Connection) -> None:
        """In a write transaction, before anything else: what was told before comes before, in the order of time."""
        batches: list[_Batch] = []
        for found in self._waiting(connection):
            if found.batches:
                batches += found.batches
                connection.rows(
                    """INSERT INTO audit_taken (file, generation, upto) VALUES (?, ?, ?)
                       ON CONFLICT (file) DO UPDATE SET generation = excluded.generation, upto = excluded.upto""",
                    (found.file.name, found.generation, found.batches[-1].end),
                )
            elif _left(found.file):
                _put_away(found)
                connection.rows("DELETE FROM audit_taken WHERE file = ?", (found.file.name,))
        batches.sort(key=lambda batch: batch.time)
        audit.insert(connection, [row for batch in batches for row in batch.rows])

    def close(self) -> None:
        """Files with events that nobody took stay for the next process."""
        with self._turn:
            for file in self._files:
                file.close()
            self._files, self._file = [], None

    def _next(self, size: int, connection: Connection) -> _File:
        """One of which all was taken is used again; so as many are made as a second of tellings fills."""
        taken = _taken(connection)
        for file in self._files:
            if taken.get(file.path.name) == (file.generation, file.end):
                file.begin(self._key)
                if file.has_room(size):
                    return file
        if len(self._files) >= MOST_FILES:
            raise Unavailable("the database takes the events that were told along no more")
        made = _File(self.folder, self._key, max(ROOM, GENERATION + size + TAG + 2 * LENGTH))
        self._files.append(made)
        return made

    def _drop(self) -> None:
        """After a failure nobody knows what the file holds: it is left to whoever takes it along."""
        if self._file is not None:
            self._files.remove(self._file)
            self._file.close()
            self._file = None

    def _waiting(self, connection: Connection) -> Iterator[_Waiting]:
        taken = _taken(connection)
        for file in sorted(self.folder.glob("*.told")):
            try:
                with file.open("rb", buffering=0) as handle:
                    generation = handle.read(GENERATION)
                    known, upto = taken.get(file.name, (b"", 0))
                    start = upto if generation == known else GENERATION
                    batches = list(_batches(handle.fileno(), self._key, generation, start))
                    torn = bool(_size(handle.fileno(), batches[-1].end if batches else start))
                    yield _Waiting(file, generation, batches, torn)
            except FileNotFoundError:
                continue
            except OSError as error:
                log.error("AUDIT LOG: %s cannot be read: %s", file, error)


class _File:
    """Of this process while its handle is locked. Each time it begins anew it is a generation with a key of its own.

    What is written is on the disk when the call returns (O_DSYNC): one call in place of two.
    """

    def __init__(self, folder: Path, key: bytes, size: int) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        name = secrets.token_hex(8)
        self.path, passing = folder / f"{name}.told", folder / f"{name}.new"
        self._size = size
        self._handle = os.open(passing, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_DSYNC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            _write(self._handle, bytes(size), 0)
            os.fsync(self._handle)
            passing.rename(self.path)
            settle(folder)
        except OSError:
            os.close(self._handle)
            passing.unlink(missing_ok=True)
            raise
        self.begin(key)

    def begin(self, key: bytes) -> None:
        self.generation = secrets.token_bytes(GENERATION)
        self._cipher = _cipher(key, self.generation)
        self.end = GENERATION

    def has_room(self, size: int) -> bool:
        return self.end + LENGTH + size + TAG + LENGTH <= self._size

    def add(self, text: bytes) -> None:
        sealed = self._cipher.encrypt(_nonce(self.end), text, None)
        data = len(sealed).to_bytes(LENGTH, "big") + sealed
        if self.end == GENERATION:
            _write(self._handle, self.generation + data + _END, 0)
        else:
            _write(self._handle, data + _END, self.end)
        self.end += len(data)

    def close(self) -> None:
        os.close(self._handle)


def _batches(handle: int, key: bytes, generation: bytes, at: int) -> Iterator[_Batch]:
    """Whole ones: one that is being written, or that a crash cut off, was not answered for."""
    cipher, before = None, 0
    while size := _size(handle, at):
        cipher = cipher or _cipher(key, generation)
        try:
            moment, rows = _decode(cipher.decrypt(_nonce(at), os.pread(handle, size, at + LENGTH), None))
        except (InvalidTag, ValueError, OverflowError):
            return
        at, before = at + LENGTH + size, max(before, moment)
        yield _Batch(before, [AuditRow(*row) for row in rows], at)


def _size(handle: int, at: int) -> int:
    return int.from_bytes(os.pread(handle, LENGTH, at), "big")


def _cipher(key: bytes, generation: bytes) -> AESGCM:
    return AESGCM(blake2b(generation, digest_size=32, key=key, person=b"hoso told").digest())


def _nonce(at: int) -> bytes:
    """The place: nothing is written twice to one place of a generation."""
    return at.to_bytes(12, "big")


def _taken(connection: Connection) -> dict[str, tuple[bytes, int]]:
    rows = connection.rows("SELECT file, generation, upto FROM audit_taken")
    return {file: (bytes(generation), upto) for file, generation, upto in rows}


def _put_away(found: _Waiting) -> None:
    """All that can be read of the file was taken, and its process is gone."""
    if not found.torn:
        found.file.unlink(missing_ok=True)
        return
    kept = found.file.with_suffix(".torn")
    found.file.rename(kept)
    log.warning("AUDIT LOG: the end of %s was cut off by a crash, or was changed since", kept)


def _left(file: Path) -> bool:
    """Whether the process that wrote it is gone."""
    try:
        handle = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(handle)


def _write(handle: int, data: bytes, at: int) -> None:
    """All of it. Raises OSError."""
    rest = memoryview(data)
    while rest:
        done = os.pwrite(handle, rest, at)
        rest, at = rest[done:], at + done
