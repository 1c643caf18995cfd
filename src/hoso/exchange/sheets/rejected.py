"""Rows that did not go in, as a sheet with the reason beside each, to be mended there and loaded again.

A row keeps its name (deposit and number) in the last column, so that the mended one takes the place of the refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, NamedTuple

import xlsxwriter

from hoso.core import Issue
from hoso.exchange.sheets.neutral import neutral
from hoso.exchange.sheets.pieces import REASON, Piece
from hoso.fhir.outcome import Language, text

_HEADS = {"vi": (REASON[0], "Mã dòng HoSo"), "en": (REASON[1], "HoSo row")}


class Refusal(NamedTuple):
    """`name` is what the row is called: "DEPOSIT:NUMBER"."""

    name: str
    piece: Piece
    issues: Sequence[Issue]


def write(target: IO[bytes], titles: Sequence[str], refusals: Iterable[Refusal], language: Language = "vi") -> int:
    """XLSX in constant memory; how many rows. `titles` are the columns of the sheet the rows came from."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet("Dòng bị loại" if language == "vi" else "Rejected rows")
    bold, as_text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    wrong = book.add_format({"num_format": "@", "bg_color": "#FCE4D6"})
    columns = [*titles, *_HEADS[language]]
    places = {title: at for at, title in enumerate(titles)}
    sheet.set_column(0, len(columns), 18, as_text)
    for at, title in enumerate(columns):
        sheet.write_string(0, at, title, bold)
    count = 0
    for count, one in enumerate(refusals, 1):
        faulty = {issue.values.get("column") for issue in one.issues if issue.severity == "error"}
        cells = {places[cell.column]: cell for cell in (*one.piece.cells, *one.piece.kept) if cell.column in places}
        for at, cell in sorted(cells.items()):
            sheet.write_string(count, at, neutral(cell.text)[:32_767], wrong if cell.column in faulty else as_text)
        reasons = [text(issue, language) for issue in one.issues if issue.severity == "error"]
        sheet.write_string(count, len(titles), neutral(" ".join(reasons))[:32_767], as_text)
        sheet.write_string(count, len(titles) + 1, one.name, as_text)
    sheet.freeze_panes(1, 0)
    book.close()
    return count
