"""A person's first day: second factor, recovery codes, passkey, password, sessions; in a real browser."""

from __future__ import annotations

import hmac
import struct
import time
from base64 import b32decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from tests.web.conftest import PASSWORD, Site, serving
from tests.web.looking import SIZES, faults, fits

from hoso import compose

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("sign-in")]

See = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A node as it is made: staff need a second factor. Browsers give passkeys to localhost, not to 127.0.0.1."""
    folder = tmp_path_factory.mktemp("strict") / "tram"
    compose.create(folder)
    with serving(folder) as address:
        yield Site(address.replace("127.0.0.1", "localhost"), folder)


@dataclass(frozen=True)
class Shown:
    """What an authenticator app holds: RFC 6238 written once more, so that ours is not checked by itself."""

    secret: str

    def code(self, later: int = 0) -> str:
        """Of this half minute, or of one `later`: what a clock that runs fast shows."""
        counter = struct.pack(">Q", int(time.time()) // 30 + later)
        digest = hmac.digest(b32decode(self.secret), counter, "sha1")
        at = digest[-1] & 15
        return f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


@dataclass(frozen=True)
class Words:
    """What a person looks for on the pages."""

    code: str = "lang"
    set_up: str = "Thiết lập"


def clean(page: Page, name: str) -> None:
    assert faults(page) == [] and fits(page), name


def password_step(page: Page, site: Site, username: str, password: str = PASSWORD) -> None:
    page.goto(site.address + "/")
    page.fill("#username", username)
    page.fill("#password", password)
    page.click("form.box button")


def sent(page: Page, selector: str) -> None:
    with page.expect_navigation():
        page.click(selector)


def first_day(page: Page, site: Site, username: str, see: See) -> tuple[Shown, list[str]]:
    """From the first password to an authenticator and recovery codes."""
    page.goto(site.address + "/")
    see(page, "1-sign-in")
    password_step(page, site, username)
    page.wait_for_url("**/account")
    see(page, "2-nothing-else-opens")
    page.goto(site.address + "/reviews")
    assert page.url.endswith("/account")
    sent(page, 'a[href="/account/authenticator"]')
    see(page, "3-authenticator")
    app = Shown(page.locator("p.code").inner_text().replace(" ", ""))
    page.fill("#code", "000000")
    sent(page, "form.box button")
    see(page, "4-authenticator-wrong-code")
    page.fill("#code", app.code())
    sent(page, "form.box button")
    assert page.url.endswith("/account?done=factor")
    see(page, "5-set-up")
    sent(page, 'a[href="/account/recovery-codes"]')
    see(page, "6-recovery")
    sent(page, "main form button")
    see(page, "7-recovery-codes")
    codes = page.locator("li.code").all_inner_texts()
    assert len(set(codes)) == 10
    sent(page, 'main a.button[href="/account"]')
    return app, codes


@contextmanager
def authenticator(page: Page) -> Iterator[CDPSession]:
    """Chrome's own virtual authenticator: a phone's or a laptop's built-in one, with the finger on it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield session
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made["authenticatorId"]})


def sign_out(page: Page) -> None:
    sent(page, 'form[action="/sign-out"] button')


def walk(browser: Browser, site: Site, username: str, size: str, language: str, see: See) -> None:
    """All of it, as one person does it in one browser, with a second one that is signed in elsewhere."""
    width, height = SIZES[size]
    cookie = {"name": "hoso_language", "value": language, "url": site.address}
    with browser.new_context(viewport={"width": width, "height": height}) as context, browser.new_context() as other:
        context.add_cookies([cookie])  # type: ignore[list-item]
        page, elsewhere = context.new_page(), other.new_page()
        app, codes = first_day(page, site, username, see)
        sign_out(page)
        assert page.goto(site.address + "/account").status == 200  # type: ignore[union-attr]
        expect(page.locator("#password")).to_be_visible()

        password_step(page, site, username)
        page.wait_for_url("**/sign-in/code")
        see(page, "8-second-step")
        page.fill("#code", "000000")
        sent(page, "form.box button")
        see(page, "9-second-step-wrong")
        page.fill("#code", app.code(later=1))
        sent(page, "form.box button")
        expect(page.locator("#q")).to_be_visible()
        see(page, "10-signed-in")

        with authenticator(page):
            page.goto(site.address + "/account/passkeys/add")
            see(page, "11-passkey")
            page.fill("#name", "Máy ở phòng khám")
            sent(page, "form.passkey button")
            assert page.url.endswith("/account?done=factor"), page.content()
            expect(page.locator("main")).to_contain_text("Máy ở phòng khám")
            see(page, "12-account")
            sign_out(page)
            sent(page, "form.passkey button")
            expect(page.locator("#q")).to_be_visible()

            password_step(elsewhere, site, username)
            elsewhere.wait_for_url("**/sign-in/code")
            elsewhere.fill("#code", codes[0])
            sent(elsewhere, "form.box button")
            expect(elsewhere.locator("#q")).to_be_visible()

            page.goto(site.address + "/account/sessions")
            see(page, "13-sessions")
            assert page.locator('button[name="session"]').count() == 2  # that one, and all others
            sent(page, 'main li button[name="session"]')
            see(page, "14-session-ended")
            elsewhere.goto(site.address + "/account/sessions")
            expect(elsewhere.locator("#password")).to_be_visible()

            page.goto(site.address + "/account/password")
            see(page, "15-password")
            for name, text in (("oldpassword", "not it, surely not"), ("password1", "short"), ("password2", "other")):
                page.fill(f"#{name}", text)
            sent(page, "form.box button")
            see(page, "16-password-refused")
            for name, text in (("oldpassword", PASSWORD), ("password1", NEW), ("password2", NEW)):
                page.fill(f"#{name}", text)
            sent(page, "form.box button")
            assert page.url.endswith("/account?done=password")
            see(page, "17-password-changed")
            page.goto(site.address + "/account/authenticator/remove")
            see(page, "18-remove")
            sign_out(page)
            password_step(page, site, username)
            expect(page.locator("#password")).to_be_visible()
            see(page, "19-old-password")
            password_step(page, site, username, NEW)
            page.wait_for_url("**/sign-in/code")
            see(page, "20-second-step-with-passkey")
            sent(page, "form.passkey button")
            expect(page.locator("#q")).to_be_visible()


NEW = "Chín-con-trâu-qua-sông"


@pytest.mark.parametrize(("size", "language"), [("desk", "vi"), ("phone", "en")])
def test_the_whole_way_of_a_person_through_sign_in(browser: Browser, strict: Site, size: str, language: str) -> None:
    username = f"an-{size}"
    compose.hire(compose.load(strict.folder), username, "nurse", "35001", PASSWORD)
    walk(browser, strict, username, size, language, clean)
