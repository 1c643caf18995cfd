"""Rows of a sheet whose header are the keys of the form (HO_TEN, NGAY_SINH …), each as a piece that stands for itself.

Every visible sheet with such a header is read. A row of nobody (sums, signatures below the table) is no piece.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import IO, Any

import orjson

from hoso.core import Refused
from hoso.exchange.health_checks.definitions import field_of, fields
from hoso.exchange.health_checks.dossier import Cell, of_cells
from hoso.exchange.insurance.definitions import decisions
from hoso.exchange.insurance.definitions import fields as insurance_fields
from hoso.exchange.insurance.split import PIECE_LIMIT, Piece
from hoso.exchange.sheets import table
from hoso.exchange.sheets.cells import Row
from hoso.exchange.sheets.table import Sheet, Tables

NAME = "HO_TEN"
PERSON = (NAME, "SO_CCCD", "NGAY_SINH")
ENOUGH = 4
"""So many keys make a header of health checks; a list of patients has fewer, and names them in words."""
TOLD = frozenset({"digits", "error"})
"""Marks of cells that lost what they said."""
_REMEMBERED = 100_000
_ROW = re.compile(rb'\s*\{\s*"ksk"\s*:')
_KEY = re.compile(r"[A-Z][A-Z0-9_]{2,40}")
_DAY = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(.*)\Z", re.DOTALL)


def is_row(data: bytes) -> bool:
    """Whether it is a row that was cut out of a sheet, or one that somebody mended."""
    return _ROW.match(data) is not None


def has_keys(head: bytes) -> bool:
    """Whether a text of delimited columns begins with the keys, in whatever encoding."""
    text = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if text[:1] in (b"<", b"{", b"[") or text.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return False
    lines = text.decode("latin-1").split("\n")
    return any(_are_keys(found) and not _own().isdisjoint(found) for found in map(_KEY.findall, lines[:10]))


def is_roster(stream: IO[bytes]) -> bool:
    """Whether a seekable workbook has a sheet with the keys; leaves the stream at its beginning."""
    try:
        return any(not _own().isdisjoint(_keys(sheet)) for sheet in _meant(table.read(stream)))
    except Refused:
        return False
    finally:
        stream.seek(0)


@cache
def _own() -> frozenset[str]:
    """Keys that no other format has: they tell a sheet of health checks from the summary of insurance XML."""
    others = {name for _, name in insurance_fields(decisions()[-1].number)}
    return frozenset(fields()) - others


def _are_keys(names: Sequence[str]) -> bool:
    known = {name for name in names if field_of(name)}
    return NAME in known and len(known) >= ENOUGH


def _meant(tables: Tables) -> list[Sheet]:
    shown = [sheet for sheet in tables.sheets if not sheet.hidden] or tables.sheets
    return [sheet for sheet in shown if _are_keys(_keys(sheet))]


def _keys(sheet: Sheet) -> list[str]:
    """What each column is called; a key twice is told apart."""
    header = sheet.header
    names: list[str] = []
    for at in range(max(len(header.titles), len(header.keys))):
        key = header.keys[at].strip().upper() if at < len(header.keys) else ""
        title = header.titles[at].strip() if at < len(header.titles) else ""
        name = key or (title.upper() if field_of(title.upper()) else title)
        again = sum(one.partition("#")[0] == name for one in names)
        names.append(f"{name}#{again + 1}" if name and again else name)
    return names


class Roster:
    """Iterates over the rows of a file, once. Raises Refused where it is no sheet of health checks."""

    stated = None

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.number = 0
        self._seen: dict[int, tuple[int, int]] = {}

    def __iter__(self) -> Iterator[Piece]:
        tables = table.read(_seekable(self._stream))
        sheets = _meant(tables)
        if not sheets:
            raise Refused.because(400, "structure", "ksk.no-keys")
        for sheet in sheets:
            names = _keys(sheet)
            for row in sheet.rows():
                data = self._row(sheet.name or "CSV", names, row)
                if data is not None:
                    self.number += 1
                    yield Piece(self.number, data)

    def _row(self, sheet: str, names: Sequence[str], row: Row) -> bytes | None:
        cells: dict[str, str] = {}
        marks: dict[str, str] = {}
        for at, text in enumerate(row.texts):
            name = (names[at] if at < len(names) else "") or f"+{at + 1}"
            if text:
                cells[name] = _written(name, text)
            if (mark := row.marks.get(at)) in TOLD:
                marks[name] = mark
        if not any(cells.get(name) for name in PERSON):
            return None
        found: dict[str, Any] = {"ksk": 1, "sheet": sheet, "row": row.number, "facility": "", "cells": cells}
        if marks:
            found["marks"] = marks
        if again := self._again(cells, row.number):
            found["again"] = again
        return orjson.dumps(found)

    def _again(self, cells: dict[str, str], number: int) -> int:
        """The row that has the same check with other answers; 0 when there is none, or it says the very same."""
        key = _short(of_cells(cells, Cell("", number), "").key.encode())
        content = _short(orjson.dumps(cells, option=orjson.OPT_SORT_KEYS))
        first = self._seen.setdefault(key, (number, content))
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return 0 if first[1] == content else first[0]


class Alone:
    """Iterates over a row that stands alone, once."""

    stated = None

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.number = 0

    def __iter__(self) -> Iterator[Piece]:
        data = self._stream.read(PIECE_LIMIT + 1)
        self.number = 1
        yield Piece(1, data if len(data) <= PIECE_LIMIT else None)


def _short(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest())


def _written(name: str, text: str) -> str:
    """A day as people type it, 5/9/2015, as the form writes it; every other text as it is."""
    known = field_of(name)
    match = _DAY.match(text.strip()) if known and known.kind in ("birth", "day", "moment") else None
    return f"{match[1]:0>2}/{match[2]:0>2}/{match[3]}{match[4]}" if match else text


def _seekable(stream: IO[bytes]) -> IO[bytes]:
    """What cannot be read twice is held; a file larger than a piece may be is refused then."""
    if stream.seekable():
        return stream
    data = stream.read(PIECE_LIMIT + 1)
    if len(data) > PIECE_LIMIT:
        raise Refused.because(413, "too-long", "ksk.large-sheet", limit=str(PIECE_LIMIT >> 20))
    return io.BytesIO(data)
