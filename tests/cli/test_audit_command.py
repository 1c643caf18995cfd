"""`hoso audit` as operators and auditors run it, beside a serving node, and after a restore."""

from __future__ import annotations

import csv
import io
import json
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.access.audit.events import event
from tests.cli.serving import Server, hoso, running

from hoso import compose

SCRIPT = Path(__file__).parents[2] / "docs" / "how-to" / "check-audit-proof.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("audited") / "node") as server:
        body = json.dumps({"resourceType": "Patient", "id": "p", "name": [{"family": "Đỗ"}]}).encode()
        assert server.request("PUT", "/fhir/Patient/p", body)[0] == 201
        node = compose.open(server.folder)
        rid = node.store.people.rids(["p"])["p"]
        told = [event(n, rid if n % 2 else 0) for n in range(40)]
        node.audit.journal.tell([*told, event(41, what='=cmd|"/c calc"!A1', reason="a\nb", kind="search")])
        node.close()
        yield server


def test_the_key_of_the_log_is_the_owners_alone_and_made_when_missing(server: Server, tmp_path: Path) -> None:
    file = server.folder / "keys" / "audit"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    folder = tmp_path / "node"
    assert hoso("init", "--data", folder).returncode == 0
    (folder / "keys" / "audit").unlink()
    assert hoso("audit", "key", "--data", folder).stdout.startswith("hoso.audit/")
    assert stat.S_IMODE((folder / "keys" / "audit").stat().st_mode) == 0o600


def test_a_log_is_found_sound_beside_a_serving_node(server: Server) -> None:
    sealed = hoso("audit", "seal", "--data", server.folder)
    done = hoso("audit", "verify", "--data", server.folder)
    assert (sealed.returncode, done.returncode) == (0, 0), sealed.stderr + done.stdout + done.stderr
    assert "is sound" in done.stdout
    found = soon_sealed(server)
    assert found["ok"] and found["events"] >= 42 and found["waiting"] == 0


def soon_sealed(server: Server) -> dict[str, Any]:
    """The node writes events of its own rounds while we look, and seals them a moment later."""
    for _ in range(50):
        found: dict[str, Any] = json.loads(hoso("audit", "verify", "--data", server.folder, "--json").stdout)
        if found["waiting"] == 0:
            break
        time.sleep(0.2)
    return found


def test_a_proof_is_written_and_checked_without_us(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    made = hoso("audit", "proof", "--data", server.folder, "--patient", "p", "--out", file)
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = hoso("audit", "key", "--data", server.folder).stdout.strip()
    done = subprocess.run([sys.executable, "-I", SCRIPT, file, key], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("OK: 2"), done.stdout + done.stderr
    again = hoso("audit", "proof", "--data", server.folder, "--patient", "p", "--out", file)
    nobody = hoso("audit", "proof", "--data", server.folder, "--patient", "x", "--out", tmp_path / "x")
    nowhere = hoso("audit", "proof", "--data", server.folder, "--patient", "p", "--out", tmp_path / "no" / "x")
    assert (again.returncode, nobody.returncode, nowhere.returncode) == (1, 1, 1)
    assert "is there already" in again.stderr and "no Patient" in nobody.stderr and "no folder" in nowhere.stderr


def test_an_export_cannot_run_in_a_spreadsheet_nor_break_its_lines(server: Server) -> None:
    hoso("audit", "seal", "--data", server.folder)
    for _ in range(10):  # the node writes events of its own rounds while we look: nothing came between the two forms
        told = hoso("audit", "export", "--data", server.folder).stdout
        table = hoso("audit", "export", "--data", server.folder, "--format", "csv").stdout
        if told == hoso("audit", "export", "--data", server.folder).stdout:
            break
    lines = [json.loads(line) for line in told.splitlines()]
    (found,) = [line for line in lines if line["what"].startswith("=cmd")]
    assert found["reason"] == "a\nb" and found["time"].endswith("Z")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == len(lines) == len(table.splitlines()) - 1
    (row,) = [row for row in rows if "=cmd" in row["what"]]
    assert row["what"].startswith("'=cmd") and row["reason"] == "a\\nb"
    late = hoso("audit", "export", "--data", server.folder, "--since", "2126-01-01")
    assert (late.returncode, late.stdout) == (0, "")
    assert hoso("audit", "export", "--data", server.folder, "--since", "soon").returncode == 1


def test_an_erasure_needs_a_reason_and_an_event(server: Server) -> None:
    hoso("audit", "seal", "--data", server.folder)
    none = hoso("audit", "erase", "--data", server.folder, "--event", "3", "--reason", " ")
    absent = hoso("audit", "erase", "--data", server.folder, "--event", "999999", "--reason", "retention")
    assert (none.returncode, absent.returncode) == (1, 1) and "no event 999999" in absent.stderr
    done = hoso("audit", "erase", "--data", server.folder, "--event", "3", "--reason", "retention")
    assert done.returncode == 0, done.stderr
    found = json.loads(hoso("audit", "verify", "--data", server.folder, "--json").stdout)
    assert (found["ok"], found["erased"]) == (True, 1)


def test_a_restored_node_goes_on_with_the_log_and_says_so(server: Server, tmp_path: Path) -> None:
    file, keys, copy = tmp_path / "b.hoso", tmp_path / "keys", tmp_path / "copy"
    before = json.loads(hoso("audit", "verify", "--data", server.folder, "--json").stdout)["events"]
    assert hoso("backup", "--data", server.folder, file, "--keys", keys).returncode == 0
    restored = hoso("restore", "--data", copy, file, "--keys", keys)
    assert restored.returncode == 0, restored.stderr
    found = json.loads(hoso("audit", "verify", "--data", copy, "--json").stdout)
    assert found["ok"] and found["events"] >= before + 1
    last = json.loads(hoso("audit", "export", "--data", copy).stdout.splitlines()[-1])
    assert last["kind"] == "restore" and last["what"].startswith("epoch ")
    assert hoso("audit", "key", "--data", copy).stdout == hoso("audit", "key", "--data", server.folder).stdout


def test_a_changed_log_is_told_with_its_place_and_by_the_doctor(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "n"
    assert hoso("init", "--data", folder).returncode == 0
    node = compose.open(folder)
    node.audit.journal.tell([event(n) for n in range(30)])
    node.audit.sealer.settle()

    def work(connection: object) -> None:
        connection.rows("DROP TRIGGER audit_seal_unchanged")  # type: ignore[attr-defined]
        connection.rows("UPDATE audit_seal SET leaf = ? WHERE seq = 17", (bytes(32),))  # type: ignore[attr-defined]

    node.store.engine.transact(work)
    node.close()
    done = hoso("audit", "verify", "--data", folder)
    assert done.returncode == 1 and "event 17" in done.stdout
    assert json.loads(hoso("audit", "verify", "--data", folder, "--json").stdout)["place"] == "event 17"
    doctor = hoso("doctor", "--data", folder)
    assert doctor.returncode == 1 and "checkpoint 30" in doctor.stdout
