"""Any spreadsheet as tables: which sheets it has, the header of each, and its rows one by one as text.

Memory stays bounded whatever the file says of itself; what cannot be read is refused with the reason and the way out.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from hoso.core import Issue, Refused
from hoso.exchange.sheets import delimited, encoding
from hoso.exchange.sheets.cells import Row, in_font, tidy
from hoso.exchange.sheets.container import Container
from hoso.exchange.sheets.header import LOOKED_AT, Header, find, named, names
from hoso.exchange.sheets.legacy import Legacy
from hoso.exchange.sheets.merges import Merge, filled
from hoso.exchange.sheets.opendocument import CONTENT, OpenDocument
from hoso.exchange.sheets.workbook import BOOK, Workbook

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY_BOOK = "xl/workbook.bin"
HEAD = 4_096
HIGHEST = 99_999_999
"""No program numbers a row so high."""


@dataclass(slots=True)
class Sheet:
    """One table. `raw` gives all its rows that hold anything, from the first, as often as it is asked."""

    name: str
    hidden: bool
    raw: Callable[[], Iterator[Row]]
    merges: list[Merge] = field(default_factory=list)
    _header: Header | None = None

    @property
    def header(self) -> Header:
        if self._header is None:
            self._header = find(self._first(), self.merges)
        return self._header

    def name_columns(self, wanted: Sequence[str]) -> None:
        """Takes the row for header that has these titles, where the one that was found has not."""
        if not set(wanted) <= set(names(self.header)) and (header := named(self._first(), wanted)):
            self._header = header

    def _first(self) -> list[Row]:
        return list(islice((row for row in map(tidy, self.raw()) if row.texts), LOOKED_AT))

    def rows(self) -> Iterator[Row]:
        """The rows of data: below the header, merged cells filled downwards, blank rows left out."""
        last = self.header.first - 1
        for row in filled((tidy(one) for one in self.raw()), self.merges):
            if row.texts and (row.number > last or last >= self.header.first):
                row.number = last = max(min(row.number, HIGHEST), last + 1)  # a file may number its rows wrongly
                yield row


@dataclass(slots=True)
class Tables:
    """`kind` is csv, xlsx, ods or xls; `encoding` and `separator` say how a csv was read."""

    name: str
    kind: str
    sheets: list[Sheet]
    encoding: str = ""
    separator: str = ""
    notes: list[Issue] = field(default_factory=list)

    @property
    def main(self) -> Sheet:
        """The sheet that is meant when none is named: the visible one with the fullest header. Raises Refused."""
        shown = [sheet for sheet in self.sheets if not sheet.hidden] or self.sheets
        if not shown:
            raise Refused.because(400, "structure", "sheet.empty")
        return max(shown, key=lambda sheet: sum(map(bool, sheet.header.titles)) if sheet.header.rows else -1)

    def sheet(self, name: str) -> Sheet:
        """By name, hidden ones too. Raises Refused for one that is not there."""
        found = next((sheet for sheet in self.sheets if sheet.name == name), None)
        if found is None:
            names = ", ".join(sheet.name for sheet in self.sheets[:20])
            raise Refused.because(400, "not-found", "sheet.no-sheet", name=name, names=names)
        return found


def knows(head: bytes) -> bool:
    """Whether a file begins like a workbook; a text of delimited columns begins like any other text."""
    return head.startswith(_OLE) or (head.startswith(_ZIP) and _names_a_workbook(head))


def _names_a_workbook(head: bytes) -> bool:
    """By the names of the first members, which stand in the file's head."""
    return any(name in head for name in (b"xl/", b"[Content_Types].xml", b"opendocument.spreadsheet", b"docProps/"))


def read(source: bytes | IO[bytes], name: str = "") -> Tables:
    """`source` must be seekable and stay open as long as rows are read. Raises Refused for what is no spreadsheet."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(0)
    if not head.strip(b"\x00\r\n\t ;,"):
        raise Refused.because(400, "structure", "sheet.empty")
    if head.startswith(_ZIP):
        return _zipped(stream, size, name)
    if head.startswith(_OLE):
        return _legacy(stream, size, name)
    return _text(stream, head, name)


def _zipped(stream: IO[bytes], size: int, name: str) -> Tables:
    container = Container(stream, size)
    if container.has(CONTENT):
        document = OpenDocument(container)
        return Tables(name, "ods", [_open_sheet(document, at) for at in range(len(document.sheets))])
    if container.has(_BINARY_BOOK):
        raise Refused.because(415, "not-supported", "sheet.binary")
    if not container.has(BOOK) and not container.has("_rels/.rels"):
        raise Refused.because(415, "not-supported", "sheet.no-workbook")
    book = Workbook(container)
    sheets = [
        Sheet(one.name, one.hidden, lambda one=one: book.rows(one), book.merges(one))  # type: ignore[misc]
        for one in book.sheets
    ]
    notes = []
    if container.has("xl/vbaProject.bin"):
        notes.append(Issue("informational", "sheet.macros", severity="information"))
    return Tables(name, "xlsx", sheets, notes=notes)


def _open_sheet(document: OpenDocument, number: int) -> Sheet:
    def raw() -> Iterator[Row]:
        return (row for row, _ in document.rows(number))

    name, hidden = document.sheets[number]
    return Sheet(name, hidden, raw, document.merges(number))


def _legacy(stream: IO[bytes], size: int, name: str) -> Tables:
    book = Legacy(stream, size)
    sheets = [
        Sheet(title, hidden, lambda at=at: book.rows(at), book.merges(at))  # type: ignore[misc]
        for at, (title, hidden) in enumerate(book.sheets)
    ]
    return Tables(name, "xls", sheets)


def _text(stream: IO[bytes], head: bytes, name: str) -> Tables:
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:200].lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta")):
        raise Refused.because(415, "not-supported", "sheet.html")
    if start.startswith(b"<?xml") or b"urn:schemas-microsoft-com" in head[:1_000]:
        raise Refused.because(415, "not-supported", "sheet.xml")
    if start.startswith((b"%pdf", b"\x89png", b"\xff\xd8\xff", b"{\\rtf")):
        raise Refused.because(415, "not-supported", "sheet.other")
    code, mark = encoding.encoding(stream)
    between, said = delimited.separator(delimited.opened(stream, code, mark))

    stream.seek(mark)
    kind = encoding.font(stream.read(encoding.SAMPLE)) if code == encoding.LATIN else ""

    def raw() -> Iterator[Row]:
        rows = delimited.rows(delimited.opened(stream, code, mark), between, said)
        return (in_font(row, kind) for row in rows) if kind else rows

    return Tables(name, "csv", [Sheet(name, False, raw)], code, between)
