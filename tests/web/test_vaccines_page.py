"""Journey "child vaccination": a nurse opens a child's card, gives what is due in one tap, and the family sees it."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import At, Open, Site
from tests.web.looking import both, faults, fits, shapes

from hoso import compose

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SHOTS = Path("build/vaccines")
"""Pictures of the pages, for whoever looks."""


def child(site: Site, id: str = "empty") -> str:
    node = compose.open(site.folder)
    try:
        rows = node.store.people
        (golden,) = rows.persons_of(rows.rids([id]).values()).values()
        return rows.ids([golden])[golden]
    finally:
        node.close()


def picture(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@shapes
@pytest.mark.parametrize("scripts", [True, False])
def test_the_card_is_read_in_both_languages_and_sizes(
    open_page: Open, site: Site, size: str, language: str, scripts: bool
) -> None:
    page = open_page(f"/patients/{child(site)}/vaccines", size=size, java_script_enabled=scripts)
    if language == "en":
        page.get_by_role("button", name="English").click()
    title = "Cần tiêm bây giờ" if language == "vi" else "Due now"
    expect(page.locator("#due")).to_have_text(title)
    if scripts:
        assert faults(page) == [] and fits(page)
        picture(page, f"card-{size}-{language}")
    assert len(page.content().encode()) < 60_000


def fill(page: Page, lot: str = "A12345", expiry: date | None = None) -> None:
    expires = expiry or date.today() + timedelta(days=200)  # noqa: DTZ011  (the made-up people live in the present)
    for row in page.locator(".shot").all():
        row.locator("input[name^=lot-]").fill(lot)
        row.locator("input[name^=expiry-]").fill(f"{expires:%d/%m/%Y}")


def test_what_is_due_is_given_at_once_and_the_family_sees_it(open_page: Open, site: Site) -> None:
    id = child(site)
    page = open_page(f"/patients/{id}/vaccines")
    page.get_by_role("button", name="Đã tiêm: ghi vào hồ sơ").click()
    expect(page.locator(".notice--red")).to_contain_text("Chưa lưu gì")
    expect(page.locator(".field__wrong").first).to_have_text("Số lô có ghi trên lọ vắc xin.")
    assert faults(page) == []
    fill(page, expiry=date(2020, 1, 1))
    page.get_by_role("button", name="Đã tiêm: ghi vào hồ sơ").click()
    expect(page.locator(".field__wrong").first).to_have_text("Lô này đã hết hạn: không được dùng.")
    fill(page)
    offered = page.locator(".shot").count()
    page.locator("input[name=give-bcg]").uncheck()
    form = page.locator("form.shots").evaluate("f => new URLSearchParams(new FormData(f)).toString()")
    page.get_by_role("button", name="Đã tiêm: ghi vào hồ sơ").click()
    expect(page.locator(".notice")).to_contain_text(f"Đã ghi {offered - 1} mũi vào hồ sơ.")
    expect(page.locator(".shot")).to_have_count(1)
    expect(page.locator(".dose--given")).not_to_have_count(0)
    assert faults(page) == []
    picture(page, "given-desk-vi")
    again = page.request.post(
        page.url.partition("?")[0],
        data=f"{form}&do=give",
        headers={"content-type": "application/x-www-form-urlencoded", "origin": site.address, "referer": page.url},
    )
    assert again.status in (200, 422)
    page.reload()
    expect(page.locator("#doses ~ .items > .source")).to_have_count(offered - 1)
    paper = page.request.get(f"{site.address}/patients/{id}/vaccines.pdf")
    text = text_of(paper.body())
    assert paper.status == 200 and "Phiếu tiêm chủng" in text and "lô A12345" in text and "Lần tiêm tới" in text
    dates = page.request.get(f"{site.address}/patients/{id}/vaccines.ics").text()
    assert dates.startswith("BEGIN:VCALENDAR\r\n") and "SUMMARY:Tiêm chủng: Đặng Thị Hòa" in dates
    assert all(len(line.encode()) <= 75 for line in dates.split("\r\n"))
    _write_down_and_tell(page, site)


def _write_down_and_tell(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/patients/{child(site)}/vaccines")
    page.get_by_text("Ghi mũi đã tiêm trước đây theo sổ, phiếu").click()
    page.select_option("#vaccine", "hepb")
    page.fill("#on", "01/01/2020")
    page.fill("#place", "Bệnh viện Sản - Nhi")
    page.locator("button[value=write]").click()
    expect(page.locator(".field__wrong")).to_have_text("Ngày này trước ngày sinh.")
    page.fill("#on", "03/01/2026")
    page.locator("button[value=write]").click()
    expect(page.locator(".notice")).to_contain_text("Mũi tiêm trước đây đã được ghi")
    expect(page.locator(".dose--given").first).to_contain_text("Viêm gan B")
    expect(page.locator("#doses ~ .items > .source").last).to_contain_text("Bệnh viện Sản - Nhi")
    expect(page.locator("#doses ~ .items > .source").first).to_contain_text("Trạm Y tế")
    page.get_by_text("Ghi phản ứng sau mũi tiêm này").first.click()
    page.select_option("#reaction-1", "anaphylaxis")
    page.locator("button[value=reaction]").first.click()
    expect(page.locator(".notice")).to_contain_text("Phản ứng sau tiêm đã được ghi")
    expect(page.locator(".late").filter(has_text="Phản vệ")).to_have_count(1)
    expect(page.locator(".dose--contraindicated").first).to_contain_text("Phản vệ sau vắc xin có cùng thành phần")
    assert faults(page) == []
    picture(page, "reaction-desk-vi")


def text_of(body: bytes) -> str:
    document = pypdfium2.PdfDocument(BytesIO(body))
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def test_who_may_not_write_sees_no_form_and_who_may_not_see_gets_no_page(open_page: Open, site: Site) -> None:
    id = child(site)
    page = open_page("/", "thu")
    assert page.request.get(f"{site.address}/patients/{id}/vaccines").status == 403
    assert page.request.get(f"{site.address}/patients/{id}/vaccines.pdf").status == 403
    assert page.request.get(f"{site.address}/patients/{id}/vaccines.ics").status == 403


def test_the_timeline_leads_to_the_vaccines(open_page: Open, site: Site) -> None:
    page = open_page(f"/patients/{child(site)}/timeline")
    page.get_by_role("link", name="Vắc xin", exact=True).first.click()
    expect(page.locator("#doses")).to_have_text("Các mũi đã ghi nhận")


@pytest.mark.parametrize("field", ["lot-dpt_hepb_hib", "expiry-dpt_hepb_hib", "note", "place", "on", "once", "dose"])
def test_a_megabyte_in_a_field_is_refused_and_stores_nothing(open_page: Open, site: Site, field: str) -> None:
    page = open_page(f"/patients/{child(site)}/vaccines")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    before = page.locator("#doses ~ .items > .source").count()
    sent = {"csrfmiddlewaretoken": token, "do": "give", "give-dpt_hepb_hib": "1", field: "<script>" * 130_000}
    answer = page.request.post(page.url, form=sent, headers={"origin": site.address, "referer": page.url})  # type: ignore[arg-type]
    assert 400 <= answer.status < 500
    page.reload()
    assert page.locator("#doses ~ .items > .source").count() == before


@both
def test_a_citizen_sees_the_own_doses_without_a_script_and_takes_card_and_dates(at: At, site: Site, size: str) -> None:
    page = at("/me", size, java_script_enabled=False)
    page.get_by_role("link", name="Vắc xin", exact=True).first.click()
    expect(page.locator("#doses ~ .items > .source").first).to_contain_text("Cúm mùa")
    expect(page.locator("form.shots, button[value=reaction]")).to_have_count(0)
    card = page.request.get(f"{site.address}/me/vaccines.pdf")
    assert card.status == 200 and "Phiếu tiêm chủng" in text_of(card.body())
    dates = page.request.get(f"{site.address}/me/vaccines.ics")
    assert dates.status == 200 and dates.text().endswith("END:VCALENDAR\r\n")
    assert page.request.get(f"{site.address}/me/family/{child(site)}/vaccines").status == 404, "nobody's guardian"
