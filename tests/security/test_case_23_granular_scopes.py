"""Case 23: a token for laboratory results meets nothing else, on every path, through the real doors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.security.apps import App, Key, Person, Site
from tests.security.conftest import observation

SCOPE = "launch/patient patient/Observation.rs?category=laboratory patient/Encounter.rs"


@pytest.fixture(scope="module")
def backend(site: Site) -> str:
    key, scope = Key(), "system/Observation.cruds?category=laboratory system/Encounter.rs system/Patient.rs"
    client = site.client("backend", scope, jwks=key.jwks)
    return str(key.token(site, client.client_id, scope).json["access_token"])


def ids(site: Site, path: str, token: str) -> set[str]:
    answer = site.fhir_get(path, token)
    assert answer.status == 200, answer.body
    return {entry["resource"]["id"] for entry in answer.json.get("entry", []) if "resource" in entry}  # not deletions


@pytest.mark.parametrize("path", ["", "/_history", "/_history/1"])
def test_case_23_by_id_and_version(site: Site, backend: str, path: str) -> None:
    hidden = site.fhir_get(f"Observation/vital-p1{path}", backend)
    absent = site.fhir_get(f"Observation/none-p1{path}", backend)
    assert hidden.status == absent.status == 404
    assert hidden.body.replace(b"vital-p1", b"none-p1") == absent.body
    changing = ("date", "content-length")
    assert {k: v for k, v in hidden.headers.items() if k not in changing} == {
        k: v for k, v in absent.headers.items() if k not in changing
    }
    assert site.ask("HEAD", f"/fhir/Observation/vital-p1{path}", token=backend).status == 404


def test_case_23_searches_totals_and_includes(site: Site, backend: str) -> None:
    assert ids(site, "Observation?patient=p1,p2", backend) == {"lab-p1", "lab-p2"}
    assert site.fhir_get("Observation?patient=p1&_total=accurate", backend).json["total"] == 1
    assert ids(site, "Patient?_id=p1&_revinclude=Observation:patient", backend) == {"p1", "lab-p1"}
    around = ids(site, "Patient?_id=p1&_revinclude=*", backend)
    assert {"p1", "lab-p1", "visit-p1"} <= around and "vital-p1" not in around
    assert ids(site, "Patient?_has:Observation:patient:code=8867-4", backend) == set()
    assert ids(site, "Observation?_id=lab-p1,vital-p1&_sort=-code", backend) == {"lab-p1"}
    assert "vital-p1" not in ids(site, "Observation/_history?_count=500", backend)
    assert "vital-p1" not in ids(site, "_history?_count=500", backend)
    assert {"lab-p1"} == {id for id in ids(site, "Patient/p1/$everything", backend) if "lab" in id or "vital" in id}


def test_case_23_a_record_is_not_moved_into_view(site: Site, backend: str) -> None:
    wanted = observation("vital-p1", "p1", "laboratory", "8867-4")
    assert site.ask("PUT", "/fhir/Observation/vital-p1", wanted, backend).status == 404
    moved = observation("lab-p1", "p1", "vital-signs", "718-7")
    assert site.ask("PUT", "/fhir/Observation/lab-p1", moved, backend).status == 403
    entry = {"resource": wanted, "request": {"method": "PUT", "url": "Observation/vital-p1"}}
    for kind in ("transaction", "batch"):
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        answer = site.ask("POST", "/fhir", bundle, backend)
        assert answer.status == 404 or answer.json["entry"][0]["response"]["status"].startswith("404")
    kept = site.fhir_get("Observation/vital-p1", site.token).json
    assert kept["category"][0]["coding"][0]["code"] == "vital-signs"


def test_case_23_of_one_patient_and_one_category(site: Site, person: Callable[[str], Person]) -> None:
    client = site.client(scopes=SCOPE)
    token = App(site, client.client_id, SCOPE).tokens(person("mai"), "p1")["access_token"]
    assert site.fhir_get("Observation/lab-p1", token).status == 200
    for path in ("Observation/vital-p1", "Observation/lab-p2", "Observation/lab-p2/_history", "Encounter/none"):
        assert site.fhir_get(path, token).status == 404, path
    assert ids(site, "Observation", token) == {"lab-p1"}
    assert ids(site, "Encounter?_revinclude=Observation:encounter", token) == {"visit-p1"}
    assert site.fhir_get("Patient/p1", token).status == 403
    assert site.fhir_get("Patient/p1/$everything", token).status == 403
