"""The book in the four groups of QĐ 31 for staff, at both sizes and in both languages, without faults."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Open
from tests.web.looking import faults, fits, shapes

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@shapes
def test_staff_see_four_groups_and_pages_of_visits(open_page: Open, person: str, size: str, language: str) -> None:
    page = open_page(f"/patients/{person}/book", size=size, locale=language)
    expect(page.locator(".year__title")).to_have_count(4)
    text = page.inner_text("main")
    for said in ("Nguyễn Thị Hồng Hạnh", "Penicillin và các beta-lactam", "Tăng huyết áp", "Metformin 850 mg"):
        assert said in text
    visits = page.locator("details.item__fold")
    assert visits.count() == 10
    first = visits.first.locator(".item__day").inner_text()
    assert re.match(r"\d\d/\d\d/\d{4}\Z", first)
    assert faults(page) == [] and fits(page)
    page.get_by_role("link", name="Cũ hơn").or_(page.get_by_role("link", name="Older")).click()
    assert page.locator("details.item__fold").first.locator(".item__day").inner_text() != first


def test_a_receptionist_is_told_what_is_not_shown(open_page: Open, person: str) -> None:
    text = open_page(f"/patients/{person}/book", "thu").inner_text("main")
    assert "Vai trò của bạn không được xem mục này" in text
    assert "Penicillin" not in text and "Metformin" not in text


def test_a_page_that_is_none_is_the_first_and_one_behind_the_last_is_empty(open_page: Open, person: str) -> None:
    shown = open_page(f"/patients/{person}/book?page=-3").locator("details.item__fold").count()
    assert shown == 10
    assert open_page(f"/patients/{person}/book?page=9999").locator("details.item__fold").count() == 0
