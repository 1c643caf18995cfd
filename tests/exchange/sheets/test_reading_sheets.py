"""The reader: every format gives the same rows, with their numbers, whatever stands around them."""

from __future__ import annotations

import datetime
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.sheets.sheet_files import ods, ods_of, repacked, xls_of, xlsx, xlsx_of

from hoso.core import Refused
from hoso.exchange.sheets import cells
from hoso.exchange.sheets.table import read

ROWS = [
    ["Họ và tên", "Ngày sinh", "Giới tính"],
    ["Nguyễn Thị Hòa", "01/02/2015", "Nữ"],
    ["Trần Văn Đức", "15/8/2014", "Nam"],
]
CSV = "\n".join(",".join(row) for row in ROWS)


def texts(data: bytes, name: str = "a") -> list[list[str]]:
    return [row.texts for row in read(data, name).main.rows()]


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode(),
        b"\xef\xbb\xbf" + CSV.replace(",", ";").replace("\n", "\r\n").encode(),
        CSV.replace(",", "\t").encode("utf-16"),
        CSV.replace(",", "|").encode("utf-16-be"),
        ("sep=;\r\n" + CSV.replace(",", ";")).encode(),
        xlsx_of(ROWS),
        ods_of(ROWS),
        xls_of(ROWS),
    ],
    ids=["csv", "bom-semicolon", "utf16-tab", "utf16be-bar", "sep", "xlsx", "ods", "xls"],
)
def test_every_format_gives_the_same_rows(data: bytes) -> None:
    sheet = read(data, "a").main
    assert list(sheet.header.titles) == ROWS[0]
    assert [row.texts for row in sheet.rows()] == ROWS[1:]
    assert [row.texts for row in sheet.rows()] == ROWS[1:]  # as often as it is asked


WINDOWS = {
    "Nguyễn Thị Hòa": "Nguyê\u0303n Thi\u0323 Ho\u0300a",
    "Trần Văn Đức": "Trâ\u0300n Văn Đư\u0301c",
    "Nữ": "Nư\u0303",
}


def test_windows_1258_is_found_by_its_syllables() -> None:
    text = "Ho va ten,Ngay sinh,Gioi tinh\n" + "\n".join(",".join(row) for row in ROWS[1:])
    for now, then in WINDOWS.items():
        text = text.replace(now, then)
    found = read(text.encode("cp1258"), "a")
    assert found.encoding == "cp1258"
    assert [row.texts for row in found.main.rows()] == ROWS[1:]


def test_a_text_of_an_old_font_is_mended_and_its_original_kept() -> None:
    tcvn3 = b"Ho ten,Ngay sinh\nNguy\xd4n V\xa8n H\xb6i,1/1/2015\nTr\xcdn Th\xde Lan,2/2/2014\n"
    rows = list(read(tcvn3, "a").main.rows())
    assert rows[0].texts[0] == "Nguyễn Văn Hải"
    assert rows[0].originals[0] == "NguyÔn V¨n H¶i"
    assert rows[1].originals == {} or rows[1].originals[0] != rows[1].texts[0]


def test_row_numbers_are_those_that_people_see() -> None:
    rows = list(read(b"Ho ten,Lop\n\nA B,1\n\n\nC D,2\n", "a").main.rows())
    assert [row.number for row in rows] == [3, 6]

    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(4, 1, ["Họ tên", "Lớp"])
        sheet.write_row(8, 1, ["A B", "1A"])

    sheet = read(xlsx(fill), "a").main
    assert [(row.number, row.texts) for row in sheet.rows()] == [(9, ["", "A B", "1A"])]


def test_titles_above_and_column_numbers_below_are_no_data() -> None:
    text = "TRƯỜNG TIỂU HỌC A,,\nDANH SÁCH HỌC SINH,,\n,,\nSTT,Họ tên,Ngày sinh\n(1),(2),(3)\n1,Lê A,2/3/2015\n"
    sheet = read(text.encode(), "a").main
    assert sheet.header.titles == ("STT", "Họ tên", "Ngày sinh")
    assert sheet.header.above == ("TRƯỜNG TIỂU HỌC A", "DANH SÁCH HỌC SINH")
    assert [row.texts for row in sheet.rows()] == [["1", "Lê A", "2/3/2015"]]


def test_a_header_of_two_rows_is_read_as_one() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.merge_range("A1:A2", "Họ và tên")
        sheet.merge_range("B1:C1", "Năm sinh")
        sheet.write_row(1, 1, ["Nam", "Nữ"])
        sheet.merge_range("D1:D2", "Địa chỉ")
        sheet.write_row(2, 0, ["Lê A", "", "1980", "Thôn 1"])

    expected = ("Họ và tên", "Năm sinh / Nam", "Năm sinh / Nữ", "Địa chỉ")
    assert read(xlsx(fill), "a").main.header.titles == expected
    plain = "Họ và tên,Năm sinh,,Địa chỉ\n,Nam,Nữ,\nLê A,,1980,Thôn 1\n"
    sheet = read(plain.encode(), "a").main
    assert sheet.header.titles == expected
    assert [row.texts for row in sheet.rows()] == [["Lê A", "", "1980", "Thôn 1"]]


def test_a_row_of_field_keys_is_kept_beside_the_titles() -> None:
    text = "PHIẾU KHÁM,,\nHọ tên,Ngày sinh,Số CCCD\nHO_TEN,NGAY_SINH,SO_CCCD\nLÊ A,20150102,\n"
    header = read(text.encode(), "a").main.header
    assert header.titles == ("Họ tên", "Ngày sinh", "Số CCCD")
    assert header.keys == ("HO_TEN", "NGAY_SINH", "SO_CCCD")
    assert header.first == 4
    only = read(b"HO_TEN,NGAY_SINH,SO_CCCD\nLE A,20150102,\n", "a").main.header
    assert only.keys == ("HO_TEN", "NGAY_SINH", "SO_CCCD")
    assert only.first == 2


def test_a_sheet_without_a_header_gives_all_its_rows() -> None:
    sheet = read("Lê Văn A,12/3/1980,0912345678\nTrần B,1/2/1979,0987654321\n".encode(), "a").main
    assert sheet.header.rows == ()
    assert sheet.header.name(1) == "B"
    assert len(list(sheet.rows())) == 2


def test_dates_numbers_and_formulas_of_a_workbook_are_text() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["Họ tên", "Ngày sinh", "Số CCCD", "Kết quả", "Giờ", "Tuổi", "Mã BN", "Ghi chú"])
        sheet.write(1, 0, "Lê A")
        sheet.write_datetime(1, 1, datetime.datetime(2015, 3, 4), book.add_format({"num_format": "dd/mm/yyyy"}))  # noqa: DTZ001
        sheet.write_number(1, 2, 1215123456, book.add_format({"num_format": "000000000000"}))
        sheet.write_number(1, 3, 0.1 + 0.2)
        sheet.write_number(1, 4, 0.354166666666667, book.add_format({"num_format": "hh:mm"}))
        sheet.write_formula(1, 5, "=2026-2015", value=11)
        sheet.write_number(1, 6, 123456789012)
        sheet.write_formula(1, 7, "=1/0", value="#DIV/0!")

    row = next(read(xlsx(fill), "a").main.rows())
    assert row.texts == ["Lê A", "2015-03-04", "001215123456", "0.3", "08:30:00", "11", "123456789012"]
    assert (row.marks[1], row.marks[2], row.marks[5]) == (cells.DATE, cells.NUMBER, cells.FORMULA)
    assert row.marks[7] == cells.ERROR


def test_a_number_that_lost_its_digits_is_marked() -> None:
    row = next(read(b"Ho ten,So CCCD\nLe A,1.2E+11\n", "a").main.rows())
    assert row.texts[1] == "1.2E+11"
    assert row.marks[1] == cells.DIGITS


def test_merged_cells_are_filled_downwards() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["Họ tên", "Lớp", "Ghi chú"])
        sheet.merge_range("B2:B4", "1A")
        sheet.write_column(1, 0, ["A", "B", "C", "D"])

    rows = list(read(xlsx(fill), "a").main.rows())
    assert [row.texts for row in rows] == [["A", "1A"], ["B", "1A"], ["C", "1A"], ["D"]]
    assert rows[1].marks == {1: cells.MERGED}


def test_ods_repeats_spans_and_notes_are_understood() -> None:
    body = (
        '<table:table table:name="Ẩn" table:style-name="h"><table:table-row><table:table-cell/></table:table-row>'
        '</table:table><table:table table:name="Lớp"><table:table-row>'
        "<table:table-cell><text:p>Họ tên</text:p></table:table-cell>"
        "<table:table-cell><text:p>Số</text:p></table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row><table:table-row>'
        "<table:table-cell><office:annotation><text:p>ghi chú</text:p></office:annotation><text:p>Lê<text:s/>A</text:p>"
        '</table:table-cell><table:table-cell office:value-type="float" office:value="12"><text:p>0012</text:p>'
        '</table:table-cell></table:table-row><table:table-row table:number-rows-repeated="1048571">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>'
    )
    styles = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    tables = read(ods(body, styles), "a")
    assert [(sheet.name, sheet.hidden) for sheet in tables.sheets] == [("Ẩn", True), ("Lớp", False)]
    assert [(row.number, row.texts) for row in tables.main.rows()] == [(5, ["Lê A", "0012"])]


def test_merged_cells_of_ods_are_filled_downwards() -> None:
    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    rows = [
        cell("Họ tên") + cell("Lớp"),
        cell("A") + cell("1A", 'table:number-rows-spanned="2"'),
        cell("B") + "<table:covered-table-cell/>",
        cell("C"),
    ]
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    sheet = read(ods(f'<table:table table:name="a">{lines}</table:table>'), "a").main
    assert [row.texts for row in sheet.rows()] == [["A", "1A"], ["B", "1A"], ["C"]]


BOOK = xlsx_of(ROWS)
SHEET = "xl/worksheets/sheet1.xml"


def inline(cells: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells.split())


@pytest.mark.parametrize("numbers", [("1", "2", "2", "1"), ("", "", "", ""), ("1", "5", "3", "99999999999")])
def test_rows_with_wrong_numbers_are_each_given_once(numbers: tuple[str, ...]) -> None:
    rows = zip(numbers, ("Ho_ten Lop", "A 1", "B 2", "C 3"), strict=True)
    lines = ""
    for number, cells_ in rows:
        lines += f'<row r="{number}">{inline(cells_)}</row>' if number else f"<row>{inline(cells_)}</row>"
    data = repacked(BOOK, {SHEET: f"<worksheet><sheetData>{lines}</sheetData></worksheet>".encode()})
    found = list(read(data, "a").main.rows())
    assert [row.texts[0] for row in found] == ["A", "B", "C"]
    assert [row.number for row in found] == sorted({row.number for row in found})


def test_merges_that_overlap_without_end_are_refused() -> None:
    merges = "".join(f'<mergeCell ref="A2:B{number}"/>' for number in range(3, 3_000))
    row = f'<row r="1">{inline("Ho_ten Lop")}</row><row r="2">{inline("A 1")}</row><row r="3">{inline("B 2")}</row>'
    sheet = f"<worksheet><sheetData>{row}</sheetData><mergeCells>{merges}</mergeCells></worksheet>"
    with pytest.raises(Refused) as refused:
        list(read(repacked(BOOK, {SHEET: sheet.encode()}), "a").main.rows())
    assert refused.value.issues[0].key == "sheet.merges"


@pytest.mark.parametrize("cell", ['r="???"', 's="x"', 't="s"', 'r="ZZZZZZZ1"', 't="what"'])
def test_a_strange_cell_is_a_refusal_or_a_row(cell: str) -> None:
    sheet = f"<worksheet><sheetData><row><c {cell}><v>7</v></c></row></sheetData></worksheet>"
    try:
        list(read(repacked(BOOK, {SHEET: sheet.encode()}), "a").main.rows())
    except Refused as refused:
        assert refused.issues[0].key in ("sheet.damaged", "sheet.empty")


def test_a_stray_byte_does_not_turn_a_file_into_another_encoding() -> None:
    good = "Nguyễn Thị Hòa,Thôn Đông\n" * 300
    data = b"Ho ten,Dia chi\n" + good.encode() + b"Tr\xe2n B,Thon\n"
    tables = read(data, "a")
    assert tables.encoding == "utf-8"
    assert list(tables.main.rows())[-1].texts == ["Trân B", "Thon"]


def test_an_open_quotation_mark_swallows_no_other_row() -> None:
    lines = ["Ho ten,Lop", 'Le "A,1', *(f"Tran {n},{n}" for n in range(300))]
    rows = list(read("\n".join(lines).encode(), "a").main.rows())
    assert len(rows) == 301
    lines[1] = '"Le A,1'
    rows = list(read("\n".join(lines).encode(), "a").main.rows())
    assert len(rows) == 301
    assert rows[0].marks[0] == cells.QUOTE
    assert rows[-1].texts == ["Tran 299", "299"]
    assert rows[-1].number == 302


def test_a_nul_is_marked_at_its_place_and_the_rest_goes_on() -> None:
    rows = list(read(b"Ho ten,Lop\nLe\x00 A,1\nTran B,2\n", "a").main.rows())
    assert rows[0].marks == {0: cells.NUL}
    assert rows[1].texts == ["Tran B", "2"]


def test_an_endless_line_is_cut_and_the_next_is_read() -> None:
    data = b"Ho ten,Lop\n" + b"x" * (3 << 20) + b",1\nTran B,2\n"
    rows = list(read(data, "a").main.rows())
    assert rows[0].marks[0] == cells.LONG
    assert rows[1].texts == ["Tran B", "2"]


BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><sst><si><t>&c;</t></si></sst>'


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "sheet.empty"),
        (b"\r\n,,,\n", "sheet.empty"),
        (BOOK[:-400], "sheet.damaged"),
        (repacked(BOOK, {"xl/workbook.xml": b"<workbook><sheets>"}), "sheet.damaged"),
        (repacked(BOOK, {"xl/workbook.xml": BOMB}), "sheet.doctype"),
        (repacked(BOOK, {"xl/workbook.bin": b"x"}), "sheet.binary"),
        (ods("", manifest="<file><encryption-data/></file>"), "sheet.encrypted"),
        (xls_of(ROWS, encrypted=True), "sheet.encrypted"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "sheet.encrypted"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "sheet.damaged"),
        (b"<html><table><tr><td>x</td></tr></table></html>", "sheet.html"),
        (b'<?xml version="1.0"?><Workbook/>', "sheet.xml"),
        (b"%PDF-1.7", "sheet.other"),
        (b"\xff\xfe\x00\x00" + CSV.encode("utf-32-le"), "sheet.encoding"),
    ],
)
def test_what_is_no_sheet_is_refused_with_the_way_out(data: bytes, key: str) -> None:
    with pytest.raises(Refused) as refused:
        list(read(data, "a").main.rows())
    assert refused.value.issues[0].key == key


def test_a_bomb_is_refused_before_it_fills_memory() -> None:
    zeros = b"<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>x</t></is></c></row>" + b" " * (300 << 20)
    data = repacked(BOOK, {"xl/worksheets/sheet1.xml": zeros})
    with pytest.raises(Refused) as refused:
        read(data, "a")
    assert refused.value.issues[0].key == "sheet.bomb"
    body = "<table:table-cell table:number-columns-repeated='1000'><text:p>x</text:p></table:table-cell>"
    rows = f"<table:table-row table:number-rows-repeated='1000000'>{body}</table:table-row>"
    with pytest.raises(Refused) as refused:
        list(read(ods(f"<table:table table:name='a'>{rows}</table:table>"), "a").main.rows())
    assert refused.value.issues[0].key == "sheet.rows"


def test_many_rows_need_little_memory() -> None:
    data = ("Họ tên,Ngày sinh,Địa chỉ\n" + "Nguyễn Văn Bình,01/02/2015,Thôn Đông\n" * 60_000).encode()
    tracemalloc.start()
    assert sum(1 for _ in read(data, "a").main.rows()) == 60_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 << 20


CELL = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Zs", "Mn")), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6))
def test_workbook_and_ods_agree_about_any_texts(rows: list[list[str]]) -> None:
    table = [["Họ và tên", "Ngày sinh", "Địa chỉ"], *rows]
    assert texts(xlsx_of([[cell for cell in row] for row in table])) is not None

    def fill(book: Any, sheet: Any) -> None:
        for number, row in enumerate(table):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)

    assert texts(xlsx(fill)) == texts(ods_of(table))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_a_refusal(data: bytes) -> None:
    try:
        for sheet in read(data, "a").sheets:
            for row in sheet.rows():
                assert row.number > 0
    except Refused as refused:
        assert refused.issues
