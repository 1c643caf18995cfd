"""A row under its mapping as a piece: bytes that can be read by themselves, whatever becomes of the sheet.

Equal rows are equal bytes, wherever in whichever file they stand, so that a sheet that comes again is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dictionary
from typing import NamedTuple

import msgspec

from hoso.core import Issue, fold
from hoso.exchange.sheets.cells import ANOTHERS, DIGITS, LONG, NUL, NUMBER, QUOTE, WIDTH, Row
from hoso.exchange.sheets.header import names
from hoso.exchange.sheets.kinds import ROW, ROW_TITLES, kind, plain
from hoso.exchange.sheets.mapping import Mapping, Target, by_column
from hoso.exchange.sheets.numbers import Numbers
from hoso.exchange.sheets.table import Sheet

REASON = ("Lý do loại (HoSo)", "Reason (HoSo)")
"""The titles of the column of a sheet of rejected rows that says why."""
CONTENT_TYPE = "application/vnd.hoso.sheet-row+json"
_TOLD = frozenset({DIGITS, LONG, NUL, NUMBER, QUOTE, WIDTH, "error", "formula"})
_NAMES = ("name", "family", "given")
_BIRTHS = ("birth", "birth-male", "birth-female")
_ROW = Target(ROW)
_SUM = re.compile(r"(?:tong cong|tong so|cong|total)\s*[:=(\d]")
_FOOTER = frozenset(
    ("tong", "tong cong", "cong", "nguoi lap bieu", "nguoi lap", "thu truong don vi", "total", "nguoi ghi")
)


class Cell(msgspec.Struct, omit_defaults=True):
    """One mapped cell. `column` is what the sheet calls it, `mark` what the reader said (see `cells`)."""

    field: str
    column: str
    text: str
    mark: str = ""
    original: str = ""
    of: str = ""
    unit: str = ""
    dose: str = ""
    order: str = ""


class Piece(msgspec.Struct, omit_defaults=True):
    """`kept` are cells of columns that mean nothing to us."""

    kind: str
    facility: str
    cells: list[Cell]
    kept: list[Cell] = []


class Numbered(NamedTuple):
    """`left_out` says why a row is no piece: a line of sums or signatures below the table.

    `mends` is the name of the rejected row that this one is, mended.
    """

    number: int
    piece: Piece | None
    left_out: Issue | None = None
    mends: str = ""


_decoder = msgspec.json.Decoder(Piece, strict=True)
_encoder = msgspec.json.Encoder()


def encoded(piece: Piece) -> bytes:
    return _encoder.encode(piece)


def decoded(data: bytes) -> Piece:
    """Raises msgspec.DecodeError or msgspec.ValidationError for what is no piece."""
    return _decoder.decode(data)


def pieces(sheet: Sheet, mapping: Mapping) -> Iterator[Numbered]:
    """Every row of data. The mapping was checked."""
    titles = names(sheet.header)
    targets = by_column(mapping, sheet.header)
    known = frozenset(kind(mapping.kind).fields)
    numbers = Numbers()
    for row in sheet.rows():
        if reason := _below(row):
            yield Numbered(row.number, None, reason)
            continue
        piece, mends = _piece(row, titles, targets, mapping, known)
        told = {cell.field: cell for cell in piece.cells}
        name, birth = (" ".join(told[one].text for one in of if one in told) for of in (_NAMES, _BIRTHS))
        if "number" in told and numbers.is_anothers(told["number"].text, name, birth):
            told["number"].mark = ANOTHERS
        yield Numbered(row.number, piece, mends=mends)


def _piece(
    row: Row, titles: Sequence[str], targets: Dictionary[int, Target], mapping: Mapping, known: frozenset[str]
) -> tuple[Piece, str]:
    piece, mends = Piece(mapping.kind, mapping.facility, []), ""
    for at, text in enumerate(row.texts):
        mark = row.marks.get(at, "")
        mark = mark if mark in _TOLD else ""
        if not text and not mark:
            continue
        title = titles[at] if at < len(titles) else f"+{at}"
        if title in REASON:
            continue
        target = targets.get(at) or (_ROW if plain(title) in ROW_TITLES else None)
        original = row.originals.get(at, "")
        if target is None:
            piece.kept.append(Cell("", title, text, mark if mark == NUL else "", original))
        elif target.field == ROW:
            mends = text
        elif target.field in known:
            told = (target.of, target.unit, target.dose, target.order)
            piece.cells.append(Cell(target.field, title, text, mark, original, *told))
    return piece, mends


def _is_footer(text: str) -> bool:
    """Tống is a family name, tổng a sum; without marks what follows tells them apart, or nothing does."""
    if text.casefold().startswith("tống"):
        return False
    return plain(text) in _FOOTER or _SUM.match(fold(text)) is not None


def _below(row: Row) -> Issue | None:
    held = [text for text in row.texts if text]
    if len(held) <= 3 and any(map(_is_footer, held)):
        return Issue("informational", "sheet.footer", {"row": str(row.number), "text": held[0]}, severity="information")
    return None
