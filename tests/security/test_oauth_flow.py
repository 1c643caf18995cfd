"""A person lets an app in, and a system signs in for itself: what each then reaches."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.security.apps import App, Key, Person, Site

SignIn = Callable[[str], Person]


def test_an_app_that_staff_let_in_reads_the_chosen_person(site: Site, person: SignIn) -> None:
    client = site.client(scopes="openid fhirUser launch/patient offline_access patient/*.rs")
    app = App(site, client.client_id, "openid fhirUser launch/patient offline_access patient/Observation.rs")
    told = app.tokens(person("mai"), patient="p1")
    assert told["token_type"] == "Bearer" and told["expires_in"] == 600 and told["refresh_token"]
    assert told["scope"] == app.scope and told["id_token"] and told["need_patient_banner"]
    assert site.fhir_get("Observation/lab-p1", told["access_token"]).status == 200
    again = app.refresh(told["refresh_token"])
    assert again.status == 200 and again.json["patient"] == told["patient"]


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_a_system_signs_in_with_its_key_and_reads_within_its_scopes(site: Site, algorithm: str) -> None:
    key = Key(algorithm)
    client = site.client("backend", "system/Observation.rs", jwks=key.jwks)
    answer = key.token(site, client.client_id, "system/Observation.rs")
    assert answer.status == 200, answer.body
    assert answer.json["expires_in"] == 300 and "refresh_token" not in answer.json
    token = answer.json["access_token"]
    assert site.fhir_get("Observation/lab-p1", token).status == 200
    assert site.fhir_get("Patient/p1", token).status == 403
    assert site.ask("DELETE", "/fhir/Observation/lab-p1", token=token).status == 403
