"""XLS, the binary format before 2007, through python-calamine; it holds 65,536 rows at most, in bounded memory."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import IO

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from hoso.core import Refused
from hoso.exchange.sheets import cells
from hoso.exchange.sheets.cells import COLUMNS, Row
from hoso.exchange.sheets.merges import Merge

LIMIT = 100 << 20
_PACKAGE = "EncryptedPackage".encode("utf-16-le")
"""An encrypted XLSX lies in the same kind of container."""
_FILEPASS = re.compile(rb"\x09\x08\x10\x00.{16}(?:\x86\x00\x00\x00)?\x2f\x00", re.DOTALL)
"""The record behind the first one that says that all the others are encrypted."""


class Legacy:
    def __init__(self, stream: IO[bytes], size: int) -> None:
        """Raises Refused for one that is damaged, encrypted, or larger than such a file can be."""
        if size > LIMIT:
            raise Refused.because(413, "too-costly", "sheet.large", limit=str(LIMIT >> 20))
        data = stream.read()
        if _PACKAGE in data or _FILEPASS.search(data):
            raise Refused.because(400, "security", "sheet.encrypted")
        stream.seek(0)
        try:
            self._book = CalamineWorkbook.from_filelike(stream)
        except (CalamineError, OSError, ValueError) as error:
            raise Refused.because(400, "structure", "sheet.damaged", member="XLS", reason=str(error)[:200]) from None
        self.sheets = [(one.name, one.visible != SheetVisibleEnum.Visible) for one in self._book.sheets_metadata]

    def merges(self, number: int) -> list[Merge]:
        ranges = self._book.get_sheet_by_index(number).merged_cell_ranges or []
        return [Merge(top + 1, left, bottom + 1, min(right, COLUMNS - 1)) for (top, left), (bottom, right) in ranges]

    def rows(self, number: int) -> Iterator[Row]:
        sheet = self._book.get_sheet_by_index(number)
        for at, values in enumerate(sheet.to_python(skip_empty_area=False), 1):
            row = Row(at, [])
            for place, value in enumerate(values[:COLUMNS]):
                text, mark = _text(value)
                row.texts.append(text)
                if mark:
                    row.marks[place] = mark
            if not row.blank:
                yield row


def _text(value: object) -> tuple[str, str]:
    if isinstance(value, bool):
        return str(value).upper(), ""
    if isinstance(value, int | float):
        return cells.number_text(repr(value), "")
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S").removesuffix("T00:00:00"), cells.DATE
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat(), cells.DATE
    if isinstance(value, datetime.timedelta):
        return str(value), cells.DATE
    text = str(value)
    return ("", cells.ERROR) if text.startswith("#") and text.endswith(("!", "?", "/A")) else (text, "")
