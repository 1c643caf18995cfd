"""The manual in the app: open to all, searched, read and printed without a script, and its pictures taken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Open
from tests.web.test_citizen_pages import fits
from tests.web.test_journeys import faults

from hoso.web.manual import book

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_the_manual_is_searched_read_and_printed(open_page: Open) -> None:
    page = open_page("/manual", None, java_script_enabled=False)
    page.fill("#words", "tiem chung")
    page.get_by_role("button", name="Tìm", exact=True).click()
    page.get_by_role("link", name="Tiêm chủng").first.click()
    assert "/manual/nurse#tiem-chung" in page.url
    expect(page.get_by_role("heading", level=2, name="Tiêm chủng")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".manual__way").first).to_be_hidden()
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.get_by_role("heading", level=2, name="Tiêm chủng")).to_be_visible()
    for path in ("/manual/none", "/manual/pictures/none.png", "/manual/pictures/..png"):
        assert page.request.get(page.url.split("/manual")[0] + path).status == 404, path
    reader = open_page("/manual", "mai")
    expect(reader.locator(".source", has_text="vai trò của bạn")).to_contain_text("Bác sĩ")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_page_of_the_manual_can_be_used_by_everybody(open_page: Open, size: str) -> None:
    page = open_page("/manual?words=tiem+chung", "mai", size)
    assert faults(page) == [] and fits(page)
    page.goto(page.url.split("/manual")[0] + "/manual/doctor")
    assert faults(page) == [] and fits(page)


def test_the_pictures_of_the_manual_are_taken(open_page: Open, tmp_path: Path) -> None:
    folder = Path(os.environ.get("HOSO_MANUAL", str(tmp_path)))
    for name, path, who in (
        ("search", "/?q=nguyen+thi", "mai"),
        ("emergency-card", "/patients/full", "mai"),
        ("today", "/today", "mai"),
        ("reviews", "/reviews", "lan"),
        ("imports", "/imports", "lan"),
    ):
        page = open_page(path, who)
        page.screenshot(path=folder / f"{name}.png")
    assert {file.stem for file in folder.glob("*.png")} >= book.pictured()
