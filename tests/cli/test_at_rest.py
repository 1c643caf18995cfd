"""Every file that a node writes: for its owner only, and without a word of a record in clear."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.serving import hoso, made, served

from hoso import compose
from hoso.access.audit import Event
from hoso.access.audit.spool import Spool

NAME, NUMBER, CODE = "Xaxoi", "001190077777", "B20"


def test_what_a_node_writes_is_encrypted_and_its_owners(tmp_path: Path) -> None:
    folder, spool = tmp_path / "node", tmp_path / "second disk"
    spool.mkdir(mode=0o700)
    token = made(folder)
    with served(folder, token) as server:
        for resource in _records():
            path = f"/fhir/{resource['resourceType']}/{resource['id']}"
            assert server.request("PUT", path, json.dumps(resource).encode())[0] == 201
        assert server.request("GET", "/fhir/Condition?code=B20")[0] == 200
        node = compose.open(folder)
        compose.hire(node.config, "mai", "doctor", "35001", "mot-hai-ba-bon-nam-sau")
        events = [Event(time=1, actor=f"user/{NAME}", action="R", kind="read", what=NUMBER)]
        Spool(spool, node.config.keys.audit).add(node.journal.rows(events))
        node.close()
        assert hoso("backup", "--data", folder, tmp_path / "b.hoso", "--keys", tmp_path / "keys").returncode == 0
        seen = _written(tmp_path)  # with the write-ahead logs, while it serves
        assert {"hoso.db", "hoso.db-wal", "accounts.db", "audit.spool", "b.hoso", "b.hoso.keys", "seal"} <= set(seen)
    for name, (mode, content) in (seen | _written(tmp_path)).items():
        assert mode & 0o077 == 0, (name, oct(mode))
        for word in (NAME, NAME.lower(), NUMBER, token):
            assert word.encode() not in content, (name, word)


def _records() -> list[dict[str, object]]:
    return [
        {"resourceType": "Patient", "id": "p", "name": [{"text": NAME}], "identifier": [{"value": NUMBER}]},
        {
            "resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": CODE}], "text": NAME},
        },
    ]  # fmt: skip


def _written(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All but shared memory, which holds numbers of pages, and locks, which are empty."""
    found = {}
    for file in folder.rglob("*"):
        if file.is_file() and not file.name.endswith("-shm"):
            content = file.read_bytes()
            if content:
                found[file.name] = (file.stat().st_mode, content)
    return found


def test_what_a_load_refused_is_the_only_file_in_clear_and_its_owners(tmp_path: Path) -> None:
    """It is made to be mended by hand and loaded again."""
    folder = tmp_path / "node"
    made(folder)
    source = tmp_path / "in" / "bad.ndjson"
    source.parent.mkdir()
    source.write_text(json.dumps({"resourceType": "Patient", "id": "x", "name": [{"text": NAME}], "bad": 1}) + "\n")
    done = hoso("load", "--data", folder, source)
    assert done.returncode == 1, done.stderr
    clear = [
        file for file in tmp_path.rglob("*") if file.is_file() and file != source and NAME.encode() in file.read_bytes()
    ]
    assert len(clear) == 1
    assert clear[0].stat().st_mode & 0o077 == 0
