"""`hoso match`: records that were there first get their persons, and weights are tried, installed and written down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cli.serving import hoso
from tests.identity.test_arrive import CLIENT, NUMBER, PHONE, crowd, patient

from hoso import compose
from hoso.access import Draft, Errand, Origin
from hoso.fhir.search import parse
from hoso.identity.match.weights import default_model, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A node whose records came before identity."""
    assert hoso("init", "--data", tmp_path / "node").returncode == 0
    node = compose.open(tmp_path / "node")
    some = [patient("a", number=NUMBER, phone=PHONE), patient("b", number=NUMBER), *crowd(2)]
    drafts = [Draft("PUT", "Patient", p["id"], json.dumps(p).encode(), p) for p in some]
    node.store.save(drafts, Origin("client/test", "TREAT"))
    node.close()
    return tmp_path / "node"


def said(folder: Path, *arguments: object, code: int = 0) -> dict[str, Any]:
    done = hoso("match", "--data", folder, "--json", *arguments)
    assert done.returncode == code and "Traceback" not in done.stderr, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {"error": done.stderr}
    return found


def test_records_of_before_identity_are_placed_once(folder: Path) -> None:
    assert said(folder) == {"placed": 74, "left": 0}
    assert said(folder) == {"placed": 0, "left": 0}
    assert said(folder, "--rekey") == {"records": 74, "changed": 0}
    assert said(folder, "--rescore")["decided"] == 74
    assert "74" in hoso("match", "--data", folder, "--rekey").stdout
    assert hoso("doctor", "--data", folder).returncode == 0


def test_weights_are_installed_and_the_ledger_says_so(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    shipped = default_model()
    file.write_text(write(replace(shipped, version="mine")))
    assert said(folder, "--use", file) == {"before": shipped.version, "after": "mine"}
    assert said(folder, "--use", file) == {"before": "mine", "after": "mine"}
    node = compose.open(folder)
    assert node.matching.model.version == "mine"
    page = node.records.search(Errand(CLIENT, "TREAT"), parse("Linkage", [("_count", "9")]))
    node.close()
    (event,) = page.matches
    assert '"policy"' in event.body.decode() and "mine" in event.body.decode()
    said(folder)
    assert hoso("doctor", "--data", folder).returncode == 0


def test_bad_input_is_told_and_changes_nothing(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("version = 3")
    assert "cannot be used" in said(folder, "--use", bad, code=2)["error"]
    assert "cannot be used" in said(folder, "--rescore", "--model", bad, code=2)["error"]
    assert "cannot be read" in said(folder, "--use", tmp_path / "none", code=2)["error"]
    assert "belong" in said(folder, "--propose", code=2)["error"]
    assert "pairs of records share a number" in said(folder, "--learn", tmp_path / "out.toml", code=2)["error"]
    assert not (tmp_path / "out.toml").exists() and not (folder / compose.WEIGHTS).exists()
