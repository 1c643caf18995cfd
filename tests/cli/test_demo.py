"""The demo as a newcomer meets it: what it prints is true, Ctrl-C stops it, and the next run finds the same people."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.cli.serving import HOSO, hoso


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "data"
    command = [str(HOSO), "demo", "--data", str(folder), "--citizens", "5", "--no-serve"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "LC_ALL": "C"})
    assert made.returncode == 0, made.stderr
    return folder


@contextmanager
def demo(folder: Path, *options: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The served demo and all it printed until it answered."""
    command = [str(HOSO), "--lang", "en", "demo", "--data", str(folder), *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        printed = ""
        try:
            while "HoSo is ready" not in printed:
                line = process.stdout.readline()
                assert line, printed
                printed += line
            yield process, printed
        finally:
            if process.poll() is None:
                process.kill()


def told(printed: str, label: str) -> str:
    found = re.search(rf"^ *{re.escape(label)} +(.*)$", printed, re.MULTILINE)
    assert found, printed
    return found[1]


def code_now(folder: Path) -> str:
    done = subprocess.run([str(HOSO), "demo", "--data", str(folder), "--code"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Visitor:
    """Somebody with a browser that keeps cookies."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=60)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Referer": f"{self.address}/"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, None if form is None else urlencode(form), headers)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        page = answer.read().decode()
        connection.close()
        return answer.status, page if answer.status == 200 else answer.headers.get("Location", "")

    def sign_in(self, username: str, password: str, code: str) -> None:
        form = {"login": username, "password": password, "next": "/"}
        assert self.ask("POST", "/sign-in", {**form, **self.token("/")}) == (302, "/sign-in/code")
        assert self.ask("POST", "/sign-in/code", {"code": code, **self.token("/sign-in/code")}) == (302, "/")

    def token(self, path: str) -> dict[str, str]:
        page = self.ask("GET", path)[1]
        return {"csrfmiddlewaretoken": page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]}

    def search(self, text: str) -> str:
        """The page that the search box leads to."""
        status, found = self.ask("GET", "/?" + urlencode({"q": text}))
        return self.ask("GET", found)[1] if status == 302 else found


def test_what_it_prints_leads_to_the_person_and_a_taken_port_to_the_next(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        with demo(folder, "--port", wanted) as (_, printed):
            address = told(printed, "Open")
            assert address != f"http://127.0.0.1:{wanted}/" and f"HoSo is ready at {address}" in printed
            visitor = Visitor(address)
            visitor.sign_in(told(printed, "User"), told(printed, "Password"), told(printed, "Code").split()[0])
            name = json.loads((folder / "demo.json").read_text("utf-8"))["name"]
            for label in ("by code", "by insurance card", "by name, no accents"):
                assert name in visitor.search(told(printed, label)), label
            steward = Visitor(address)
            steward.sign_in("demo-steward", told(printed, "Password"), code_now(folder))
            assert "demo-steward" in printed and steward.ask("GET", "/reviews")[0] == 200


def test_ctrl_c_ends_it_and_the_next_run_serves_the_same(folder: Path) -> None:
    passwords = set()
    for _ in range(2):
        with demo(folder) as (process, printed):
            passwords.add(told(printed, "Password"))
            assert f"Using the demo that is in {folder}" in printed
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
    assert len(passwords) == 1


def test_a_demo_that_was_interrupted_is_finished_by_the_next_run(folder: Path) -> None:
    guide = json.loads((folder / "demo.json").read_text("utf-8"))
    (folder / "demo.json").rename(folder / "demo.part")
    assert hoso("demo", "--data", folder, "--no-serve").returncode == 0
    assert json.loads((folder / "demo.json").read_text("utf-8")) == guide


def test_a_node_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    hoso("init", "--data", tmp_path / "node")
    done = hoso("demo", "--data", tmp_path / "node", "--no-serve")
    assert (done.returncode, "no demo" in done.stderr) == (1, True)
    assert not (tmp_path / "node" / "synthetic").exists()


def test_a_folder_that_cannot_be_made_is_named() -> None:
    done = hoso("demo", "--data", "/dev/null/x", "--no-serve")
    assert done.returncode == 1 and "/dev/null" in done.stderr and "Traceback" not in done.stderr
