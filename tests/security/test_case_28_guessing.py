"""Case 28: a guesser, from many addresses or at many accounts, by passwords or codes, is slowed for all workers."""

from __future__ import annotations

import http.client
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from tests.security.apps import Answer, Person, Site
from tests.security.citizens import forgive
from tests.security.people import PASSWORD, Staff, hire, words

from hoso import compose
from hoso.web.accounts import registry


@pytest.fixture(autouse=True)
def forgiven(site: Site) -> None:
    """Every test begins with no failures counted: all of them come from one address."""
    forgive(site)


@pytest.fixture
def throttle(forgiven: None) -> Any:
    """The module, which can be imported only once Django is settled."""
    return import_module("hoso.web.accounts.throttle")


def staff(site: Site) -> Staff:
    return hire(site, f"u{secrets.token_hex(4)}")


def guess(site: Site, username: str, password: str, source: str = "127.0.0.1", **claimed: str) -> int:
    """One try from an address of the machine's own, of which there are many."""
    parts = urlsplit(site.address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60, source_address=(source, 0))
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        token = answer.read().decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        form = urlencode({"login": username, "password": password, "csrfmiddlewaretoken": token})
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", **claimed}
        connection.request("POST", "/sign-in", form, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_case_28_a_thousand_guesses_from_a_hundred_addresses_are_hardly_looked_at(site: Site, throttle: Any) -> None:
    victim = staff(site)
    sources = [f"127.0.{n % 5}.{n + 10}" for n in range(100)]

    def attack(number: int) -> int:
        return guess(site, victim.username, f"guess-number-{number}", sources[number % 100])

    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(pool.map(attack, range(300)))
    assert set(statuses) <= {403, 429, 503}
    looked_at = statuses[403]
    assert looked_at <= throttle.FREE_PER_NAME, statuses
    assert guess(site, victim.username, PASSWORD) == 429
    assert registry.unlock(compose.load(site.folder), victim.username)
    assert guess(site, victim.username, PASSWORD) == 302


def test_case_28_one_guess_at_each_of_many_accounts_is_stopped_by_the_address(site: Site, throttle: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        names = [f"nobody-{n}" for n in range(throttle.FREE_PER_ADDRESS + 20)]
        statuses = Counter(pool.map(lambda name: guess(site, name, "Summer-is-here-2026", "127.0.9.9"), names))
    assert statuses[403] <= throttle.FREE_PER_ADDRESS and statuses[429] >= 10, statuses


def test_case_28_an_address_that_a_client_claims_is_not_believed(site: Site, throttle: Any) -> None:
    statuses = Counter(
        guess(site, f"nobody-{n}", "Summer-is-here-2026", "127.0.7.7", **{"X-Forwarded-For": f"203.0.113.{n}"})
        for n in range(throttle.FREE_PER_ADDRESS + 5)
    )
    assert statuses[403] <= throttle.FREE_PER_ADDRESS and statuses[429] >= 4, statuses


def test_case_28_a_known_account_does_not_clear_a_guessers_address(site: Site, throttle: Any) -> None:
    mine = staff(site)
    names = throttle.keys(mine.username, "127.0.8.8")
    for n in range(throttle.FREE_PER_ADDRESS - 1):
        throttle.begin(throttle.keys(f"other-{n}", "127.0.8.8"), timezone_now())
    assert guess(site, mine.username, PASSWORD, "127.0.8.8") == 302
    from hoso.web.accounts.models import Failures

    assert Failures.objects.get(key=names[1]).count == throttle.FREE_PER_ADDRESS - 1


def test_case_28_codes_cannot_be_guessed_one_after_another(site: Site, throttle: Any) -> None:
    victim = staff(site)
    browsers = []
    for _ in range(3):  # a fresh sign-in with the password is no fresh start for the code
        browser = victim.browser()
        assert victim.password(browser).headers["location"] == "/sign-in/code"
        browsers.append(browser)

    def attack(number: int) -> int:
        browser = browsers[number % 3]
        return browser.post("/sign-in/code", browser.get("/sign-in/code"), code=f"{number:06}").status

    statuses = Counter(attack(number) for number in range(15))
    assert statuses[403] <= throttle.FREE_PER_NAME and statuses[429] >= 9, statuses
    page = browsers[0].get("/sign-in/code")
    assert browsers[0].post("/sign-in/code", page, code=victim.codes[0]).status == 429


def test_case_28_a_code_is_good_once_for_every_worker(site: Site) -> None:
    config = compose.load(site.folder)
    one = staff(site)
    secret = registry.new_secret(config)
    registry.enrol(config, one.username, secret)
    code = registry.code_now(config, secret)
    browsers = [one.browser() for _ in range(4)]
    pages = []
    for browser in browsers:
        one.password(browser)
        pages.append(browser.get("/sign-in/code"))

    def send(pair: tuple[Person, Answer]) -> int:
        return pair[0].post("/sign-in/code", pair[1], code=code).status

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(send, zip(browsers, pages, strict=True)))
    assert statuses.count(302) == 1, statuses


def test_case_28_a_recovery_code_is_good_once(site: Site) -> None:
    one = staff(site)
    code = one.codes[0]
    for expected in (302, 403):
        browser = one.browser()
        one.password(browser)
        assert browser.post("/sign-in/code", browser.get("/sign-in/code"), code=code).status == expected


def test_case_28_known_and_unknown_names_are_answered_alike(site: Site) -> None:
    known, unknown = staff(site), Staff(site, "khong-co-ai")
    closed = staff(site)
    registry.disable(compose.load(site.folder), closed.username)
    wrong = [one.password(one.browser(), "not-the-password-1") for one in (known, unknown)]
    right = closed.password(closed.browser())  # even who knows the password of a closed account learns nothing
    assert {answer.status for answer in (*wrong, right)} == {403}
    assert len({words(answer) for answer in (*wrong, right)}) == 1
    names = [{name for name in answer.headers if name not in ("date", "content-length")} for answer in (*wrong, right)]
    assert names[0] == names[1] == names[2]


def test_case_28_a_name_without_account_costs_a_hash_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work instead of the same time, which a busy machine would not show."""
    known = staff(site)
    from hoso.web.accounts.backend import Backend
    from hoso.web.accounts.hasher import Argon2

    counted: list[str] = []
    for name in ("encode", "verify"):
        real = getattr(Argon2, name)

        def watched(self: object, *args: object, _real: object = real) -> object:
            counted.append("hash")
            return _real(self, *args)  # type: ignore[operator]

        monkeypatch.setattr(Argon2, name, watched)
    work = []
    for username in (known.username, "khong-co-ai"):
        counted.clear()
        assert Backend().authenticate(None, username=username, password="not-the-password-1") is None
        work.append(len(counted))
    assert work == [1, 1] or work == [2, 2], work


def timezone_now() -> object:
    from django.utils import timezone

    return timezone.now()
