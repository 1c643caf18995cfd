"""Cases 15 and 16: bulk export. Nothing goes out that the caller might not read, and nobody else polls or fetches it.

Through real HTTP against two workers, of which one does the work while the other one may be asked.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.security.apps import Answer, Key, Site
from tests.security.scene import HOME, Scene

SCOPE = "system/Observation.rs"
FILES = [
    "$export-status/1", "$export-file/1/1", "$export-file/1/../2", "$export-status", "$export-file/1", "exports/1/1",
    "$export-poll-status?_jobId=1", "bulkstatus/1", "jobs/1", "export/1/Patient.ndjson", "../exports/1/1", "$import",
]  # fmt: skip


def backend_of(site: Site, scope: str = SCOPE) -> tuple[Key, str]:
    key = Key()
    return key, str(site.client("backend", scope, jwks=key.jwks).client_id)


@pytest.fixture(scope="module")
def backend(site: Site) -> str:
    key, client = backend_of(site)
    return str(key.token(site, client, SCOPE).json["access_token"])


def kick_off(scene: Scene, path: str, token: str, **headers: str) -> Answer:
    return scene.site.ask("GET", f"/fhir/{path}", token=token, Prefer="respond-async", **headers)


def path_of(site: Site, url: str) -> str:
    return url.removeprefix(site.address)


def finished(scene: Scene, where: str, token: str) -> Answer:
    """The last answer of a poll; what is waited for is the answer, not a time."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            answer = scene.site.ask("GET", where, token=token)
        except ConnectionError:  # it was with a worker that was killed
            continue
        if answer.status != 202:
            return answer
        assert answer.headers["x-progress"] and answer.headers["retry-after"]
        time.sleep(0.1)
    raise AssertionError("the export does not end")


def fetched(scene: Scene, manifest: dict[str, Any], token: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for output in manifest["output"]:
        answer = scene.site.ask("GET", path_of(scene.site, output["url"]), token=token)
        lines = [json.loads(line) for line in answer.body.splitlines()]
        assert (answer.status, len(lines)) == (200, output["count"])
        found.setdefault(output["type"], []).extend(lines)
    return found


def test_case_15_a_client_kicks_off_polls_fetches_and_cancels(scene: Scene, backend: str) -> None:
    begun = kick_off(scene, "Patient/$export?_type=Observation", backend, Accept="application/fhir+json")
    assert begun.status == 202
    where = path_of(scene.site, begun.headers["content-location"])
    answer = finished(scene, where, backend)
    assert answer.status == 200 and answer.headers["content-type"] == "application/json", answer.body
    found = {one["id"] for one in fetched(scene, answer.json, backend)["Observation"]}
    read = {one["id"] for one in bundled(scene, "Observation?_count=1000", backend)}
    assert found == read and {"s-own-1", "s-far-1"} <= found and "s-hiv-1" not in found, "cleared for no label"
    assert {one["type"] for one in answer.json["output"]} == {"Observation"}
    assert scene.site.ask("DELETE", where, token=backend).status == 202
    assert scene.site.ask("GET", where, token=backend).status == 404


def bundled(scene: Scene, path: str, token: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in scene.get(path, token).json.get("entry", [])]


def test_case_15_nothing_wider_than_the_scope_is_begun(scene: Scene, backend: str) -> None:
    for path in (
        "$export?_type=Patient",
        "$export?_type=Observation,Patient",
        "Patient/$export?_type=Patient,Observation",
    ):
        answer = kick_off(scene, path, backend)
        assert answer.status == 403 and "content-location" not in answer.headers
    typed = "$export?_type=Observation&_typeFilter=Patient%3Fname%3DXaxoi"
    assert kick_off(scene, typed, backend).status == 400
    assert kick_off(scene, "Group/roster/$export", backend).status == 403, "the Group is not its to read"
    for path in ("$export", "Patient/$export", "Group/roster/$export"):
        assert kick_off(scene, path, scene.doctor).status in (403, 404), "a doctor's role takes nothing along"
        assert scene.site.ask("GET", f"/fhir/{path}", Prefer="respond-async").status == 401
    search = scene.get("Patient", backend, Prefer="respond-async")
    assert search.status == 403 and "content-location" not in search.headers


def test_case_16_a_foreign_export_is_not_there(scene: Scene, backend: str) -> None:
    begun = kick_off(scene, "$export?_type=Observation", backend)
    where = path_of(scene.site, begun.headers["content-location"])
    manifest = finished(scene, where, backend).json
    file = path_of(scene.site, manifest["output"][0]["url"])
    key, client = backend_of(scene.site)
    own = [str(key.token(scene.site, client, SCOPE).json["access_token"]) for _ in range(2)]
    begun_by_one = path_of(scene.site, kick_off(scene, "$export?_type=Observation", own[0]).headers["content-location"])
    assert finished(scene, begun_by_one, own[1]).status == 200, "a token ends before a long export does"
    scene.site.ask("DELETE", begun_by_one, token=own[1])
    other = str(key.token(scene.site, client, SCOPE).json["access_token"])
    for method, path in (("GET", where), ("DELETE", where), ("GET", file)):
        for token in (other, scene.doctor, scene.site.token):
            answer = scene.site.ask(method, path, token=token)
            assert answer.status == 404 and answer.json["issue"][0]["diagnostics"] == "bulk.none"
        for token in ("", "nonsense"):
            assert scene.site.ask(method, path, token=token).status == 401
    exported = [path for path in (scene.site.folder / "exports").rglob("*") if path.is_file()]
    assert exported and not any(b"Observation" in path.read_bytes() for path in exported)
    assert scene.site.ask("GET", file, token=backend).status == 200
    scene.site.ask("DELETE", where, token=backend)


@pytest.mark.parametrize("path", FILES)
def test_case_16_there_is_nothing_to_guess(scene: Scene, path: str) -> None:
    for token in ("", scene.doctor, scene.site.token):
        for where in (f"/fhir/{path}", f"/{path}"):
            answer = scene.site.ask("GET", where, token=token)
            assert answer.status in (400, 401, 404, 405), (where, answer.status)
            assert b"Xaxoi" not in answer.body


def test_case_16_an_export_outlives_the_worker_that_carries_it_out(scene: Scene) -> None:
    """Each worker that holds the exports' turn is killed as soon as the export is begun; the next one goes on."""
    for n in range(3):
        entries = [
            {
                "resource": {"resourceType": "Basic", "code": {"text": f"{HOME} {n}"}},
                "request": {"method": "POST", "url": "Basic"},
            }
            for _ in range(500)
        ]
        body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        assert scene.ask("POST", "", body, scene.site.token).status == 200
    begun = kick_off(scene, "$export", scene.site.token)
    where = path_of(scene.site, begun.headers["content-location"])
    holder = holding(scene.site.folder / "exports.lock")
    os.kill(holder, signal.SIGKILL)
    answer = finished(scene, where, scene.site.token)
    assert answer.status == 200, answer.body
    found = fetched(scene, answer.json, scene.site.token)
    for type in ("Basic", "Patient", "Observation"):
        total = scene.get(f"{type}?_summary=count", scene.site.token).json["total"]
        assert len({one["id"] for one in found[type]}) == len(found[type]) == total
    scene.site.ask("DELETE", where, token=scene.site.token)


def holding(file: Path) -> int:
    """The process that has the lock of a file; a worker asks for it a moment after its start."""
    inode = str(file.stat().st_ino)
    for _ in range(300):
        for line in Path("/proc/locks").read_text().splitlines():
            parts = line.split()
            if "FLOCK" in parts and "->" not in parts and parts[-3].rpartition(":")[2] == inode:
                return int(parts[parts.index("WRITE") + 1])
        time.sleep(0.1)
    raise AssertionError("nobody carries exports out")
