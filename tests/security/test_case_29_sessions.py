"""Case 29: a session cannot be planted, forged into, framed, or used after it ended; its owner sees and ends it."""

from __future__ import annotations

import re
import secrets
import time
from importlib import import_module
from typing import Any

import pytest
from tests.security.apps import Answer, Person, Site
from tests.security.people import PASSWORD, Staff, hire

from hoso import compose
from hoso.web.accounts import registry
from hoso.web.configure import configure

NEW = "Muoi-hai-con-giap-xoay"


@pytest.fixture(autouse=True)
def settled(site: Site) -> None:
    """Django stands on this node, and nobody's failures are counted: all come from one address."""
    configure(compose.load(site.folder))
    from hoso.web.accounts.models import Failures

    Failures.objects.all().delete()


@pytest.fixture
def staff(site: Site) -> Staff:
    return hire(site, f"s{secrets.token_hex(4)}")


def is_in(browser: Person) -> bool:
    answer = browser.get("/account")
    assert answer.status in (200, 302), answer.status
    return answer.status == 200 and b"/account/password" in answer.body


def key(browser: Person) -> str:
    return browser.cookies["hoso_session"]


def stored() -> int:
    from django.contrib.sessions.models import Session

    return Session.objects.count()


def aged(session_key: str, **changed: Any) -> None:
    """The session as it will be in some time."""
    from django.conf import settings

    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    for name, value in changed.items():
        session[name] = value
    session.save()


def test_case_29_a_planted_session_is_not_taken_over(site: Site, staff: Staff) -> None:
    """What an attacker laid into the browser is not what the person is signed in with; each step gives a new one."""
    planted = "a" * 32
    browser = Person(site, {"hoso_session": planted})
    staff.password(browser)
    pending = key(browser)
    answer = browser.post("/sign-in/code", browser.get("/sign-in/code"), code=staff.codes.pop())
    assert answer.status == 302 and is_in(browser)
    assert len({planted, pending, key(browser)}) == 3
    for old in (planted, pending):
        assert not is_in(Person(site, {"hoso_session": old}))


def test_case_29_between_password_and_code_nothing_opens(site: Site, staff: Staff) -> None:
    browser = staff.browser()
    staff.password(browser)
    for path in ("/", "/reviews", "/patients/p1", "/account/sessions", "/connected-apps", "/oauth/authorize"):
        answer = browser.get(path)
        assert b"/sign-out" not in answer.body and "Nguyễn Thị Một".encode() not in answer.body, path


def test_case_29_a_cookie_is_dead_after_sign_out(site: Site, staff: Staff) -> None:
    browser = staff.signed_in()
    kept = Person(site, dict(browser.cookies))
    assert is_in(kept)
    assert browser.post("/sign-out", browser.get("/account")).status == 302
    assert not is_in(kept) and not is_in(browser)


def test_case_29_a_new_password_ends_every_other_session(site: Site, staff: Staff) -> None:
    here, there = staff.signed_in(), staff.signed_in()
    page = here.get("/account/password")
    answer = here.post("/account/password", page, oldpassword=PASSWORD, password1=NEW, password2=NEW)
    assert answer.headers.get("location") == "/account?done=password", answer.body.decode()[:1500]
    assert is_in(here) and not is_in(there)
    assert staff.password(staff.browser()).status == 403
    assert staff.password(staff.browser(), NEW).status == 302


@pytest.mark.parametrize("how", ["disable", "reset_factors", "practitioner"])
def test_case_29_what_the_operator_changes_ends_every_session(site: Site, staff: Staff, how: str) -> None:
    from hoso.web.accounts.models import Account

    browser, config = staff.signed_in(), compose.load(site.folder)
    assert is_in(browser)
    if how in ("disable", "reset_factors"):
        assert getattr(registry, how)(config, staff.username)
    else:
        Account.objects.filter(username=staff.username).update(**{how: "somebody-else"})
    assert not is_in(browser)


def test_case_29_without_a_click_a_session_ends(site: Site, staff: Staff) -> None:
    browser, now = staff.signed_in(), int(time.time())
    assert is_in(browser)
    aged(key(browser), seen=now - 29 * 60)
    assert is_in(browser)
    aged(key(browser), seen=now - 31 * 60)
    assert browser.get("/account").headers["location"] == "/?idle=1"
    assert not is_in(browser)


def test_case_29_a_form_that_comes_after_it_ended_is_kept_for_its_author_alone(site: Site, staff: Staff) -> None:
    browser, other = staff.signed_in(), hire(site, f"s{secrets.token_hex(4)}").signed_in()
    page = browser.get("/register?q=Vo+Danh+Tinh")
    form = {name: re.findall(f'name="{name}" value="([^"]*)"', page.body.decode())[0] for name in ("key", "q")}
    aged(key(browser), seen=int(time.time()) - 31 * 60)
    answer = browser.post("/register", page, **form, kind="known", name="Võ Danh Tính", year="1950")
    assert "&next=%2Fregister" in answer.headers["location"] and not is_in(browser)
    typed = browser.cookies["hoso_typed"]
    other.cookies["hoso_typed"] = typed
    assert "Võ Danh Tính" not in other.get("/register?q=ai+do&kept=1").body.decode()
    again = staff.signed_in()
    again.cookies["hoso_typed"] = typed
    shown = again.get("/register?kept=1")
    assert "Võ Danh Tính" in shown.body.decode() and 'hoso_typed=""' in "".join(shown.cookies)


def test_case_29_with_clicks_it_ends_after_half_a_day(site: Site, staff: Staff) -> None:
    browser, now = staff.signed_in(), int(time.time())
    aged(key(browser), begun=now - 12 * 3600 - 5)
    assert browser.get("/account").headers["location"] == "/?idle=1"
    assert not is_in(browser)


FORMS = (
    *("/sign-in", "/sign-in/code", "/sign-in/passkey", "/sign-out", "/language", "/oauth/authorize"),
    *("/account/password", "/account/authenticator", "/account/authenticator/remove", "/account/passkeys/add"),
    *("/account/recovery-codes", "/account/sessions/end", "/connected-apps/withdraw"),
    *("/account/confirm", "/account/confirm/code", "/account/confirm/passkey"),
)


@pytest.mark.parametrize("path", FORMS)
def test_case_29_a_form_of_another_site_is_refused(site: Site, staff: Staff, path: str) -> None:
    browser = staff.signed_in()
    answer = browser.post(path, Answer(200, {}, b""), password1=NEW, password2=NEW, session="others")
    assert answer.status == 403, (answer.status, answer.headers)
    assert is_in(browser)


def test_case_29_no_page_can_be_framed_or_kept(site: Site, staff: Staff) -> None:
    stranger, browser = staff.browser(), staff.signed_in()
    pages = [
        stranger.get("/"),
        *(browser.get(path) for path in ("/", "/account", "/account/sessions", "/account/password")),
    ]
    for answer in pages:
        assert answer.status == 200
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "no-store" in answer.headers["cache-control"]


def test_case_29_cookies_are_out_of_reach_of_scripts_and_other_sites(site: Site, staff: Staff) -> None:
    browser = staff.browser()
    answer = staff.password(browser)
    assert answer.cookies
    for cookie in (*answer.cookies, *browser.get("/sign-in/passkey").cookies):
        assert "httponly" in cookie.lower() and "samesite=" in cookie.lower(), cookie


def test_case_29_a_person_sees_their_sessions_and_ends_one(site: Site, staff: Staff) -> None:
    first, second, third = staff.signed_in(), staff.signed_in(), staff.signed_in()
    page = first.get("/account/sessions")
    assert page.body.count(b"127.0.0.1") >= 3
    from allauth.usersessions.models import UserSession

    row = UserSession.objects.get(session_key=key(second))
    assert first.post("/account/sessions/end", page, session=str(row.pk)).status == 302
    assert is_in(first) and not is_in(second) and is_in(third)
    assert first.post("/account/sessions/end", first.get("/account/sessions"), session="others").status == 302
    assert is_in(first) and not is_in(third)


def test_case_29_nobody_ends_the_session_of_another(site: Site, staff: Staff) -> None:
    mine, theirs = staff.signed_in(), hire(site, f"t{secrets.token_hex(4)}").signed_in()
    from allauth.usersessions.models import UserSession

    row = UserSession.objects.get(session_key=key(theirs))
    for number in (str(row.pk), "0", "-1", "x", "", "9" * 30):
        assert mine.post("/account/sessions/end", mine.get("/account/sessions"), session=number).status == 404
    assert is_in(theirs)


def test_case_29_a_dangerous_act_asks_again_and_keeps_nothing_that_was_sent(site: Site, staff: Staff) -> None:
    browser = staff.signed_in()
    page = browser.get("/account/recovery-codes")
    assert page.status == 200
    records = [{"method": "mfa", "type": "totp", "at": time.time() - 301}]
    aged(key(browser), account_authentication_methods=records)
    answer = browser.post("/account/recovery-codes", page, secret="do-not-keep-me")
    assert answer.headers["location"] == "/account/confirm/code?next=%2Faccount%2Frecovery-codes"
    from django.contrib.sessions.models import Session

    kept = Session.objects.get(session_key=key(browser)).get_decoded()
    assert "do-not-keep-me" not in repr(kept)
    way = answer.headers["location"]
    assert browser.post(way, browser.get(way), code="000000").status == 403
    assert browser.get("/account/recovery-codes").status == 302
    answer = browser.post(way, browser.get(way), code=staff.codes.pop())
    assert answer.headers["location"] == "/account/recovery-codes"
    assert browser.get("/account/recovery-codes").status == 200


@pytest.mark.parametrize("path", ["/account/authenticator/remove", "/account/passkeys/add", "/account/recovery-codes"])
def test_case_29_a_password_does_not_stand_in_for_the_second_factor(site: Site, staff: Staff, path: str) -> None:
    browser = staff.signed_in()
    records = [{"method": "mfa", "type": "totp", "at": time.time() - 301}]
    aged(key(browser), account_authentication_methods=records)
    page = browser.get("/account/sessions")
    answer = browser.post(f"/account/confirm?next={path}", page, password=PASSWORD)
    assert answer.status == 302 and answer.headers["location"].startswith("/account/confirm/code")
    assert browser.get(path).headers["location"].startswith("/account/confirm/code")


def test_case_29_who_has_no_second_factor_yet_reaches_only_where_it_is_set_up(site: Site) -> None:
    new = hire(site, f"n{secrets.token_hex(4)}", enrolled=False)
    browser = new.browser()
    assert new.password(browser).headers["location"] == "/"
    for path in ("/", "/reviews", "/patients/p1", "/connected-apps", "/oauth/authorize", "/clients"):
        assert browser.get(path).headers.get("location") == "/account", path
    assert browser.get("/account/authenticator").status == 200


def test_case_29_the_last_second_factor_stays(site: Site, staff: Staff) -> None:
    browser = staff.signed_in()
    answer = browser.post("/account/authenticator/remove", browser.get("/account/authenticator/remove"))
    assert answer.status == 403
    from allauth.mfa.models import Authenticator

    assert Authenticator.objects.filter(user__username=staff.username, type="totp").exists()


def test_case_29_an_account_that_nobody_used_is_closed_until_it_is_unlocked(site: Site, staff: Staff) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from hoso.web.accounts.models import Account

    browser = staff.signed_in()
    long_ago = timezone.now() - timedelta(days=46)
    Account.objects.filter(username=staff.username).update(created=long_ago, last_login=long_ago)
    assert not is_in(browser)
    assert staff.password(staff.browser()).status == 403
    assert registry.unlock(compose.load(site.folder), staff.username)
    assert staff.password(staff.browser()).status == 302


def test_case_29_strangers_leave_no_sessions(site: Site, staff: Staff) -> None:
    """Asking for a passkey's challenge, a wrong password or nonsense: none makes a row of the database."""
    before = stored()
    for _ in range(20):
        stranger = staff.browser()
        page = stranger.get("/")
        assert stranger.get("/sign-in/passkey").status == 200
        for nonsense in ("{}", "[]", "null", "x", '{"id":"a","rawId":"a","type":"public-key","response":{}}'):
            assert stranger.post("/sign-in/passkey", page, credential=nonsense).status == 403
        assert "hoso_session" not in stranger.cookies
    assert stored() == before


def test_case_29_a_stranger_who_has_to_wait_leaves_no_row_for_each_name(site: Site) -> None:
    from django.utils import timezone

    throttle = import_module("hoso.web.accounts.throttle")
    from hoso.web.accounts.models import Failures

    for n in range(throttle.FREE_PER_ADDRESS + 1):
        throttle.begin(throttle.keys(f"name-{n}", "203.0.113.9"), timezone.now())
    rows = Failures.objects.count()
    for n in range(50):
        assert not throttle.begin(throttle.keys(f"more-{n}", "203.0.113.9"), timezone.now())
    assert Failures.objects.count() == rows
