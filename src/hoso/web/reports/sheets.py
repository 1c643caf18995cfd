"""A report or a register as CSV or XLSX; every text is written as text and made harmless, so that no cell can run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO

import xlsxwriter
from django.http import HttpResponse

from hoso.exchange.sheets.kinds import XLSX
from hoso.exchange.sheets.neutral import neutral

_LONGEST = 32_767
Row = Sequence[str | int]


def sheet(rows: Sequence[Row], name: str, form: str) -> HttpResponse:
    """`form`: "csv" or "xlsx"; the first row is the head."""
    body = _csv(rows) if form == "csv" else _xlsx(rows)
    response = HttpResponse(body, content_type="text/csv; charset=utf-8" if form == "csv" else XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _csv(rows: Sequence[Row]) -> bytes:
    out = StringIO()
    out.write("\ufeff")  # by which spreadsheet programs know UTF-8
    writer = csv.writer(out)
    writer.writerows([[cell if isinstance(cell, int) else neutral(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _xlsx(rows: Sequence[Row]) -> bytes:
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet()
    bold, as_text = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": "@"})
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.freeze_panes(1, 0)
    page.set_column(0, len(rows[0]) - 1, 18)
    for number, row in enumerate(rows):
        for at, cell in enumerate(row):
            if isinstance(cell, int):
                page.write_number(number, at, cell)
            else:
                page.write_string(number, at, neutral(cell)[:_LONGEST], as_text if number else bold)
    book.close()
    return out.getvalue()
