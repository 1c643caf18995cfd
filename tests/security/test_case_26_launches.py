"""Case 26: an app opened from a person's page; the launch is for this user, this app, this person, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.security.apps import App, Person, Site

SignIn = Callable[[str], Person]
SCOPE = "launch openid patient/Observation.rs patient/Patient.r"
OPENED = "https://app.example.vn/launch"


@pytest.fixture
def app(site: Site) -> App:
    return App(site, site.client(scopes=SCOPE, launch=OPENED).client_id, SCOPE)


def opened(app: App, somebody: Person, patient: str = "p1") -> str:
    """Presses the button on the person's page; the answer is the launch value that the app is given."""
    page = somebody.get(f"/patients/{patient}/apps")
    assert page.status == 200 and app.client.encode() in page.body
    answer = somebody.post(f"/patients/{patient}/apps/open", page, client=app.client)
    assert answer.status == 302 and answer.headers["location"].startswith(OPENED + "?")
    told = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert told["iss"] == app.site.fhir
    return told["launch"]


def test_case_26_a_launch_settles_whose_record_it_is(app: App, person: SignIn) -> None:
    somebody = person("mai")
    told = app.tokens(somebody, launch=opened(app, somebody))
    assert app.site.fhir_get("Observation/lab-p1", told["access_token"]).status == 200
    assert app.site.fhir_get("Observation/lab-p2", told["access_token"]).status == 404
    assert app.site.fhir_get(f"Patient/{told['patient']}", told["access_token"]).status == 200


def test_case_26_a_launch_is_good_once(app: App, person: SignIn) -> None:
    somebody = person("mai")
    launch = opened(app, somebody)
    app.code(somebody, launch=launch)
    assert somebody.get(app.address(launch=launch)).status == 400


def test_case_26_of_two_consent_pages_for_one_launch_one_counts(app: App, person: SignIn) -> None:
    somebody = person("mai")
    address = app.address(launch=opened(app, somebody))
    first, second = somebody.get(address), somebody.get(address)
    assert first.status == second.status == 200
    assert somebody.post(address, first, step="allow").status == 302
    assert somebody.post(address, second, step="allow").status == 400


def test_case_26_the_launch_of_another_user_or_app(site: Site, app: App, person: SignIn) -> None:
    somebody = person("mai")
    launch = opened(app, somebody)
    assert person("lan").get(app.address(launch=launch)).status == 400
    other = App(site, site.client(scopes=SCOPE, launch=OPENED).client_id, SCOPE)
    assert somebody.get(other.address(launch=launch)).status == 400
    assert somebody.get(app.address(launch=launch)).status == 200


@pytest.mark.parametrize("launch", ["", "p1", "x" * 3_000, '{"patient":"p2"}', "\0"])
def test_case_26_a_launch_nobody_made(app: App, person: SignIn, launch: str) -> None:
    assert person("mai").get(app.address(launch=launch)).status == 400


def test_case_26_a_launch_without_its_scope_or_the_other_way(app: App, person: SignIn) -> None:
    somebody = person("mai")
    assert somebody.get(app.address()).status == 400
    launch = opened(app, somebody)
    assert somebody.get(app.address(launch=launch, scope="openid patient/Patient.r")).status == 400


def test_case_26_a_patient_that_was_forged(app: App, person: SignIn) -> None:
    """Neither a parameter nor a field of the form moves a launch to another patient."""
    somebody = person("mai")
    address = app.address(launch=opened(app, somebody)) + "&patient=p2"
    page = somebody.get(address)
    for step in ("choose", "find"):
        assert "location" not in somebody.post(address, page, step=step, patient="p2").headers
    allowed = somebody.post(address, page, step="allow", patient="p2", choice="p2")
    assert allowed.status == 302
    token = app.redeem(allowed.told["code"]).json["access_token"]
    assert app.site.fhir_get("Observation/lab-p1", token).status == 200
    assert app.site.fhir_get("Observation/lab-p2", token).status == 404


def test_case_26_a_launch_that_is_too_old(app: App, person: SignIn) -> None:
    from hoso.web.oauth.models import Launch

    somebody = person("mai")
    value = opened(app, somebody)
    found = Launch.objects.get(code=value)
    assert found.code != value, "only its hash is kept"
    Launch.objects.filter(pk=found.pk).update(expires=found.expires - timedelta(minutes=6))
    assert somebody.get(app.address(launch=value)).status == 400


def test_case_26_only_who_may_see_the_person_opens_an_app(app: App, person: SignIn) -> None:
    assert person("mai").get("/patients/nobody/apps").status == 404
    stranger = Person(app.site)
    assert stranger.get("/patients/p1/apps").status == 302
    assert b"Nguy" not in stranger.get("/patients/p1/apps").body
