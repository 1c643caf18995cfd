"""Cases 15 and 16: bulk export. This node has none yet (issue 6 brings it), so its doors are shut, to everybody.

What is tested is that nothing is started, nothing can be polled or fetched, and that no other scope opens it. The cases
themselves (a wider `_type`, a foreign Group, foreign jobs and files) are to be tested when there is an export.
"""

from __future__ import annotations

import pytest
from tests.security.apps import Key, Site
from tests.security.scene import Scene

KICK_OFFS = [
    "$export", "Patient/$export", "Group/roster/$export", "Patient/s-own/$export", "$export?_type=Patient,Observation",
    "$export?_type=Patient&_typeFilter=Patient%3Fname%3Da", "Group/foreign/$export", "$import", "$bulk-publish",
    "$export?_outputFormat=application/fhir%2Bndjson", "$export?_since=2020-01-01T00:00:00Z",
]  # fmt: skip
FILES = [
    "$export-poll-status?_jobId=1", "bulkstatus/1", "jobs/1", "export/1/Patient.ndjson", "files/Patient.ndjson",
    "$export-poll-status", "_jobs/1", "../export/Patient.ndjson",
]  # fmt: skip


@pytest.fixture(scope="module")
def backend(site: Site) -> str:
    key, scope = Key(), "system/Observation.rs"
    client = site.client("backend", scope, jwks=key.jwks)
    return str(key.token(site, client.client_id, scope).json["access_token"])


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", KICK_OFFS)
def test_case_15_no_export_is_started_for_anybody(scene: Scene, backend: str, path: str, method: str) -> None:
    for token in (scene.doctor, backend, scene.site.token):
        answer = scene.ask(method, path, token=token, Prefer="respond-async")
        assert answer.status in (404, 405), (path, answer.body)
        assert answer.json["resourceType"] == "OperationOutcome" and "content-location" not in answer.headers
    assert scene.site.ask(method, f"/fhir/{path}", Prefer="respond-async").status in (401, 404, 405)


def test_case_15_a_search_does_not_turn_into_one(scene: Scene, backend: str) -> None:
    """`Prefer: respond-async` is no way to more than the token's own scope."""
    answer = scene.get("Patient", backend, Prefer="respond-async")
    assert answer.status == 403 and "content-location" not in answer.headers
    shown = scene.get("Observation?_count=2", backend, Prefer="respond-async")
    assert shown.status == 200 and shown.json["resourceType"] == "Bundle"


@pytest.mark.parametrize("path", FILES)
def test_case_16_there_is_no_job_and_no_file_to_guess(scene: Scene, path: str) -> None:
    for token in ("", scene.doctor, scene.site.token):
        for where in (f"/fhir/{path}", f"/{path}"):
            answer = scene.site.ask("GET", where, token=token)
            assert answer.status in (400, 401, 404), (where, answer.status)
            assert b"Xaxoi" not in answer.body
