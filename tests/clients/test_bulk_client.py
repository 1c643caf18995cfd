"""A backend of a hospital: signs in with its own key, asks for an export, waits, streams the files, cancels."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from tests.security.apps import Answer, Key, Site


class Bulk:
    def __init__(self, site: Site, scope: str) -> None:
        self.site, self.scope, self.key = site, scope, Key("RS384")
        self.client = site.client("backend", scope, jwks=self.key.jwks).client_id
        self.token = ""

    def sign_in(self) -> None:
        answer = self.key.token(self.site, self.client, self.scope)
        assert answer.status == 200 and answer.json["token_type"] == "Bearer", answer.body
        self.token = answer.json["access_token"]

    def ask(self, method: str, url: str, **headers: str) -> Answer:
        return self.site.ask(method, url.removeprefix(self.site.address), token=self.token, **headers)

    def begin(self, path: str) -> str:
        answer = self.ask("GET", f"/fhir/{path}", Prefer="respond-async", Accept="application/fhir+json")
        assert answer.status == 202, answer.body
        return answer.headers["content-location"]

    def waited(self, where: str) -> Answer:
        for _ in range(300):
            answer = self.ask("GET", where)
            if answer.status != 202:
                return answer
            assert "retry-after" in answer.headers and "x-progress" in answer.headers
            time.sleep(0.1)
        raise AssertionError(f"{where} is not done")

    def lines(self, url: str) -> Iterator[dict[str, object]]:
        """Each line as it comes, never the whole file."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/fhir+ndjson"}
            connection.request("GET", parts.path, headers=headers)
            response = connection.getresponse()
            assert (response.status, response.headers["Content-Type"]) == (200, "application/fhir+ndjson")
            yield from map(json.loads, response)
        finally:
            connection.close()


@pytest.fixture
def backend(site: Site) -> Bulk:
    made = Bulk(site, "system/Patient.rs system/Observation.rs")
    for n in range(30):
        patient = {"resourceType": "Patient", "id": f"bulk-{n}", "name": [{"text": f"Người {n}"}]}
        assert site.ask("PUT", f"/fhir/Patient/bulk-{n}", patient, site.token).status in (200, 201)
    made.sign_in()
    return made


def test_a_backend_takes_its_records_along(backend: Bulk) -> None:
    where = backend.begin("$export?_type=Patient")
    done = backend.waited(where)
    assert done.status == 200 and done.headers["content-type"].startswith("application/json")
    manifest = done.json
    assert manifest["requiresAccessToken"] is True and manifest["error"] == []
    found = [line for file in manifest["output"] for line in backend.lines(file["url"])]
    assert {f"bulk-{n}" for n in range(30)} <= {line["id"] for line in found}
    assert len(found) == sum(file["count"] for file in manifest["output"])
    first = manifest["output"][0]["url"]
    backend.sign_in()  # a token lasts five minutes, an export may take longer
    assert backend.ask("GET", first).status == 200
    assert backend.ask("DELETE", where).status == 202
    assert [backend.ask("GET", one).status for one in (where, first)] == [404, 404]


def test_a_backend_gives_up_and_another_may_not(backend: Bulk, site: Site) -> None:
    where = backend.begin("$export")
    other = Bulk(site, backend.scope)
    other.sign_in()
    assert other.ask("GET", where).status == 404
    assert backend.ask("DELETE", where).status == 202
    assert backend.ask("GET", where).status == 404
    assert backend.ask("GET", "/fhir/$export?_type=Condition", Prefer="respond-async").status == 403
    assert backend.ask("GET", "/fhir/Condition").status == 403
    backend.token = "wrong"
    refused = backend.ask("GET", "/fhir/$export", Prefer="respond-async")
    assert refused.status == 401 and "bearer" in refused.headers["www-authenticate"].lower()
