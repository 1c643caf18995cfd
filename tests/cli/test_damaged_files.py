"""A database that is gone or damaged is refused by name and left as it is; nothing takes its place unasked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.serving import answer, hoso, made, served

from hoso import compose


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A node with one account, and its backup."""
    place = tmp_path_factory.mktemp("whole")
    made(place / "n")
    compose.hire(compose.load(place / "n"), "mai", "doctor", "35001", "mot-hai-ba-bon-nam-sau")
    assert hoso("backup", "--data", place / "n", place / "b.hoso").returncode == 0
    yield place
    shutil.rmtree(place)


@pytest.fixture
def node(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole / "n", tmp_path / "n")
    return tmp_path / "n"


def _flip(file: Path, *, first: int = 0) -> bytes:
    data = bytearray(file.read_bytes())
    for page in range(first, max(first + 1, len(data) // 4096)):
        data[page * 4096 + 2_000 :: 4096] = bytes(len(data[page * 4096 + 2_000 :: 4096]))
    file.write_bytes(data)
    return bytes(data)


@pytest.mark.parametrize("how", ["gone", "empty", "flipped"])
def test_accounts_that_are_gone_or_damaged_are_refused_and_brought_back_from_a_backup(
    whole: Path, node: Path, how: str
) -> None:
    file = node / "accounts.db"
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink(missing_ok=True)
    before = None
    if how == "gone":
        file.unlink()
    elif how == "empty":
        file.write_bytes(before := b"")
    else:
        before = _flip(file)
    for command in (["serve", "--data", node], ["backup", "--data", node, node.parent / "c.hoso"]):
        done = hoso(*command)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert str(file) in done.stderr and "--only-accounts" in done.stderr, done.stderr
    looked = hoso("doctor", "--data", node, "--json")
    faults = {one["check"]: one["faults"] for one in json.loads(looked.stdout)["checks"] if not one["ok"]}
    assert looked.returncode == 1 and list(faults) == ["staff"] and str(file) in faults["staff"][0]
    assert (file.read_bytes() if file.exists() else None) == before

    back = hoso("restore", "--data", node, "--only-accounts", whole / "b.hoso")
    assert back.returncode == 0, back.stderr
    assert "mai" in hoso("user", "list", "--data", node).stdout
    kept = [one for one in node.glob("accounts.db.damaged-*") if not one.name.endswith(("-wal", "-shm"))]
    assert [one.read_bytes() for one in kept] == ([] if before is None else [before])
    again = hoso("restore", "--data", node, "--only-accounts", whole / "b.hoso")
    assert again.returncode == 1 and "can be read" in again.stderr


def test_without_a_backup_a_node_begins_with_no_accounts_only_when_asked(node: Path) -> None:
    assert hoso("init", "--data", node, "--new-accounts").returncode == 1  # they can be read
    assert "mai" in hoso("user", "list", "--data", node).stdout
    (node / "accounts.db").unlink()
    assert hoso("init", "--data", node).returncode == 1
    assert hoso("init", "--data", node, "--new-accounts").returncode == 0
    assert hoso("user", "list", "--data", node).returncode == 0


def test_a_backup_of_another_node_brings_no_accounts(whole: Path, node: Path, tmp_path: Path) -> None:
    made(tmp_path / "other")
    (tmp_path / "other" / "accounts.db").unlink()
    keys = ("--keys", whole / "n" / "keys")
    done = hoso("restore", "--data", tmp_path / "other", "--only-accounts", *keys, whole / "b.hoso")
    assert done.returncode == 1 and "another node" in done.stderr
    assert not (tmp_path / "other" / "accounts.db").exists()


@pytest.mark.parametrize("how", ["gone", "empty", "flipped"])
def test_damaged_records_are_told_as_such_and_left_as_they_are(node: Path, how: str) -> None:
    file = node / "hoso.db"
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink(missing_ok=True)
    before = None
    if how == "gone":
        file.unlink()
    elif how == "empty":
        file.write_bytes(before := b"")
    else:
        before = _flip(file)
    for command in ("serve", "init"):
        done = hoso(command, "--data", node)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert str(file) in done.stderr and "hoso restore" in done.stderr, done.stderr
        assert "does not answer" not in done.stderr
    assert (file.read_bytes() if file.exists() else None) == before


def test_damage_while_serving_is_said_to_systems_and_to_who_is_signed_in(tmp_path: Path) -> None:
    token = made(tmp_path / "n")
    with served(tmp_path / "n", token) as server:
        assert server.request("PUT", "/fhir/Patient/p", b'{"resourceType":"Patient","id":"p"}')[0] == 201
        server.stop()
    with served(tmp_path / "n", token) as server:
        _flip(tmp_path / "n" / "hoso.db", first=1)
        for method, path in (("GET", "/fhir/Patient/p"), ("GET", "/healthz"), ("PUT", "/fhir/Patient/q")):
            status, body = server.request(
                method, path, b'{"resourceType":"Patient","id":"q"}' if method == "PUT" else b""
            )
            told = json.loads(body)["issue"][0]
            assert (status, told["code"]) == (503, "exception"), (path, body)
            assert "damaged" in told["details"]["text"], told
        _flip(tmp_path / "n" / "accounts.db", first=1)
        cookie = f"Cookie: hoso_session={'a' * 32}"  # Django looks up none shorter than eight letters
        with server.connect() as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{cookie}\r\n\r\n".encode())
            assert answer(connection)[0] == 503
