"""doctor, backup and restore as an operator runs them: on a serving node, with sentences and exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.serving import Server, hoso, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("kept") / "node") as server:
        for id in ("a", "b"):
            body = json.dumps({"resourceType": "Patient", "id": id, "name": [{"family": "Đỗ"}]}).encode()
            assert server.request("PUT", f"/fhir/Patient/{id}", body)[0] == 201
        yield server


def test_a_node_is_examined_and_its_index_rebuilt_while_it_serves(server: Server) -> None:
    done = hoso("doctor", "--data", server.folder, "--rebuild-index", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"]) == (0, True), done.stdout
    heads = {check["check"]: check["looked_at"] for check in found["checks"]}["heads"]
    assert heads == 6  # two Patients, the persons they are, and the two events that linked them


def test_the_examination_is_told_in_words(server: Server) -> None:
    done = hoso("doctor", "--data", server.folder)
    assert done.returncode == 0 and "is healthy" in done.stdout, done.stdout + done.stderr
    assert "index." not in done.stdout and "index_" not in done.stdout


def test_a_backup_of_a_serving_node_is_restored_and_proved(server: Server, tmp_path: Path) -> None:
    file, keys, copy = tmp_path / "b.hoso", tmp_path / "keys", tmp_path / "copy"
    made = hoso("backup", "--data", server.folder, file, "--keys", keys)
    assert made.returncode == 0, made.stderr
    assert "Đỗ".encode() not in file.read_bytes()
    restored = hoso("restore", "--data", copy, file, "--keys", keys)
    assert restored.returncode == 0, restored.stderr
    found = json.loads(hoso("doctor", "--data", copy, "--json").stdout)
    assert found["ok"] and {"check": "people", "ok": True, "looked_at": 2, "faults": [], "notes": []} in found["checks"]
    assert hoso("doctor", "--data", copy, "--rebuild-persons").returncode == 0


def test_nothing_is_written_over(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "there"
    file.write_text("mine")
    backup = hoso("backup", "--data", server.folder, file)
    restore = hoso("restore", "--data", server.folder, file, "--keys", server.folder / "keys")
    assert (backup.returncode, restore.returncode) == (1, 1)
    assert file.read_text() == "mine" and str(file) in backup.stderr and str(server.folder) in restore.stderr


def test_a_backup_into_a_folder_that_is_not_there_says_so(server: Server, tmp_path: Path) -> None:
    done = hoso("backup", "--data", server.folder, tmp_path / "none" / "b.hoso")
    assert done.returncode == 1 and f"no folder {tmp_path / 'none'}" in done.stderr


@pytest.mark.parametrize("content", [b"", b"not a backup at all", bytes(5_000)])
def test_a_file_that_is_no_backup_leaves_no_node(server: Server, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    done = hoso("restore", "--data", tmp_path / "new", tmp_path / "x", "--keys", server.folder / "keys")
    assert done.returncode == 1 and done.stderr.startswith("hoso: ") and "Traceback" not in done.stderr
    assert not (tmp_path / "new" / "config.toml").exists()
