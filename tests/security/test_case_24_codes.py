"""Case 24: codes that are used twice or by others, and requests that are nearly the right ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from tests.security.apps import BACK, App, Key, Person, Site

SignIn = Callable[[str], Person]
SCOPE = "openid launch/patient offline_access patient/Observation.rs"


@pytest.fixture
def app(site: Site) -> App:
    return App(site, site.client(scopes=SCOPE).client_id, SCOPE)


def test_case_24_a_second_use_of_a_code_ends_what_the_first_one_brought(site: Site, app: App, person: SignIn) -> None:
    code = app.code(person("mai"), "p1")
    first = app.redeem(code)
    assert first.status == 200
    token = first.json["access_token"]
    assert site.fhir_get("Observation/lab-p1", token).status == 200
    second = app.redeem(code)
    assert second.status == 400 and second.json["error"] == "invalid_grant"
    time.sleep(0.9)
    assert all(site.fhir_get("Observation/lab-p1", token).status == 401 for _ in range(6))
    assert app.refresh(first.json["refresh_token"]).json["error"] == "invalid_grant"


def test_case_24_of_many_that_redeem_at_once_at_most_one_is_served(app: App, person: SignIn) -> None:
    somebody = person("mai")
    for _ in range(3):
        code, statuses = app.code(somebody, "p1"), list[int]()
        ready = threading.Barrier(6)

        def redeem(code: str = code, statuses: list[int] = statuses, ready: threading.Barrier = ready) -> None:
            ready.wait()
            statuses.append(app.redeem(code).status)

        threads = [threading.Thread(target=redeem) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses.count(200) <= 1 and set(statuses) <= {200, 400}, statuses


def test_case_24_a_code_of_another_client(site: Site, app: App, person: SignIn) -> None:
    code = app.code(person("mai"), "p1")
    other = App(site, site.client(scopes=SCOPE).client_id, SCOPE, verifier=app.verifier)
    assert other.redeem(code).json["error"] == "invalid_grant"
    assert app.redeem(code).status == 200, "the other client did not use it up"


@pytest.mark.parametrize("verifier", ["", "wrong", "a" * 43])
def test_case_24_a_wrong_verifier(app: App, person: SignIn, verifier: str) -> None:
    code = app.code(person("mai"), "p1")
    answer = app.redeem(code, code_verifier=verifier)
    assert answer.status == 400 and answer.json["error"] in ("invalid_grant", "invalid_request")
    assert app.redeem(code).status == 400, "and it was the only try"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
        {"code_challenge": "a" * 44},
        {"state": None},
        {"state": ""},
        {"aud": None},
        {"aud": "https://other.example.vn/fhir"},
        {"aud": ""},
        {"response_type": "token"},
        {"response_type": "id_token token"},
        {"response_type": "code token"},
        {"response_type": None},
        {"nonce": "n" * 300},
        {"prompt": "none login"},
    ],
    ids=str,
)
def test_case_24_a_request_that_lacks_a_guard(app: App, person: SignIn, changed: dict[str, str | None]) -> None:
    answer = person("mai").get(app.address(**changed))
    assert answer.status == 302, answer.body[:300]
    told = answer.told
    assert answer.headers["location"].startswith(BACK) and "code" not in told and "#" not in answer.headers["location"]
    assert told["error"] in ("invalid_request", "unsupported_response_type", "unauthorized_client", "login_required")
    assert told["iss"] == app.site.address


@pytest.mark.parametrize(
    "near",
    [
        "https://app.example.vn/back/",
        "https://app.example.vn/Back",
        "https://APP.example.vn/back",
        "https://app.example.vn:443/back",
        "https://app.example.vn:8443/back",
        "http://app.example.vn/back",
        "https://app.example.vn/back?x=1",
        "https://app.example.vn/back#x",
        "https://app.example.vn@evil.example.vn/back",
        "https://evil.example.vn/back",
        "https://app.example.vn.evil.example.vn/back",
        "https://app.example.vn/back/../steal",
        "https://app.example.vn%2eevil.example.vn/back",
        "https://app.example.vn\\@evil.example.vn/back",
        "javascript:alert(1)",
        "//evil.example.vn/back",
        "",
        None,
    ],
)
def test_case_24_a_redirect_that_is_nearly_the_right_one(app: App, person: SignIn, near: str | None) -> None:
    answer = person("mai").get(app.address(redirect_uri=near))
    if near in (None, ""):  # the one that was registered is known, and told what is missing
        assert answer.status in (302, 400) and "code" not in (answer.told if answer.status == 302 else {})
        assert answer.status == 400 or answer.headers["location"].startswith(BACK)
        return
    assert answer.status == 400 and "location" not in answer.headers


def test_case_24_a_parameter_twice_or_a_client_nobody_knows(app: App, person: SignIn) -> None:
    somebody, address = person("mai"), app.address()
    for name, value in parse_qsl(urlsplit(address).query):
        doubled = somebody.get(f"{address}&{urlencode({name: value})}")
        assert doubled.status == 400 or "error" in doubled.told, name
    for client in ("nobody", "", "\0", "x" * 3_000, "' OR 1=1 --"):
        assert somebody.get(app.address(client_id=client)).status == 400
    assert somebody.get("/oauth/authorize").status == 400


def test_case_24_the_redirect_at_the_token_endpoint_must_be_the_same(app: App, person: SignIn) -> None:
    code = app.code(person("mai"), "p1")
    assert app.redeem(code, redirect_uri=BACK + "/").status == 400


def test_case_24_a_code_is_good_for_a_minute(app: App, person: SignIn) -> None:
    from hoso.web.oauth.models import Grant
    from hoso.web.oauth.settings import CODE_SECONDS

    assert CODE_SECONDS <= 60
    code = app.code(person("mai"), "p1")
    grant = Grant.objects.get(code=code)
    assert grant.code != code, "only its hash is kept"
    lived = grant.expires - grant.created
    assert lived.total_seconds() <= 60
    Grant.objects.filter(pk=grant.pk).update(expires=grant.created)
    assert app.redeem(code).json["error"] == "invalid_grant"


def test_case_24_a_server_app_must_prove_itself_to_redeem(site: Site, person: SignIn) -> None:
    key = Key()
    client = site.client("server", SCOPE, jwks=key.jwks)
    app = App(site, client.client_id, SCOPE)
    code = app.code(person("mai"), "p1")
    assert app.redeem(code).status == 401
    signed = key.signed(key.claims(site, client.client_id))
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert app.redeem(code, client_assertion=signed, client_assertion_type=kind).status == 200


def test_case_24_tokens_are_not_taken_from_the_address(site: Site, app: App, person: SignIn) -> None:
    token = app.tokens(person("mai"), "p1")["access_token"]
    assert site.fhir_get(f"Observation/lab-p1?access_token={token}", "").status == 401
    assert site.ask("POST", f"/oauth/token?{urlencode({'client_id': app.client})}").status == 400
    assert site.ask("GET", "/oauth/token").status == 405


def test_case_24_consent_is_not_given_by_a_foreign_page(app: App, person: SignIn) -> None:
    """Neither a form without our mark, nor one whose choice was signed for another request."""
    somebody, address = person("mai"), app.address()
    picker = somebody.get(address)
    consent = somebody.post(address, picker, step="choose", patient="p1")
    assert consent.status == 200 and b"Nguy\xe1\xbb\x85n Th\xe1\xbb\x8b M\xe1\xbb\x99t" in consent.body
    bare = urlencode({"step": "allow"}).encode()
    kind = "application/x-www-form-urlencoded"
    assert (
        app.site.ask(
            "POST", address, bare, Cookie=f"hoso_session={somebody.cookies['hoso_session']}", Content_Type=kind
        ).status
        == 403
    )
    other = somebody.post(app.address(state="other"), consent, step="allow")
    assert other.status == 200 and b'value="find"' in other.body and "location" not in other.headers
    stranger = person("lan")
    stranger.get(address)
    assert "location" not in stranger.post(address, consent, step="allow").headers
    assert somebody.get(address).headers["x-frame-options"] == "DENY"


def test_case_24_who_says_no_is_asked_again(app: App, person: SignIn) -> None:
    somebody, address = person("mai"), app.address()
    denied = somebody.post(address, somebody.get(address), step="deny")
    assert denied.status == 302 and denied.told["error"] == "access_denied" and denied.told["iss"] == app.site.address
    assert somebody.get(address).status == 200
