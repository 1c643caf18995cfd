"""Case 30: who moves, loses a role or leaves is out within a second, on the pages and in every app that was let in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.security.apps import App, Person, Site

from hoso import compose
from hoso.web.accounts import registry

SignIn = Callable[[str], Person]
SCOPE = "launch/patient offline_access user/Observation.rs patient/Observation.rs patient/Patient.r"


@pytest.fixture
def doctor(site: Site) -> str:
    name = f"m{secrets.token_hex(4)}"
    registry.create(compose.load(site.folder), name, "doctor", "35001", "Gieng-nuoc-trong-2026")
    return name


def change(username: str, **values: Any) -> None:
    from hoso.web.accounts.models import Account

    assert Account.objects.filter(username=username).update(**values) == 1


def test_case_30_a_doctor_who_becomes_a_receptionist_reads_no_results_any_more(
    site: Site, doctor: str, person: SignIn
) -> None:
    browser = person(doctor)
    app = App(site, site.client(scopes=SCOPE).client_id, SCOPE)
    token = app.tokens(browser, "p1")["access_token"]
    assert site.fhir_get("Observation/lab-p1", token).status == 200
    change(doctor, role="receptionist")
    time.sleep(0.9)
    assert [site.fhir_get("Observation/lab-p1", token).status for _ in range(6)] == [403] * 6
    assert browser.get("/patients/p1").status == 302


@pytest.mark.parametrize("values", [{"facility": "79001"}, {"role": "gone"}, {"is_active": False}])
def test_case_30_a_session_ends_with_what_it_was_begun_for(doctor: str, person: SignIn, values: dict[str, Any]) -> None:
    browser = person(doctor)
    assert browser.get("/patients/p1").status in (200, 302) and b"/sign-out" in browser.get("/").body
    change(doctor, **values)
    assert b"/sign-out" not in browser.get("/").body


def test_case_30_a_role_that_is_no_longer_there_opens_nothing(site: Site, doctor: str, person: SignIn) -> None:
    app = App(site, site.client(scopes=SCOPE).client_id, SCOPE)
    token = app.tokens(person(doctor), "p1")["access_token"]
    change(doctor, role="gone")
    time.sleep(0.9)
    assert all(site.fhir_get("Observation/lab-p1", token).status == 403 for _ in range(6))
    assert b"lab-p1" not in person(doctor).get("/patients/p1").body
