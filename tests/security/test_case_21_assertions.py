"""Case 21: assertions of the right key that are used twice, meant for others, or too long in any sense."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from tests.security.apps import ASSERTION, Answer, App, Key, Site

SCOPE = "system/Patient.r"


@pytest.fixture(scope="module")
def key() -> Key:
    return Key()


@pytest.fixture(scope="module")
def client(site: Site, key: Key) -> str:
    return str(site.client("backend", SCOPE, jwks=key.jwks).client_id)


def test_case_21_an_assertion_is_good_once(site: Site, key: Key, client: str) -> None:
    assertion = key.signed(key.claims(site, client))
    assert key.token(site, client, SCOPE, assertion).status == 200
    again = key.token(site, client, SCOPE, assertion)
    assert again.status == 401 and again.json["error"] == "invalid_client"
    same_id = key.claims(site, client, jti="same")
    assert key.token(site, client, SCOPE, key.signed(same_id)).status == 200
    assert key.token(site, client, SCOPE, key.signed({**same_id, "exp": same_id["exp"] - 5})).status == 401


def test_case_21_of_many_at_the_same_moment_one_is_taken(site: Site, key: Key, client: str) -> None:
    for _ in range(4):
        assertion, answers = key.signed(key.claims(site, client)), list[int]()
        ready = threading.Barrier(8)

        def send(assertion: str = assertion, answers: list[int] = answers, ready: Any = ready) -> None:
            ready.wait()
            answers.append(key.token(site, client, SCOPE, assertion).status)

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200, *[401] * 7]


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example.vn/oauth/token"},
        {"aud": ["https://other.example.vn/oauth/token"]},
        {"aud": None},
        {"exp": 3600},
        {"exp": -60},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 10**400},
        {"sub": "somebody-else"},
        {"sub": None},
        {"iss": "somebody-else"},
        {"iss": None},
        {"iss": 5},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 300},
        {"jti": 7},
        {"nbf": 600},
        {"iat": 600},
    ],
    ids=str,
)
def test_case_21_a_claim_is_not_as_it_must_be(site: Site, key: Key, client: str, changed: dict[str, Any]) -> None:
    now = int(time.time())
    moved = {
        name: now + value if name in ("exp", "nbf", "iat") and isinstance(value, int) and abs(value) < 10**6 else value
        for name, value in changed.items()
    }
    answer = key.token(site, client, SCOPE, key.signed(key.claims(site, client, **moved)))
    assert answer.status == 401 and answer.json["error"] == "invalid_client", answer.body


def test_case_21_another_clients_key_or_name(site: Site, key: Key, client: str) -> None:
    other = Key()
    theirs = str(site.client("backend", SCOPE, jwks=other.jwks).client_id)
    assert other.token(site, client, SCOPE, other.signed(other.claims(site, client))).status == 401
    mixed = key.token(site, client, SCOPE, key.signed(key.claims(site, client)), client_id=theirs)
    assert mixed.status == 401


@pytest.mark.parametrize("size", [10_000, 2_000_000])
def test_case_21_an_endless_assertion(site: Site, key: Key, client: str, size: int) -> None:
    answer = key.token(site, client, SCOPE, "x" * size + ".e30.AAAA")
    assert answer.status == 401 and answer.json["error"] == "invalid_client"


@pytest.mark.parametrize(
    "assertion", ["", "a", "a.b", "a.b.c", "..", "e30.e30.", "é.e30.AAAA", "[].e30.AAAA", "\0.\0.\0"]
)
def test_case_21_what_is_no_assertion_at_all(site: Site, key: Key, client: str, assertion: str) -> None:
    answer = site.post(
        "/oauth/token",
        grant_type="client_credentials",
        scope=SCOPE,
        client_assertion_type=ASSERTION,
        client_assertion=assertion,
    )
    assert answer.status in (400, 401), answer.body


def test_case_21_an_honest_assertion_that_is_too_long(site: Site, key: Key, client: str) -> None:
    for size, status in ((1_000, 200), (9_000, 401)):
        long = key.signed(key.claims(site, client, more="x" * size))
        assert key.token(site, client, SCOPE, long).status == status


def test_case_21_no_other_proof_is_taken(site: Site, key: Key, client: str) -> None:
    asked = {"grant_type": "client_credentials", "scope": SCOPE}
    assert site.post("/oauth/token", client_id=client, **asked).status == 401
    assert site.post("/oauth/token", client_id=client, client_secret="", **asked).status == 401
    for grant in ("password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", ""):
        answer = site.post("/oauth/token", grant_type=grant, username="mai", password="x", client_id=client)
        assert answer.status == 400, answer.body
    form = f"grant_type=client_credentials&scope={SCOPE}&client_id={client}".encode()
    kind = "application/x-www-form-urlencoded"
    basic = site.ask("POST", "/oauth/token", form, Content_Type=kind, Authorization="Basic Zm9vOg==")
    assert basic.status == 401


def test_case_21_a_client_that_waits_or_was_revoked_proves_nothing(site: Site) -> None:
    from hoso.web.oauth import registry

    key = Key()
    waiting = site.client("backend", SCOPE, approved=False, jwks=key.jwks)
    assert key.token(site, waiting.client_id, SCOPE).status == 401
    registry.approve(waiting.client_id, "test")
    answer: Answer = key.token(site, waiting.client_id, SCOPE)
    assert site.fhir_get("Patient/p1", answer.json["access_token"]).status == 200
    registry.revoke(waiting.client_id, "test")
    assert key.token(site, waiting.client_id, SCOPE).status == 401
    assert gone_within_a_second(site, answer.json["access_token"])


def gone_within_a_second(site: Site, token: str) -> bool:
    """Asked on new connections, so that both workers are met."""
    time.sleep(0.9)
    return all(site.fhir_get("Patient/p1", token).status == 401 for _ in range(6))


def test_case_21_an_app_is_no_system(site: Site, key: Key) -> None:
    app = site.client("server", "patient/Patient.r", jwks=key.jwks)
    assert key.token(site, app.client_id, "patient/Patient.r").json["error"] == "unauthorized_client"
    assert App(site, app.client_id, "x").redeem("code").status == 401
