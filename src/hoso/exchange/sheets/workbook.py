"""XLSX as rows of text, one row in memory at a time. Macros, links and pictures are never looked at.

Formulas give the value that was last worked out; number formats say what is a date and which zeros were shown.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hoso.core import Refused
from hoso.exchange.sheets import cells
from hoso.exchange.sheets.cells import COLUMNS, Row
from hoso.exchange.sheets.container import Container, attribute
from hoso.exchange.sheets.merges import LIMIT, Merge, column, merge
from hoso.exchange.sheets.strings import Strings

BOOK = "xl/workbook.xml"
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*?\bref=[\"']([A-Z]+\d+:[A-Z]+\d+)[\"']")


@dataclass(slots=True)
class Listed:
    """One sheet of a workbook: its name as people see it, where it stands, whether it is hidden."""

    name: str
    member: str
    hidden: bool


class Workbook:
    def __init__(self, container: Container) -> None:
        """Raises Refused when the workbook's own list cannot be read."""
        self._container = container
        self.since_1904 = False
        self.sheets: list[Listed] = []
        book = BOOK if container.has(BOOK) else self._main()
        targets = self._targets(book)
        found: list[tuple[str, str, bool]] = []

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            if tag == "sheet":
                state = attributes.get("state", "visible")
                found.append((attributes.get("name", ""), attribute(attributes, "id"), state != "visible"))
            elif tag == "workbookPr":
                self.since_1904 = attributes.get("date1904") in ("1", "true")

        container.parse(book, start)
        for name, id, hidden in found:
            if container.has(targets.get(id, "")):
                self.sheets.append(Listed(name, targets[id], hidden))
        self._formats = self._read_formats()
        self._strings: Strings | None = None

    def _main(self) -> str:
        """Where the workbook is when it is not at its usual place."""
        return next((name for name in self._targets("").values() if name.endswith(".xml") and "workbook" in name), BOOK)

    def _targets(self, part: str) -> dict[str, str]:
        folder, name = posixpath.split(part)
        found: dict[str, str] = {}

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            if tag == "Relationship":
                target = attributes.get("Target", "")
                place = target if target.startswith("/") else posixpath.join("/", folder, target)
                found[attributes.get("Id", "")] = posixpath.normpath(place).lstrip("/")

        self._container.parse(posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return found

    def _read_formats(self) -> list[str]:
        """By style of a cell, what its number format means."""
        codes: dict[int, str] = {}
        styles: list[str] = []
        inside = False

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            nonlocal inside
            if tag == "numFmt":
                codes[int(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")
            elif tag == "cellXfs":
                inside = True
            elif tag == "xf" and inside:
                number = int(attributes.get("numFmtId", "0"))
                styles.append(cells.format_of(number, codes.get(number, "")))

        def end(tag: str) -> None:
            nonlocal inside
            inside = inside and tag != "cellXfs"

        self._container.parse("xl/styles.xml", start, end)
        return styles

    def strings(self) -> Strings:
        if self._strings is None:
            self._strings = self._read_strings()
        return self._strings

    def _read_strings(self) -> Strings:
        strings, parts = Strings(), []
        inside = phonetic = False

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            nonlocal inside, phonetic
            inside, phonetic = tag == "t", phonetic or tag == "rPh"

        def text(data: str) -> None:
            if inside and not phonetic:
                parts.append(data)

        def end(tag: str) -> None:
            nonlocal inside, phonetic
            inside = False
            phonetic = phonetic and tag != "rPh"
            if tag == "si":
                strings.add(cells.unescaped("".join(parts))[: cells.CELL + 1])
                parts.clear()

        self._container.parse("xl/sharedStrings.xml", start, end, text)
        return strings

    def merges(self, sheet: Listed) -> list[Merge]:
        """They stand behind the rows, so the sheet is leafed through once for them alone."""
        found: list[Merge] = []
        rest = b""
        for piece in self._container.chunks(sheet.member):
            held = rest + piece
            last = 0
            for match in _MERGE.finditer(held):
                last = match.end()
                if (one := merge(match[1].decode())) is not None:
                    found.append(one)
            if len(found) > LIMIT:
                raise Refused.because(413, "too-costly", "sheet.merges", limit=str(LIMIT))
            rest = held[max(last, len(held) - 200) :]
        return found

    def rows(self, sheet: Listed) -> Iterator[Row]:
        """The rows that have cells, in their order, before merged cells are filled."""
        reading = _Rows(self)
        for _ in self._container.parsing(sheet.member, reading.start, reading.end, reading.text):
            yield from reading.done
            reading.done.clear()


@dataclass(slots=True)
class _Rows:
    """Handlers of one sheet's XML."""

    book: Workbook
    done: list[Row] = field(default_factory=list)
    number: int = 0
    at: int = -1
    kind: str = ""
    style: int = 0
    taking: bool = False
    formula: bool = False
    value: str = ""
    texts: list[str] = field(default_factory=list)
    marks: dict[int, str] = field(default_factory=dict)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "c":
            reference = attributes.get("r", "")
            self.at = column(reference.rstrip("0123456789")) if reference else self.at + 1
            self.kind = attributes.get("t", "n")
            self.style = int(attributes.get("s", "0"))
            self.formula, self.value = False, ""
        elif tag in ("v", "t"):
            self.taking = True
        elif tag == "f":
            self.formula = True
        elif tag == "row":
            stated = attributes.get("r", "")
            self.number = int(stated) if stated else self.number + 1
            self.at, self.texts, self.marks = -1, [], {}
        elif tag == "rPh":
            self.kind = "phonetic"

    def text(self, data: str) -> None:
        if self.taking and self.kind != "phonetic" and len(self.value) <= cells.CELL:
            self.value += data

    def end(self, tag: str) -> None:
        self.taking = False
        if tag == "c" and self.value and self.at >= 0:
            self._take()
        elif tag == "row":
            self.done.append(Row(self.number, self.texts, self.marks))

    def _take(self) -> None:
        if self.at >= COLUMNS:
            self.marks[COLUMNS - 1] = cells.WIDTH
            return
        text, mark = self._read()
        if len(self.texts) <= self.at:
            self.texts += [""] * (self.at + 1 - len(self.texts))
        self.texts[self.at] = text
        if self.formula and mark != cells.ERROR:
            mark = cells.FORMULA
        if mark:
            self.marks[self.at] = mark

    def _read(self) -> tuple[str, str]:
        value, kind = self.value, self.kind
        if kind == "s":
            try:
                return self.book.strings()[int(value)], ""
            except (IndexError, ValueError):
                return "", cells.ERROR
        if kind == "e":
            return "", cells.ERROR
        if kind == "b":
            return ("TRUE" if value == "1" else "FALSE"), ""
        if kind in ("inlineStr", "str"):
            return cells.unescaped(value), ""
        if kind == "d":
            return value, cells.DATE
        formats = self.book._formats
        return cells.number_text(value, formats[self.style] if self.style < len(formats) else "", self.book.since_1904)
