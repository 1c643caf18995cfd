"""Who looks after an emergency: officers whose account lets them in; a closed or forgotten one counts for nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.serving import hoso, made

from hoso import compose, overseeing
from hoso.core import system_clock
from hoso.web.accounts import presence, registry


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    made(folder)
    for line in ("SYT35 --kind health_department --name Above", "35001 --kind station --name Below --under SYT35"):
        done = hoso("facility", "add", "--data", folder, "--code", *line.split())
        assert done.returncode == 0, done.stderr
    for name, place in (("po", "35001"), ("above", "SYT35")):
        compose.hire(compose.load(folder), name, "privacy-officer", place, "Gieng-nuoc-trong-2026")
    return folder


def answering(folder: Path) -> str:
    opened = compose.open(folder)
    try:
        over = overseeing.overseers(opened.config, opened.store, opened.organisation.posts)
        return over.answering()("35001")
    finally:
        opened.close()


def test_a_closed_account_is_no_officer_until_it_is_opened_again(node: Path) -> None:
    config = compose.load(node)
    assert answering(node) == "35001"
    assert registry.disable(config, "po")
    assert answering(node) == "SYT35"
    assert registry.disable(config, "above")
    assert answering(node) == ""
    assert registry.unlock(config, "po")
    assert answering(node) == "35001"


def test_an_account_that_nobody_used_for_too_long_is_no_officer(node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "system_clock", lambda: system_clock() + timedelta(days=46))
    assert answering(node) == ""
    monkeypatch.setattr(presence, "system_clock", lambda: system_clock() + timedelta(days=44))
    assert answering(node) == "35001"
