"""Received files on the pages: looked at beforehand, taken in, mended, set aside and taken back, without a script."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.exchange.insurance.insurance_files import SUMMARY, Row, envelope, visit
from tests.web.conftest import Open, Site, sign_in
from tests.web.looking import both, faults
from tests.web.people import STATION_CODE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_numbers = count(1)
WIDE = """[...document.querySelectorAll('main *, header *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 150))"""
QUARANTINED = "bị cách ly"


def person(**more: str) -> Row:
    number = next(_numbers)
    return {
        **SUMMARY, "MA_CSKCB": STATION_CODE, "MA_LK": f"W{number}", "MA_HSBA": f"WEB{number}", "MA_BN": f"WEB{number}",
        "HO_TEN": f"Ngô Thị {'ABCDEFGHIK'[number % 10]}", "SO_CCCD": "", "MA_THE_BHYT": f"GD4019{number:09d}",
        "NGAY_SINH": f"19{30 + 3 * number}0{1 + number % 9}140000", "DIA_CHI": f"{number} phố Bà Triệu", **more,
    }  # fmt: skip


def written(file: Path, *rows: Row) -> Path:
    file.write_bytes(envelope(*(visit({"XML1": [row]}) for row in rows), facility=STATION_CODE))
    return file


def choose(page: Page, file: Path, button: str) -> None:
    page.set_default_timeout(5_000)
    page.set_input_files("#file", file)
    page.get_by_role("button", name=button).click()


def test_a_file_is_looked_at_taken_in_mended_and_set_aside(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/", "lan", java_script_enabled=False)
    page.get_by_role("link", name="Dữ liệu gửi đến").click()
    file = written(tmp_path / "thang7.xml", person(), person(MA_LK=""), person(MA_CSKCB="01001"))
    choose(page, file, "Xem trước kết quả")
    expect(page.get_by_role("status")).to_contain_text("Chưa lưu gì")
    expect(page.get_by_text(f"{QUARANTINED} 2")).to_be_visible()
    page.get_by_role("link", name="Dữ liệu gửi đến").first.click()
    assert page.get_by_role("link", name="thang7.xml").count() == 0
    choose(page, file, "Tiếp nhận")
    expect(page.get_by_role("heading", level=1)).to_have_text("thang7.xml")
    expect(page.locator("#item-2 b")).to_contain_text("MA_LK")
    expect(page.locator("#item-3")).to_contain_text("01001")
    with page.expect_download() as loading:
        page.locator("#item-2").get_by_role("link", name="Tải về").click()
    assert b"XML1" in Path(loading.value.path()).read_bytes()
    page.locator("#item-2 .mend summary").click()
    page.set_input_files("#file-2", written(tmp_path / "mended.xml", person()))
    page.get_by_role("button", name="Thay vào chỗ đó HOSO[2]").click()
    expect(page.get_by_role("link", name="đã lưu 2")).to_be_visible()
    page.locator("#item-3 .mend summary").click()
    page.fill("#reason-3", "Của nơi khác")
    page.get_by_role("button", name="Để riêng HOSO[3]").click()
    expect(page.get_by_role("link", name="để riêng 1")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(QUARANTINED))).to_have_count(0)


def test_a_file_is_taken_back_by_one_who_has_just_signed_in(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = open_page("/", None)
    sign_in(page, site, "hoa")
    page.get_by_role("link", name="Dữ liệu gửi đến").click()
    choose(page, written(tmp_path / "nham.xml", person()), "Tiếp nhận")
    page.get_by_role("link", name="Hoàn tác tệp này").click()
    page.get_by_role("button", name="Hoàn tác tệp này").click()
    expect(page.get_by_role("status")).to_contain_text("Đã hoàn tác: 1 mục")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "không giống định dạng"), (b"%PDF-1.7", "không giống định dạng"), (b"<GIAMDINHHS>", "")],
)
def test_a_wrong_file_is_refused_in_words(open_page: Open, tmp_path: Path, content: bytes, said: str) -> None:
    page = open_page("/inbox", "lan")
    page.get_by_role("button", name="Tiếp nhận").click()
    expect(page.get_by_role("alert")).to_have_text("Hãy chọn tệp trước.")
    (tmp_path / "a.xml").write_bytes(content)
    choose(page, tmp_path / "a.xml", "Tiếp nhận")
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("heading", level=1)).to_have_text("Dữ liệu gửi đến")


def test_for_others_the_pages_are_not_there(open_page: Open, tmp_path: Path) -> None:
    for path in ("/inbox", "/inbox?at=station", "/inbox/x", "/inbox/x/1", "/inbox/x/undo"):
        assert open_page(path, "mai").get_by_role("heading", level=1).inner_text() == "Không có trang này", path
    page = open_page("/inbox", "lan")
    choose(page, written(tmp_path / "a.xml", person()), "Tiếp nhận")
    place = page.url.partition("?")[0]
    for url in (f"{place}/1", f"{place}/2", f"{place}?at=hospital", "/inbox/none", f"{place}?at="):
        answer = page.request.get(url if "://" in url else page.url.split("/inbox")[0] + url)
        assert answer.status == (200 if url.endswith("at=") else 404), url


@both
def test_the_pages_have_no_barrier_and_fit(open_page: Open, tmp_path: Path, size: str) -> None:
    page = open_page("/inbox", "lan", size)
    choose(page, written(tmp_path / "a.xml", person(), person(MA_LK="")), "Xem trước kết quả")
    assert faults(page) == []
    page.go_back()
    choose(page, written(tmp_path / "b.xml", person(), person(MA_LK="")), "Tiếp nhận")
    page.locator("#item-2 .mend summary").click()
    assert (faults(page), page.evaluate(WIDE)) == ([], [])
    page.get_by_role("main").get_by_role("link", name="Dữ liệu gửi đến").click()
    assert (faults(page), page.evaluate(WIDE)) == ([], [])
