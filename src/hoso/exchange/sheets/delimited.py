"""CSV, TSV and their kin as rows of text: the separator found by itself, and one broken row never swallows the next.

A row's number counts rows as a spreadsheet program shows them; a text with line breaks in quotation marks is one row.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter, deque
from collections.abc import Iterator
from typing import IO

from hoso.exchange.sheets import cells
from hoso.exchange.sheets.cells import Row
from hoso.exchange.sheets.encoding import UTF8

LINE = 1 << 20
"""The longest line, in characters; what is beyond it is left out and the row marked."""
TOGETHER = 200
"""So many lines may stand within one pair of quotation marks."""
SEPARATORS = (",", ";", "\t", "|")
_SAMPLE = 60

codecs.register_error("hoso-sheet-latin", lambda error: _as_latin(error))


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


class _Runaway(Exception):
    """A quotation mark opens and nothing closes it."""


class _Lines:
    """Physical lines, those of the row that is being read held back in case they are no row together."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.held: list[str] = []
        self.cut = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.held) >= TOGETHER:
            raise _Runaway
        line = self._again.popleft() if self._again else self._text.readline(LINE)
        if not line:
            raise StopIteration
        if len(line) == LINE and not line.endswith("\n"):
            self.cut = True
            while (rest := self._text.readline(LINE)) and not rest.endswith("\n"):
                pass
        self.held.append(line)
        return line

    def first_alone(self) -> str:
        """The first line of what is held; the others will come again."""
        first, *others = self.held
        self._again.extendleft(reversed(others))
        self.held = []
        return first


def opened(stream: IO[bytes], encoding: str, mark: int) -> IO[str]:
    """The text from its beginning, line ends of every system as "\\n"."""
    stream.seek(mark)
    errors = "hoso-sheet-latin" if encoding == UTF8 else "replace"
    return io.TextIOWrapper(io.BufferedReader(_Kept(stream)), encoding, errors, newline=None)


class _Kept(io.RawIOBase):
    """The same stream, which stays open when its reader goes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def separator(text: IO[str]) -> tuple[str, bool]:
    """What stands between cells, and whether the first line only says so ("sep=;", as Excel writes)."""
    lines = [line for line in (text.readline(LINE) for _ in range(_SAMPLE)) if line.strip()]
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5:
        return lines[0].strip()[4], True
    best = max(SEPARATORS, key=lambda one: _regular(lines, one))
    return best, False


def _regular(lines: list[str], separator: str) -> float:
    """How much the lines look like a table with it: rows of the commonest width, times that width."""
    try:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if len(row) > 1)
    except csv.Error:
        return 0
    return max((width * number for width, number in widths.items()), default=0)


def rows(text: IO[str], separator: str, skip_first: bool) -> Iterator[Row]:
    """Every row that holds anything."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=separator)
    number = 0
    while True:
        lines.held, lines.cut, mark = [], False, ""
        try:
            found = next(reader)
            if len(lines.held) > 1 and sum(line.count('"') for line in lines.held) % 2:
                raise _Runaway  # the file ends within it
        except StopIteration:
            return
        except _Runaway:
            found, mark = lines.first_alone().rstrip("\n").split(separator), cells.QUOTE
            reader = csv.reader(lines, delimiter=separator)
        except csv.Error:  # one cell beyond what the module takes
            found, mark = "".join(lines.held)[: cells.CELL].split(separator), cells.LONG
            reader = csv.reader(lines, delimiter=separator)
        number += 1
        if any(found) and not (skip_first and number == 1):
            mark = cells.LONG if lines.cut else mark
            yield Row(number, found, {0: mark} if mark else {})
