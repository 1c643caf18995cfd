"""`hoso inbox` as an operator meets it: a file goes in, what was refused is seen, mended, set aside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.serving import hoso, made
from tests.exchange.insurance.insurance_files import Row, envelope, visit
from tests.exchange.intake.test_intake import BAD, another


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inbox") / "node"
    made(folder)
    return folder


def written(file: Path, *rows: Row) -> Path:
    file.write_bytes(envelope(*(visit({"XML1": [row]}) for row in rows)))
    return file


def send(node: Path, file: Path, *options: str) -> tuple[int, dict[str, object]]:
    done = hoso("inbox", "send", "--data", node, file, "--json", *options)
    return done.returncode, json.loads(done.stdout)


def test_a_refused_piece_is_seen_with_its_place_and_mended(node: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "a.xml", another(1), BAD)
    done = hoso("inbox", "send", "--data", node, file)
    assert done.returncode == 1
    assert "stored 1, in quarantine 1" in done.stdout
    assert "HOSO[2].XML1[1].MA_LK" in done.stdout
    id = done.stdout.split("\t", 1)[0]
    items = hoso("inbox", "items", "--data", node, id, "--state", "quarantined", "--json").stdout.splitlines()
    assert [json.loads(line)["place"] for line in items] == ["HOSO[2]"]
    assert "XML1" in hoso("inbox", "original", "--data", node, id, "2").stdout
    mended = hoso("inbox", "mend", "--data", node, id, "2", written(tmp_path / "b.xml", another(2)))
    assert (mended.returncode, "stored 2" in mended.stdout) == (0, True)
    again = hoso("inbox", "send", "--data", node, file)
    assert id in again.stdout and "came before" in again.stderr


def test_a_piece_is_tried_again_and_set_aside_for_a_reason(node: Path, tmp_path: Path) -> None:
    code, told = send(node, written(tmp_path / "a.xml", BAD))
    assert (code, told["counts"]) == (1, {"quarantined": 1})
    assert hoso("inbox", "retry", "--data", node, told["id"]).returncode == 1
    assert hoso("inbox", "set-aside", "--data", node, told["id"], "1", "--words", "Sent by mistake").returncode == 0
    items = hoso("inbox", "items", "--data", node, told["id"]).stdout
    assert "set aside" in items and "Sent by mistake" in items
    assert hoso("inbox", "retry", "--data", node, told["id"], "1").returncode == 1


def test_a_file_for_one_facility_brings_nothing_of_another(node: Path, tmp_path: Path) -> None:
    code, told = send(node, written(tmp_path / "a.xml", another(3)), "--facility", "79001")
    assert (code, told["facility"], told["counts"]) == (1, "79001", {"quarantined": 1})
    lines = hoso("inbox", "list", "--data", node, "--json").stdout.splitlines()
    assert json.loads(lines[0]) == told


def test_a_file_is_previewed_then_taken_in_then_taken_back(node: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "a.xml", another(4), BAD)
    seen = hoso("inbox", "preview", "--data", node, file)
    assert (seen.returncode, "new citizen" in seen.stdout) == (1, True)
    assert "Nothing was kept. It would come to: stored 1, in quarantine 1." in seen.stdout
    _, told = send(node, file)
    done = hoso("inbox", "undo", "--data", node, told["id"], "--json")
    assert (done.returncode, json.loads(done.stdout)["left"]) == (0, [])
    assert "taken back" in hoso("inbox", "show", "--data", node, told["id"]).stdout
    _, again = send(node, file)
    assert again["id"] != told["id"] and again["counts"] == told["counts"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "nothing"], "no deposit nothing"),
        (["original", "nothing", "1"], "no deposit nothing"),
        (["send", "missing.xml"], "cannot be read"),
        (["send", __file__], "does not begin like any format"),
        (["send", __file__, "--format", "insurance-xml"], "Refused"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(node: Path, arguments: list[str], said: str) -> None:
    done = hoso("inbox", arguments[0], "--data", node, *arguments[1:])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("hoso: ") and said in done.stderr
