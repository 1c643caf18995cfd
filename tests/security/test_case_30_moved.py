"""Case 30: who moves, loses a role or leaves is out within a second, on the pages and in every app that was let in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.security.apps import Answer, App, Person, Site

from hoso import compose
from hoso.access.organisation import Post
from hoso.web.accounts import registry

SignIn = Callable[[str], Person]
SCOPE = "launch/patient offline_access user/Observation.rs patient/Observation.rs patient/Patient.r"


class Doctor:
    """Somebody with a role at 35001, whose records the operator changes."""

    def __init__(self, node: compose.Node) -> None:
        self.node, self.name = node, f"m{secrets.token_hex(4)}"
        compose.hire(node.config, self.name, "doctor", "35001", "Gieng-nuoc-trong-2026")
        self.who = registry.practitioner(node.config, self.name)
        self.operator = compose.operator(node.config)

    @property
    def post(self) -> Post:
        return self.node.organisation.posts.of(self.who)[0]

    def becomes(self, role: str, facility: str = "35001") -> None:
        register = self.node.organisation
        register.staff.end(self.operator, self.post.id)
        place, _ = register.staff.facility(self.operator, facility)
        register.staff.give(self.operator, self.who, role, place, None, None)

    def leaves(self) -> None:
        self.node.organisation.staff.end(self.operator, self.post.id)


@pytest.fixture
def doctor(site: Site) -> Iterator[Doctor]:
    node = compose.open(site.folder)
    yield Doctor(node)
    node.close()


def test_case_30_a_doctor_who_becomes_a_receptionist_reads_no_results_any_more(
    site: Site, doctor: Doctor, person: SignIn
) -> None:
    browser = person(doctor.name)
    app = App(site, site.client(scopes=SCOPE).client_id, SCOPE)
    token = app.tokens(browser, "p1")["access_token"]
    assert site.fhir_get("Observation/lab-p1", token).status == 200
    doctor.becomes("receptionist")
    time.sleep(0.9)
    assert [site.fhir_get("Observation/lab-p1", token).status for _ in range(6)] == [401] * 6
    assert browser.get("/patients/p1").status == 302


@pytest.mark.parametrize("change", ["facility", "role", "left", "facility-closed", "person-closed"])
def test_case_30_a_session_does_nothing_more_than_choose_once_its_role_ended(
    doctor: Doctor, person: SignIn, change: str
) -> None:
    browser = person(doctor.name)
    assert b'id="q"' in browser.get("/").body
    match change:
        case "facility":
            doctor.becomes("doctor", "79001")
        case "role":
            doctor.becomes("nurse")
        case "left":
            doctor.leaves()
        case "facility-closed":
            doctor.becomes("doctor", f"X{secrets.token_hex(3).upper()}")
            browser = person(doctor.name)
            assert b'id="q"' in browser.get("/").body
            doctor.node.organisation.facilities.close(doctor.operator, doctor.post.facility)
        case "person-closed":
            body = b'{"resourceType":"Practitioner","id":"%s","active":false}' % doctor.who.encode()
            doctor.node.records.update(doctor.operator, "Practitioner", doctor.who, body)
    for path in ("/", "/patients/p1", "/connected-apps", "/visits"):
        answer = browser.get(path)
        assert answer.status == 302 and answer.headers["location"].startswith("/posts?next="), path
    page = browser.get("/posts").body
    assert "Vai trò bạn đang dùng đã kết thúc.".encode() in page
    assert (b'name="post"' in page) == (change in ("facility", "role"))


def test_case_30_a_role_ends_with_its_period_while_somebody_works_in_it(
    site: Site, doctor: Doctor, person: SignIn
) -> None:
    browser = person(doctor.name)
    token = App(site, site.client(scopes=SCOPE).client_id, SCOPE).tokens(browser, "p1")["access_token"]
    post = doctor.post.id
    found = doctor.node.records.read(doctor.operator, "PractitionerRole", post)
    assert found is not None
    for seconds in (1.5, 12):  # the machine may be too busy to ask before the shorter is over
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        said = end.isoformat(timespec="milliseconds").encode()
        body = found.body.replace(b'"period":{', b'"period":{"end":"%s",' % said)
        doctor.node.records.update(doctor.operator, "PractitionerRole", post, body)
        before = site.fhir_get("Observation/lab-p1", token).status, browser.get("/").status
        if datetime.now(UTC) < end:
            break
    assert before == (200, 200)
    time.sleep((end - datetime.now(UTC)).total_seconds() + 1.1)
    assert [site.fhir_get("Observation/lab-p1", token).status for _ in range(6)] == [401] * 6
    assert browser.get("/").status == 302


def test_case_30_a_closed_account_is_out(doctor: Doctor, person: SignIn) -> None:
    browser = person(doctor.name)
    assert b"/sign-out" in browser.get("/").body
    registry.disable(doctor.node.config, doctor.name)
    assert b"/sign-out" not in browser.get("/").body


def test_case_30_a_role_that_is_not_in_the_table_opens_nothing(doctor: Doctor, person: SignIn) -> None:
    found = doctor.node.records.read(doctor.operator, "PractitionerRole", doctor.post.id)
    assert found is not None
    for role in (b"gone", b"system", b"citizen"):
        body = found.body.replace(b'"doctor"', b'"%s"' % role)
        doctor.node.records.update(doctor.operator, "PractitionerRole", str(found.id), body)
        assert person(doctor.name).get("/patients/p1").headers["location"].startswith("/posts")


def test_whoever_has_two_roles_chooses_one_sees_which_and_can_switch(
    site: Site, doctor: Doctor, person: SignIn
) -> None:
    register = doctor.node.organisation
    place, _ = register.staff.facility(doctor.operator, "35001")
    register.staff.give(doctor.operator, doctor.who, "receptionist", place, None, None)
    browser = person(doctor.name)
    assert browser.get("/patients/p1").status == 302  # not before it was chosen

    def chosen(post: str, back: str = "/") -> Answer:
        return browser.post("/posts", browser.get("/posts"), post=post, next=back)

    first, second = register.posts.of(doctor.who)
    assert chosen("somebody-elses").status == 422
    assert chosen(second.id, "//evil.example/").headers["location"] == "/"
    assert "Nhân viên tiếp đón".encode() in browser.get("/").body
    assert chosen(first.id).status == 302
    assert "Bác sĩ".encode() in browser.get("/").body
    token = App(site, site.client(scopes=SCOPE).client_id, SCOPE).tokens(browser, "p1")["access_token"]
    assert chosen(second.id).status == 302
    assert site.fhir_get("Observation/lab-p1", token).status == 200  # the app acts as what its person was then
    register.staff.end(doctor.operator, first.id)
    time.sleep(0.9)
    assert site.fhir_get("Observation/lab-p1", token).status == 401
    assert browser.get("/").status == 200
