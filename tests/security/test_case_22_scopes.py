"""Case 22: scopes that are written another way, ask for more, or ask for what cannot be enforced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.security.apps import App, Key, Person, Site

REGISTERED = "system/Patient.r system/Observation.rs?category=laboratory"


@pytest.fixture(scope="module")
def key() -> Key:
    return Key()


@pytest.fixture(scope="module")
def client(site: Site, key: Key) -> str:
    return str(site.client("backend", REGISTERED, jwks=key.jwks).client_id)


TRICKS = (
    "",
    "system:Patient.read",
    "system/Patient.read",
    "system/Patient.u",
    "system/Patient.rs",
    "system/Patient.sr",
    "system/Patient.rr",
    "system/Patient.cruds",
    "system/*.r",
    "system/*.*",
    "patient/*.*",
    "patient/Patient.r",
    "user/Patient.r",
    "System/Patient.r",
    "system/patient.r",
    "system/Patient.r?",
    "system/Patient.r??",
    "system/Patient.r?name=x",
    "system/Pony.r",
    "system\u2215Patient.r",
    "system\uff0fPatient.r",
    "system/Patient.r\u00a0system/Patient.r",
    "system/Patient.r\tsystem/Patient.s",
    "system/Patient.r " * 1_200,
    "x" * 10_000,
    "system/Observation.rs",
    "system/Observation.rs?category=vital-signs",
    "system/Observation.rs?category=laboratory,vital-signs",
    "system/Observation.rs?category:not=vital-signs",
    "system/Observation.rs?category=laboratory&value-quantity=gt3",
    "system/Observation.rs?subject:Patient.name=x",
    "system/Observation.rs?_filter=category%20eq%20laboratory",
    "system/Observation.rs??category=laboratory",
    "system/Observation.rs?category=laboratory?category=laboratory",
    "openid",
    "offline_access",
    "launch",
)


@pytest.mark.parametrize("scope", TRICKS, ids=lambda scope: scope[:40].encode("ascii", "replace").decode())
def test_case_22_a_scope_that_is_not_the_clients(site: Site, key: Key, client: str, scope: str) -> None:
    answer = key.token(site, client, scope)
    assert answer.status == 400 and answer.json["error"] in ("invalid_scope", "invalid_request"), answer.body
    assert "\0" in scope or answer.json["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "scope",
    [
        "system/Patient.r",
        "system/Observation.r?category=laboratory",
        "system/Observation.s?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
        "system/Observation.rs?category=laboratory&code=718-7",
        "system/Patient.r  system/Patient.r",
    ],
)
def test_case_22_less_than_registered_is_granted(site: Site, key: Key, client: str, scope: str) -> None:
    answer = key.token(site, client, scope)
    assert answer.status == 200, answer.body


def test_case_22_an_app_is_told_by_a_redirect(site: Site, person: Callable[[str], Person]) -> None:
    client = site.client(scopes="openid patient/Observation.rs")
    somebody = person("mai")
    for scope in (
        "patient/*.rs",
        "user/Observation.r",
        "system/Observation.r",
        "patient/Observation.cud",
        "launch",
        "",
    ):
        answer = somebody.get(App(site, client.client_id, scope).address())
        assert answer.status == 302 and answer.told["error"] == "invalid_scope", (scope, answer.body[:200])
        assert answer.told["state"] == "s-1" and answer.told["iss"] == site.address and "code" not in answer.told


def test_case_22_an_app_never_may_more_than_its_user(site: Site, person: Callable[[str], Person]) -> None:
    """A receptionist's app asks for everything of the person, and was registered for it."""
    client = site.client(scopes="launch/patient patient/*.cruds user/*.cruds")
    token = App(site, client.client_id, "launch/patient patient/*.cruds user/*.cruds").tokens(person("thu"), "p1")
    assert site.fhir_get("Patient/p1", token["access_token"]).status == 200
    assert site.fhir_get("Observation/lab-p1", token["access_token"]).status == 403
    assert site.ask("DELETE", "/fhir/Patient/p1", token=token["access_token"]).status == 403
