"""A sheet together with its mapping as one input: a line of JSON, then the file byte by byte as it came.

So a sheet can wait, be kept and be carried out later, and what it was taken to mean is kept with it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO

import orjson

from hoso.core import Issue, Refused
from hoso.exchange.insurance.split import Piece
from hoso.exchange.sheets.mapping import LIMIT, Mapping, from_json
from hoso.exchange.sheets.pieces import encoded, pieces
from hoso.exchange.sheets.table import Sheet, read

MARK = b"HOSO-SHEET 1 "
PIECE_LIMIT = 4 << 20
IN_MEMORY = 256 << 20
"""The largest sheet that comes in a stream which cannot be read twice, as one in a zip file."""


def is_package(head: bytes) -> bool:
    return head.startswith(MARK)


def packed(mapping: Mapping, stream: IO[bytes]) -> IO[bytes]:
    """The package as a stream; `stream` is read when it is, and stays open."""
    head = MARK + orjson.dumps(mapping.as_json(), option=orjson.OPT_SORT_KEYS) + b"\n"
    return io.BufferedReader(_Joined(head, stream))


class _Joined(io.RawIOBase):
    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        rest.seek(0)
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._head:
            piece, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            piece = self._rest.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


class _Behind(io.RawIOBase):
    """What stands behind the head of a stream that can be read anywhere."""

    def __init__(self, stream: IO[bytes], start: int) -> None:
        self._stream, self._start, self._at = stream, start, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            self._at = self._stream.seek(offset, io.SEEK_END) - self._start
        else:
            self._at = offset + (self._at if whence == io.SEEK_CUR else 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._stream.seek(self._start + self._at)
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def unpacked(stream: IO[bytes]) -> tuple[Mapping, IO[bytes]]:
    """The mapping, checked, and the sheet's file. Raises Refused for what is no package."""
    line = stream.readline(LIMIT)
    try:
        mapping = from_json(orjson.loads(line.removeprefix(MARK)))
    except orjson.JSONDecodeError as error:
        raise Refused.because(400, "structure", "sheet.bad-mapping", reason=str(error)[:200]) from None
    mapping.check()
    if stream.seekable():
        return mapping, io.BufferedReader(_Behind(stream, len(line)))
    held = stream.read(IN_MEMORY + 1)
    if len(held) > IN_MEMORY:
        raise Refused.because(413, "too-costly", "sheet.large", limit=str(IN_MEMORY >> 20))
    return mapping, io.BytesIO(held)


def chosen(mapping: Mapping, stream: IO[bytes], name: str = "") -> Sheet:
    """The sheet that the mapping is of. Raises Refused."""
    tables = read(stream, name)
    return tables.sheet(mapping.sheet) if mapping.sheet else tables.main


class Splitting:
    """A package cut into its rows, once; the number of a piece is that of its row. Implements `formats.Pieces`."""

    stated: int | None = None

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.number = 0
        self.left_out: list[Issue] = []

    def __iter__(self) -> Iterator[Piece]:
        mapping, stream = unpacked(self._stream)
        for row in pieces(chosen(mapping, stream), mapping):
            self.number = row.number
            if row.piece is None:
                self.left_out += [row.left_out] if row.left_out and len(self.left_out) < 100 else []
                continue
            data = encoded(row.piece)
            yield Piece(row.number, data if len(data) <= PIECE_LIMIT else None)
