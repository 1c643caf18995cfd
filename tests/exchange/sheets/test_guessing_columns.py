"""What columns mean: guessed from titles and cells, told why, certain only when nothing is in doubt."""

from __future__ import annotations

import pytest

from hoso.core import Refused
from hoso.exchange.sheets.guess import Proposal, propose
from hoso.exchange.sheets.kinds import KINDS, kind, kinds
from hoso.exchange.sheets.mapping import Mapping, Target, from_toml, signature
from hoso.exchange.sheets.table import read
from hoso.exchange.sheets.template import fields, write
from hoso.fhir.outcome import text


def proposed(lines: str, wanted: str = "") -> Proposal:
    return propose(read(lines.encode(), "a").main, "01001", wanted)


def fields_of(proposal: Proposal) -> dict[str, str]:
    return {name: target.field for name, target in proposal.mapping.columns.items()}


CLASS_LIST = """TRƯỜNG TIỂU HỌC TÂN LẬP,,,,
STT,Họ và tên HS,Ngày sinh,Phái,Họ tên mẹ
1,Nguyễn Thị Hòa,01/02/2015,Nữ,Trần Thị Mai
2,Trần Văn Nam,3/12/2015,Nam,Lê Thị Bình
3,Lê Hoàng Anh,21/05/2015,Nam,Phạm Thị Lan
"""


def test_a_list_of_a_class_is_a_list_of_people() -> None:
    found = proposed(CLASS_LIST)
    assert found.mapping.kind == "persons"
    expected = {"STT": "ignored", "Ngày sinh": "birth", "Phái": "sex", "Họ tên mẹ": "mother", "Họ và tên HS": "name"}
    assert fields_of(found) == expected


def test_every_guess_says_why_in_both_languages() -> None:
    guess = next(one for one in proposed(CLASS_LIST).guesses if one.column == "Ngày sinh")
    assert guess.sample == ("01/02/2015", "3/12/2015", "21/05/2015")
    for language in ("vi", "en"):
        told = [text(issue, language) for issue in guess.because]
        assert any("Ngày sinh" in one for one in told)
        assert any("100 %" in one for one in told)


def test_content_contradicts_a_title() -> None:
    found = proposed("Họ tên,Ngày sinh,Giới tính\nLê A,Nam,1/2/2015\nTrần B,Nữ,3/4/2015\n")
    assert not found.certain
    assert all(one.confidence < 0.9 for one in found.guesses if one.column != "Họ tên")


def test_content_alone_proposes_but_is_never_certain() -> None:
    lines = "\n".join(f"Nguyễn Văn A{n},00120{n}0{n}1234,Nam" for n in range(4)).replace("A0", "An").replace("A", "An")
    found = proposed(lines.replace("An1", "Anh").replace("An2", "Bình").replace("An3", "Cường"))
    assert not found.certain
    assert "cccd" in fields_of(found).values()


@pytest.mark.parametrize(
    ("lines", "kind", "some"),
    [
        (
            "Mã BN;Họ tên;NS;Ngày XN;Tên XN;Kết quả;Đơn vị;CSBT\nA1;Lê Thị An;1980;1/7/2026;Ure;5,6;mmol/L;2-8\n",
            "results",
            {"Đơn vị": "unit", "CSBT": "range", "NS": "birth"},
        ),
        (
            "Họ tên,Ngày sinh,Ngày XN,HbA1c (%),Creatinin (µmol/L)\nLê Thị An,1980,1/7/2026,6.1,80\n",
            "results",
            {"HbA1c (%)": "measure", "Creatinin (µmol/L)": "measure"},
        ),
        (
            "Họ tên trẻ,Ngày sinh,Họ tên mẹ,BCG,DPT-VGB-Hib mũi 1\nLê An,1/1/2026,Trần Mai,2/1/2026,5/3/2026\n",
            "immunizations",
            {"BCG": "vaccination", "DPT-VGB-Hib mũi 1": "vaccination", "Họ tên mẹ": "mother"},
        ),
        (
            "Name,DOB,Sex,Visit date,Diagnosis,ICD10,BP\nLe Thi An,12/25/1980,F,7/15/2026,Flu,J11.1,120/80\n",
            "visits",
            {"DOB": "birth", "BP": "pressure", "ICD10": "icd", "Visit date": "date"},
        ),
        (
            "Họ tên,Năm sinh,Bệnh mạn tính,Năm phát hiện\nLê Thị An,1950,Tăng huyết áp,2015\n",
            "problems",
            {"Bệnh mạn tính": "diagnosis", "Năm phát hiện": "since"},
        ),
        (
            "Họ tên,Năm sinh,Dị ứng,Biểu hiện,Mức độ\nLê Thị An,1950,Penicillin,mẩn,Nặng\n",
            "allergies",
            {"Dị ứng": "substance", "Mức độ": "severity"},
        ),
    ],
)
def test_the_kind_is_found_by_its_columns(lines: str, kind: str, some: dict[str, str]) -> None:
    found = proposed(lines)
    assert found.mapping.kind == kind
    assert some.items() <= fields_of(found).items()
    assert found.mapping.missing() == []


def test_a_column_of_american_dates_is_seen_as_a_whole() -> None:
    found = proposed("Name,DOB\nLe A,12/25/1980\nTran B,02/13/1980\nHo C,03/04/1980\n")
    assert found.mapping.columns["DOB"].order == "mdy"
    mixed = proposed("Name,DOB\nLe A,12/25/1980\nTran B,02/13/1980\nHo C,31/12/1980\n")
    assert mixed.mapping.columns["DOB"].order == ""


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_template_is_understood_when_it_comes_back(name: str, language: str) -> None:
    data = write(name, language)  # type: ignore[arg-type]
    tables = read(data, "a")
    of = kind(name)
    columns = fields(of)
    assert list(tables.sheets[0].header.titles) == [one.title(language) for one in columns]  # type: ignore[arg-type]
    found = propose(tables.sheets[0], "01001", name)
    assert {to.field for to in found.mapping.columns.values()} == {one.code for one in columns}
    assert found.certain


def test_no_two_fields_of_a_kind_have_the_same_title_but_person_and_kind() -> None:
    for of in kinds().values():
        for own in (True, False):
            seen: dict[str, str] = {}
            for field in of.fields.values():
                for header in field.headers if field.own == own else ():
                    assert seen.setdefault(header, field.code) == field.code, (of.code, header)


def test_a_mapping_is_written_and_read_as_a_file() -> None:
    mapping = Mapping("results", "01001", {'A "b"': Target("name"), "Na (mmol/L)": Target("measure", "Na", "mmol/L")})
    mapping.columns |= {"Ngày": Target("date", order="mdy"), "Bỏ": Target("")}
    assert from_toml(mapping.as_toml()) == mapping


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ("kind = 3", "sheet.bad-mapping"),
        ("[columns", "sheet.bad-mapping"),
        ('kind="persons"\nfacility="1"\n[columns]\na = {field="name", x="y"}', "sheet.bad-mapping"),
        ('kind="person"\nfacility="1"\n[columns]\na="name"', "sheet.no-kind"),
        ('kind="persons"\nfacility="a b"\n[columns]\na="name"', "sheet.no-facility"),
        ('kind="persons"\nfacility="1"\n[columns]\na="namen"', "sheet.no-field"),
        ('kind="persons"\nfacility="1"\n[columns]\na="name"\nb="name"\nc="birth"', "sheet.field-twice"),
        ('kind="persons"\nfacility="1"\n[columns]\na="name"', "sheet.no-need"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(told: str, key: str) -> None:
    with pytest.raises(Refused) as refused:
        from_toml(told).check()
    assert refused.value.issues[0].key == key


def test_sheets_with_the_same_titles_have_the_same_signature() -> None:
    one = read("Họ tên,Lớp,Mã HS\nLê A,1A,1\n".encode(), "a").main.header
    two = read("Bảng kê\n\nLớp,MÃ HS,Họ tên\n1A,1,Lê B\n".encode(), "a").main.header
    other = read("Họ tên,Lớp\nLê A,1A\n".encode(), "a").main.header
    assert signature(one) == signature(two) != signature(other)
