"""`hoso simulate` counts ten kinds of failure, and shows how to play a failing schedule again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hoso.cli.main import main
from hoso.sync.simulation import play as playing
from hoso.sync.simulation.truth import CLASSES


def test_the_command_counts_the_ten_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "simulate.json"

    assert main(["--lang", "en", "simulate", "--schedules", "5", "--workers", "1", "--json", str(file)]) == 0

    rows = json.loads(file.read_text("utf-8"))["rows"]
    assert [row["name"] for row in rows] == ["schedules", *CLASSES]
    assert "5 schedules of 5 nodes" in capsys.readouterr().out


def test_the_command_shows_how_to_play_a_failure_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(playing, "check", lambda world: world.truth.fail("lost", "a thing that was not there"))

    assert main(["--lang", "en", "simulate", "--seed", "3", "--schedules", "2", "--workers", "1"]) == 1

    shown = capsys.readouterr().out
    assert "hoso simulate --seed 3 --schedules 1" in shown
    assert "lost: a thing that was not there" in shown


def test_the_command_refuses_no_schedules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "simulate", "--schedules", "0"]) == 2
    assert "--schedules must be 1 or more" in capsys.readouterr().err
