"""Somebody who is not in the doctor's care: found at the counter, received with a visit, or opened in an emergency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pytest
from playwright.sync_api import expect
from tests.web.conftest import PASSWORD, Open, Site, sign_in
from tests.web.looking import both, faults
from tests.web.people import patient
from tests.web.test_journeys import search

from hoso import compose
from hoso.access import Actor, Errand, Scopes
from hoso.web.accounts import registry

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
OPERATOR = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
WORDS = "Bất tỉnh ở cổng trạm, không có giấy tờ"


@dataclass(frozen=True)
class Stranger:
    id: str
    number: str
    name: str


@pytest.fixture(scope="session")
def strangers(node_folder: object, site: Site) -> Iterator[list[Stranger]]:
    """People with records here whom the station does not look after."""
    node = compose.open(site.folder)
    made = [
        Stranger(f"far-{n}", f"0340720099{n:02d}", f"Vũ Thị Xa {word}")
        for n, word in enumerate(("Một", "Hai", "Ba", "Bốn", "Năm"))
    ]
    for one in made:
        body = patient(one.id, one.name, f"197{one.id[-1]}-05-06", "female", one.number)
        node.records.update(OPERATOR, "Patient", one.id, orjson.dumps(body))
    node.close()
    yield made


@both
def test_a_sure_number_shows_an_outline_and_a_visit_opens_the_record(
    open_page: Open, strangers: list[Stranger], size: str
) -> None:
    one = strangers[0 if size == "desk" else 1]
    page = open_page("/", size=size)
    search(page, one.name)
    expect(page.locator(".person")).to_have_count(0)
    search(page, one.number)
    expect(page.locator(".person--elsewhere")).to_contain_text(one.name)
    assert one.number not in page.locator("main").inner_text() and faults(page) == []
    page.click(".person__ways form button")
    expect(page.locator("h1")).to_have_text(one.name)
    assert faults(page) == []
    search(page, one.name)
    expect(page.locator(".person")).to_have_count(1)


def test_an_emergency_opens_the_record_in_red_until_it_is_ended(
    open_page: Open, site: Site, strangers: list[Stranger]
) -> None:
    one = strangers[2]
    page = open_page("/")
    search(page, one.number)
    page.click("a.button--red")
    if page.locator("#password").count():  # the proof of who asks is older than five minutes
        page.fill("#password", PASSWORD)
        page.click("form.box button")
    assert faults(page) == []
    page.select_option("#reason", "unconscious")
    page.fill("#words", "ngắn quá")
    page.evaluate("document.querySelector('form.box').noValidate = true")
    page.click("button.button--red")
    expect(page.locator(".notice--red").first).to_contain_text("15")
    page.fill("#words", WORDS)
    page.click("button.button--red")
    expect(page.locator("h1")).to_have_text(one.name)
    expect(page.locator(".alarm")).to_contain_text("Bất tỉnh")
    assert "in-emergency" in (page.locator("body").get_attribute("class") or "") and faults(page) == []
    address = page.url
    page.click(".alarm button")
    assert page.goto(address).status == 404  # type: ignore[union-attr]


def test_the_privacy_officer_looks_at_it_and_decides(open_page: Open, site: Site, strangers: list[Stranger]) -> None:
    config = compose.load(site.folder)
    node = compose.open(site.folder)
    doctor = Actor("user/mai", Scopes.parse("system/*.rs"), "doctor", "35001", assurance="single")
    node.emergencies.open(Errand(doctor, "ETREAT", channel="screen"), strangers[3].id, "life-threat", WORDS)
    node.close()
    secret = registry.new_secret(config)
    compose.hire(config, "quyen", "privacy-officer", "35001", PASSWORD)
    registry.enrol(config, "quyen", secret)
    page = open_page("/", None)
    sign_in(page, site, "quyen")
    page.fill("#code", registry.code_now(config, secret))
    page.click("form.box button")
    page.click("text=Cấp cứu")
    row = page.locator(".source").first
    expect(row).to_contain_text(WORDS)
    assert strangers[3].name not in page.locator("main").inner_text() and faults(page) == []
    waiting = page.locator(".source").count()
    row.locator("select[name=outcome]").select_option("justified")
    row.locator("textarea").fill("Có biên bản trực cấp cứu kèm theo")
    row.locator("form.box button").click()
    expect(page.locator(".source")).to_have_count(waiting - 1)
    assert open_page("/emergencies").locator("h1").inner_text() == "Không có trang này"


def test_what_nobody_may_open_is_not_there(open_page: Open, site: Site, strangers: list[Stranger]) -> None:
    page = open_page("/")
    for path in (f"/patients/{strangers[4].id}", f"/patients/{strangers[4].id}/timeline", "/patients/nobody"):
        answer = page.goto(site.address + path)
        assert answer is not None and answer.status == 404
