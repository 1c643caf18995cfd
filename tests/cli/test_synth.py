"""`hoso synth` from the operator's side."""

import gzip
import json
from pathlib import Path

import pytest

from hoso.cli.main import main


def test_it_writes_facilities_citizens_and_the_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "--citizens", "5", "--seed", "4", "--out", str(tmp_path)]) == 0
    facilities = json.loads((tmp_path / "facilities.json").read_bytes())
    assert facilities["type"] == "transaction" and len(facilities["entry"]) > 500
    lines = gzip.decompress((tmp_path / "citizens-00001.ndjson.gz").read_bytes()).splitlines()
    truth = json.loads((tmp_path / "truth.json").read_bytes())
    assert len(lines) == len(truth["people"]) == 5
    for line, person in zip(lines, truth["people"], strict=True):
        patient = json.loads(line)["entry"][0]["resource"]
        assert patient["resourceType"] == "Patient" and patient["id"] == person["patient"]
        assert patient["name"][0]["text"] == person["name"]
    assert "5" in capsys.readouterr().out


def test_twice_the_same_command_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert main(["synth", "--citizens", "3", "--seed", "9", "--out", str(tmp_path / name)]) == 0
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize("wrong", [["--citizens", "0"], ["--citizens", "2", "--today", "31/12/2026"]])
def test_wrong_arguments_are_answered_with_a_sentence(
    wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["synth", "--out", str(tmp_path), *wrong]) == 1
    assert capsys.readouterr().err.startswith("hoso: ")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "file"
    taken.write_text("x")
    assert main(["synth", "--citizens", "1", "--out", str(taken)]) == 1
    assert str(taken) in capsys.readouterr().err
