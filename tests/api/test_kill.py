"""`hoso serve` killed at any moment under load: what it acknowledged is there, and all it answered is in the audit log.

HOSO_KILLS=200 for the long run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.api.load import lost, writing
from tests.cli.serving import Server, answer, hoso, made, served

from hoso import compose
from hoso.access.audit import Event

KILLS = int(os.environ.get("HOSO_KILLS", "3"))


def test_a_killed_server_loses_nothing_it_acknowledged(options: list[str], tmp_path: Path) -> None:
    chance, acknowledged, answered = random.Random(11), list[str](), list[str]()
    token = made(tmp_path / "node", *options)
    for run in range(KILLS):
        with served(tmp_path / "node", token) as server, writing(server, f"run{run}") as load:
            while len(load.acknowledged) < 8:
                assert server.process.poll() is None
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.3))
            os.killpg(server.process.pid, signal.SIGKILL)
        acknowledged += load.acknowledged
        answered += load.answered
        assert not [failure for failure in load.failed if failure[0] >= 500]
    with served(tmp_path / "node", token) as server:
        assert lost(server, acknowledged) == []
        assert server.stop() == 0
    for check in (("doctor",), ("audit", "verify")):
        checked = hoso(*check, "--data", tmp_path / "node")
        assert checked.returncode == 0, checked.stdout + checked.stderr
    told = [event for event in events(tmp_path / "node") if event.outcome == "ok"]
    shown = {event.what for event in told if event.kind in ("read", "search")}
    written = {name for event in told if event.kind in ("create", "update") for name in event.what.split()}
    assert len(answered) >= KILLS and [what for what in answered if what not in shown] == []
    assert [place for place in acknowledged if place.replace("_history/", "") not in written] == []


def events(folder: Path) -> list[Event]:
    node = compose.open(folder)
    try:
        return [event for _, event in node.audit.events() if event is not None]
    finally:
        node.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_an_import_of_a_killed_server_goes_on_without_doubles(options: list[str], tmp_path: Path) -> None:
    token = made(tmp_path / "node", *options)
    lines = b"".join(b'{"resourceType":"Basic","id":"b%d","code":{"text":"x"}}\n' % n for n in range(1_500))
    with served(tmp_path / "node", token) as server:
        file = ask(server, "POST", "/fhir/$import-file", lines, "application/fhir+ndjson")["url"]
        manifest = {"inputFormat": "application/fhir+ndjson", "input": [{"type": "Basic", "url": file}]}
        body = json.dumps(manifest).encode()
        assert server.request("POST", "/fhir/$import", body, "Prefer: respond-async")[0] == 202
        while ask(server, "GET", "/fhir/Basic?_summary=count")["total"] < 200:
            time.sleep(0.01)
        os.killpg(server.process.pid, signal.SIGKILL)
    with served(tmp_path / "node", token) as server:
        while ask(server, "GET", "/fhir/Basic?_summary=count")["total"] < 1_500:
            time.sleep(0.05)
        assert server.stop() == 0
    folder = tmp_path / "node"
    assert [event for event in events(folder) if event.kind == "update" and event.outcome == "ok"] == []


def ask(server: Server, method: str, path: str, body: bytes = b"", kind: str = "application/fhir+json") -> Any:
    """The JSON of an answer that is no refusal."""
    with server.connect() as connection:
        head = server.head(method, path, f"Content-Length: {len(body)}").replace(
            b"application/fhir+json", kind.encode()
        )
        connection.sendall(head + body)
        status, text = answer(connection)
    assert status < 300, text
    return json.loads(text)
