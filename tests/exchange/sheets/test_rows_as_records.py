"""A row as records: what each cell becomes, what is refused at which place, and which rows are the same person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.access import Version
from hoso.exchange import documents
from hoso.exchange.documents import Document
from hoso.exchange.sheets import dates, rows
from hoso.exchange.sheets.guess import propose
from hoso.exchange.sheets.neutral import neutral, restored
from hoso.exchange.sheets.pieces import encoded, pieces
from hoso.exchange.sheets.table import read
from hoso.fhir.outcome import text

TODAY = date(2026, 11, 27)


class Nobody:
    """A node without records."""

    def heads(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        return {}

    def find(self, criteria: str) -> Version | None:
        return None

    def inputs(self, encounter: str) -> list[Version]:
        return []


def documents_of(lines: str, kind: str = "") -> list[Document]:
    sheet = read(lines.encode(), "a").main
    mapping = propose(sheet, "01001", kind).mapping
    mapping.check()
    found = []
    for row in pieces(sheet, mapping):
        if row.piece is not None:
            document = rows.read(encoded(row.piece), row.number, Nobody(), TODAY)
            documents.settle(document, {})
            found.append(document)
    return found


def resources(document: Document, type: str) -> list[dict[str, Any]]:
    assert document.faults == []
    return [item.resource for item in document.arrived if item.type == type]


def refused(document: Document) -> list[str]:
    return [text(issue, "vi") for fault in document.faults for issue in fault.issues]


HEAD = "Mã BN,Họ tên,Ngày sinh,Giới tính,CCCD,BHYT,SĐT,Địa chỉ,Dân tộc,Lớp,Người giám hộ,SĐT phụ huynh,Ghi chú\n"
FULL = (
    "B1,NGUYỄN THỊ HÒA,1/2/80,Nữ,001180001234,GD4010112345678,0914 352 687,"
    '"Thôn Đông, xã Tân Lập",Tày,1A,Trần Văn Nam,0983 725 461,mới đến\n'
)


def test_a_person_has_every_cell() -> None:
    [document] = documents_of(HEAD + FULL)
    [patient] = resources(document, "Patient")
    assert patient["name"] == [{"use": "official", "text": "NGUYỄN THỊ HÒA"}]
    assert (patient["birthDate"], patient["gender"]) == ("1980-02-01", "female")
    assert [one["value"] for one in patient["identifier"]] == ["B1", "001180001234", "GD4010112345678"]
    assert patient["telecom"] == [{"system": "phone", "value": "0914352687"}]
    assert patient["contact"][0]["name"] == {"text": "Trần Văn Nam"}
    assert patient["contact"][0]["telecom"] == [{"system": "phone", "value": "0983725461"}]
    kept = {part["valueString"] for one in patient["extension"] for part in one.get("extension", ())}
    assert "Ghi chú" not in kept  # the note has a field, so it is where its field says
    assert [one["valueString"] for one in patient["extension"] if one["url"].endswith("/class")] == ["1A"]
    assert len(resources(document, "Binary")) == len(resources(document, "Provenance")) == 1
    assert document.facility == "01001"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("Họ tên,Ngày sinh\nLê A,31/02/2015\nTrần B,1/1/2015\n", 'Dòng 2, Ngày sinh: "31/02/2015" không phải ngày'),
        ("Họ tên,Ngày sinh\nLê A,02/31/2015\nTrần B,1/1/2015\n", "không phải ngày"),
        ("Họ tên,Ngày sinh\nLê A,12/25/2015\nTrần B,31/1/2015\n", "hãy ghi 25/12/2015"),
        ("Họ tên,Ngày sinh\nLê A,1/1/2027\n", "tương lai"),
        ("Họ tên,Ngày sinh\nLê A,\n", "thiếu"),
        ("Họ tên,Ngày sinh,CCCD\nLê A,1980,1.2E+11\n", "định dạng cột là văn bản"),
        ("Họ tên,Ngày sinh\nLê\x00 A,1980\n", "ô bị hỏng (NUL)"),
        ("Họ tên,Ngày sinh\n12345,1980\nLê A,1981\n", "không phải tên"),
        ("Họ tên,Năm sinh,Ngày khám,Chẩn đoán\nLê A,2020,1/1/2019,Ho\n", "sau ngày của dòng"),
        ("Họ tên,Ngày XN,Tên XN,Kết quả\nLê A,1/1/2019,,5\n", "không có xét nghiệm"),
    ],
)
def test_a_row_is_refused_with_its_place_and_the_way_out(lines: str, reason: str) -> None:
    assert any(reason in told for told in refused(documents_of(lines)[0]))


def test_what_cannot_be_read_beside_the_needed_is_kept_with_a_warning() -> None:
    lines = "Họ tên,Ngày sinh,Giới tính,CCCD,SĐT\nLê Thị An,1980,gái rượu,12-ABC,không có\n"
    [document] = documents_of(lines)
    [patient] = resources(document, "Patient")
    kept = [one["extension"][1]["valueString"] for one in patient["extension"]]
    assert sorted(kept) == ["12-ABC", "gái rượu", "không có"]
    assert len(document.warnings) == 3


def test_a_parents_number_on_a_child_is_told() -> None:
    [document] = documents_of("Họ tên,Ngày sinh,Giới tính,CCCD\nLê Thị An,1/2/2020,Nữ,001180001234\n")
    assert [issue.key for issue in document.warnings] == ["sheet.foreign-number"]


def person_id(lines: str) -> str:
    return str(resources(documents_of(lines)[0], "Patient")[0]["id"])


HEADS = "Mã BN,Họ tên,Ngày sinh,Giới tính,CCCD,SĐT,Địa chỉ\n"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("B1,Lê An,1/2/1980,Nữ,,,", "B1,Lê Thị An,2/1/1980,Nữ,,,", True),  # the facility's number
        (",Lê Thị An,1/2/1980,Nữ,001180001234,,", ",Lê Thi An,3/2/1980,Nữ,001180001234,,x", True),  # a state number
        (",Lê Thị An,1/2/1980,Nữ,,,", ",Lê Thị An,1/2/1980,Nữ,,0914352687,", True),  # a phone was added
        (",Lê Thị An,1/2/1980,Nữ,,,", ",Lê Thị An,1/3/1980,Nữ,,,", False),
        (",Lê Thị An,1/2/2020,Nữ,001180001234,,", ",Lê Văn Bình,1/2/2020,Nam,001180001234,,", False),  # a parent's
        (",Lê Thị An,1980,Nữ,,,Thôn 1", ",Lê Thị An,1980,Nữ,,,Thôn 2", False),  # only a year: namesakes
    ],
)
def test_which_rows_are_the_same_record(one: str, other: str, same: bool) -> None:
    assert (person_id(HEADS + one) == person_id(HEADS + other)) is same


def test_one_number_is_not_two_people() -> None:
    lines = HEADS + "B1,Lê An,1/2/1980,,,,\nB1,Lê Thị An,1/2/1980,,,,\nB1,Trần Bình,3/4/1990,,,,\n"
    found = documents_of(lines)
    assert [bool(one.faults) for one in found] == [False, False, True]
    assert "người khác" in refused(found[2])[0]
    newborn = documents_of(HEADS + "B1,Con bà Lê Thị An,1/2/2026,,,,\nB1,Trần Minh,1/2/2026,,,,\n")
    assert not any(one.faults for one in newborn)
    none = documents_of(HEADS + "0,Lê An,1/2/1980,,,,\n0,Trần Bình,3/4/1990,,,,\nkhông có,Hồ Ba,1/1/1991,,,,\n")
    assert len({resources(one, "Patient")[0]["id"] for one in none}) == 3


def test_a_visit_with_diagnoses_and_signs() -> None:
    lines = (
        "Họ tên,Năm sinh / Nam,Năm sinh / Nữ,Ngày khám,Chẩn đoán,Mã bệnh,HA,Cân nặng,Mạch,Điều trị\n"
        'Lê Thị An,,1950,5/7/2026 8:30,THA,I10; e119,150/90,"52,5",800,Amlodipin\n'
    )
    [document] = documents_of(lines)
    [patient], [encounter] = resources(document, "Patient"), resources(document, "Encounter")
    assert patient["gender"] == "female"
    assert encounter["period"] == {"start": "2026-07-05T08:30:00+07:00"}
    codes = [one["code"]["coding"][0]["code"] for one in resources(document, "Condition")]
    assert codes == ["I10", "E11.9"]
    names = {one["code"]["text"] for one in resources(document, "Observation")}
    assert names == {"Huyết áp", "Cân nặng"}  # no heart beats 800 times a minute
    kept = {one["extension"][1]["valueString"] for one in encounter["extension"]}
    assert kept == {"800", "Amlodipin"}


def test_results_in_a_row_and_in_columns() -> None:
    lines = 'Họ tên,Ngày XN,Tên XN,Kết quả,Đơn vị,CSBT,Đánh giá\nLê An,1/7/2026,HbA1c,"<6,5",%,"4 - 6,5",Cao\n'
    [one] = resources(documents_of(lines)[0], "Observation")
    assert one["code"]["coding"][0]["code"] == "4548-4"
    assert (one["valueQuantity"]["comparator"], str(one["valueQuantity"]["value"])) == ("<", "6.5")
    assert one["interpretation"][0]["coding"][0]["code"] == "H"
    assert str(one["referenceRange"][0]["high"]["value"]) == "6.5"
    wide = "Họ tên,Ngày XN,HbA1c (%),Creatinin (µmol/L)\nLê An,1/7/2026,6.1,\n"
    [only] = resources(documents_of(wide)[0], "Observation")
    assert only["valueQuantity"]["unit"] == "%"


def test_vaccinations_in_a_row_and_in_columns() -> None:
    lines = "Họ tên,Ngày sinh,Ngày tiêm,Vắc xin,Mũi thứ,Số lô\nLê An,1/1/2026,2/1/2026,BCG,1,A1\n"
    [one] = resources(documents_of(lines)[0], "Immunization")
    assert one["vaccineCode"]["coding"][0]["code"] == "19"
    assert (one["lotNumber"], one["protocolApplied"]) == ("A1", [{"doseNumberPositiveInt": 1}])
    wide = "Họ tên,Ngày sinh,BCG,DPT-VGB-Hib mũi 2\nLê An,1/1/2026,2/1/2026,5/3/2026\nTrần B,1/1/2026,,\n"
    first, second = documents_of(wide)
    doses = [one["vaccineCode"]["coding"][0]["code"] for one in resources(first, "Immunization")]
    assert doses == ["19", "102"]
    assert refused(second)  # nothing was given


def test_problems_and_allergies() -> None:
    lines = "Họ tên,Năm sinh,Tên bệnh,Năm phát hiện,Tình trạng\nLê An,1950,Tăng huyết áp,2015,Đã khỏi\n"
    [problem] = resources(documents_of(lines)[0], "Condition")
    assert problem["clinicalStatus"]["coding"][0]["code"] == "resolved"
    assert problem["onsetDateTime"] == "2015"
    lines = "Họ tên,Năm sinh,Dị ứng,Biểu hiện,Mức độ\nLê An,1950,Penicillin,Nổi mẩn,Phản vệ\n"
    [allergy] = resources(documents_of(lines)[0], "AllergyIntolerance")
    assert (allergy["criticality"], allergy["reaction"][0]["severity"]) == ("high", "severe")


def test_lines_below_the_table_are_left_out() -> None:
    lines = "Họ tên,Ngày sinh\nLê A,1980\nTống Cộng,1980\nTổng cộng,1\nTổng cộng: 2 người,\n"
    sheet = read(lines.encode(), "a").main
    found = list(pieces(sheet, propose(sheet, "01001").mapping))
    told = [row.left_out.key if row.left_out else "" for row in found]
    assert told == ["", "", "sheet.footer", "sheet.footer"]


def test_the_same_row_is_the_same_bytes_wherever_it_stands() -> None:
    lines = "Họ tên,Ngày sinh\nLê A,1980\n\nLê A,1980\n"
    one, two = documents_of(lines)
    assert one.data == two.data


def test_what_is_no_piece_is_a_fault() -> None:
    for data in (b"", b"{", b"[]", b'{"kind":"x","facility":"1","cells":[]}', b'{"kind":1}'):
        assert rows.read(data, 1, Nobody(), TODAY).faults


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1/2/80", "1980-02-01"),
        ("01-02-1980", "1980-02-01"),
        ("1.2.1980", "1980-02-01"),
        ("1980", "1980"),
        ("1/2/26", "2026-02-01"),
        ("1/2/27", "1927-02-01"),
        ("00/00/1980", "1980"),
        ("00/02/1980", "1980-02"),
        ("02/1980", "1980-02"),
        ("19800201", "1980-02-01"),
        ("198002010830", "1980-02-01T08:30:00+07:00"),
        ("ngày 1 tháng 2 năm 1980", "1980-02-01"),
        ("15/07/2026 8:30 CH", "2026-07-15T20:30:00+07:00"),
        ("8h30 15/07/2026", "2026-07-15T08:30:00+07:00"),
        ("2026-07-15T08:30:00", "2026-07-15T08:30:00+07:00"),
        ("42064", "2015-03-01"),
        ("31/02/2015", None),
        ("13/13/2015", None),
        ("1/2/1780", None),
        ("15/07/2026 25:00", None),
        ("hôm qua", None),
        ("", None),
    ],
)
def test_dates_as_people_write_them(written: str, meant: str | None) -> None:
    assert dates.read(written, TODAY) == meant


@given(st.dates(date(1900, 1, 1), TODAY))
def test_a_date_is_read_in_every_way_of_writing_it(day: date) -> None:
    for form in ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d.%m.%Y", "%Y%m%d"):
        assert dates.read(day.strftime(form), TODAY) == day.isoformat()
    assert dates.read(day.strftime("%m/%d/%Y"), TODAY, "mdy") == day.isoformat()


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader_of_dates(text: str) -> None:
    found = dates.read(text, TODAY)
    assert found is None or re.match(r"\d{4}(-\d\d){0,2}(T\d\d:\d\d:\d\d\+07:00)?\Z", found)


@given(st.text(max_size=20))
def test_no_cell_goes_out_as_a_formula(text: str) -> None:
    out = neutral(text)
    assert not out.startswith(("=", "@", "\t", "\r")) and (not out.startswith(("+", "-")) or out[1:2].isdigit())
    if not text.startswith("'"):
        assert restored(out) == text
