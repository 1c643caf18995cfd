"""A citizen at the own pages, and the privacy officer who answers: in a real browser, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import CITIZEN, OFFICER, At, Site
from tests.web.looking import both, faults, fits, shapes

from hoso import compose
from hoso.store.unusual import UnusualRow, UnusualTable

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WORDS = "Tôi không có mặt ở trạm vào giờ đó"
PAGES = (
    "/me", "/me/record", "/me/more",
    "/me/timeline", "/me/book", "/me/log", "/me/log?only=emergencies", "/me/log/proof", "/me/cases",
    "/me/cases/new?kind=erasure", "/me/consents", "/me/sharing", "/me/family",
    "/me/share", "/me/share/new", "/me/vaccines", "/me/growth",
)  # fmt: skip


@shapes
@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_a_citizen_can_be_used_by_everybody(at: At, path: str, size: str, language: str) -> None:
    page = at(path, size, language=language)
    assert page.locator("main").get_attribute("id") == "main" and page.locator("h1").count() == 1
    assert faults(page) == [] and fits(page)


@pytest.fixture(scope="session")
def snoop(site: Site) -> str:
    """A finding about somebody of the officer's facility, and the path of its page."""
    node = compose.open(site.folder)
    rid = node.store.people.rids(["full"])["full"]
    row = UnusualRow("snooped", "user/mai", "doctor", "35001", date(2026, 11, 20).toordinal(), "seen", 41, 9.0, None, 1)
    UnusualTable(node.store.engine).find(row, [rid])
    node.close()
    return "/unusual/snooped"


@shapes
def test_the_officer_sees_who_read_unusually_much_and_decides(at: At, snoop: str, size: str, language: str) -> None:
    page = at("/unusual", size, OFFICER, language, java_script_enabled=False)
    expect(page.locator(".source").first).to_contain_text("mai")
    expect(page.locator('a[href="/unusual"] .tag, .source .tag').first).to_be_visible()
    page.click(f'a[href="{snoop}"]')
    expect(page.locator("main")).to_contain_text("41")
    expect(page.locator(".items")).to_contain_text("Nguyễn Thị Hồng Hạnh")
    if page.locator("form.box").count():
        page.select_option("#outcome", "justified")
        page.fill("#words", "Đã hỏi trưởng khoa: trực thay hai người")
        page.click("form.box button")
    expect(page.locator("main")).to_contain_text("trực thay hai người")
    for path in ("/unusual", snoop, "/unusual?page=99999", "/unusual?page=x"):
        seen = at(path, size, OFFICER, language)
        assert faults(seen) == [] and fits(seen)
    assert at(snoop, size, CITIZEN, language).locator(".items").count() == 0


@both
def test_a_citizen_asks_about_a_look_and_reads_the_answer(at: At, size: str) -> None:
    page = at("/me/log?only=emergencies", size, java_script_enabled=False)
    expect(page.locator(".look--emergency").first).to_contain_text("mai")
    page.click(".look__ask a >> nth=0")
    page.fill("#words", WORDS)
    page.click("form.box button")
    expect(page.locator("main")).to_contain_text(WORDS)
    theirs = page.url.replace("/me/", "/")
    officer = at("/cases", size, OFFICER)
    assert faults(officer) == [] and fits(officer)
    officer.goto(theirs)
    expect(officer.locator(".lead")).to_contain_text("Nguyễn Thị Hồng Hạnh")
    assert faults(officer) == [] and fits(officer)
    officer.select_option("#outcome", "proper")
    officer.fill("#words", "Bác sĩ trực đã cấp cứu cho bà, có biên bản kèm theo")
    officer.click("form.box:has(#outcome) button")
    expect(officer.locator("main")).to_contain_text("có biên bản kèm theo")
    assert faults(officer) == []
    page.reload()
    expect(page.locator("main")).to_contain_text("có biên bản kèm theo")
    page.click("main form button >> nth=-1")
    expect(page.locator("h1")).to_contain_text("Đã đóng")
    assert faults(at(urlsplit(page.url).path, size)) == []


@both
def test_a_code_is_shown_with_its_picture(at: At, size: str) -> None:
    page = at("/me/sharing", size)
    page.select_option("#offer", "grant 7")
    page.click("form.box button")
    expect(page.locator(".handed .code")).to_have_count(1)
    box = page.locator(".qr svg").bounding_box()
    assert box is not None and box["width"] >= 150 and abs(box["width"] - box["height"]) < 1
    assert faults(page) == [] and fits(page)


@both
def test_what_is_closed_is_listed_and_opened_again(at: At, size: str) -> None:
    page = at("/me/consents", size)
    page.select_option("#kind", "procedure")
    page.click("form.box:has(#kind) button")
    expect(page.locator(".items button")).to_have_count(1)
    assert faults(page) == [] and fits(page)
    page.click(".items button")
    expect(page.locator(".items button")).to_have_count(0)


@both
def test_the_pages_of_staff_about_it_can_be_used_by_everybody(
    at: At, open_page: Callable[..., Page], size: str
) -> None:
    queue = at("/emergencies", size, OFFICER)
    assert faults(queue) == []
    for path in ("/codes", "/patients/full/delegate"):
        page = open_page(path, size=size)
        assert faults(page) == [] and fits(page), path


def test_an_emergency_is_told_until_it_was_read(at: At) -> None:
    page = at("/me", "phone")
    expect(page.locator(".told")).to_contain_text("Bất tỉnh")
    assert faults(page) == [] and fits(page)
    page.click(".told button")
    expect(page.locator(".told")).to_have_count(0)
    page.reload()
    expect(page.locator(".told")).to_have_count(0)
