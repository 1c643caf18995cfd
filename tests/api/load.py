"""Clients that write and read over HTTP without pause and remember what was acknowledged and answered."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.cli.serving import Server

CLIENTS = 4


@dataclass
class Load:
    """`acknowledged` are the places of versions the server said it stored; `failed` are statuses of refusals.

    `answered` are reads of which at least the first byte came, as the audit log calls them; each is made once.
    """

    server: Server
    name: str
    acknowledged: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    failed: list[tuple[int, bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def write(self, client: int) -> None:
        chance = random.Random(f"{self.name}-{client}")
        number = 0
        while not self.over.is_set():
            number += 1
            id = f"{self.name}-{client}-{number}"
            try:
                self._one(id) if chance.random() < 0.6 else self._several(id)
                self._read(f"Patient/{id}" if chance.random() < 0.5 else f"Patient?_id={id}")
            except (OSError, ValueError):
                continue

    def _one(self, id: str) -> None:
        text = json.dumps({"resourceType": "Patient", "id": id, "name": [{"family": "Nguyễn " * 50}]}).encode()
        status, body = self.server.request("PUT", f"/fhir/Patient/{id}", text)
        if status in (200, 201):
            self.acknowledged.append(f"Patient/{id}/_history/{json.loads(body)['meta']['versionId']}")
        elif status:
            self.failed.append((status, body))

    def _read(self, what: str) -> None:
        status, body = self.server.request("GET", f"/fhir/{what}")
        if status:
            self.answered.append(what)
        if status >= 500:
            self.failed.append((status, body))

    def _several(self, id: str) -> None:
        shared = self.name
        people = [{"resourceType": "Patient", "id": one} for one in (id, f"{id}-b", shared)]
        entries = [{"resource": p, "request": {"method": "PUT", "url": f"Patient/{p['id']}"}} for p in people]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        status, body = self.server.request("POST", "/fhir", json.dumps(bundle).encode())
        if status == 200:
            self.acknowledged += [entry["response"]["location"] for entry in json.loads(body)["entry"]]
        elif status:
            self.failed.append((status, body))


@contextmanager
def writing(server: Server, name: str) -> Iterator[Load]:
    load = Load(server, name)
    clients = [threading.Thread(target=load.write, args=(n,)) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield load
    finally:
        load.over.set()
        for client in clients:
            client.join()


def lost(server: Server, acknowledged: list[str]) -> list[str]:
    """What was acknowledged and is not there, asked a hundred at a time."""
    missing: list[str] = []
    for start in range(0, len(acknowledged), 100):
        part = acknowledged[start : start + 100]
        entries = [{"request": {"method": "GET", "url": place}} for place in part]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        status, body = server.request("POST", "/fhir", json.dumps(bundle).encode())
        assert status == 200, body
        answers = json.loads(body)["entry"]
        missing += [p for p, one in zip(part, answers, strict=True) if one["response"]["status"] != "200 OK"]
    return missing
