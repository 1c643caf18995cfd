"""Merged cells: every row under one has the value of its first, so that a row can be read by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hoso.core import Refused
from hoso.exchange.sheets.cells import COLUMNS, MERGED, Row

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})\Z")
LIMIT = 200_000


class Merge(NamedTuple):
    """Rows from 1, columns from 0, both ends within."""

    top: int
    left: int
    bottom: int
    right: int


def column(letters: str) -> int:
    """ "A" is 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def letters(column: int) -> str:
    """0 is "A"."""
    text = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def merge(reference: str) -> Merge | None:
    """Of "A1:B3"."""
    first, _, last = reference.partition(":")
    start, end = _REFERENCE.match(first), _REFERENCE.match(last)
    if not start or not end:
        return None
    return Merge(int(start[2]), column(start[1]), int(end[2]), min(column(end[1]), COLUMNS - 1))


def filled(rows: Iterable[Row], merges: Iterable[Merge]) -> Iterator[Row]:
    """Fills downwards. A value that spans columns is a heading and stays in the first of them."""
    waiting = sorted(one for one in merges if one.bottom > one.top)[::-1]
    open_: list[tuple[Merge, str]] = []
    for row in rows:
        open_ = [one for one in open_ if one[0].bottom >= row.number]
        for one, text in open_:
            if one.top < row.number and text and not (len(row.texts) > one.left and row.texts[one.left]):
                row.texts += [""] * (one.left + 1 - len(row.texts))
                row.texts[one.left] = text
                row.marks[one.left] = MERGED
        while waiting and waiting[-1].top <= row.number:
            one = waiting.pop()
            if one.top == row.number:
                if len(open_) >= COLUMNS:  # they overlap, as no program makes them
                    raise Refused.because(413, "too-costly", "sheet.merges", limit=str(COLUMNS))
                open_.append((one, row.texts[one.left] if len(row.texts) > one.left else ""))
        yield row
