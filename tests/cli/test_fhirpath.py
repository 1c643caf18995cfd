"""`hoso fhirpath` prints what an expression finds as JSON, and says in one sentence why it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hoso.cli.main import main

OBSERVATION = """{"resourceType": "Observation", "status": "final", "code": {"text": "Cân nặng"},
 "valueQuantity": {"value": 61.50, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "observation.json"
    path.write_text(OBSERVATION, encoding="utf-8")
    return str(path)


def test_values_are_printed_with_their_types(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fhirpath", "code.text | status", file]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"type": "string", "value": "Cân nặng"},
        {"type": "code", "value": "final"},
    ]


def test_decimals_keep_their_precision(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fhirpath", "value.value | 1.10", file]) == 0
    assert capsys.readouterr().out.strip() == '[{"type":"decimal","value":61.50},{"type":"decimal","value":1.10}]'


def test_nothing_found_is_an_empty_array(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fhirpath", "Observation.issued", file]) == 0
    assert capsys.readouterr().out.strip() == "[]"


@pytest.mark.parametrize(
    ("expression", "words"),
    [("status +", "character 9"), ("Observation.statu", "statu"), ("status + 1", "execution")],
)
def test_a_faulty_expression_is_explained(
    file: str, expression: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", "en", "fhirpath", expression, file]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and words in captured.err


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}'])
def test_a_file_without_a_resource_is_explained(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    assert main(["--lang", "vi", "fhirpath", "1", str(path)]) == 1
    assert "bad.json" in capsys.readouterr().err
