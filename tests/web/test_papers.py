"""The book and a visit as PDF: all of the record is on paper, for whoever may print it, and the log says printed."""

from __future__ import annotations

from io import BytesIO

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import APIResponse, expect
from tests.web.conftest import Open, Site

from hoso import compose
from hoso.web.papers.layout import Foot, fine, head, heading, item, pdf, rows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def fetched(open_page: Open, path: str, username: str = "mai") -> APIResponse:
    page = open_page("/", username)
    return page.request.get(f"{page.url.rstrip('/')}{path}")


def text_of(body: bytes) -> str:
    document = pypdfium2.PdfDocument(BytesIO(body))
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def test_the_book_has_what_the_card_and_the_timeline_show(open_page: Open, person: str) -> None:
    answer = fetched(open_page, f"/patients/{person}/book.pdf")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"].startswith("no-store") or "no-store" in answer.headers["cache-control"]
    text = text_of(answer.body())
    page = open_page(f"/patients/{person}/timeline")
    titles = page.locator(".item__title").all_inner_texts()
    assert len(titles) > 20
    assert [title for title in titles if title.split()[0] not in text] == []
    for said in ("Penicillin và các beta-lactam", "Phản vệ độ III", "O Rh+", "Tăng huyết áp", "Metformin 850 mg",
                 "1 viên × 2 lần/ngày", "Trang 1/", "(cao)"):  # fmt: skip
        assert said in text, said


def test_a_visit_is_printed_from_the_timeline_and_holds_its_own_only(open_page: Open, person: str) -> None:
    page = open_page(f"/patients/{person}/timeline")
    page.locator(".item--visit summary").first.click()
    link = page.get_by_role("link", name="Lượt khám này (PDF)").first
    expect(link).to_be_visible()
    answer = page.request.get(f"{page.url.partition('/patients')[0]}{link.get_attribute('href')}")
    text = text_of(answer.body())
    assert answer.status == 200 and "Phiếu tóm tắt lượt khám" in text and "15/11/2026" not in text.split("In lúc")[1]
    assert "Penicillin" not in text


def test_nobody_prints_what_the_role_may_not(open_page: Open, person: str) -> None:
    text = text_of(fetched(open_page, f"/patients/{person}/book.pdf", "thu").body())
    assert "Vai trò của bạn không được in: " in text and "Vai trò của bạn không được xem mục này" in text
    assert "Penicillin" not in text and "Metformin" not in text


def test_who_prints_nothing_is_shown_no_paper_and_gets_none(open_page: Open, person: str) -> None:
    page = open_page(f"/patients/{person}", "lan")
    assert page.get_by_role("link", name="Sổ (PDF)").count() == 0
    assert fetched(open_page, f"/patients/{person}/book.pdf", "lan").status == 403


def test_a_visit_of_somebody_else_and_none_at_all_are_not_there(open_page: Open, site: Site, person: str) -> None:
    node = compose.open(site.folder)
    rows = node.store.people
    (other,) = rows.ids(rows.persons_of(rows.rids(["accented"]).values()).values()).values()
    node.close()
    page = open_page(f"/patients/{person}/timeline")
    page.locator(".item--visit summary").first.click()
    visit = str(page.get_by_role("link", name="Lượt khám này (PDF)").first.get_attribute("href")).rpartition("/")[2]
    assert fetched(open_page, f"/patients/{other}/visits/{visit}").status == 404
    assert fetched(open_page, f"/patients/{person}/visits/none.pdf").status == 404
    assert fetched(open_page, f"/patients/{person}/visits/{'x' * 900}.pdf").status == 404


def test_the_log_says_that_it_was_printed(open_page: Open, site: Site, person: str) -> None:
    assert fetched(open_page, f"/patients/{person}/book.pdf").status == 200
    node = compose.open(site.folder)
    try:
        node.audit.sealer.settle()
        told = [one for _, one in node.audit.events() if one is not None and one.what.endswith("/book.pdf")]
    finally:
        node.close()
    assert told and {(one.channel, one.activity) for one in told} == {("print", "print")}


words = st.text(max_size=80) | st.text(alphabet="<>&;\"'\x00\n\t ₫ữ", max_size=60)


@settings(max_examples=25, deadline=None)
@given(words, words, words)
def test_any_words_can_be_printed_and_the_same_give_the_same_bytes(one: str, two: str, three: str) -> None:
    body = made(one, two, three)
    assert body.startswith(b"%PDF-") and body == made(one, two, three)


@pytest.mark.parametrize("long", ["x" * 20_000, "rất dài " * 3_000, "\n" * 2_000])
def test_a_text_longer_than_a_page_goes_on_overleaf(long: str) -> None:
    body = made(long, long, long)
    assert text_of(body).count(long.strip()[:3]) >= len(long) // 100


def made(one: str, two: str, three: str) -> bytes:
    story = [*head(one, [(two, three)], "9123456789030"), heading(two), item("01/01/2026", one, three)]
    return pdf(one, "vi", [*story, *rows([(one, two, three)] * 3), fine(three)], Foot(one, two, "{n}/{all}"))
