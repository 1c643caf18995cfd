"""Administrators see the server's health, its codes and texts, and switch features: what is off is off everywhere."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.conftest import PASSWORD, Open, Site, sign_in
from tests.web.test_citizen_pages import fits
from tests.web.test_journeys import faults

from hoso import compose
from hoso.cli import main

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ADMIN = "quang"


@pytest.fixture(scope="module")
def admin(browser: Browser, site: Site) -> Page:
    compose.hire(compose.load(site.folder), ADMIN, "facility-administrator", "35001", PASSWORD)
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(30_000)
    sign_in(page, site, ADMIN)
    page.wait_for_url("**/staff*")
    return page


def test_the_pages_of_upkeep_say_what_the_server_knows(admin: Page, site: Site, open_page: Open) -> None:
    page = admin
    page.goto(site.address + "/health")
    expect(page.locator("main")).to_contain_text("Chưa kiểm tra lần nào")
    expect(page.locator("main")).to_contain_text("Đoạn cuối toàn vẹn và đã ký")
    assert faults(page) == [] and fits(page)
    found = {
        "at": "2026-01-01T00:00:00+00:00",
        "checks": [{"check": "index.token", "ok": False, "faults": ["<b>1 row</b>"]}],
    }
    (site.folder / "doctor.json").write_text(json.dumps(found), "utf-8")
    page.reload()
    expect(page.locator(".source--late", has_text="Tìm kiếm thấy đủ")).to_contain_text("<b>1 row</b>")
    expect(page.locator("main")).to_contain_text("hơn một tháng trước")
    main.main(["doctor", "--data", str(site.folder), "--json"])
    page.reload()
    expect(page.locator("main")).not_to_contain_text("hơn một tháng trước")
    expect(page.locator("main")).to_contain_text("Tìm kiếm thấy đủ")
    page.get_by_role("link", name="Bảng mã").click()
    page.select_option(
        "#system", label=next(text for text in page.locator("#system option").all_inner_texts() if "ICD" in text)
    )
    page.fill("#words", "tang huyet ap")
    page.get_by_role("button", name="Tìm", exact=True).click()
    expect(page.locator("main")).to_contain_text("I10")
    assert faults(page) == [] and fits(page)
    page.get_by_role("link", name="Bản dịch").click()
    expect(page.locator(".source").first).to_contain_text("đầy đủ")
    assert faults(page) == [] and fits(page)
    doctor = open_page("/", "mai")
    for path in ("/health", "/tables", "/translations", "/features"):
        assert doctor.request.get(site.address + path).status == 404, path


def test_what_is_switched_off_answers_with_its_reason_and_the_change_is_told(site: Site, admin: Page) -> None:
    admin.goto(site.address + "/features")
    assert faults(admin) == [] and fits(admin)
    for title, paths in {
        "Sổ tay mở cho mọi người": ("/manual", "/manual/doctor"),
        "Người dân chia sẻ bằng QR và mã": ("/s", "/shl/abc", "/codes", "/me/share/new"),
        "Nhập tệp trên trang": ("/imports", "/imports/x/check"),
    }.items():
        admin.get_by_role("button", name=f"Tắt {title}").click()
        expect(admin.locator(".source--late")).to_contain_text("đang tắt")
        for path in paths:
            answer = admin.request.get(site.address + path)
            assert answer.status == 403 and "Phần này đang tắt" in answer.text(), path
        admin.get_by_role("button", name=f"Bật {title}").click()
        assert "Phần này đang tắt" not in admin.request.get(site.address + paths[0]).text(), title
    node = compose.open(site.folder)
    try:
        node.audit.sealer.settle()
        told = [(event.kind, event.what, event.actor) for _, event in node.audit.events() if event]
    finally:
        node.close()
    assert ("feature-off", "manual", f"user/{ADMIN}") in told and ("feature-on", "manual", f"user/{ADMIN}") in told
