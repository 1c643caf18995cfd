"""ODS as rows of text, one row in memory at a time; a row said to repeat is given once for each time it holds anything.

Spreadsheet programs fill the rest of a sheet with one empty row repeated a million times: those are only counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hoso.core import Refused
from hoso.exchange.sheets import cells
from hoso.exchange.sheets.cells import COLUMNS, Row
from hoso.exchange.sheets.container import Container, attribute
from hoso.exchange.sheets.merges import LIMIT, Merge

CONTENT = "content.xml"
ROWS = 1_048_576
CELLS = 100_000_000
"""Repeating costs a file nothing, so what it makes is counted."""


class OpenDocument:
    def __init__(self, container: Container) -> None:
        """Raises Refused for one that is encrypted or has no tables."""
        self._container = container
        if b"encryption-data" in container.head("META-INF/manifest.xml", 1 << 20):
            raise Refused.because(400, "security", "sheet.encrypted")
        self.sheets: list[tuple[str, bool]] = []
        hidden: set[str] = set()
        style = ""

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            nonlocal style
            if tag == "style":
                style = attribute(attributes, "name")
            elif tag == "table-properties" and attribute(attributes, "display") == "false":
                hidden.add(style)
            elif tag == "table":
                name = attribute(attributes, "name")
                self.sheets.append((name, attribute(attributes, "style-name") in hidden))

        self._has_merges = False

        def begin(tag: str, attributes: Mapping[str, str]) -> None:
            start(tag, attributes)
            if tag == "table-cell" and attribute(attributes, "number-rows-spanned"):
                self._has_merges = True

        container.parse(CONTENT, begin)

    def merges(self, number: int) -> list[Merge]:
        """All of a sheet; it is read for them only if there are any. Raises Refused for too many."""
        if not self._has_merges:
            return []
        found: list[Merge] = []
        for row, begun in self.rows(number):
            found += [one for one in begun if one.top == row.number]
            if len(found) > LIMIT:
                raise Refused.because(413, "too-costly", "sheet.merges", limit=str(LIMIT))
        return found

    def rows(self, number: int) -> Iterator[tuple[Row, list[Merge]]]:
        """The rows of a sheet, counted from 0, each with the merges that begin in it."""
        reading = _Rows(number)
        for _ in self._container.parsing(CONTENT, reading.start, reading.end, reading.text):
            while reading.done:
                row, merges, times = reading.done.pop(0)
                for again in range(times):
                    yield Row(row.number + again, list(row.texts), dict(row.marks)), merges
            if reading.table > number:
                return


@dataclass(slots=True)
class _Rows:
    """Handlers of the content; only the wanted table is taken down."""

    wanted: int
    table: int = -1
    depth: int = 0
    done: list[tuple[Row, list[Merge], int]] = field(default_factory=list)
    number: int = 0
    cells: int = 0
    times: int = 1
    at: int = 0
    repeat: int = 1
    notes: int = 0
    paragraphs: int = 0
    formula: bool = False
    typed: tuple[str, str] = ("", "")
    shown: str = ""
    texts: list[str] = field(default_factory=list)
    marks: dict[int, str] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "table":
            self.table += not self.depth
            self.depth += 1
        elif self.table != self.wanted:
            return
        elif tag == "table-row":
            self.times = _count(attributes, "number-rows-repeated")
            self.at, self.texts, self.marks, self.merges = 0, [], {}, []
        elif tag in ("table-cell", "covered-table-cell"):
            self._cell(attributes)
        elif tag == "annotation":
            self.notes += 1
        elif not self.notes:
            if tag == "p":
                self.shown += "\n" if self.paragraphs else ""
                self.paragraphs += 1
            elif tag == "s":
                self.shown += " " * min(_count(attributes, "c"), 1_000)
            elif tag in ("tab", "line-break"):
                self.shown += " "

    def _cell(self, attributes: Mapping[str, str]) -> None:
        self.repeat = _count(attributes, "number-columns-repeated")
        self.formula, self.shown, self.paragraphs = bool(attribute(attributes, "formula")), "", 0
        kind = attribute(attributes, "value-type")
        names = {"date": "date-value", "time": "time-value", "boolean": "boolean-value", "string": "string-value"}
        self.typed = (kind, attribute(attributes, names.get(kind, "value")))
        rows, columns = _count(attributes, "number-rows-spanned"), _count(attributes, "number-columns-spanned")
        if rows > 1 or columns > 1:
            here = self.number + 1
            self.merges.append(Merge(here, self.at, here + rows - 1, min(self.at + columns, COLUMNS) - 1))

    def text(self, data: str) -> None:
        if self.table == self.wanted and self.paragraphs and not self.notes and len(self.shown) <= cells.CELL:
            self.shown += data

    def end(self, tag: str) -> None:
        if tag == "table":
            self.depth -= 1
        elif self.table != self.wanted:
            return
        elif tag == "annotation":
            self.notes -= 1
        elif tag in ("table-cell", "covered-table-cell"):
            self._take()
        elif tag == "table-row":
            self._row()

    def _take(self) -> None:
        text, mark = self._read()
        if text or mark:
            if self.at + self.repeat > COLUMNS:
                self.marks[COLUMNS - 1] = cells.WIDTH
            places = range(self.at, min(self.at + self.repeat, COLUMNS))
            if places:
                self.texts += [""] * (places[0] - len(self.texts)) + [text] * len(places)
            for place in places if mark else ():
                self.marks[place] = mark
        self.at += self.repeat
        self.repeat = 1

    def _read(self) -> tuple[str, str]:
        kind, value = self.typed
        text, mark = self.shown or value, ""
        if kind in ("float", "percentage", "currency"):
            text, mark = cells.number_text(value, "")
            shown = self.shown.strip()
            if shown.isdigit() and shown.lstrip("0") == text.lstrip("0"):
                text = shown  # the zeros that people saw in front
        elif kind == "date":
            text, mark = value.partition(".")[0].removesuffix("T00:00:00"), cells.DATE
        elif kind == "boolean":
            text = value.upper()
        if self.formula and self.shown.startswith(("#", "Err:")):
            return "", cells.ERROR
        return text, cells.FORMULA if self.formula else mark

    def _row(self) -> None:
        if self.number + self.times > ROWS * 2:
            raise Refused.because(413, "too-costly", "sheet.rows", limit=str(ROWS))
        if any(self.texts):
            self.cells += self.times * len(self.texts)
            if self.number + self.times > ROWS or self.cells > CELLS:
                raise Refused.because(413, "too-costly", "sheet.rows", limit=str(ROWS))
            self.done.append((Row(self.number + 1, self.texts, self.marks), self.merges, self.times))
        self.number += self.times


def _count(attributes: Mapping[str, str], name: str) -> int:
    text = attribute(attributes, name)
    return min(max(int(text), 1), ROWS * 2) if text.isascii() and text.isdigit() and len(text) < 10 else 1
