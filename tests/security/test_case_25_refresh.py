"""Case 25: refresh tokens that come back, ask for more, or outlive what they were given for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.security.apps import App, Person, Site
from tests.security.conftest import hoso

from hoso.web.oauth import registry

SignIn = Callable[[str], Person]
SCOPE = "launch/patient offline_access patient/Observation.rs patient/Patient.r"


@pytest.fixture
def app(site: Site) -> App:
    return App(site, site.client(scopes=f"{SCOPE} online_access").client_id, SCOPE)


def is_dead(app: App, told: dict[str, Any]) -> bool:
    """Within a second, on both workers, and for good."""
    time.sleep(0.9)
    reads = [app.site.fhir_get("Observation/lab-p1", told["access_token"]).status for _ in range(6)]
    refreshed = app.refresh(told["refresh_token"])
    return reads == [401] * 6 and refreshed.status == 400 and refreshed.json["error"] == "invalid_grant"


def test_case_25_a_used_refresh_token_ends_its_whole_family(app: App, person: SignIn) -> None:
    first = app.tokens(person("mai"), "p1")
    second = app.refresh(first["refresh_token"]).json
    third = app.refresh(second["refresh_token"]).json
    assert app.site.fhir_get("Observation/lab-p1", third["access_token"]).status == 200
    assert app.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    assert is_dead(app, third)


def test_case_25_two_uses_at_the_same_moment_end_it_too(app: App, person: SignIn) -> None:
    told = app.tokens(person("mai"), "p1")
    answers: list[Any] = []
    ready = threading.Barrier(6)

    def refresh() -> None:
        ready.wait()
        answers.append(app.refresh(told["refresh_token"]))

    threads = [threading.Thread(target=refresh) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    served = [answer.json for answer in answers if answer.status == 200]
    assert len(served) <= 1 and {answer.status for answer in answers} <= {200, 400}, [a.body for a in answers]
    for one in served:
        assert is_dead(app, one)


def test_case_25_a_use_that_was_let_through_while_another_was_finishing(
    app: App, person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race of the case above, step by step: both are found good before either is stored."""
    from oauthlib.common import Request
    from oauthlib.oauth2 import InvalidGrantError

    from hoso import compose
    from hoso.web import pages
    from hoso.web.oauth.models import AccessToken, Client
    from hoso.web.oauth.validator import Validator

    monkeypatch.setattr(pages, "_serving", [compose.open(app.site.folder)])
    told, client = app.tokens(person("mai"), "p1"), Client.objects.get(client_id=app.client)
    validator, form = Validator(), {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    first, second = (Request(f"{app.site.address}/oauth/token", "POST", form, {}) for _ in range(2))
    for request in (first, second):
        assert validator.validate_refresh_token(told["refresh_token"], client, request)
        request.client, request.scopes = client, SCOPE.split(" ")
    fresh = {"access_token": "hosoa_first", "refresh_token": "hosor_first", "expires_in": 600, "scope": SCOPE}
    validator.save_bearer_token(fresh, first)
    with pytest.raises(InvalidGrantError):
        validator.save_bearer_token({**fresh, "access_token": "hosoa_2", "refresh_token": "hosor_2"}, second)
    first.connection.refresh_from_db()
    assert first.connection.ended and not AccessToken.objects.filter(connection=first.connection).exists()


def test_case_25_another_client(site: Site, app: App, person: SignIn) -> None:
    told = app.tokens(person("mai"), "p1")
    other = App(site, site.client(scopes=SCOPE).client_id, SCOPE)
    assert other.refresh(told["refresh_token"]).json["error"] == "invalid_grant"
    assert app.refresh(told["refresh_token"]).status == 200


def test_case_25_more_than_was_given(app: App, person: SignIn) -> None:
    told = app.tokens(person("mai"), "p1", scope="launch/patient offline_access patient/Observation.rs")
    for scope in (SCOPE, "patient/Observation.cruds", "patient/*.rs", "user/Observation.rs", "system/Observation.r"):
        assert app.refresh(told["refresh_token"], scope=scope).json["error"] == "invalid_scope"
    less = app.refresh(told["refresh_token"], scope="patient/Observation.r?category=laboratory").json
    assert less["scope"] == "patient/Observation.r?category=laboratory"
    assert app.site.fhir_get("Observation/vital-p1", less["access_token"]).status == 404


def test_case_25_after_the_person_withdrew(app: App, person: SignIn) -> None:
    somebody = person("mai")
    told = app.tokens(somebody, "p1")
    page = somebody.get("/connected-apps")
    assert app.client.encode() in page.body
    assert somebody.post("/connected-apps/withdraw", page, client=app.client).status == 302
    assert is_dead(app, told)
    assert app.client.encode() not in somebody.get("/connected-apps").body


def test_case_25_after_the_account_was_closed(site: Site, app: App, person: SignIn) -> None:
    """For good: an account that is opened again has let no app in."""
    from hoso import compose
    from hoso.web.accounts.models import Account

    name = f"x{app.client[-8:]}"
    compose.hire(compose.load(site.folder), name, "doctor", "35001", "Gieng-nuoc-trong-2026")
    told = app.tokens(person(name), "p1")
    assert site.fhir_get("Observation/lab-p1", told["access_token"]).status == 200
    assert hoso(site.folder, "user", "disable", "--username", name).returncode == 0
    assert is_dead(app, told)
    Account.objects.filter(username=name).update(is_active=True)
    assert is_dead(app, told)


@pytest.mark.parametrize("how", ["shut", "nobody signed in for too long"])
def test_case_25_an_account_that_is_closed_by_any_other_way(site: Site, app: App, person: SignIn, how: str) -> None:
    from hoso import compose
    from hoso.web.accounts.models import Account

    name = f"{how[0]}{app.client[-8:]}"
    compose.hire(compose.load(site.folder), name, "doctor", "35001", "Gieng-nuoc-trong-2026")
    told = app.tokens(person(name), "p1")
    long_ago = timezone.now() - timedelta(days=46)
    change = {"is_active": False} if how == "shut" else {"last_login": long_ago, "created": long_ago}
    Account.objects.filter(username=name).update(**change)
    assert is_dead(app, told)


def test_case_25_after_the_client_was_revoked(site: Site, app: App, person: SignIn) -> None:
    told = app.tokens(person("mai"), "p1")
    assert hoso(site.folder, "client", "revoke", "--client", app.client).returncode == 0
    time.sleep(0.9)
    assert all(site.fhir_get("Observation/lab-p1", told["access_token"]).status == 401 for _ in range(6))
    assert app.refresh(told["refresh_token"]).status in (400, 401)
    assert person("mai").get(app.address()).status == 400


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_case_25_after_the_app_signed_out(app: App, person: SignIn, which: str) -> None:
    told = app.tokens(person("mai"), "p1")
    other = App(app.site, app.site.client(scopes=SCOPE).client_id, SCOPE)
    assert app.site.post("/oauth/revoke", token=told[which], client_id=other.client).status == 200
    assert app.site.fhir_get("Observation/lab-p1", told["access_token"]).status == 200, "not the other's to end"
    assert app.site.post("/oauth/revoke", token=told[which], client_id=app.client).status == 200
    assert is_dead(app, told)


def test_case_25_online_access_ends_with_the_session(app: App, person: SignIn) -> None:
    somebody = person("mai")
    told = app.tokens(somebody, "p1", scope="launch/patient online_access patient/Observation.rs")
    again = app.refresh(told["refresh_token"]).json
    assert app.site.fhir_get("Observation/lab-p1", again["access_token"]).status == 200
    page = somebody.get("/connected-apps")
    assert somebody.post("/sign-out", page).status == 302
    assert is_dead(app, again)


def test_case_25_offline_access_outlives_the_session_and_nothing_else_is_refreshed(app: App, person: SignIn) -> None:
    somebody = person("mai")
    told = app.tokens(somebody, "p1")
    plain = app.tokens(somebody, "p1", scope="launch/patient patient/Observation.rs")
    assert "refresh_token" not in plain
    somebody.post("/sign-out", somebody.get("/connected-apps"))
    time.sleep(0.9)
    assert app.site.fhir_get("Observation/lab-p1", plain["access_token"]).status == 401
    assert app.site.fhir_get("Observation/lab-p1", told["access_token"]).status == 200
    assert app.refresh(told["refresh_token"]).status == 200


def test_case_25_an_end_that_no_refresh_moves(app: App, person: SignIn) -> None:
    from hoso.web.oauth.models import Connection

    told = app.tokens(person("mai"), "p1")
    connection = Connection.objects.latest("pk")
    before = connection.expires
    told = app.refresh(told["refresh_token"]).json
    connection.refresh_from_db()
    assert connection.expires == before and before - connection.begun <= timedelta(days=90)
    Connection.objects.filter(pk=connection.pk).update(expires=connection.begun)
    assert is_dead(app, told)


def test_only_hashes_are_kept(app: App, person: SignIn) -> None:
    from hoso.web.oauth.models import AccessToken, RefreshToken

    told = app.tokens(person("mai"), "p1")
    assert not AccessToken.objects.exclude(token="").exists() and not RefreshToken.objects.exclude(token="").exists()
    assert told["expires_in"] <= 600


def test_a_resource_server_asks_what_a_token_stands_for(site: Site, app: App, person: SignIn) -> None:
    from tests.security.apps import ASSERTION, Key

    told, key = app.tokens(person("mai"), "p1"), Key()
    client = site.client("backend", "system/Patient.r", approved=False, jwks=key.jwks)
    registry.approve(client.client_id, "test", introspects=True)

    def ask(token: str, by: str = client.client_id) -> Any:
        signed = key.signed(key.claims(site, by))
        return site.post(
            "/oauth/introspect", token=token, client_assertion=signed, client_assertion_type=ASSERTION
        )  # fmt: skip

    found = ask(told["access_token"]).json
    assert found["active"] and found["client_id"] == app.client and found["username"] == "mai"
    assert found["patient"] == told["patient"] and found["scope"] == SCOPE
    assert ask("nothing").json == {"active": False}
    plain = site.client("backend", "system/Patient.r", jwks=key.jwks)
    assert ask(told["access_token"], plain.client_id).json == {"active": False}
    assert site.post("/oauth/introspect", token=told["access_token"]).status == 401
    site.post("/oauth/revoke", token=told["access_token"], client_id=app.client)
    assert ask(told["access_token"]).json == {"active": False}
