"""A citizen's first page and what goes away from it: things to do, calendar files, the paper card, all as one file."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pypdfium2
import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import At
from tests.web.looking import faults, fits, shapes

from hoso.web.calendar import Entry, calendar

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)


def fetched(page: Page, path: str, method: str = "get", **form: str) -> tuple[str, bytes]:
    """With the session of the page's browser, as a download."""
    parts = urlsplit(page.url)
    address = f"{parts.scheme}://{parts.netloc}{path}"
    answer = page.request.get(address) if method == "get" else page.request.post(address, form=form)
    assert answer.ok, (path, answer.status)
    return answer.headers["content-type"], answer.body()


@shapes
def test_the_first_page_says_what_is_to_be_done(at: At, size: str, language: str) -> None:
    page = at("/me", size, language=language, java_script_enabled=False)
    expect(page.locator("h1")).to_have_text("Nguyễn Thị Hồng Hạnh")
    expect(page.locator(".todo li").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("Penicillin")
    for path in ("/me", "/me/more", "/me/record"):
        seen = at(path, size, language=language)
        assert faults(seen) == [] and fits(seen)


def test_the_ways_are_at_the_foot_of_a_phone(at: At) -> None:
    page = at("/me", "phone")
    box = page.locator(".ways").bounding_box()
    assert box is not None and box["y"] + box["height"] >= 843 and box["height"] <= 80
    assert [one.strip() for one in page.locator(".ways a").all_inner_texts()] == [
        "Trang chủ", "Hồ sơ", "Chia sẻ", "Gia đình", "Xem thêm",
    ]  # fmt: skip
    page.click(".ways a >> nth=2")
    expect(page.locator('.ways a[aria-current="page"]')).to_have_text("Chia sẻ")


def test_large_letters_are_remembered_and_taken_back(at: At) -> None:
    page = at("/me/more", "phone", java_script_enabled=False)
    before = page.locator("h1").bounding_box()
    page.click("button[name=large]")
    page.goto(page.url.replace("/more", ""))
    assert page.locator("html.large").count() == 1 and fits(page)
    page.goto(page.url + "/more")
    after = page.locator("h1").bounding_box()
    assert before is not None and after is not None and after["height"] > before["height"]
    page.click("button[name=large]")
    assert page.locator("html.large").count() == 0


def test_check_ups_go_into_a_calendar(at: At) -> None:
    type, body = fetched(at("/me"), "/me/reminders.ics")
    assert type.startswith("text/calendar") and body.startswith(b"BEGIN:VCALENDAR\r\n")
    assert body.count(b"BEGIN:VEVENT") == body.count(b"BEGIN:VALARM") >= 1


def test_the_card_on_paper_is_one_small_page(at: At) -> None:
    type, body = fetched(at("/me"), "/me/card.pdf")
    document = pypdfium2.PdfDocument(body)
    assert type == "application/pdf" and len(document) == 1
    width, height = document[0].get_size()
    assert (round(width), round(height)) == (298, 420)
    text = document[0].get_textpage().get_text_bounded()
    assert "Nguyễn Thị Hồng Hạnh" in text and "Penicillin" in text


def test_everything_is_one_file(at: At) -> None:
    page = at("/me/more")
    with page.expect_download() as download:
        page.click("form[action='/me/everything.zip'] button")
    archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert set(archive.namelist()) == {"ho-so.ndjson", "tom-tat-ips.json", "so-suc-khoe.pdf"}
    entries = [json.loads(line) for line in archive.read("ho-so.ndjson").splitlines()]
    assert {"Observation", "AllergyIntolerance", "Encounter"} <= {one["resourceType"] for one in entries}
    assert json.loads(archive.read("tom-tat-ips.json"))["type"] == "document"
    assert archive.read("so-suc-khoe.pdf").startswith(b"%PDF")


def test_a_calendar_holds_long_words_and_what_would_break_out_of_a_line() -> None:
    words = "Khám mắt; đáy mắt, võng mạc\nEND:VEVENT\r\nBEGIN:VEVENT " + "ệ" * 100
    made = calendar(
        [Entry("a", date(2026, 12, 1), words, "Trạm Y tế; xã"), Entry("b", NOW + timedelta(days=1), "x")], NOW
    )
    lines = made.decode().split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines) and made.count(b"\r\nBEGIN:VEVENT\r\n") == 2
    whole = made.decode().replace("\r\n ", "")
    assert "DTSTART;VALUE=DATE:20261201" in whole and "DTSTART:20261129T030000Z" in whole
    assert "SUMMARY:Khám mắt\\; đáy mắt\\, võng mạc\\nEND:VEVENT" in whole and "ệ" * 100 in whole


@pytest.mark.parametrize("id", ["nothing", "..", "x" * 300])
def test_an_appointment_that_is_not_there_has_no_file(at: At, id: str) -> None:
    page = at("/me")
    parts = urlsplit(page.url)
    assert page.request.get(f"{parts.scheme}://{parts.netloc}/me/appointments/{id}.ics").status == 404
