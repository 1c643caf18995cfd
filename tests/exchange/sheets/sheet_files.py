"""Small spreadsheets of every format, made by hand or by xlsxwriter, for the tests of the reader."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import xlsxwriter


def xlsx(fill: Callable[[Any, Any], None], sheet: str = "Danh sách") -> bytes:
    """A workbook of one sheet; `fill(workbook, worksheet)` writes it."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False})
    fill(book, book.add_worksheet(sheet))
    book.close()
    return held.getvalue()


def xlsx_of(rows: Sequence[Sequence[object]]) -> bytes:
    def fill(book: Any, sheet: Any) -> None:
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    return xlsx(fill)


def repacked(data: bytes, changes: dict[str, bytes]) -> bytes:
    """The same zip with members replaced or added."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in [*old.namelist(), *(name for name in changes if name not in old.namelist())]:
            new.writestr(name, changes.get(name) or old.read(name))
    return held.getvalue()


def ods(body: str, styles: str = "", manifest: str = "<manifest/>") -> bytes:
    """`body` is what stands in office:spreadsheet."""
    held = io.BytesIO()
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="o" xmlns:table="t" '
        f'xmlns:text="x" xmlns:style="s"><office:automatic-styles>{styles}</office:automatic-styles>'
        f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return held.getvalue()


def ods_of(rows: Sequence[Sequence[str]]) -> bytes:
    lines = []
    for row in rows:
        cells = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
            if cell
            else "<table:table-cell/>"
            for cell in row
        )
        lines.append(f"<table:table-row>{cells}</table:table-row>")
    return ods(f'<table:table table:name="Tờ 1">{"".join(lines)}</table:table>')


def xls_of(rows: Sequence[Sequence[str | float]], encrypted: bool = False) -> bytes:
    """A BIFF8 stream of one sheet in the smallest compound file that holds it."""
    cells = b""
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            place = struct.pack("<HHH", number, column, 0)
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                cells += _record(0x0204, place + struct.pack("<HB", len(value), 1) + text)
            else:
                cells += _record(0x0203, place + struct.pack("<d", value))
    sheet = _bof(0x10) + cells + _record(0x0A, b"")
    name = "Tờ"
    names = struct.pack("<BBBB", 0, 0, len(name), 1) + name.encode("utf-16-le")
    head = _bof(0x05) + (_record(0x2F, b"\x01\x00" * 27) if encrypted else b"")
    start = len(head) + 4 + 4 + len(names) + 4
    stream = head + _record(0x85, struct.pack("<I", start) + names) + _record(0x0A, b"") + sheet
    return _compound("Workbook", stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0"))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _compound(name: str, stream: bytes) -> bytes:
    sectors = len(stream) // 512
    end, free, fat_mark = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    fat = [fat_mark, end, *range(3, 2 + sectors), end]
    assert len(fat) <= 128
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    directory = _entry("Root Entry", 5, 1, end, 0) + _entry(name, 2, free, 2, len(stream))
    return header + struct.pack("<128I", *fat, *[free] * (128 - len(fat))) + directory.ljust(512, b"\0") + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)
