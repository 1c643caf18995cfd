"""Citizens: from a code that a facility gave to the own record, and to no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import pytest
from tests.security.apps import App, Person, Site
from tests.security.citizens import PASSWORD, Register
from tests.security.conftest import hoso
from tests.security.people import words
from tests.security.test_oauth_told import events


def test_a_citizen_comes_from_a_code_to_the_own_record(register: Register) -> None:
    one = register("Trịnh Thị Sen")
    browser = one.enrolled()
    page = browser.get("/me?welcome=1")
    assert page.status == 200 and one.name in page.body.decode() and "Chào mừng" in page.body.decode()
    assert browser.get("/me/timeline").status == 200
    assert browser.post("/sign-out", page).status == 302
    assert browser.get("/me").headers["location"].startswith("/?next=")
    for login in (one.number, one.code, f"{one.code[:4]} {one.code[4:8]} {one.code[8:]}"):
        again, answer = one.sign_in(login)
        assert answer.status == 302 and again.get("/").headers["location"] == "/me", login
        assert one.name in again.get("/me").body.decode()


def test_the_pages_of_staff_are_not_there_for_a_citizen(register: Register) -> None:
    one, other = register("Trịnh Thị Lý"), register("Trịnh Thị Mận")
    browser = one.enrolled()
    paths = [
        f"/patients/{id}{page}"
        for id in (one.golden, other.golden, "p1")
        for page in ("", "/timeline", "/sources", "/apps")
    ]
    for path in (*paths, "/reviews", "/reviews/rate", "/clients", "/style", "/nothing-at-all", "/mean", "/account-of"):
        answer = browser.get(path)
        assert answer.status == 404 and other.name not in answer.body.decode(), path
    assert other.name not in browser.get(f"/me?q={other.number}&id={other.golden}&person={other.golden}").body.decode()


@pytest.mark.parametrize("wrong", ["used", "other", "older", "late", "invented", "empty"])
def test_a_code_that_is_not_good_says_nothing(register: Register, wrong: str) -> None:
    one, other = register("Trịnh Văn Bưởi"), register("Trịnh Văn Cam")
    code, number = one.enrolment(), one.number
    match wrong:
        case "used":
            assert one.begin(code)[1].status == 302
        case "other":
            number = other.number
        case "older":
            one.enrolment()
        case "late":
            from django.utils import timezone

            from hoso.web.accounts.models import Enrolment

            Enrolment.objects.filter(person=one.golden).update(until=timezone.now() - timedelta(seconds=1))
        case "invented":
            code = "bcdf-bcdf-bcdf"
        case "empty":
            code, number = "", ""
    browser, answer = one.begin(code, number or "x")
    nobody = one.begin("bcdf-ghjk-mnpq", "012345678901")[1]
    assert answer.status == nobody.status == 403 and words(answer) == words(nobody)
    assert browser.get("/me").status == 302


def test_one_code_used_twice_at_once_makes_one_account(register: Register) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from hoso.web.accounts.models import Account

    one = register("Trịnh Văn Đào")
    code = one.enrolment()
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: one.begin(code)[1].status, range(4)))
    assert statuses.count(302) == 1, statuses
    assert Account.objects.filter(person=one.golden).count() == 1


def test_a_password_that_will_not_do_leaves_the_code_good(register: Register) -> None:
    one = register("Trịnh Văn Mít")
    code = one.enrolment()
    for password in ("ngắn quá", "password" * 3, f"{one.name}123"):
        assert one.begin(code, password=password)[1].status == 403
    assert one.begin(code)[1].status == 302


def test_a_new_code_gives_a_new_password_and_ends_what_was(register: Register) -> None:
    one = register("Trịnh Văn Na")
    old = one.enrolled()
    new, answer = one.begin(one.enrolment(one.code), password="Muoi-hai-con-giap-xoay")
    assert answer.status == 302 and new.get("/me").status == 200
    assert old.get("/me").status == 302
    assert one.sign_in(one.number)[1].status == 403
    assert one.sign_in(one.number, "Muoi-hai-con-giap-xoay")[1].status == 302


def test_guessing_codes_is_slowed_for_a_number_and_for_an_address(register: Register) -> None:
    throttle = import_module("hoso.web.accounts.throttle")
    one = register("Trịnh Văn Ổi")
    code = one.enrolment()
    statuses = [one.begin(f"bcdf-ghjk-mn{n:02}")[1].status for n in range(10)]
    assert statuses.count(403) <= throttle.FREE_PER_NAME and 429 in statuses
    assert one.begin(code)[1].status == 429


def test_the_account_that_was_closed_gets_no_code(register: Register) -> None:
    from hoso.web.accounts.models import Account

    one = register("Trịnh Văn Quýt")
    browser = one.enrolled()
    account = Account.objects.get(person=one.golden)
    code = one.enrolment()
    assert hoso(one.site.folder, "user", "disable", "--username", account.username).returncode == 0
    assert browser.get("/me").status == 302
    made = hoso(one.site.folder, "citizen", "enrol", one.number)
    assert made.returncode == 1 and account.username in made.stderr
    assert one.begin(code)[1].status == 403


@pytest.mark.parametrize(("number", "says"), [("12", "neither"), ("x", "neither"), ("012345678901", "Nobody")])
def test_a_number_that_is_nobodys_is_said(site: Site, number: str, says: str) -> None:
    made = hoso(site.folder, "citizen", "enrol", number)
    assert made.returncode != 0 and says in made.stderr and not made.stdout


def test_an_operator_makes_no_citizens_by_hand(site: Site) -> None:
    made = hoso(site.folder, "user", "create", "--username", "x", "--role", "citizen", "--facility", "35001")
    assert made.returncode == 1 and "receptionist" in made.stderr


def test_a_citizens_app_reads_the_own_record_and_no_other(register: Register) -> None:
    one, other = register("Trịnh Văn Sung"), register("Trịnh Văn Táo")
    scope = "launch/patient openid fhirUser user/Patient.rs user/Observation.rs patient/Observation.rs"
    app = App(one.site, one.site.client(scopes=scope).client_id, scope)
    told = app.tokens(one.enrolled())
    assert told["patient"] == one.golden
    token = told["access_token"]
    for type in ("Patient", "Observation"):
        seen = json.dumps(one.site.fhir_get(f"{type}?_count=100", token).json)
        assert one.record in seen and other.record not in seen and "vital-p1" not in seen and "lab-p1" not in seen
    assert one.site.fhir_get(f"Patient/{one.record}", token).status == 200
    for path in (f"Patient/{other.record}", f"Patient/{other.golden}", "Patient/p1", "Observation/lab-p1"):
        absent = one.site.fhir_get(f"{path.partition('/')[0]}/not-there", token)
        assert one.site.fhir_get(path, token).status == absent.status == 404, path


def test_what_happens_about_a_citizens_account_is_told(register: Register) -> None:
    one = register("Trịnh Văn Xoài")
    browser = one.enrolled()
    browser.post("/sign-out", browser.get("/me"))
    one.sign_in(one.code, "not-the-password-1")
    from hoso.web.accounts.models import Account

    username = Account.objects.get(person=one.golden).username
    made = [
        (e.kind, e.outcome, e.patient > 0)
        for e in events(one.site, f"Patient/{one.golden}")
        if e.kind == "citizen-enrol"
    ]
    assert made == [("citizen-enrol", "ok", True)]
    found = [(e.kind, e.outcome) for e in events(one.site, f"user/{username}")]
    assert found == [("enrol", "ok"), ("sign-in", "ok"), ("sign-out", "ok"), ("sign-in", "denied")]
    everything = str(events(one.site, ""))
    assert PASSWORD not in everything and "not-the-password-1" not in everything


def test_staff_hand_out_a_code_after_showing_again_who_they_are(
    register: Register, person: Callable[[str], Person]
) -> None:
    one, staff = register("Trịnh Văn Vải"), person("thu")
    way = f"/patients/{one.golden}/own-record"
    page = staff.get(way)
    assert page.status == 200 and one.name in page.body.decode()
    answer = staff.post(way, page)
    assert answer.status == 200, (answer.status, answer.headers)
    told = answer.body.decode()
    code = told.partition('<span class="code">')[2].partition("<")[0]
    assert code.count("-") == 2, told
    assert code not in staff.get(way).body.decode()
    browser, answer = one.begin(code)
    assert answer.status == 302 and one.name in browser.get("/me").body.decode()
    made = [e for e in events(one.site, f"Patient/{one.golden}") if e.kind == "citizen-enrol"]
    assert [(e.actor, e.outcome, e.patient > 0) for e in made] == [("user/thu", "ok", True)]


def test_who_receives_nobody_hands_out_no_code(register: Register, person: Callable[[str], Person]) -> None:
    one, elsewhere = register("Trịnh Văn Hồng"), register("Trịnh Văn Bơ", "79001")
    assert person("thu").get(f"/patients/{elsewhere.golden}/own-record").status == 404
    assert person("quang").get(f"/patients/{one.golden}/own-record").status == 404
    assert one.enrolled().get(f"/patients/{one.golden}/own-record").status == 404
