"""Case 27: who registers can do nothing before an administrator approved it, and cannot pass for somebody else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.security.apps import BACK, App, Key, Person, Site
from tests.security.conftest import hoso

from hoso.core.errors import Refused
from hoso.web.oauth import naming, registry

SignIn = Callable[[str], Person]


def test_case_27_there_is_no_open_registration(site: Site) -> None:
    for path in ("/oauth/register", "/oauth/register/", "/o/register/", "/register"):
        assert site.ask("POST", path, {"redirect_uris": [BACK], "scope": "system/*.cruds"}).status in (403, 404)
    told = site.ask("GET", "/.well-known/smart-configuration").json
    assert "registration_endpoint" not in told


def test_case_27_a_client_that_waits_can_do_nothing(site: Site, person: SignIn) -> None:
    key = Key()
    app = site.client(scopes="patient/Patient.r", approved=False, origins=["https://waiting.example.vn"])
    assert person("mai").get(App(site, app.client_id, "patient/Patient.r").address()).status == 400
    system = site.client("backend", "system/*.cruds", approved=False, jwks=key.jwks)
    assert key.token(site, system.client_id, "system/Patient.r").status == 401
    answer = site.ask(
        "OPTIONS", "/fhir/Patient", Origin="https://waiting.example.vn", Access_Control_Request_Method="GET"
    )
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("username", ["mai", "thu"])
def test_case_27_only_an_administrator_sees_and_decides(site: Site, person: SignIn, username: str) -> None:
    waiting = site.client(scopes="patient/Patient.r", approved=False)
    somebody = person(username)
    somebody.get("/connected-apps")
    page = somebody.get("/connected-apps")
    assert somebody.get("/clients").status == 404
    for path, form in (
        ("/clients/decide", {"client": waiting.client_id, "decision": "approve"}),
        ("/clients/register", {"name": "x", "owner": "y", "kind": "browser", "scopes": "openid", "redirects": BACK}),
    ):
        assert somebody.post(path, page, **form).status == 404
    assert registry.get(waiting.client_id).state == "waiting"


def test_case_27_the_administrator_registers_approves_and_revokes(site: Site, person: SignIn) -> None:
    admin = person("quang")
    page = admin.get("/clients")
    asked = len(site.keys.asked)
    form = {
        "name": "Biểu đồ <b>tăng trưởng</b>",
        "owner": "Bệnh viện & Nhi",
        "kind": "backend",
        "scopes": "system/Observation.rs?category=laboratory",
        "jwks_uri": site.keys.url("/mine.json"),
    }
    assert admin.post("/clients/register", page, **form).status == 302
    made = next(client for client in registry.everyone() if client.name == form["name"])
    assert made.state == "waiting" and made.client_id.startswith("bieu-do-b-tang-truong-b-")
    page = admin.get("/clients")
    assert b"<b>t\xc4\x83ng" not in page.body and "Biểu đồ &lt;b&gt;tăng trưởng&lt;/b&gt;".encode() in page.body
    decision = {"client": made.client_id, "decision": "approve", "facility": "35001", "labels": "HIV"}
    assert admin.post("/clients/decide", page, **decision).status == 302
    found = registry.get(made.client_id)
    assert (found.state, found.decided_by, found.facility, found.labels) == ("approved", "quang", "35001", "HIV")
    assert admin.post("/clients/decide", page, client=made.client_id, decision="revoke").status == 302
    assert admin.post("/clients/decide", page, **decision).status == 422, "revoked is for good"
    assert len(site.keys.asked) == asked, "nothing was fetched"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 100},
        {"name": "safe\u202egnol"},
        {"name": "a\u200bb"},
        {"owner": " "},
        {"kind": "anything"},
        {"scopes": ""},
        {"scopes": "system/*.cruds"},
        {"scopes": "patient/*.*"},
        {"scopes": "patient/Observation.rs?value-quantity=gt3"},
        {"redirects": []},
        {"redirects": ["http://app.example.vn/back"]},
        {"redirects": ["https://app.example.vn/back#x"]},
        {"redirects": ["https://*.example.vn/back"]},
        {"redirects": ["javascript:alert(1)"]},
        {"redirects": ["https://user@app.example.vn/"]},
        {"redirects": ["https://app.example.vn:99999/"]},
        {"redirects": ["https:\\\\app.example.vn"]},
        {"redirects": [f"https://app.example.vn/{n}" for n in range(20)]},
        {"origins": ["https://app.example.vn/path"]},
        {"origins": ["*"]},
        {"origins": ["null"]},
        {"launch": "http://169.254.169.254/"},
        {"jwks": '{"keys": []}'},
        {"kind": "backend", "redirects": [BACK], "scopes": "system/Patient.r"},
        {"kind": "backend", "redirects": [], "scopes": "system/Patient.r"},
        {"kind": "backend", "redirects": [], "scopes": "system/Patient.r", "jwks_uri": "http://10.0.0.1/jwks"},
        {"kind": "server", "jwks": "x", "jwks_uri": "https://keys.example.vn/"},
    ],
    ids=lambda wrong: "-".join(wrong),
)
def test_case_27_what_may_not_be_registered(site: Site, wrong: dict[str, Any]) -> None:
    honest: dict[str, Any] = {
        "kind": "browser",
        "scopes": "patient/Patient.r",
        "redirects": [BACK],
        "name": "A",
        "owner": "B",
    }
    wanted = {**honest, **wrong}
    with pytest.raises(Refused):
        site.client(wanted.pop("kind"), wanted.pop("scopes"), **wanted)


def test_case_27_a_name_that_looks_like_another_is_marked(site: Site, person: SignIn) -> None:
    known = site.client(scopes="patient/Patient.r", name="Sức khỏe toàn dân", owner="Bộ Y tế")
    cyrillic = "Sức khỏe tоàn dân"
    false = site.client(scopes="patient/Patient.r", name=cyrillic, owner="Ai đó")
    doubts = naming.doubts(false)
    assert "mixed" in doubts and f"{known.name} (Bộ Y tế)" in doubts
    page = person("mai").get(App(site, false.client_id, "patient/Patient.r").address())
    assert page.status == 200 and "Ai đó".encode() in page.body
    consent = person("mai")
    address = App(site, false.client_id, "patient/Patient.r").address()
    shown = consent.post(address, consent.get(address), step="choose", patient="p1").body.decode()
    assert "nhiều bảng chữ cái" in shown and "Bộ Y tế" in shown
    assert not naming.doubts(site.client(scopes="patient/Patient.r", name="Sổ tiêm chủng điện tử"))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("PayPal", "РауРаl", True),
        ("Lab 1", "Lab l", True),
        ("modern", "modem", True),
        ("Hồ sơ", "Ho so", True),
        ("Lab Bạch Mai", "Lab Chợ Rẫy", False),
    ],
)
def test_names_are_compared_as_somebody_in_a_hurry_sees_them(one: str, other: str, alike: bool) -> None:
    assert (naming.skeleton(one) == naming.skeleton(other)) is alike


def test_the_operator_registers_by_command(site: Site) -> None:
    made = hoso(
        site.folder, "client", "register", "--name", "Lab", "--owner", "BV", "--kind", "browser",
        "--scope", "patient/Patient.r", "--redirect", BACK, "--origin", "https://lab.example.vn",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    client = made.stdout.strip()
    assert hoso(site.folder, "client", "approve", "--client", client).returncode == 0
    assert f"{client}\tbrowser\tapproved\tLab\tBV" in hoso(site.folder, "client", "list").stdout
    refused = hoso(site.folder, "client", "approve", "--client", "nobody")
    assert refused.returncode == 1 and "There is no client nobody" in refused.stderr
    bad = hoso(site.folder, "client", "register", "--name", "", "--owner", "", "--kind", "browser", "--scope", "x")
    assert bad.returncode == 1 and "Traceback" not in bad.stderr


def test_only_registered_origins_call_across_and_never_with_cookies(site: Site, person: SignIn) -> None:
    origin = "https://chart.example.vn"
    site.client(scopes="patient/Patient.r", origins=[origin])
    time.sleep(1.0)  # a worker that was asked just before remembers the list without it for so long
    paths = ("/fhir/Patient/p1", "/oauth/token", "/fhir/.well-known/smart-configuration", "/fhir/metadata")
    for path in paths:
        asked = site.ask(
            "OPTIONS", path, Origin=origin, Access_Control_Request_Method="GET",
            Access_Control_Request_Headers="authorization,x-of-a-library",
        )  # fmt: skip
        assert asked.status == 204 and asked.headers["access-control-allow-origin"] == origin, path
        assert asked.headers["access-control-allow-headers"] == "authorization,x-of-a-library"
        told = site.ask("GET", path, Origin=origin).headers
        assert told["access-control-allow-origin"] == origin and "access-control-allow-credentials" not in told
        for other in ("https://evil.example.vn", "null", "https://chart.example.vn.evil.vn", origin.upper()):
            assert "access-control-allow-origin" not in site.ask("GET", path, Origin=other).headers
    for path in ("/", "/oauth/authorize", "/connected-apps", "/clients"):
        assert "access-control-allow-origin" not in site.ask("GET", path, Origin=origin).headers


@pytest.mark.parametrize("path", ["/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration"])
@pytest.mark.parametrize("accept", ["text/html", "application/fhir+json", "*/*", "image/png"])
def test_what_an_app_reads_first_is_json_whatever_it_asks_for(site: Site, path: str, accept: str) -> None:
    answer = site.ask("GET", path, Accept=accept)
    assert answer.status == 200 and answer.headers["content-type"].startswith("application/json")
    told = answer.json
    assert told["code_challenge_methods_supported"] == ["S256"] and told["issuer"] == site.address
    assert all(told[name].startswith(site.address) for name in told if name.endswith("_endpoint"))
    assert {"launch-ehr", "launch-standalone", "client-confidential-asymmetric", "permission-v2"} <= set(
        told["capabilities"]
    )


def test_the_capability_statement_says_where_to_sign_in(site: Site) -> None:
    security = site.ask("GET", "/fhir/metadata").json["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    uris = {one["url"]: one["valueUri"] for one in security["extension"][0]["extension"]}
    assert uris["token"] == f"{site.address}/oauth/token" and uris["authorize"] == f"{site.address}/oauth/authorize"


def test_a_name_that_a_caller_made_up_is_never_this_servers(site: Site) -> None:
    for path in ("/.well-known/smart-configuration", "/.well-known/openid-configuration"):
        answer = site.ask("GET", path, Host="evil.example.vn")
        assert answer.status == 400 and b"evil" not in answer.body
    key = Key()
    client = site.client("backend", "system/Patient.r", jwks=key.jwks)
    signed = key.signed(key.claims(site, client.client_id, aud="http://evil.example.vn/oauth/token"))
    kind = "application/x-www-form-urlencoded"
    from urllib.parse import urlencode

    from tests.security.apps import ASSERTION

    form = {"grant_type": "client_credentials", "scope": "system/Patient.r", "client_assertion": signed}
    body = urlencode({**form, "client_assertion_type": ASSERTION}).encode()
    assert site.ask("POST", "/oauth/token", body, Content_Type=kind, Host="evil.example.vn").status == 400


def test_every_gate_of_the_best_practice_is_on(site: Site) -> None:
    from django.core.checks import run_checks

    found = [m for m in run_checks(include_deployment_checks=True) if str(m.id).startswith("oauth2_provider")]
    assert found == []
    from django.conf import settings

    gates = [name for name in settings.OAUTH2_PROVIDER if name.startswith("COMPLIANT_BCP_RFC9700_")]
    from oauth2_provider.settings import DEFAULTS

    assert set(gates) == {name for name in DEFAULTS if name.startswith("COMPLIANT_BCP_RFC9700_")}
    assert all(settings.OAUTH2_PROVIDER[name] is True for name in gates)


def test_an_id_token_says_who_signed_in(site: Site, person: SignIn) -> None:
    import json

    from jwcrypto import jwk, jwt

    scope = "openid fhirUser profile user/Patient.r"
    client = site.client(scopes=scope)
    told = App(site, client.client_id, scope).tokens(person("mai"), nonce="n-1")
    keys = jwk.JWKSet.from_json(site.ask("GET", "/oauth/jwks").body.decode())
    token = jwt.JWT(jwt=told["id_token"], key=keys, algs=["RS256"])
    claims = json.loads(token.claims)
    assert claims["iss"] == site.address and claims["aud"] == client.client_id and claims["nonce"] == "n-1"
    assert claims["name"] == "mai" and claims["exp"] - claims["iat"] <= 600
    discovered = site.ask("GET", "/.well-known/openid-configuration").json
    assert discovered["issuer"] == claims["iss"] and discovered["jwks_uri"] == f"{site.address}/oauth/jwks"
