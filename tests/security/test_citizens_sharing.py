"""Whom a citizen lets in, who acts for whom, and that an emergency is told of: through the pages of all of them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.security.apps import Answer, Person
from tests.security.citizens import PASSWORD, Register, Somebody
from tests.security.people import words
from tests.security.test_citizens_cases import officer, step  # noqa: F401  (a fixture)
from tests.security.test_citizens_log import settled
from tests.security.test_oauth_told import events

from hoso import compose
from hoso.access import Errand
from hoso.access.policy.scopes import scopes
from hoso.core import system_clock
from hoso.fhir.systems import CITIZEN_CODE
from hoso.web.roles import actor

AWAY = "79001"


def offer(browser: Person, what: str) -> str:
    page = browser.post("/me/sharing", browser.get("/me/sharing"), offer=what)
    found = re.search(r'<span class="code">([^<]+)<', page.body.decode())
    assert page.status == 200 and found and "<svg" in page.body.decode(), words(page)
    assert found[1] not in browser.get("/me/sharing").body.decode()
    return found[1]


def use(staff: Person, way: str, code: str) -> Answer:
    return staff.post(way, staff.get(way), code=code)


def test_a_code_lets_staff_in_until_it_is_taken_back(register: Register, person: Callable[[str], Person]) -> None:
    one = register("Đỗ Thị Lúa", AWAY)
    browser, doctor = one.enrolled(), person("mai")
    assert doctor.get(f"/patients/{one.golden}").status == 404
    code = offer(browser, "grant 7")
    answer = use(doctor, "/codes", f" {code.upper().replace('-', ' ')} ")
    assert answer.headers.get("location") == f"/patients/{one.golden}", words(answer)
    assert one.name in words(doctor.get(f"/patients/{one.golden}"))
    assert use(doctor, "/codes", code).status == use(person("lan"), "/codes", code).status == 404
    page = browser.get("/me/sharing")
    assert "mai" in words(page)
    grant = re.search(r'name="end" value="([^"]+)"', page.body.decode())
    assert grant
    thief = register("Đỗ Văn Trộm").enrolled()
    thief.post("/me/sharing", thief.get("/me/sharing"), end=grant[1])
    assert doctor.get(f"/patients/{one.golden}").status == 200
    for odd in ("\x00", "x" * 500, ""):
        assert browser.post("/me/sharing", page, end=odd).status == 302
    assert browser.post("/me/sharing", page, end=grant[1]).status == 302
    assert doctor.get(f"/patients/{one.golden}").status == 404
    kinds = [e.kind for e in events(one.site, grant[1]) if e.kind.startswith("grant-")]
    assert kinds == ["grant-redeemed", "grant-taken-back"]
    settled(one)
    assert "đã được xem nhờ mã của bạn" in words(browser.get("/me/log"))


@pytest.mark.parametrize(
    "what", ["", "grant", "grant 91", "grant -1", "emergency 1", "delegation 7", "grant 7 7", "x" * 9999]
)
def test_no_other_code_is_made(register: Register, what: str) -> None:
    browser = register("Đỗ Văn Ngô").enrolled()
    answer = browser.post("/me/sharing", browser.get("/me/sharing"), offer=what)
    assert answer.status == 422 and 'class="code"' not in answer.body.decode()


def test_a_code_is_no_use_to_those_for_whom_it_is_not(register: Register, person: Callable[[str], Person]) -> None:
    one, other = register("Đỗ Thị Khoai", AWAY), register("Đỗ Thị Sắn", AWAY)
    browser, friend, doctor = one.enrolled(), other.enrolled(), person("mai")
    for staff in ("quang",):
        assert person(staff).get("/codes").status == 404
    assert browser.get("/codes").status == 404
    grant, full = offer(browser, "grant 1"), offer(browser, "representative 365")
    wrong = use(friend, "/me/family", "bcdf-bcdf-bcdf")
    for answer in (use(friend, "/me/family", grant), use(browser, "/me/family", full), use(friend, "/me/family", "")):
        assert answer.status == wrong.status == 404 and words(answer) == words(wrong)
    assert use(doctor, "/codes", full).status == use(doctor, "/codes", "\x00" * 99).status == 404
    assert use(doctor, "/codes", grant).status == 302
    assert use(friend, "/me/family", full).status == 302


@pytest.mark.parametrize(("kind", "results"), [("representative", True), ("summary", False)])
def test_a_representative_sees_as_much_as_was_said(register: Register, kind: str, results: bool) -> None:
    one, other = register("Đỗ Thị Mía"), register("Đỗ Thị Vừng")
    browser, friend = one.enrolled(), other.enrolled()
    theirs = f"/me/family/{one.golden}"
    absent = friend.get("/me/family/019bcd00-0000-7000-8000-000000000000")
    assert friend.get(theirs).status == absent.status == 404 and words(friend.get(theirs)) == words(absent)
    assert use(friend, "/me/family", offer(browser, f"{kind} 365")).status == 302
    assert one.name in words(friend.get("/me/family")) and one.name in words(friend.get(theirs))
    shown = words(friend.get(f"{theirs}/timeline"))
    assert one.name in shown and ("718-7" in shown or "1,1" in shown) == results
    assert friend.get(f"/me/family/{register('Đỗ Văn Lạ').golden}").status == 404
    settled(one)
    assert other.name in words(browser.get("/me/log")) and other.name in words(browser.get("/me/sharing"))
    page = browser.get("/me/sharing")
    grant = re.search(r'name="end" value="([^"]+)"', page.body.decode())
    assert grant and browser.post("/me/sharing", page, end=grant[1]).status == 302
    assert friend.get(theirs).status == 404 and one.name not in words(friend.get("/me/family"))


def test_letting_somebody_act_for_years_asks_for_the_password_again(register: Register) -> None:
    one = register("Đỗ Thị Cau")
    browser = one.enrolled()
    from importlib import import_module

    from django.conf import settings

    session = import_module(settings.SESSION_ENGINE).SessionStore(browser.cookies["hoso_session"])
    session["account_authentication_methods"] = [{"method": "password", "at": system_clock().timestamp() - 3600}]
    session.save()
    answer = browser.post("/me/sharing", browser.get("/me/sharing"), offer="representative 365")
    assert answer.status == 302 and answer.headers["location"].startswith("/account/confirm?next=")
    offer(browser, "grant 1")
    browser.post("/account/confirm", browser.get("/account/confirm?next=/me/sharing"), password=PASSWORD)
    offer(browser, "representative 365")


def guardian(child: Somebody, parent: Somebody, born: str) -> None:
    site = child.site
    record = site.fhir_get(f"Patient/{child.record}", site.token).json | {"birthDate": born}
    assert site.ask("PUT", f"/fhir/Patient/{child.record}", record, site.token).status == 200
    tie = {
        "resourceType": "RelatedPerson", "id": f"g-{child.record}", "patient": {"reference": f"Patient/{child.record}"},
        "identifier": [{"system": CITIZEN_CODE, "value": parent.code}],
        "relationship": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}],
    }  # fmt: skip
    assert site.ask("PUT", f"/fhir/RelatedPerson/{tie['id']}", tie, site.token).status == 201


@pytest.mark.parametrize(
    ("years", "seen", "results"), [(3, True, True), (12, True, True), (17, True, False), (19, False, False)]
)
def test_a_guardian_sees_a_child_by_its_age(register: Register, years: int, seen: bool, results: bool) -> None:
    parent, child = register("Đỗ Thị Mẹ"), register("Đỗ Văn Con")
    guardian(child, parent, f"{system_clock().year - years}-01-01")
    browser = parent.enrolled()
    assert (child.name in words(browser.get("/me/family"))) == seen
    assert browser.get(f"/me/family/{child.golden}").status == (200 if seen else 404)
    if seen:
        shown = words(browser.get(f"/me/family/{child.golden}/timeline"))
        assert ("718-7" in shown or "1,1" in shown) == results


def test_a_doctor_hands_over_to_a_colleague_of_the_same_facility(
    register: Register, person: Callable[[str], Person]
) -> None:
    one, away = register("Đỗ Văn Lạc"), register("Đỗ Văn Xa", AWAY)
    doctor = person("mai")
    way = f"/patients/{one.golden}/delegate"
    page = doctor.get(way)
    assert page.status == 200
    assert step(doctor, way, colleague="lan", days="7").status == 302
    assert step(doctor, way, colleague="lan", days="7").status == 302
    assert doctor.get(way).body.decode().count('name="end"') == 1
    assert "lan" in words(doctor.get(way))
    for form in (
        {"colleague": "quang", "days": "7"},
        {"colleague": "lan", "days": "99"},
        {"colleague": "nobody", "days": "1"},
        {"colleague": "mai", "days": "1"},
        {"colleague": "\x00" * 99, "days": "1"},
    ):
        assert step(doctor, way, **form).status == 422, form
    assert doctor.get(f"/patients/{away.golden}/delegate").status == 404
    assert person("quang").get(way).status == 404 and one.enrolled().get(way).status == 404
    grant = re.search(r'name="end" value="([^"]+)"', doctor.get(way).body.decode())
    assert grant and step(doctor, way, end=grant[1]).status == 302
    assert 'name="end"' not in doctor.get(way).body.decode()


def emergency(one: Somebody) -> str:
    """Opened by mai of facility 35001."""
    node = compose.open(one.site.folder)
    who = actor("mai", "doctor", "35001", assurance="multi")
    opened = node.emergencies.open(
        Errand(who, "TREAT", "screen"), one.golden, "unconscious", "bất tỉnh ở cổng, không giấy tờ"
    )
    node.close()
    return opened.grant


def test_a_citizen_is_told_of_an_emergency_until_it_was_read(register: Register) -> None:
    one, other = register("Đỗ Thị Dâu", AWAY), register("Đỗ Thị Tằm", AWAY)
    grant = emergency(one)
    browser, stranger = one.enrolled(), other.enrolled()
    for path in ("/me", "/me/timeline", "/me/log", "/me/cases", "/me/sharing"):
        assert "được mở khẩn cấp" in browser.get(path).body.decode(), path
    assert "được mở khẩn cấp" not in stranger.get("/me").body.decode()
    way = f"/me/emergencies/{grant}"
    assert stranger.post(way, stranger.get("/me")).status == 302 and browser.get(way).status == 405
    assert "được mở khẩn cấp" in browser.get("/me").body.decode()
    assert browser.post("/me/emergencies/%00", browser.get("/me")).status == 302
    assert browser.post(way, browser.get("/me")).status == browser.post(way, browser.get("/me")).status == 302
    assert "được mở khẩn cấp" not in browser.get("/me").body.decode()
    settled(one)
    only = words(browser.get("/me/log?only=emergencies"))
    assert "mai" in only and "Bất tỉnh" in only and "Truy cập khẩn cấp" in only


def test_a_delay_for_a_coded_reason_is_honoured_everywhere_and_ended_by_the_officer(
    register: Register,
    officer: Callable[[str], Person],  # noqa: F811
) -> None:
    one = register("Đỗ Thị Bông", AWAY)
    grant, browser, own = emergency(one), one.enrolled(), officer("35001")
    assert step(own, "/emergencies", grant=grant, step="delay", delay="because").status == 422
    assert step(officer("35002"), "/emergencies", grant=grant, step="delay", delay="child-protection").status == 404
    assert step(own, "/emergencies", grant=grant, step="delay", delay="domestic-violence").status == 302
    settled(one)
    assert "được mở khẩn cấp" not in browser.get("/me").body.decode()
    for path in ("/me/log", "/me/log?only=emergencies"):
        said = words(browser.get(path))
        assert "<b>mai</b>" not in said and "Truy cập khẩn cấp" not in said, said
    proof = browser.post("/me/log/proof", browser.get("/me/log/proof")).body.decode()
    assert grant not in proof and "user/mai" not in proof and '"number"' in proof
    assert grant in own.get("/emergencies").body.decode()
    assert step(own, "/emergencies", grant=grant, step="release").status == 302
    assert "được mở khẩn cấp" in browser.get("/me").body.decode()
    assert "mai" in words(browser.get("/me/log?only=emergencies"))


def test_no_scope_of_a_citizen_writes() -> None:
    assert not any(scopes("citizen").permits(type, "c") for type in ("Consent", "Patient", "Observation"))
