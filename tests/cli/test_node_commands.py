"""init, serve and token as an operator meets them: real processes, exit codes and sentences."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.serving import HOSO, hoso, running


def test_init_makes_a_node_once_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "node"
    assert hoso("init", "--data", folder).returncode == 0
    before = {file.name: file.read_bytes() for file in (folder / "keys").iterdir()}
    config = (folder / "config.toml").read_bytes()
    assert hoso("init", "--data", folder).returncode == 0
    assert {file.name: file.read_bytes() for file in (folder / "keys").iterdir()} == before
    assert (folder / "config.toml").read_bytes() == config


def test_secrets_are_for_their_owner_only_and_the_database_is_not_plain(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    hoso("init", "--data", folder)
    secret = [folder / "config.toml", *(folder / "keys").iterdir()]
    assert len(secret) == 9
    assert {stat.S_IMODE(file.stat().st_mode) for file in secret} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not (folder / "hoso.db").read_bytes().startswith(b"SQLite format 3")


def test_a_token_is_printed_alone_listed_without_itself_and_revoked(tmp_path: Path) -> None:
    hoso("init", "--data", tmp_path / "n")
    made = hoso("token", "create", "--data", tmp_path / "n", "--name", "lab", "--scope", "system/Observation.cruds")
    token = made.stdout.strip()
    assert made.stdout == f"{token}\n" and token.startswith("hoso_")
    listed = hoso("token", "list", "--data", tmp_path / "n").stdout
    assert "lab\tsystem/Observation.cruds" in listed and token not in listed
    assert hoso("token", "revoke", "--data", tmp_path / "n", "--name", "lab").returncode == 0
    again = hoso("token", "revoke", "--data", tmp_path / "n", "--name", "lab")
    assert (again.returncode, "no living token" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("serve", "--data", "/nowhere"), "there is no node in /nowhere"),
        (("token", "list", "--data", "/nowhere"), "hoso init --data /nowhere"),
        (("init", "--data", "{tmp}/x", "--database", "mysql://a"), "not an address this node can use"),
        (("init", "--data", "/dev/null"), "is a file"),
    ],
)
def test_a_failure_is_a_sentence_and_not_a_traceback(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    done = hoso(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_node_says_which_file(tmp_path: Path) -> None:
    hoso("init", "--data", tmp_path / "n")
    (tmp_path / "n" / "keys" / "links").write_text("short")
    assert "keys/links" in hoso("token", "list", "--data", tmp_path / "n").stderr
    (tmp_path / "n" / "config.toml").write_text("= broken")
    assert "config.toml" in hoso("token", "list", "--data", tmp_path / "n").stderr


def test_the_language_is_asked_for_or_the_machines(tmp_path: Path) -> None:
    environment = {**os.environ, "LC_ALL": "vi_VN.UTF-8"}
    command = [str(HOSO), "serve", "--data", "/nowhere"]
    vietnamese = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert "không có nút nào" in vietnamese.stderr
    english = subprocess.run(
        [*command, "--lang", "en"], capture_output=True, text=True, env={**environment, "LC_ALL": "C"}, timeout=60
    )
    assert english.returncode == 2  # --lang stands before the command


def test_serve_answers_when_it_says_so_and_drains_on_sigterm(tmp_path: Path) -> None:
    with running(tmp_path / "node") as server:
        assert server.request("GET", "/healthz")[1].startswith(b"ok\n")
        assert server.request("GET", "/fhir/metadata")[0] == 200
        assert server.request("GET", "/")[0] in (200, 302)
        assert server.stop() == 0


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    hoso("init", "--data", tmp_path / "n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = hoso("serve", "--data", tmp_path / "n", "--port", port)
    assert (done.returncode, f"port {port}" in done.stderr) == (1, True)


def test_no_worker_outlives_a_server_that_was_killed(tmp_path: Path) -> None:
    with running(tmp_path / "node") as server:
        workers = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
        assert workers
        server.process.kill()
        server.process.wait()
        until = time.monotonic() + 30
        while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < until:
            time.sleep(0.05)
        assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]
