"""Nonsense at the doors of OAuth is a clear no: never a fault of the server, never a redirect to somewhere else."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from tests.security.apps import BACK, App, Key, Person, Site

SignIn = Callable[[str], Person]
ODD = (
    "",
    " ",
    "\0",
    "\u202e",
    "é" * 50,
    "x" * 5_000,
    "[]",
    "{",
    '{"a":',
    "%00",
    "%",
    "&",
    "1e999",
    "-1",
    "\r\nX: y",
    "\ud7ff",
)
NAMES = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "aud", "code_challenge", "code_challenge_method",
    "launch", "nonce", "prompt", "max_age", "display", "ui_locales", "id_token_hint", "login_hint", "acr_values",
    "claims", "request", "request_uri", "response_mode", "resource", "registration", "dpop_jkt",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_authorization_endpoint_survives(site: Site, person: SignIn, name: str) -> None:
    scope = "openid user/Patient.rs"
    app, somebody = App(site, site.client(scopes=scope).client_id, scope), person("mai")
    for odd in ODD:
        answer = somebody.get(app.address(**{name: odd}))
        assert answer.status in (200, 302, 400), (name, odd, answer.status)
        location = answer.headers.get("location", BACK)
        assert location.startswith((f"{BACK}?", BACK)) and "code=" not in location
        assert "\n" not in location and "#" not in location


@pytest.mark.parametrize(
    "name",
    ["grant_type", "code", "redirect_uri", "client_id", "code_verifier", "client_secret", "client_assertion",
     "client_assertion_type", "refresh_token", "scope", "resource", "assertion", "username"],
)  # fmt: skip
@pytest.mark.parametrize("grant", ["authorization_code", "refresh_token", "client_credentials"])
def test_the_token_endpoint_survives(site: Site, grant: str, name: str) -> None:
    client = site.client(scopes="user/Patient.rs").client_id
    for odd in ODD:
        honest = {
            "grant_type": grant,
            "client_id": client,
            "code": "x",
            "refresh_token": "x",
            "code_verifier": "x" * 43,
        }
        answer = site.post("/oauth/token", **{**honest, "redirect_uri": BACK, name: odd})
        assert answer.status in (400, 401), (name, odd, answer.status, answer.body)
        assert answer.json["error"] and answer.headers["cache-control"] == "no-store"


def test_bodies_that_are_no_form(site: Site) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        for body in (b"", b"{}", b"\xff\xfe", b"grant_type=client_credentials"):
            for path in ("/oauth/token", "/oauth/revoke", "/oauth/introspect"):
                answer = site.ask("POST", path, body, Content_Type=kind)
                assert answer.status in (400, 401), (kind, body, path, answer.status)


def test_a_form_that_is_not_what_it_says(site: Site) -> None:
    kind = "application/x-www-form-urlencoded"
    many = urlencode([("a", "b")] * 2_000).encode()
    for body in (b"\xff\xfe=\xff", b"%", b"=&=&=", b"grant_type=%ff%fe", many):
        for path in ("/oauth/token", "/oauth/revoke", "/oauth/introspect"):
            assert site.ask("POST", path, body, Content_Type=kind).status in (400, 401), (body[:20], path)


@pytest.mark.parametrize(
    "token", ["", "hosoa_", "hosoa_x", "hosoa_" + "x" * 10_000, "hosoa_\u00ff", "hosor_x", "hoso_x", "x"]
)
def test_what_is_no_token_is_401(site: Site, token: str) -> None:
    assert site.ask("GET", "/fhir/Patient/p1", token=token).status in (400, 401)


def test_a_revocation_of_what_was_never_given_is_done(site: Site) -> None:
    client = site.client(scopes="user/Patient.rs").client_id
    for odd in ODD:
        answer = site.post("/oauth/revoke", token=odd, client_id=client)
        assert answer.status in (200, 400), (odd, answer.status)
    assert site.post("/oauth/revoke", token="x").status == 401
    key = Key()
    system = site.client("backend", "system/Patient.r", jwks=key.jwks).client_id
    assert site.post("/oauth/revoke", token="x", client_id=system).status == 401
