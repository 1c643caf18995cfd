"""`hoso audit unusual` says who looked at far more people than is usual, in words or for a program; asking is told."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.access.audit.events import event
from tests.cli.serving import hoso

from hoso import compose

DAY = 86_400_000


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    compose.create(folder)
    opened = compose.open(folder)
    now = int(time.time() * 1000)
    told = [
        event(n, n + 1, time=now - back * DAY, actor=f"user/n{who}", role="nurse", channel="screen")
        for back in range(20, 0, -1)
        for who in range(3)
        for n in range(9)
    ]
    told += [event(n, n + 1, time=now, actor="user/n1", role="nurse", channel="screen") for n in range(80)]
    opened.audit.journal.tell(told)
    opened.close()
    return folder


def test_a_snooper_is_named_with_what_is_usual_and_the_question_is_told(node: Path) -> None:
    done = hoso("--lang", "en", "audit", "unusual", "--data", node)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("user/n1\tnurse\t01001\tOn ") and "of 80 people" in line
    assert "Usually 9 a day. Colleagues in the same role: 9." in line
    found = json.loads(hoso("audit", "unusual", "--json", "--data", node).stdout)
    assert (found["actor"], found["measure"], found["people"], found["usual"]) == ("user/n1", "seen", 80, 9)
    hoso("audit", "seal", "--data", node)
    assert hoso("audit", "export", "--data", node).stdout.count('"audit-unusual"') == 2


def test_limits_are_chosen_and_nonsense_is_refused(node: Path) -> None:
    assert "Nothing unusual" in hoso("--lang", "en", "audit", "unusual", "--data", node, "--least", "81").stdout
    for words in (("--least", "0"), ("--days", "soon"), ("--before", "-3"), ("--times", "many")):
        assert hoso("audit", "unusual", "--data", node, *words).returncode == 2
