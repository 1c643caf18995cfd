"""`hoso sheet`: look, check, load, mend the refused rows in their own sheet, load again, undo."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.sheets.sheet_files import xlsx_of

from hoso import compose
from hoso.cli.main import main
from hoso.core import system_clock
from hoso.exchange.door import LOADING
from hoso.exchange.intake import Sender
from hoso.exchange.sheets.desk import SheetDesk
from hoso.exchange.sheets.table import read
from hoso.fhir.search import parse

HEAD = ["Mã BN", "Họ tên", "Ngày sinh", "Giới tính", "Ghi chú", "SĐT"]
ROWS = [
    HEAD,
    ["B1", "Lê Thị An", "1/2/1980", "Nữ", "", ""],
    ["B2", "Trần Văn Bình", "31/02/1979", "Nam", "=1+1", ""],
    ["B3", "Hồ Văn Cường", "3/4/1979", "Nam", "", ""],
    ["Tổng cộng", "3"],
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    assert main(["init", "--data", str(folder)]) == 0
    return folder


def sheet(folder: Path, rows: list[list[str]], name: str = "a.xlsx") -> str:
    path = folder.parent / name
    path.write_bytes(xlsx_of(rows))
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["sheet", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def names(data: Path) -> list[str]:
    node = compose.open(data)
    try:
        page = node.records.search(LOADING, parse("Patient", [("_count", "100")]))
        return sorted(json.loads(one.body)["name"][0]["text"] for one in page.matches)
    finally:
        node.close()


def test_a_sheet_is_checked_loaded_mended_and_undone(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, to = sheet(data, ROWS), ("--data", str(data))
    code, look = said(capsys, "inspect", *to, "--facility", "01001", file)
    assert (code, look["kind"], look["certain"]) == (0, "persons", True)
    assert {one["column"]: one["field"] for one in look["columns"]}["Ngày sinh"] == "birth"

    code, check = said(capsys, "check", *to, "--facility", "01001", file)
    assert (code, check["good"], check["refused"], check["persons"]) == (1, 2, 1, {"new": 2})
    assert [(one["count"], one["rows"], one["column"]) for one in check["repairs"]] == [(1, [3], "Ngày sinh")]
    assert check["leftOut"] and names(data) == []

    code, loaded = said(capsys, "load", *to, "--facility", "01001", file)
    assert (code, loaded["deposits"][0]["counts"]) == (1, {"stored": 2, "quarantined": 1})
    assert names(data) == ["Hồ Văn Cường", "Lê Thị An"]
    deposit = loaded["deposit"]

    rejects = data.parent / "rejects.xlsx"
    assert said(capsys, "rejects", *to, "--out", str(rejects), deposit) == (0, {"rows": 1})
    table = read(rejects.read_bytes(), "r").main
    [row] = table.rows()
    told = dict(zip(table.header.titles, row.texts, strict=True))
    assert told["Ngày sinh"] == "31/02/1979"
    assert "31/02/1979" in told["Reason (HoSo)"]
    assert told["Ghi chú"] == "=1+1"  # neutral in the file, itself when it is read

    mended = [list(told), [text.replace("31/02/1979", "28/02/1979") for text in told.values()]]
    code, again = said(capsys, "load", *to, sheet(data, mended, "mended.xlsx"))
    assert (code, again["mended"], again["deposit"]) == (0, 1, "")
    assert again["deposits"][0]["counts"] == {"stored": 3}
    assert len(names(data)) == 3

    code, same = said(capsys, "load", *to, file)  # remembered by its titles
    assert (code, same["new"]) == (0, False)
    code, undone = said(capsys, "undo", *to, deposit)
    assert (code, undone["items"], undone["left"]) == (0, 3, [])
    assert names(data) == []


def test_a_sheet_that_is_not_certain_waits_for_people(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["Tên gọi khác", "Ngày sinh"], ["Lê Thị An", "1/2/1980"], ["Trần Văn Bình", "2/2/1980"]]
    file, to = sheet(data, rows), ("--data", str(data))
    assert main(["sheet", "load", *to, file]) == 1
    assert "--facility" in capsys.readouterr().err
    assert main(["sheet", "load", *to, "--facility", "01001", file]) == 1
    assert "hoso sheet map" in capsys.readouterr().err
    mapping = data.parent / "map.toml"
    assert main(["sheet", "map", *to, "--facility", "01001", "--kind", "persons", "--out", str(mapping), file]) == 0
    lines = [line for line in mapping.read_text("utf-8").splitlines() if not line.startswith('"Tên')]
    mapping.write_text("\n".join([*lines, '"Tên gọi khác" = "name"']), "utf-8")
    code, loaded = said(capsys, "load", *to, "--mapping", str(mapping), file)
    assert (code, loaded["deposits"][0]["counts"]) == (0, {"stored": 2})


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "no cells"), (b"PK\x03\x04broken", "damaged"), (b"%PDF-1.7", "not a spreadsheet"), (b"<html>", "web page")],
)
def test_what_is_no_sheet_is_said(data: Path, capsys: pytest.CaptureFixture[str], content: bytes, word: str) -> None:
    path = data.parent / "x.csv"
    path.write_bytes(content)
    assert main(["sheet", "load", "--data", str(data), "--facility", "01001", str(path)]) == 1
    assert word in capsys.readouterr().err


def test_a_template_is_written(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = data.parent / "t.xlsx"
    assert main(["--lang", "vi", "sheet", "template", "results", "--out", str(out)]) == 0
    assert "Kết quả" in read(out.read_bytes(), "t").sheets[0].header.titles


def test_nobody_mends_rows_of_another_facility(data: Path) -> None:
    node = compose.open(data)
    try:
        desk = SheetDesk(node.intake, lambda: system_clock().date())
        theirs, ours = Sender("x", "01001"), Sender("y", "79001")
        look = desk.look(theirs, BytesIO(xlsx_of(ROWS)), "a", "01001")
        loaded = desk.load(theirs, look.mapping, BytesIO(xlsx_of(ROWS)), "a")
        desk.process(theirs, loaded.id)
        mended = [[*HEAD, "HoSo row"], ["B2", "Trần Văn Bình", "1/1/1979", "Nam", "", "", f"{loaded.id}:3"]]
        data_ = xlsx_of(mended)
        seen = desk.look(ours, BytesIO(data_), "b", "79001")
        done = desk.load(ours, seen.mapping, BytesIO(data_), "b")
        assert (done.mended, [one.key for one in done.not_taken]) == ({}, ["intake.none"])
        assert desk.standing(theirs, loaded.id).counts["quarantined"] == 1
    finally:
        node.close()


def test_hoso_load_takes_a_sheet_that_is_known_or_says_how(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = sheet(data, [HEAD, ROWS[1]])
    assert main(["load", "--data", str(data), "--json", file]) == 1
    [rejects] = data.glob("rejects-*.ndjson")
    assert "hoso sheet load" in rejects.read_text("utf-8")
    (data.parent / "drop").mkdir()
    (data.parent / "drop" / "a.xlsx").write_bytes(Path(file).read_bytes())
    assert main(["load", "--data", str(data), str(data.parent / "drop")]) == 0  # in a folder it is left alone
    capsys.readouterr()
    assert main(["load", "--data", str(data), "--json", "--facility", "01001", file]) == 0
    assert json.loads(capsys.readouterr().out)["stored"] == 3
    said(capsys, "load", "--data", str(data), "--facility", "01001", file)
    other = sheet(data, [HEAD, ["B9", "Đỗ Thị Hai", "1/1/1990", "Nữ", "", ""]], "b.xlsx")
    capsys.readouterr()
    assert main(["load", "--data", str(data), "--json", other]) == 0
    assert names(data) == ["Lê Thị An", "Đỗ Thị Hai"]


def test_a_sheet_of_health_checks_is_sent_to_its_own_format(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = ["HO_TEN", "NGAY_SINH", "GIOI_TINH", "SO_CCCD", "DIA_CHI", "MA_CSKCB", "NGAY_VAO", "CHIEU_CAO", "CAN_NANG"]
    file = sheet(data, [keys, ["LÊ A", "20150102", "1", "", "x", "01001", "202607150800", "120", "30"]])
    assert main(["sheet", "inspect", "--data", str(data), "--facility", "01001", file]) == 1
    assert "ksk" in capsys.readouterr().err


def test_undo_leaves_nobody_whom_many_rows_brought(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("Ai", "Ba", "Bốn", "Năm", "Sáu", "Bảy", "Tám")
    visits = [[f"Người Thứ {given[at % 7]}", "1/2/1980", f"{at % 27 + 1}/3/2026", "Ho"] for at in range(60)]
    file = sheet(data, [["Họ tên", "Ngày sinh", "Ngày khám", "Chẩn đoán"], *visits])
    _, loaded = said(capsys, "load", "--data", str(data), "--facility", "01001", file)
    assert len(names(data)) == 7
    _, undone = said(capsys, "undo", "--data", str(data), loaded["deposit"])
    assert (undone["left"], names(data)) == ([], [])
