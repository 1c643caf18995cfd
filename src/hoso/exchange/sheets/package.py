"""A sheet under its mapping as one input: a line that says the mapping, then one line a row, its number and its piece.

So a million rows pass one by one, what they were taken to mean is kept with them, and a sheet that was only saved again
is the same input.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO, Protocol

import orjson

from hoso.core import Refused
from hoso.exchange.insurance.split import Piece
from hoso.exchange.sheets.mapping import LIMIT, Mapping, from_json
from hoso.exchange.sheets.pieces import Numbered, encoded, pieces
from hoso.exchange.sheets.table import Sheet

MARK = b"HOSO-SHEET 1 "
PIECE_LIMIT = 4 << 20
_CHUNK = 1 << 16


class Reads(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def is_package(head: bytes) -> bool:
    return head.startswith(MARK)


def packed(mapping: Mapping, sheet: Sheet, told: Callable[[Numbered], bool] | None = None) -> IO[bytes]:
    """The package as a stream, made while it is read. `told` hears of every row and says whether it goes in.

    Raises Refused, also while it is read, for a sheet that breaks off.
    """
    return io.BufferedReader(_Lines(_lines(mapping, sheet, told)), _CHUNK)


def _lines(mapping: Mapping, sheet: Sheet, told: Callable[[Numbered], bool] | None) -> Iterator[bytes]:
    mapping.check()
    yield MARK + orjson.dumps(mapping.as_json(), option=orjson.OPT_SORT_KEYS) + b"\n"
    for row in pieces(sheet, mapping):
        wanted = told(row) if told else True
        if row.piece is not None and wanted:
            yield b"%d %b\n" % (row.number, encoded(row.piece))


class _Lines(io.RawIOBase):
    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines, self._rest = lines, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            line = next(self._lines, None)
            if line is None:
                return 0
            self._rest = line
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


class Splitting:
    """A package cut into its rows, once; the number of a piece is that of its row. Implements `formats.Pieces`.

    A single piece by itself is a package of one row. Raises Refused for what is neither.
    """

    stated: int | None = None

    def __init__(self, stream: Reads) -> None:
        self._stream = stream
        self._buffer = b""
        self.number = 0

    def __iter__(self) -> Iterator[Piece]:
        head = self._line()
        if head is not None and head.startswith(b"{"):
            self.number = 1
            yield Piece(1, head)
            return
        _checked(head)
        while (line := self._line()) != b"":
            if line is None:
                self.number += 1
                yield Piece(self.number, None)
                continue
            number, _, data = line.partition(b" ")
            if not number.isdigit() or len(number) > 9 or int(number) <= self.number:
                raise Refused.because(400, "structure", "sheet.no-package")
            self.number = int(number)
            yield Piece(self.number, data)

    def _line(self) -> bytes | None:
        """Without its end; b"" at the end of the stream, None for one that is too long."""
        while (end := self._buffer.find(b"\n")) < 0:
            piece = self._stream.read(_CHUNK)
            if not piece:
                line, self._buffer = self._buffer, b""
                return line
            self._buffer += piece
            if len(self._buffer) > PIECE_LIMIT:
                self._skip()
                return None
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line

    def _skip(self) -> None:
        while b"\n" not in self._buffer:
            self._buffer = self._stream.read(_CHUNK)
            if not self._buffer:
                return
        self._buffer = self._buffer.partition(b"\n")[2]


def _checked(head: bytes | None) -> Mapping:
    if head is None or not head.startswith(MARK) or len(head) > LIMIT:
        raise Refused.because(400, "structure", "sheet.no-package")
    try:
        mapping = from_json(orjson.loads(head.removeprefix(MARK)))
    except orjson.JSONDecodeError as error:
        raise Refused.because(400, "structure", "sheet.bad-mapping", reason=str(error)[:200]) from None
    mapping.check()
    return mapping
