"""A node of practice: made apart, marked on every page and sheet, tasks ticked by what was done, nothing leaves it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import sleep

import pytest
from tests.cli.cheap import NODE
from tests.cli.serving import hoso
from tests.cli.test_demo import Visitor, told

from hoso import compose
from hoso.core.practice import is_practice, kept_in, mark
from hoso.web.practice.tasks import Task

OUTWARD = (["sync", "status"], ["send"], ["destination", "list"], ["remind"], ["node", "list"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training") / "data"
    command = [*NODE, "--lang", "en", "training", "--data", str(folder), "--citizens", "5", "--no-serve"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert made.returncode == 0, made.stderr
    return folder


def test_the_practice_says_so_ticks_what_was_done_and_speaks_to_nobody(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*NODE, "--lang", "en", "training", "--data", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            printed = ""
            while "HoSo is ready" not in printed:
                line = process.stdout.readline()
                assert line, printed
                printed += line
            address = re.search(r"HoSo is ready at (\S+)", printed)
            assert address
            visitor = Visitor(address[1])
            page = visitor.ask("GET", "/")[1]
            assert 'class="practice"' in page
            form = {"login": "tiep-don", "password": told(printed, "Password").split()[0], "next": "/training"}
            assert visitor.ask("POST", "/sign-in", {**form, **visitor.token("/")}) == (302, "/training")
            before = visitor.ask("GET", "/training")[1]
            assert "0/3" in before and 'class="practice"' in before
            name = json.loads((folder / "demo.json").read_text("utf-8"))["name"]
            assert name in visitor.search(name)
            assert _until(lambda: "1/3" in visitor.ask("GET", "/training")[1])
            token = visitor.token("/training")
            assert visitor.ask("POST", "/training", token) == (302, "/training")
            assert "0/3" in visitor.ask("GET", "/training")[1]
            assert visitor.ask("POST", "/sync", {})[0] == 403
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _until(holds: Callable[[], bool]) -> bool:
    """The log is sealed a moment after an act."""
    for _ in range(60):
        if holds():
            return True
        sleep(0.5)
    return False


@pytest.mark.parametrize("command", OUTWARD, ids=" ".join)
def test_what_would_carry_something_out_is_refused_with_its_reason(folder: Path, command: list[str]) -> None:
    done = hoso(*command, "--data", folder)
    assert done.returncode != 0
    assert "is a node of practice: nothing leaves it" in done.stderr


def test_a_practice_is_thrown_away_only_where_there_is_one(folder: Path, tmp_path: Path) -> None:
    compose.create(tmp_path / "real")
    done = hoso("training", "--data", tmp_path / "real", "--reset", "--no-serve")
    assert done.returncode != 0 and "no practice" in done.stderr
    assert compose.exists(tmp_path / "real") and not is_practice(tmp_path / "real")


def test_settings_that_name_another_house_are_left_out(tmp_path: Path) -> None:
    read = {"audit": {"witnesses": ["x"], "spool": "s"}, "national": {"issuer": "https://x"}, "http": {"base_url": ""}}
    assert kept_in(tmp_path, read) is read
    mark(tmp_path)
    kept = kept_in(tmp_path, read)
    assert (kept["audit"], kept["national"], kept["http"]) == ({"spool": "s"}, {}, {"base_url": ""})


def test_a_task_without_a_check_is_never_ticked() -> None:
    assert not Task("t", "h", "/", ()).is_done([])
