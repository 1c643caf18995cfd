"""The cells of a piece as values: each format read in its one way, what cannot be read told with row, column and text.

An error refuses the row; a warning leaves the text where it is, on the record, and the row goes in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hoso.core import Issue
from hoso.core.errors import Severity
from hoso.exchange.insurance.mapping import Resource
from hoso.exchange.sheets import cells, dates
from hoso.exchange.sheets.kinds import kind, plain, words
from hoso.exchange.sheets.pieces import Cell, Piece

CELL = "https://hoso.vn/StructureDefinition/sheet-cell"
_BROKEN = {cells.NUL: "NUL", cells.QUOTE: '"', cells.LONG: f"> {cells.CELL}"}


@dataclass(slots=True)
class Reading:
    """One piece while it is read. `number` is the row's; `kept` gathers what is written as it came."""

    piece: Piece
    number: int
    today: date
    issues: list[Issue] = field(default_factory=list)
    kept: list[Resource] = field(default_factory=list)

    def cell(self, field: str) -> Cell | None:
        return next((one for one in self.piece.cells if one.field == field), None)

    def cells(self, field: str) -> Iterator[Cell]:
        return (one for one in self.piece.cells if one.field == field)

    def text(self, field: str) -> str:
        found = self.cell(field)
        return found.text if found else ""

    @property
    def failed(self) -> bool:
        return any(issue.severity == "error" for issue in self.issues)

    def tell(self, key: str, cell: Cell, severity: Severity = "error", code: str = "value", **values: str) -> None:
        told = {"row": str(self.number), "column": cell.column, "text": cell.text[:80], **values}
        self.issues.append(Issue(code, key, told, f"[{self.number}].{cell.column}", severity))

    def keep(self, cell: Cell) -> None:
        """As it was written, with the name of its column."""
        self.kept.append(as_written(cell.column, cell.text))

    def unread(self, cell: Cell) -> None:
        self.tell("sheet.unread", cell, "warning")
        self.keep(cell)

    def look_over(self) -> None:
        """What is wrong with cells whatever they mean, and what a row must have."""
        for cell in (*self.piece.cells, *self.piece.kept):
            if cell.mark in _BROKEN:
                self.tell("sheet.broken", cell, what=_BROKEN[cell.mark])
            elif cell.mark == cells.ANOTHERS:
                self.tell("sheet.anothers-number", cell, code="duplicate")
            elif cell.mark == cells.ERROR:
                self.tell("sheet.error-cell", cell, "warning")
            if cell.original:
                self.kept.append(as_written(cell.column, cell.original, as_it_came=True))
        for cell in self.piece.kept:
            if cell.text:
                self.keep(cell)
        of = kind(self.piece.kind)
        here = {cell.field for cell in self.piece.cells if cell.text}
        for group in of.need:
            if not here & set(group):
                wanted = of.fields[group[0]]
                self.tell("sheet.missing", Cell(wanted.code, f"{wanted.vi} / {wanted.en}", ""), code="required")

    def day(self, field: str, *, needed: bool = True) -> str | None:
        """A day, a part of one, or a moment; an error when it is none, or only a warning."""
        cell = self.cell(field)
        return self.date_of(cell, needed=needed) if cell and cell.text else None

    def date_of(self, cell: Cell, *, needed: bool = True, ahead: bool = False) -> str | None:
        order: dates.Order = "mdy" if cell.order == "mdy" else ""
        found = dates.read(cell.text, self.today, order)
        if found is None:
            if not needed:
                self.unread(cell)
                return None
            turned = dates.read(cell.text, self.today, "" if order else "mdy")
            if turned:
                self.tell("sheet.month-first", cell, fix=shown(turned))
            else:
                self.tell("sheet.bad-date", cell)
        elif found[:10] > self.today.isoformat()[: len(found[:10])] and not ahead:
            self.tell("sheet.future", cell)
        elif dates.serial_day(cell.text):
            self.tell("sheet.serial", cell, "warning", fix=shown(found))
        return found

    def word(self, field: str, of: str = "") -> str | None:
        """What a word of a list means; a warning when it is none."""
        cell = self.cell(field)
        if cell is None or not cell.text:
            return None
        meant = words(of or field).get(plain(cell.text) or cell.text)
        if meant is None:
            self.unread(cell)
        return meant


def as_written(column: str, text: str, *, as_it_came: bool = False) -> dict[str, Any]:
    what = "original" if as_it_came else "value"
    return {"url": CELL, "extension": [{"url": "column", "valueString": column}, {"url": what, "valueString": text}]}


def shown(iso: str) -> str:
    """A date as people write it: 15/07/2026 08:30."""
    day = "/".join(reversed(iso[:10].split("-")))
    return f"{day} {iso[11:16]}".strip()
