"""A referral from the visit to the letter that comes back, between two facilities; with scripts and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO

import orjson
import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web import people
from tests.web.conftest import PASSWORD, Open, Site, sign_in
from tests.web.looking import SIZES, faults, fits

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.fhir import systems

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ERRAND = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
CODE = "35777"
Receiver = Callable[..., Page]


@pytest.fixture(scope="module")
def sent_from(site: Site) -> str:
    """A visit of the station that is signed; and the hospital that receives, with a doctor."""
    back = people.Back(date.today())  # noqa: DTZ011  (the made-up people live in the present)
    subject = {"reference": "Patient/referred"}
    who = people.patient("referred", "Phạm Thị Chuyển Viện", "1961-02-03", "female", "035161000777")
    place = {"reference": "Organization/station", "display": people.STATION}
    visit = {
        "resourceType": "Encounter", "id": "refer-visit", "status": "finished", "subject": subject,
        "class": {"system": people.ACT, "code": "AMB"}, "period": {"start": back.time(0, "07:00:00")},
        "serviceProvider": place, "participant": [{"individual": people.DOCTOR}], "reasonCode": [{"text": "Đau ngực"}],
    }  # fmt: skip
    found = {
        "resourceType": "Condition", "id": "refer-main", "subject": subject,
        "code": people.text("Cơn đau thắt ngực", systems.ICD10, "I20"),
        "encounter": {"reference": "Encounter/refer-visit"},
        "verificationStatus": people.coded(people.VERIFIED, "confirmed"),
    }  # fmt: skip
    hospital = {
        "resourceType": "Organization", "id": "receiver", "active": True, "name": "Bệnh viện Tiếp nhận Thử nghiệm",
        "identifier": [{"system": systems.FACILITY_CODE, "value": CODE}],
    }  # fmt: skip
    node = compose.open(site.folder)
    for one in (hospital, who, people.roster(["referred"], id="roster-referred"), visit, found):
        node.records.update(ERRAND, one["resourceType"], one["id"], orjson.dumps(one))
    node.close()
    compose.hire(compose.load(site.folder), "hung", "doctor", CODE, PASSWORD)
    return "/patients/referred/visits/refer-visit"


@pytest.fixture
def receiver(browser: Browser, site: Site, sent_from: str) -> Iterator[Page]:
    with browser.new_context(viewport=dict(zip(("width", "height"), SIZES["phone"], strict=True))) as context:
        page = context.new_page()
        sign_in(page, site, "hung")
        page.wait_for_selector("#q")
        yield page


def refer(page: Page, to: str) -> None:
    for name in ("signs", "state", "course", "results", "treatment", "plan"):
        page.fill(f"#f-{name}", f"{name} của người bệnh")
    page.fill("#f-transport", "Xe cứu thương")
    page.check("[name=reason][value='2']")
    page.fill("#f-to", to)
    page.click("button[name=sign]")


def test_a_referral_goes_out_is_received_answered_and_read(
    open_page: Open, sent_from: str, receiver: Page, site: Site
) -> None:
    page = open_page(sent_from)
    page.click("text=Chuyển đến cơ sở khác")
    expect(page.locator("#f-diagnosis")).to_have_value("I20 Cơn đau thắt ngực")
    assert faults(page) == [] and fits(page)
    page.click("button[name=sign]")
    expect(page.locator("#summary")).to_contain_text("Chuyển đến cơ sở")
    assert faults(page) == []
    refer(page, "tiep nhan thu")
    expect(page.locator(".notice--done")).to_contain_text("Bệnh viện Tiếp nhận")
    assert faults(page) == [] and fits(page)
    address = page.url.partition("?")[0]
    paper = page.request.get(f"{address}.pdf")
    with pypdfium2.PdfDocument(BytesIO(paper.body())) as document:
        text = document[0].get_textpage().get_text_range()
    for said in ("Giấy chuyển cơ sở", "Vượt quá khả năng", "Xe cứu thương", "035161000777"[:3]):
        assert said in text, said

    receiver.goto(f"{site.address}/today")
    receiver.click("section[aria-labelledby=referred] >> text=Mở")
    assert faults(receiver) == [] and fits(receiver)
    receiver.click("button[value=accept]")
    expect(receiver.locator("#state")).to_contain_text("Sẽ tiếp nhận")
    receiver.goto(receiver.url.partition("/referrals")[0] + "/visits/new")
    receiver.click("main button")
    receiver.goto(f"{site.address}/referrals")
    receiver.click("#incoming ~ ul >> text=Mở")
    receiver.click("button[value=reply]")
    expect(receiver.locator(".field__wrong").first).to_be_visible()
    for name in ("diagnosis", "treatment", "state", "advice"):
        receiver.fill(f"#f-{name}", f"{name} phản hồi")
    receiver.click("button[value=reply]")
    expect(receiver.locator("#letter")).to_be_visible()

    page.goto(f"{site.address}/today")
    line = page.locator("section[aria-labelledby=referred] li", has_text="Phạm Thị Chuyển Viện")
    expect(line).to_contain_text("có phản hồi chưa đọc")
    assert faults(page) == []
    line.locator("a.button").click()
    letter = page.request.get(f"{address}/reply.pdf")
    assert letter.ok and letter.body().startswith(b"%PDF")
    page.click("button[value=read]")
    expect(page.locator("#state")).to_contain_text("Phản hồi đã đọc")
    page.goto(f"{site.address}/referrals")
    assert faults(page) == [] and fits(page)


def test_who_declines_says_why_and_the_record_closes_again(
    open_page: Open, sent_from: str, receiver: Page, site: Site
) -> None:
    page = open_page(f"{sent_from}/refer", java_script_enabled=False)
    refer(page, CODE)
    expect(page.locator(".notice--done")).to_be_visible()
    address = page.url.partition("?")[0]
    receiver.goto(address)
    receiver.click("summary")
    receiver.click("button[value=decline]")
    expect(receiver.locator(".field__wrong")).to_be_visible()
    receiver.fill("#f-why", "Hết giường hồi sức")
    receiver.click("button[value=decline]")
    receiver.wait_for_url("**/referrals")
    page.goto(address)
    expect(page.locator("#state")).to_have_text("Không tiếp nhận")
    expect(page.locator("section.panel")).to_contain_text("Hết giường hồi sức")


def test_to_whom_a_referral_is_of_no_concern_it_is_not_there(open_page: Open, sent_from: str, site: Site) -> None:
    page = open_page("/referrals", username="lan")
    assert page.locator("#incoming").count() == 0
    for path in ("/patients/referred/referrals/nothing", f"/patients/referred/referrals/{'x' * 300}"):
        answer = open_page("/").request.get(f"{site.address}{path}")
        assert answer.status == 404
