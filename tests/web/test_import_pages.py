"""A sheet is brought step by step: looked at, its columns confirmed, checked, stored, mended, known again next time."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import Open, Site
from tests.web.looking import faults, fits
from tests.web.test_inbox_pages import person, written

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TITLES = ["Mã BN", "Họ và tên", "Ngày sinh", "Giới tính", "Ghi gì đó", "<script>alert(1)</script>"]
_numbers = count(1)


def sheet(file: Path, *births: str, titles: list[str] = TITLES) -> Path:
    rows = []
    for birth in births:
        number = next(_numbers)
        rows.append(f"IMP{number};=Lê Thị {'ABCDEGHIKLMN'[number % 12]};{birth};Nữ;x;<b>y</b>")
    file.write_text("\n".join([";".join(titles), *rows]), "utf-8")
    return file


def bring(page: Page, file: Path) -> None:
    page.set_default_timeout(60_000)
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Xem tệp").click()


def test_a_sheet_goes_in_row_by_row_and_is_known_the_next_time(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = open_page("/inbox", "lan", java_script_enabled=False)
    page.get_by_role("link", name="Nhập tệp từng bước").click()
    bring(page, sheet(tmp_path / "ds.csv", "02/03/1961", "31/02/1962", "05/1963"))
    expect(page.locator(".facts")).to_contain_text("CSV, Unicode (UTF-8), ngăn cách bằng dấu chấm phẩy")
    expect(page.get_by_label("Ý nghĩa của Họ và tên")).to_have_value("name")
    born = page.get_by_label("Ý nghĩa của Ngày sinh")
    expect(born).to_have_value("birth")
    born.select_option("")
    number = page.get_by_label("Ý nghĩa của Mã BN")
    number.select_option("name")
    page.get_by_role("button", name="Kiểm tra mọi dòng").click()
    expect(page.get_by_role("alert").first).to_contain_text("name")  # the same field twice
    expect(page.get_by_label("Ý nghĩa của Mã BN")).to_have_value("name")
    page.get_by_label("Ý nghĩa của Mã BN").select_option("number")
    page.get_by_label("Ý nghĩa của Ngày sinh").select_option("birth")
    page.get_by_role("button", name="Kiểm tra mọi dòng").click()
    expect(page.get_by_role("status")).to_contain_text("Đã đọc 3 dòng; chưa lưu gì")
    expect(page.locator(".chips-row")).to_contain_text("bị loại 1")
    expect(page.locator(".source--late")).to_contain_text("31/02/1962")
    expect(page.locator(".source--late")).to_contain_text("Dòng: 3")
    page.get_by_role("button", name="Lưu", exact=True).click()
    expect(page.locator("#standing")).to_contain_text("Đã xong cả 3 dòng")
    brought = page.url
    with page.expect_download() as loading:
        page.get_by_role("link", name="Tải các dòng bị loại").click()
    with ZipFile(loading.value.path()) as book:
        texts = "".join(book.read(name).decode() for name in book.namelist())
        assert "31/02/1962" in texts and "'=Lê Thị" in texts
    page.get_by_role("link", name="Xem lý do").click()
    expect(page.locator(".gathered")).to_contain_text("31/02/1962")
    page.locator(".mend summary").click()
    page.get_by_role("link", name="Sửa dòng này tại đây").click()
    page.get_by_label("Ngày sinh", exact=True).fill("28/02/1962")
    page.get_by_role("button", name="Thay vào chỗ đó").click()
    expect(page.get_by_role("link", name="đã lưu 3")).to_be_visible()
    page.goto(brought.replace("?", "/check?"))  # as the back button would
    expect(page.get_by_role("heading", level=1)).to_have_text("Kết quả nhập")
    page.goto(site.address + "/imports")
    bring(page, sheet(tmp_path / "nua.csv", "02/03/1964", titles=TITLES))
    expect(page.get_by_role("status")).to_contain_text("như đã xác nhận lần trước")
    page.get_by_role("button", name="Bỏ tệp này").click()
    expect(page.get_by_text("nua.csv")).to_have_count(0)


def test_files_of_software_are_checked_before_they_go_in_too(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/imports", "lan")
    bring(page, written(tmp_path / "t.xml", person(), person(MA_LK=""), person(MA_LK="")))
    expect(page.locator(".chips-row")).to_contain_text("lưu được 1")
    expect(page.locator(".source--late")).to_have_count(1)
    expect(page.locator(".source--late")).to_contain_text("2 dòng bị loại")
    page.get_by_role("button", name="Lưu", exact=True).click()
    expect(page.locator("#standing")).to_contain_text("Đã xong cả 3 dòng")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Hãy chọn tệp trước"),
        (b"PK\x03\x04" + b"x" * 400, "bị hỏng"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "trang web"),
        (b"a" * 9_000_001, "lớn hơn 9 MB"),
    ],
    ids=["empty", "broken", "web page", "large"],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    open_page: Open, tmp_path: Path, content: bytes, said: str
) -> None:
    page = open_page("/imports", "lan")
    (tmp_path / "a.xlsx").write_bytes(content)
    bring(page, tmp_path / "a.xlsx")
    expect(page.get_by_role("alert")).to_contain_text(said)
    assert page.get_by_text("a.xlsx").count() == 0  # nothing waits half-way


def test_a_file_is_its_owners_and_the_pages_are_there_for_those_who_import(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/imports", "lan")
    bring(page, sheet(tmp_path / "rieng.csv", "02/03/1971"))
    place = page.url.partition("?")[0]
    other = open_page("/imports", "hoa")
    assert other.get_by_text("rieng.csv").count() == 0
    for path in (place, place + "/check"):
        assert other.request.get(path).status == 404, path
    doctor = open_page("/", "mai")
    for path in ("/imports", "/imports/empty/persons.xlsx", "/inbox/x/rejects.xlsx", "/inbox/x/1/row"):
        assert doctor.request.get(doctor.url.rstrip("/") + path).status == 404, path
    for path in ("/imports?at=hospital", "/imports/none", "/imports/empty/none.xlsx"):
        assert page.request.get(page.url.split("/imports")[0] + path).status == 404, path
    empty = page.request.get(page.url.split("/imports")[0] + "/imports/empty/results.xlsx")
    assert empty.status == 200 and empty.body()[:2] == b"PK"
    page.get_by_role("button", name="Bỏ tệp này").click()


def test_the_steps_have_no_barrier_fit_and_weigh_little(open_page: Open, tmp_path: Path) -> None:
    wide = TITLES + [f"Cột rất dài không ai hiểu {n}" for n in range(40)]
    for size in ("desk", "phone"):
        page = open_page("/imports", "lan", size)
        sizes: list[int] = []
        page.on("response", lambda answer, sizes=sizes: sizes.append(answer.request.sizes()["responseBodySize"]))
        assert faults(page) == [] and fits(page)
        bring(page, sheet(tmp_path / f"{size}.csv", "02/03/1951", "1", titles=wide))
        assert faults(page) == [] and fits(page)
        page.get_by_role("button", name="Kiểm tra mọi dòng").click()
        assert faults(page) == [] and fits(page)
        page.get_by_role("button", name="Lưu", exact=True).click()
        expect(page.locator("#standing")).to_contain_text("Đã xong")
        assert faults(page) == [] and fits(page)
        page.get_by_role("link", name="Xem lý do").click()
        page.locator(".mend summary").first.click()
        page.get_by_role("link", name="Sửa dòng này tại đây").first.click()
        assert faults(page) == [] and fits(page)
        assert max(sizes) < 60_000
