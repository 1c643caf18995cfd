"""`hoso terms load` keeps code lists as records that answer at once, and says in which line and column one is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hoso import compose
from hoso.cli.main import main

URL = "https://benhvien.example.vn/CodeSystem/khoa"
LIST = (
    "code,display,display_en,parent,from,to\nK,Khối nội,Medicine,,,\nK1,Tim mạch,Cardiology,K,2025-01-01,2025-12-31\n"
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("terms") / "node")
    assert main(["init", "--data", folder]) == 0
    return folder


def test_a_csv_becomes_a_code_system_and_a_second_load_changes_nothing(
    node: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "khoa.csv"
    file.write_text(LIST, encoding="utf-8-sig")
    load = ["--lang", "en", "terms", "load", "--data", node, str(file), "--system", URL, "--version", "1"]
    assert main(load) == 0
    assert f"{URL} is kept as CodeSystem/terms-" in capsys.readouterr().out
    assert main(load) == 0
    assert "nothing changed" in capsys.readouterr().out
    file.write_text(LIST + "K2,Thận,Nephrology,K,,\n", encoding="utf-8")
    assert main(load) == 0
    opened = compose.open(Path(node))
    try:
        (found,) = opened.records.code_lists.library().systems[URL]
        assert [(one.code, one.vi, one.en, one.parent) for one in found.concepts.values()] == [
            ("K", "Khối nội", "Medicine", ""), ("K1", "Tim mạch", "Cardiology", "K"), ("K2", "Thận", "Nephrology", "K"),
        ]  # fmt: skip
        assert not found.concepts["K1"].holds("2026-01-01")
    finally:
        opened.close()


def test_what_is_wrong_with_a_list_is_told_with_line_and_column(
    node: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "code,display,parent,from,to\n"
    cases: list[tuple[bytes | str, str]] = [
        (head + "A,x,,,\nA,y,,,\n", "line 3, column code: The code A stands in the list twice."),
        (head + "A,x,B,,\n", "line 2, column parent: The code A names a parent"),
        (head + "A,x,B,,\nB,y,A,,\n", "column parent: The code A stands under itself"),
        (head + "A,x,A,,\n", "line 2, column parent: The code A stands under itself"),
        (head + "A,x,,2026-02-30,\n", 'line 2, column from: "2026-02-30" is no day'),
        (head + "A,x,,2026-02-02,2026-01-01\n", "line 2, column to: The code ends"),
        (head + ",x,,,\n", 'line 2, column code: "" can be no code'),
        (head + f"A,{'x' * 5000},,,\n", "line 2, column display: The cell is longer than 4000"),
        (head + f"A,{'x' * 200_000},,,\n", "line 2, column –: This is no CSV"),
        (head + "A,x\n", "line 2, column –: The line has not as many cells"),
        (head + 'A,"x"y,,,\n', "line 2, column –: This is no CSV"),
        (head + "A,a\x07b,,,\n", "line 2, column display: The cell holds a control"),
        ("code,colour\nA,x\n", "line 1, column colour: The first line names the columns"),
        ("display\nA\n", "line 1, column code: The first line names"),
        (head, "line 1, column code: The list holds no code."),
        (b"code,display\nA,\xff\n", "line 2: this is not UTF-8"),
    ]
    for content, expected in cases:
        file = tmp_path / "x.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        assert main(["--lang", "en", "terms", "load", "--data", node, str(file), "--system", URL]) == 1
        assert expected in capsys.readouterr().err, (content, expected)
    assert main(["--lang", "en", "terms", "load", "--data", node, str(file)]) == 1
    assert "Name it with --system" in capsys.readouterr().err
    assert main(["--lang", "en", "terms", "load", "--data", node, str(tmp_path / "gone.csv")]) == 1


def test_fhir_json_is_held_against_r4_and_nothing_of_a_folder_with_a_fault_is_kept(
    node: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def put(name: str, **members: Any) -> None:
        tree = {"resourceType": "CodeSystem", "status": "active", "content": "complete", **members}
        (tmp_path / name).write_text(json.dumps(tree), encoding="utf-8")

    def load() -> str:
        assert main(["--lang", "en", "terms", "load", "--data", node, str(tmp_path)]) == 1
        return capsys.readouterr().err

    put("a.json", url="urn:test:a", concept=[{"code": "1"}])
    put("b.json", url="urn:test:b", concept=[{"code": "1"}, {"code": "2", "concept": [{"code": "1"}]}])
    assert "The code 1 stands in the list twice" in load()
    put("b.json", id="hoso-ucum", url="urn:test:b")
    assert "HoSo itself brings hoso-ucum" in load()
    put("b.json", resourceType="Patient")
    assert "no CodeSystem, ValueSet or ConceptMap" in load()
    (tmp_path / "b.json").write_text("[" * 100_000)
    assert "is not loaded" in load()
    put("b.json", url="urn:test:b", status="pony")
    assert "CodeSystem.status" in load()
    opened = compose.open(Path(node))
    try:
        assert not {"urn:test:a", "urn:test:b"} & set(opened.records.code_lists.library().systems)
    finally:
        opened.close()
