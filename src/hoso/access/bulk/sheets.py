"""The files of an export: NDJSON in pieces, each packed and encrypted, so that nothing lies open on the disk.

A file is whole when it is closed and brought to the disk; its row says how much text it holds, and a reader that finds
less stops. Of a file that does not open, because it was changed or its key replaced, nothing is sent.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag

from hoso.access.sealed import Sealed
from hoso.core.keychain import Keychain, chain

PIECE = 256_000
LEVEL = 1
"""Of packing: the quickest, which already makes records five to ten times smaller."""


class Damaged(Exception):
    """A file is not what was written."""


class Full(Exception):
    """The disk has no room to spare."""


class Sheets:
    """The exports' folder of a node. `spare`: bytes of the disk that are left to the node's own work."""

    def __init__(self, folder: Path, keys: bytes | Keychain, spare: int) -> None:
        self._folder, self._spare = folder, spare
        self._sealed = Sealed(chain(keys), b"hoso exports")

    def create(self, export: str, number: int) -> Sheet:
        folder = self._folder / export
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Sheet(self._open(folder / str(number)), self._sealed, f"{export}/{number}", self)

    def keep(self, export: str, number: int, lines: Sequence[bytes]) -> Sheet:
        """A file of these lines, whole and durable. Raises OSError and Full."""
        sheet = self.create(export, number)
        try:
            sheet.write(lines)
            sheet.close()
        except BaseException:
            sheet.abandon()
            raise
        return sheet

    def _open(self, path: Path) -> IO[bytes]:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        return os.fdopen(handle, "wb", buffering=0)

    def check_room(self) -> None:
        """Raises Full: an export ends before the node's own records find no place."""
        if shutil.disk_usage(self._folder).free < self._spare:
            raise Full

    def read(self, export: str, number: int, size: int) -> Iterator[bytes]:
        """The text of a file. The first piece is read at once: raises Damaged before anything is sent."""
        pieces = self._pieces(export, number)
        first = next(pieces, b"")
        return _counted(first, pieces, size)

    def _pieces(self, export: str, number: int) -> Iterator[bytes]:
        try:
            with (self._folder / export / str(number)).open("rb") as file:
                place = 0
                while head := file.read(4):
                    sealed = file.read(int.from_bytes(head, "big"))
                    yield zlib.decompress(self._sealed.open(sealed, f"{export}/{number}/{place}"))
                    place += 1
        except (OSError, InvalidTag, ValueError, zlib.error) as error:
            raise Damaged from error

    def remove(self, export: str) -> None:
        """Whatever is left of an export."""
        shutil.rmtree(self._folder / export, ignore_errors=True)

    def others(self, known: set[str]) -> list[str]:
        """Exports of which files are left, but nothing else."""
        with suppress(FileNotFoundError):
            return sorted(one.name for one in self._folder.iterdir() if one.name not in known)
        return []


class Sheet:
    """One file while it is written. Raises OSError and Full."""

    def __init__(self, file: IO[bytes], sealed: Sealed, name: str, sheets: Sheets) -> None:
        self._file, self._sealed, self._name, self._sheets = file, sealed, name, sheets
        self._held: list[bytes] = []
        self._waiting, self._place = 0, 0
        self.count, self.size = 0, 0

    def write(self, lines: Sequence[bytes]) -> None:
        """Each a resource; they become lines of their own."""
        for line in lines:
            text = line.replace(b"\n", b" ").replace(b"\r", b" ") if b"\n" in line or b"\r" in line else line
            self._held += (text, b"\n")
            self._waiting += len(text) + 1
        self.count += len(lines)
        if self._waiting >= PIECE:
            self._flush()

    def close(self) -> None:
        """Durable on return."""
        if self._held:
            self._flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError):
            self._file.close()

    def _flush(self) -> None:
        self._sheets.check_room()
        text = b"".join(self._held)
        sealed = self._sealed.seal(zlib.compress(text, LEVEL), f"{self._name}/{self._place}")
        left = memoryview(len(sealed).to_bytes(4, "big") + sealed)
        while left:
            left = left[self._file.write(left) or 0 :]
        self.size += len(text)
        self._place += 1
        self._held, self._waiting = [], 0


def _counted(first: bytes, pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    sent = len(first)
    yield first
    for piece in pieces:
        sent += len(piece)
        yield piece
    if sent != size:
        raise Damaged
