"""`hoso ksk`: a roster goes in as a sheet or a package, and comes back person by person and class by class."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tests.exchange.health_checks.check_files import PUPIL, dossier, package, sheet

from hoso import compose
from hoso.cli.main import main

FACILITY = {
    "resourceType": "Organization",
    "id": "tram",
    "name": "Trạm y tế",
    "identifier": [
        {"system": "https://hoso.vn/sid/facility-code", "value": "01234"},
        {"system": "https://www.gs1.org/gln", "value": "8930000000006"},
    ],
}
ROSTER = [
    {**PUPIL, "MA_LK": ""},
    {**PUPIL, "MA_LK": "", "HO_TEN": "", "SO_CCCD": ""},
    {**PUPIL, "MA_LK": "", "HO_TEN": "LÊ THỊ HOA", "GIOI_TINH": "2", "SO_CCCD": "", "PHAN_LOAI_SK": "4",
     "NOI_LAM_VIEC_HOC_TAP": "=1+1", "CAC_VAN_DE_SUC_KHOE": "+sâu răng"},
]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    compose.create(tmp_path / "node")
    known = {
        "resourceType": "Patient",
        "id": "known",
        "name": [{"text": "Nguyễn Văn An"}],
        "birthDate": "2015-05-12",
        "gender": "male",
        "identifier": [{"system": "http://fhir.ehealth.gov.vn/core/sid/national_id", "value": "001215012345"}],
    }
    lines = "\n".join(json.dumps(one) for one in (FACILITY, known))
    (tmp_path / "known.ndjson").write_text(lines, "utf-8")
    assert main(["load", "--data", str(tmp_path / "node"), "--workers", "1", str(tmp_path / "known.ndjson")]) == 0
    return tmp_path / "node"


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    capsys.readouterr()
    code = main([str(one) for one in arguments])
    return code, capsys.readouterr().out


def report(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code, out = said(capsys, *arguments, "--json")
    return code, json.loads(out)


def workbook(*rows: dict[str, str]) -> bytes:
    """Titles in the first row, keys in the second, as the workbooks of the form have them."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    page = book.add_worksheet("Lớp 5A")
    for at, name in enumerate(PUPIL):
        page.write_string(0, at, f"Cột {name.lower()}")
        page.write_string(1, at, name)
        for number, row in enumerate(rows, 2):
            page.write_string(number, at, row.get(name, ""))
    book.close()
    return target.getvalue()


def test_a_roster_is_told_person_by_person_and_class_by_class(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "5a.csv").write_bytes(sheet(*ROSTER))
    code, made = report(capsys, "ksk", "take", "--data", data, tmp_path / "5a.csv", "--xlsx", tmp_path / "out.xlsx")
    assert code == 1
    assert [one["became"] for one in made["people"]] == ["linked", "refused", "new"]
    assert [len(one["reasons"]) for one in made["people"]] == [0, 1, 0]
    assert made["people"][0]["diagnoses"] == ["H52.1"]
    assert [(one["group"], one["people"], one["classes"]) for one in made["groups"]] == [
        ("Tiểu học Ba Vì - 5A", 2, {"2": 2}),
        ("=1+1", 1, {"4": 1}),
    ]
    assert made["summary"]["became"] == {"linked": 1, "new": 1, "refused": 1}
    code, again = report(capsys, "ksk", "report", "--data", data, made["deposit"])
    assert (code, again) == (1, made)
    code, words = said(capsys, "--lang", "vi", "ksk", "report", "--data", data, made["deposit"])
    assert "đã liên kết 1" in words and "HO_TEN" in words
    with zipfile.ZipFile(tmp_path / "out.xlsx") as written:
        cells = "".join(written.read(name).decode() for name in written.namelist() if "sheet" in name)
        assert "<f>" not in cells
        assert "'=1+1" in cells and "'+sâu răng" in cells


def test_a_workbook_with_its_keys_in_the_second_row_goes_in_by_both_doors(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "Import_KSK_5A.xlsm"
    path.write_bytes(workbook(*ROSTER[:1]))
    _, made = report(capsys, "ksk", "take", "--data", data, path)
    assert [(one["place"], one["became"]) for one in made["people"]] == [("Lớp 5A!3", "linked")]
    code, out = said(capsys, "load", "--data", data, "--workers", "1", "--json", path)
    assert code == 0
    told = json.loads(out.splitlines()[-1])
    assert told["stored"] == 0 and told["unchanged"] == told["read"] > 10


def test_a_package_is_taken_and_its_correction_replaces(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.xml").write_bytes(package(dossier(PUPIL)))
    (tmp_path / "b.xml").write_bytes(package(dossier({**PUPIL, "KET_LUAN_BENH": "", "CAN_NANG": "33"})))
    for name, became in (("a.xml", "linked"), ("b.xml", "known")):
        code, made = report(capsys, "ksk", "take", "--data", data, tmp_path / name)
        assert (code, [one["became"] for one in made["people"]]) == (0, [became])
    node = compose.open(data)
    try:
        from hoso.exchange.door import LOADING
        from hoso.fhir.search import parse

        def found(type: str, *pairs: tuple[str, str]) -> list[Any]:
            return [json.loads(v.body) for v in node.records.search(LOADING, parse(type, list(pairs))).matches]

        assert len(found("QuestionnaireResponse")) == 1
        assert [str(one["valueQuantity"]["value"]) for one in found("Observation", ("code", "29463-7"))] == ["33"]
        [withdrawn] = found("Condition")
        assert withdrawn["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
        assert "diagnosis" not in found("Encounter")[0]
    finally:
        node.close()


def test_a_number_of_somebody_elses_check_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twin = {**PUPIL, "HO_TEN": "NGUYỄN VĂN DŨNG", "SO_CCCD": ""}
    other = {**twin, "HO_TEN": "LÊ THỊ HOA", "GIOI_TINH": "2", "NGAY_SINH": "20150101"}
    corrected = {**PUPIL, "HO_TEN": "Nguyen Van  Ân"}
    (tmp_path / "a.xml").write_bytes(package(*map(dossier, (PUPIL, other, twin, corrected))))
    code, made = report(capsys, "ksk", "take", "--data", data, tmp_path / "a.xml")
    assert code == 1
    assert [one["became"] for one in made["people"]] == ["linked", "refused", "refused", "known"]
    assert all("K1" in made["people"][at]["reasons"][0] for at in (1, 2))


def test_a_facility_that_is_named_by_its_gln_alone_is_known(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_code = {**PUPIL, "MA_GTIN_CSKCB": ""}
    by_gln = {**PUPIL, "MA_CSKCB": "", "MA_GTIN_CSKCB": "8930000000006"}
    (tmp_path / "a.csv").write_bytes(sheet(by_code))
    (tmp_path / "b.csv").write_bytes(sheet(by_gln))
    became = []
    for name in ("a.csv", "b.csv"):
        _, made = report(capsys, "ksk", "take", "--data", data, "--facility", "01234", tmp_path / name)
        became += [one["became"] for one in made["people"]]
    assert became == ["linked", "known"]


def test_what_is_no_roster_is_refused_in_words(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", "utf-8")
    assert main(["ksk", "take", "--data", str(data), str(tmp_path / "a.csv")]) == 1
    assert "HO_TEN" in capsys.readouterr().err
    assert main(["ksk", "report", "--data", str(data), "01a21dc5-3842-7c4d-8c0f-a6fc4fb5ce96"]) == 1
    assert main(["ksk", "take", "--data", str(data), str(tmp_path / "none.csv")]) == 1
