"""Where events wait while the database takes none: a file on a second device, encrypted, on the disk before the answer.

Whole lines count. A line that a crash cut off was never answered for. When the database takes events again, they go
there in one transaction; a crash just then may tell them twice, never lose one.
"""

from __future__ import annotations

import fcntl
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hoso.access.audit.event import SALT
from hoso.store.audit import AuditRow

NONCE = 12


class Spool:
    """Shared by the processes of a node."""

    def __init__(self, folder: Path, key: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        """`key` is a secret of the node; the lines are encrypted with one derived from it."""
        self._file, self._random = folder / "audit.spool", random
        self._cipher = AESGCM(blake2b(key, digest_size=32, person=b"hoso spool").digest())

    def add(self, rows: Sequence[AuditRow]) -> None:
        """Durable on return. Raises OSError when this device fails as well; then what was begun is taken back."""
        with self._alone() as handle:
            end = self._whole(handle)
            try:
                os.lseek(handle, end, os.SEEK_SET)
                data = memoryview(b"".join(self._line(row) for row in rows))
                while data:
                    data = data[os.write(handle, data) :]
                os.fsync(handle)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(handle, end)
                raise

    def waits(self) -> bool:
        """Asks no lock and reads nothing."""
        try:
            return self._file.stat().st_size > 0
        except OSError:
            return False

    def drain(self, keep: Callable[[Sequence[AuditRow]], None]) -> int:
        """Hands over what waits, and forgets it when it was kept. Raises what `keep` raises, and OSError."""
        if not self.waits():
            return 0
        with self._alone() as handle:
            rows = [self._row(line) for line in self._read(handle, self._whole(handle)).splitlines()]
            if rows:
                keep(rows)
            os.ftruncate(handle, 0)
            os.fsync(handle)
        return len(rows)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    def _whole(self, handle: int) -> int:
        """Where the last whole line ends."""
        return self._read(handle, os.fstat(handle).st_size).rfind(b"\n") + 1

    def _read(self, handle: int, size: int) -> bytes:
        pieces, at = [], 0
        while at < size and (piece := os.pread(handle, size - at, at)):
            pieces.append(piece)
            at += len(piece)
        return b"".join(pieces)

    def _line(self, row: AuditRow) -> bytes:
        nonce = self._random(NONCE)
        return b64encode(nonce + self._cipher.encrypt(nonce, row.salt + row.bytes, None)) + b"\n"

    def _row(self, line: bytes) -> AuditRow:
        """Raises Spoiled: what was told is not thrown away because it cannot be read."""
        try:
            data = b64decode(line, validate=True)
            text = self._cipher.decrypt(data[:NONCE], data[NONCE:], None)
        except (ValueError, InvalidTag) as error:
            raise Spoiled(f"{self._file}: a line that this node did not write") from error
        return AuditRow(text[:SALT], text[SALT:])


class Spoiled(Exception):
    """The file does not hold what was written there. It stays as it is until a person has looked."""
