"""A file of health checks cut into single ones: a KHAMSUCKHOE package into dossiers, a sheet into its rows."""

from __future__ import annotations

import io
from typing import IO

from hoso.exchange.health_checks.definitions import package
from hoso.exchange.health_checks.sheet import Alone, Roster, has_keys, is_row
from hoso.exchange.insurance.split import Splitting, opened

_HEAD = 4_096


def knows(head: bytes) -> bool:
    """Whether a text that begins so is a package, in whatever encoding, or a CSV whose header are the keys."""
    return _is_package(head) or has_keys(head)


def _is_package(head: bytes) -> bool:
    shape = package()
    return any(name == shape.root or shape.begins(name) for name in opened(head))


def split(stream: IO[bytes]) -> Splitting | Roster | Alone:
    """Iterates over the pieces, once; a row that was cut before is one.

    Raises Refused(400) where the file can be read no further.
    """
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Raw(stream), 1 << 16)
    head = buffered.peek(_HEAD)[:_HEAD].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if head[:1] == b"<" or not head:
        return Splitting(buffered, package())
    return Alone(buffered) if is_row(head) else Roster(buffered)


class _Raw(io.RawIOBase):
    """Any readable stream, so that its first bytes can be looked at and read again."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)
