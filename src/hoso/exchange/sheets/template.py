"""An empty sheet of a kind to be filled in: titles with their meaning as notes, a guide with examples, lists."""

from __future__ import annotations

import io
from typing import Any, Literal

import xlsxwriter

from hoso.exchange.sheets.kinds import ROW, Field, Kind, kind

Language = Literal["vi", "en"]
_USUAL = ("number", "name", "birth", "sex", "cccd", "bhyt", "phone", "address", "ethnic", "guardian", "guardian-phone")
_MORE = ("occupation", "workplace", "class", "mother", "father", "blood", "note")
"""Of the person's fields, those a template has: the first in every kind, the others in a list of people."""
ROWS = 1_000
_WORDS = {
    "vi": (
        "Nhập liệu",
        "Hướng dẫn",
        "Danh mục",
        "Cột",
        "Bắt buộc",
        "Ý nghĩa",
        "Ví dụ",
        "có",
        "một trong nhóm",
        "không",
    ),
    "en": ("Data", "Guide", "Lists", "Column", "Required", "Meaning", "Example", "yes", "one of the group", "no"),
}


def fields(of: Kind) -> list[Field]:
    """The columns of the template, in order."""
    person = (*_USUAL, *_MORE) if of.code == "persons" else _USUAL
    own = [one for one in of.fields.values() if one.own and not one.many and one.code != ROW]
    return [*(of.fields[code] for code in person), *own]


def write(name: str, language: Language = "vi") -> bytes:
    """XLSX. Raises Refused for a kind that is none."""
    of = kind(name)
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    words = _WORDS[language]
    data, guide, lists = (book.add_worksheet(words[at]) for at in range(3))
    columns = fields(of)
    _fill_lists(lists, columns, language)
    _fill_data(book, data, lists.get_name(), of, columns, language)
    _fill_guide(book, guide, of, columns, language)
    book.close()
    return held.getvalue()


def _fill_data(book: Any, sheet: Any, lists: str, of: Kind, columns: list[Field], language: Language) -> None:
    needed = book.add_format({"bold": True, "bg_color": "#FFF2CC", "border": 1, "text_wrap": True, "valign": "top"})
    plain = book.add_format({"bold": True, "bg_color": "#E2EFDA", "border": 1, "text_wrap": True, "valign": "top"})
    as_text = book.add_format({"num_format": "@"})
    chosen = [one for one in columns if one.choices]
    for at, one in enumerate(columns):
        sheet.set_column(at, at, max(12, min(40, len(one.example) + 6)), as_text)
        sheet.write_string(0, at, one.title(language), needed if _group(of, one) else plain)
        sheet.write_comment(0, at, f"{one.meaning[language]}\n{one.example}", {"x_scale": 1.6})
        if one.choices:
            place = chosen.index(one)
            letter = xlsxwriter.utility.xl_col_to_name(place)
            source = f"='{lists}'!${letter}$2:${letter}${len(one.choices) + 1}"
            rule = {"validate": "list", "source": source, "error_type": "warning"}
            sheet.data_validation(1, at, ROWS, at, rule)
    sheet.freeze_panes(1, 0)


def _fill_lists(sheet: Any, columns: list[Field], language: Language) -> None:
    for at, one in enumerate(one for one in columns if one.choices):
        sheet.write_string(0, at, one.title(language))
        for row, choice in enumerate(one.choices, 1):
            sheet.write_string(row, at, choice)


def _fill_guide(book: Any, sheet: Any, of: Kind, columns: list[Field], language: Language) -> None:
    bold = book.add_format({"bold": True})
    words = _WORDS[language]
    sheet.write_string(0, 0, of.title(language), bold)
    for at, word in enumerate(words[3:7]):
        sheet.write_string(2, at, word, bold)
    for row, one in enumerate(columns, 3):
        group = _group(of, one)
        required = words[9] if not group else words[7] if len(group) == 1 else words[8]
        for at, text in enumerate((one.title(language), required, one.meaning[language], one.example)):
            sheet.write_string(row, at, text)
    sheet.set_column(0, 0, 30)
    sheet.set_column(2, 2, 70)


def _group(of: Kind, field: Field) -> tuple[str, ...]:
    return next((group for group in of.need if field.code in group), ())
