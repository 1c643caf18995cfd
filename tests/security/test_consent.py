"""What a person permitted is remembered, asked again for more, and gone when withdrawn; a backup keeps the clients."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.security.apps import App, Key, Person, Site

from hoso.access import Actor

SignIn = Callable[[str], Person]


def test_a_permission_is_remembered_for_as_much_and_for_that_app(site: Site, person: SignIn) -> None:
    scope = "openid user/Patient.rs"
    app = App(site, site.client(scopes=f"{scope} user/Observation.rs").client_id, scope)
    somebody = person("mai")
    assert somebody.get(app.address()).status == 200
    app.code(somebody)
    assert somebody.get(app.address()).status == 302 and "code" in somebody.get(app.address()).told
    assert somebody.get(app.address(scope="user/Patient.r")).status == 302
    assert somebody.get(app.address(scope=f"{scope} user/Observation.rs")).status == 200
    assert somebody.get(app.address(prompt="consent")).status == 200
    assert person("lan").get(app.address()).status == 200
    other = App(site, site.client(scopes=scope).client_id, scope)
    assert somebody.get(other.address()).status == 200
    page = somebody.get("/connected-apps")
    assert somebody.post("/connected-apps/withdraw", page, client=app.client).status == 302
    assert somebody.get(app.address()).status == 200


def test_an_app_that_any_program_can_pose_as_asks_each_time(site: Site, person: SignIn) -> None:
    back = "http://127.0.0.1:9/back"
    app = App(site, site.client(scopes="user/Patient.rs", redirects=[back]).client_id, "user/Patient.rs", back)
    somebody = person("mai")
    app.code(somebody)
    assert somebody.get(app.address()).status == 200


def test_a_stranger_signs_in_first_and_comes_back(site: Site) -> None:
    app = App(site, site.client(scopes="user/Patient.rs").client_id, "user/Patient.rs")
    answer = Person(site).get(app.address())
    assert answer.status == 302 and answer.headers["location"].startswith("/")
    assert "next=%2Foauth%2Fauthorize" in answer.headers["location"]


def test_prompt_none_never_shows_a_page(site: Site, person: SignIn) -> None:
    app = App(site, site.client(scopes="openid user/Patient.rs").client_id, "openid user/Patient.rs")
    for somebody in (person("mai"), Person(site)):
        assert somebody.get(app.address(prompt="none")).told["error"] == "login_required"


def test_a_token_says_for_whom_through_what_and_about_whom(site: Site, person: SignIn) -> None:
    from hoso import compose
    from hoso.web.oauth import bearer, registry

    node = compose.open(site.folder)
    posts = node.organisation.posts
    client = site.client(scopes="launch/patient patient/Patient.r", approved=False)
    registry.approve(client.client_id, "test", labels=["HIV"])
    told = App(site, client.client_id, "launch/patient patient/Patient.r").tokens(person("mai"), "p1")
    actor = bearer.actor(told["access_token"], posts)
    assert isinstance(actor, Actor)
    assert (actor.id, actor.facility, actor.client) == ("user/mai", "35001", client.client_id)
    assert actor.patient == told["patient"] and actor.labels == frozenset({"HIV"})
    key = Key()
    system = site.client("backend", "system/Patient.r", approved=False, jwks=key.jwks)
    registry.approve(system.client_id, "test", facility="01001")
    actor = bearer.actor(key.token(site, system.client_id, "system/Patient.r").json["access_token"], posts)
    assert actor and (actor.id, actor.facility) == (f"client/{system.client_id}", "01001")
    assert actor.labels == frozenset() and actor.patient == "" and actor.client == ""
    assert bearer.actor("hosoa_nothing", posts) is None and bearer.actor("hosor_" + "x" * 43, posts) is None
    node.close()


def test_a_refresh_token_is_no_access_token(site: Site, person: SignIn) -> None:
    scope = "openid launch/patient offline_access patient/Patient.r"
    told = App(site, site.client(scopes=scope).client_id, scope).tokens(person("mai"), "p1")
    assert site.fhir_get("Patient/p1", told["refresh_token"]).status == 401
    assert site.fhir_get("Patient/p1", told["id_token"]).status == 401


def test_a_backup_keeps_clients_and_permissions_and_no_token(site: Site, person: SignIn, tmp_path: Path) -> None:
    from hoso import compose
    from hoso.web.accounts import copy
    from hoso.web.configure import configure
    from hoso.web.oauth.models import AccessToken, Client, Permission

    scope = "user/Patient.rs"
    client = site.client(scopes=scope).client_id
    App(site, client, scope).tokens(person("mai"))
    kept = copy.dump(compose.load(site.folder))
    try:
        fresh = compose.create(tmp_path / "fresh")
        assert copy.restore(fresh, kept) >= 4
        assert Client.objects.get(client_id=client).approved and Permission.objects.filter(client__client_id=client)
        assert not AccessToken.objects.exists()
        compose.hire(fresh, "after", "doctor", "35001", "Gieng-nuoc-trong-2026")
    finally:
        configure(compose.load(site.folder))


def test_a_database_of_accounts_that_is_away_is_said(postgres_url: str, tmp_path: Path) -> None:
    """An app's token is then nobody's and everybody's: 503 and not 401, which would have the app sign in again."""
    from tests import postgres
    from tests.web.conftest import serving
    from tests.web.test_postgres import take_away

    from hoso import compose
    from hoso.web.configure import configure
    from hoso.web.oauth import registry

    with postgres.database(postgres_url) as url:
        config = compose.create(tmp_path / "centre", url)
        configure(config)
        key = Key()
        wanted = registry.Application("Lab", "BV", "backend", "system/Patient.r", jwks=key.jwks)
        client = registry.approve(registry.register(wanted).client_id, "test").client_id
        with serving(tmp_path / "centre") as address:
            away = Site(address, tmp_path / "centre", "", None)  # type: ignore[arg-type]
            token = key.token(away, client, "system/Patient.r").json["access_token"]
            assert away.fhir_get("Patient/none", token).status == 404
            take_away(postgres_url, url)
            time.sleep(0.6)
            answers = {away.fhir_get("Patient/none", token).status for _ in range(4)}
            assert answers == {503}
            assert key.token(away, client, "system/Patient.r").status == 503
