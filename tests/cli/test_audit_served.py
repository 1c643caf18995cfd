"""A serving node seals, has itself witnessed and shows its log as FHIR, all by itself and over real sockets."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.cli.serving import hoso, made, served
from tests.cli.test_witness_command import witnessing


def test_a_serving_node_is_witnessed_and_shows_its_log(tmp_path: Path) -> None:
    folder, other = tmp_path / "node", tmp_path / "witness"
    token = made(folder)
    log = hoso("audit", "key", "--data", folder).stdout.strip()
    out = hoso("audit", "witness", "--folder", other, "--name", "witness.test", "--log", log).stdout
    key = next(line for line in out.splitlines() if "witness.test+" in line).rsplit(" ", 1)[1]
    with witnessing(other) as address:
        config = folder / "config.toml"
        text = config.read_text("utf-8").replace("witnesses = []", f'witnesses = ["{key} {address}"]')
        config.write_text(text, "utf-8")
        patient = json.dumps({"resourceType": "Patient", "id": "p"}).encode()
        with served(folder, token) as server:
            assert server.request("PUT", "/fhir/Patient/p", patient)[0] == 201
            found: list[str] = []
            until = time.monotonic() + 30
            while "create" not in found:
                assert time.monotonic() < until
                status, body = server.request("GET", "/fhir/AuditEvent?patient=p")
                assert status == 200
                entries = json.loads(body).get("entry", [])
                found = [entry["resource"]["subtype"][0]["code"] for entry in entries]
                time.sleep(0.2)
            assert server.request("PUT", "/fhir/AuditEvent/1", b'{"resourceType":"AuditEvent","id":"1"}')[0] == 405
            cosigned = 0
            until = time.monotonic() + 90
            while not cosigned:
                assert time.monotonic() < until
                done = hoso("audit", "verify", "--data", folder, "--json", "--offline")
                cosigned = json.loads(done.stdout)["cosignatures"]
            server.stop()
