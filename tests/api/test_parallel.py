"""Many clients at once over sockets. HOSO_REPEATS sets how often."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cli.serving import made, served

REPEATS = int(os.environ.get("HOSO_REPEATS", "3"))


def test_the_same_person_created_by_32_http_clients_is_one(options: list[str], tmp_path: Path) -> None:
    token = made(tmp_path / "node", *options)
    with served(tmp_path / "node", token) as server, ThreadPoolExecutor(32) as clients:
        for run in range(REPEATS):
            person = {"resourceType": "Patient", "identifier": [{"system": "urn:hoso:test", "value": str(run)}]}
            body, criteria = json.dumps(person).encode(), f"identifier=urn:hoso:test|{run}"

            def create(_: int, body: bytes = body, criteria: str = criteria) -> int:
                status = 503
                while status == 503:  # more senders than places: told to come again
                    status, _answer = server.request("POST", "/fhir/Patient", body, f"If-None-Exist: {criteria}")
                return status

            assert sorted(clients.map(create, range(32))) == [200] * 31 + [201]
            found = server.request("GET", f"/fhir/Patient?{criteria}&_total=accurate")[1]
            assert json.loads(found)["total"] == 1
