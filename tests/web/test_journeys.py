"""A person signs in, finds somebody, reads the card and the timeline: in a real browser, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.web import people
from tests.web.conftest import Open, Site, sign_in
from tests.web.looking import both, faults

from hoso import compose
from hoso.core import citizen_code
from hoso.identity.code import Codes

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def search(page: Page, text: str) -> None:
    page.fill("#q", text)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_person_is_found_by_what_is_at_hand(open_page: Open) -> None:
    page = open_page("/")
    for typed in (
        citizen_code.show(people.FULL_CODE),
        people.FULL_NUMBER,
        "GD 4 01 01167 01234",
        people.FULL_CARD[-10:],
        "0912 345 678",
        "nguyen thi hong hanh",
        "Nguyễn Thị Hồng Hạnh 12/03/1967",
        f"{people.FULL_NUMBER}|012345678|Nguyễn Thị Hồng Hạnh|12031967|Nữ|12 đường Đinh Tiên Hoàng|01012022",
    ):
        search(page, typed)
        page.click("text=Nguyễn Thị Hồng Hạnh")
        expect(page.locator("h1"), typed).to_have_text("Nguyễn Thị Hồng Hạnh")


@pytest.fixture
def codes(site: Site) -> Iterator[Codes]:
    node = compose.open(site.folder)
    yield node.codes
    node.close()


def test_a_scanned_citizen_card_finds_its_person(open_page: Open, codes: Codes) -> None:
    page = open_page("/")
    search(page, codes.card(people.FULL_CODE, "NTHH", "1967"))
    expect(page.locator("p.fine:not(#q-hint)").first).to_contain_text("chữ ký đúng")
    expect(page.locator("p.fine:not(#q-hint)").first).to_contain_text("1967")
    expect(page.locator("#q")).to_have_value(citizen_code.show(people.FULL_CODE))
    assert faults(page) == []
    page.click("text=Nguyễn Thị Hồng Hạnh")
    expect(page.locator("h1")).to_have_text("Nguyễn Thị Hồng Hạnh")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda card: card[:-1] + str((int(card[-1]) + 1) % 10), "Chữ ký của thẻ này không đúng"),
        (lambda card: card[:120], "Chưa đọc trọn thẻ"),
        (lambda card: card[:14] + "00000" + card[19:], "không biết ai đã ký thẻ này"),
        (lambda card: card[:5] + card[6] + card[5] + card[7:], "Mã trong QR này sai"),
    ],
)
def test_a_card_that_is_not_right_says_so_and_shows_nobody(
    open_page: Open, codes: Codes, spoil: Callable[[str], str], says: str
) -> None:
    page = open_page("/")
    search(page, spoil(codes.card(people.FULL_CODE)))
    expect(page.locator(".notice--amber")).to_contain_text(says)
    expect(page.locator(".person")).to_have_count(0)
    assert faults(page) == []


def test_a_merged_code_still_finds_the_person(open_page: Open, codes: Codes) -> None:
    (old,) = codes.allocate()
    page = open_page("/")
    search(page, old)
    expect(page.locator(".person")).to_have_count(0)
    codes.alias(old, people.FULL_CODE)
    search(page, codes.card(old))
    page.click("text=Nguyễn Thị Hồng Hạnh")
    codes.part(old)


@both
def test_from_sign_in_to_the_timeline(open_page: Open, site: Site, size: str) -> None:
    page = open_page("/", None, size)
    assert faults(page) == []
    sign_in(page, site)
    expect(page.locator("#q")).to_be_focused()
    assert faults(page) == []
    search(page, "nguyen thi hong hanh")
    assert faults(page) == []
    page.click(".person__link")
    expect(page.locator(".area-allergies")).to_contain_text("Penicillin")
    expect(page.locator(".area-alerts")).to_contain_text("Thuốc chống đông")
    expect(page.locator(".area-alerts")).to_contain_text("2,7")
    assert faults(page) == []
    page.click("nav >> text=Diễn biến")
    page.click("summary >> nth=0")
    expect(page.locator(".provenance").first).to_contain_text(people.STATION)
    assert faults(page) == []
    page.click(".chip--vaccine")
    expect(page.locator(".item")).to_have_count(1)
    page.click("text=Tất cả >> nth=0")
    page.select_option("#facility", people.HEART)
    page.click("form.filter button")
    expect(page.locator(".item--visit").first).to_contain_text(people.HEART)
    assert faults(page) == []
    page.click("nav >> text=Nguồn")
    expect(page.locator(".source")).to_contain_text(people.STATION)
    page.click("summary >> nth=0")
    expect(page.locator(".why").first).to_contain_text("Người mới")
    assert faults(page) == []


def test_the_timeline_is_read_page_by_page_to_its_beginning(open_page: Open) -> None:
    page = open_page("/patients/full/timeline?kind=visit")
    seen = page.locator(".item").count()
    pages = 1
    while page.locator(".older a").count():
        with page.expect_navigation():
            page.click(".older a")
        seen += page.locator(".item").count()
        pages += 1
    assert (seen, pages > 1) == (96, True)


def test_the_card_fits_one_screen_of_a_cheap_desk(open_page: Open) -> None:
    page = open_page("/patients/full")
    assert page.evaluate("document.documentElement.scrollHeight") <= 768


def test_no_page_is_wider_than_a_phone(open_page: Open, site: Site) -> None:
    page = open_page("/", size=(360, 700))
    for path in (
        "/",
        "/?q=tran+van+binh",
        "/patients/full",
        "/patients/full/timeline",
        "/patients/full/sources",
        "/style",
        "/nowhere",
    ):
        page.goto(site.address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_on_a_phone_allergies_and_alerts_are_on_the_first_screen(open_page: Open) -> None:
    box = open_page("/patients/full", size="phone").locator(".area-alerts").bounding_box()
    assert box is not None and box["y"] + box["height"] <= 844


def test_everything_works_without_javascript(open_page: Open, site: Site) -> None:
    page = open_page("/", None, java_script_enabled=False)
    sign_in(page, site)
    search(page, people.FULL_NUMBER)
    page.click(".person__link")
    expect(page.locator(".area-alerts")).to_contain_text("Insulin")
    page.click("nav >> text=Diễn biến")
    page.click(".older a")
    page.click("text=English")
    expect(page.locator("text=Emergency card").first).to_be_visible()
    page.click("text=Sign out")
    expect(page.locator("#username")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/", "/?q=tran+van+binh", "/patients/full", "/patients/full/timeline", "/patients/full/sources"]
)
def test_a_page_weighs_little(open_page: Open, path: str) -> None:
    """Bytes over the wire with an empty cache, stylesheet and scripts included."""
    page = open_page("/nowhere")
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    client.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto(page.url.replace("/nowhere", path), wait_until="networkidle")
    assert len(sizes) >= 3 and sum(sizes) <= 60_000


def test_lookalikes_are_marked_and_exact_accents_come_first(open_page: Open) -> None:
    page = open_page("/")
    search(page, "Nguyễn Văn An")
    expect(page.locator(".person__link")).to_have_text(["Nguyễn Văn An", "Nguyen Van An"])
    expect(page.locator(".person__marks").first).to_contain_text("1 người trùng tên")
    search(page, "nguyen van an 1/5/1967")
    expect(page.locator(".person")).to_have_count(2)
    search(page, "tran van binh")
    expect(page.locator(".person")).to_have_count(20)
    page.click(".pages a >> text=2")
    expect(page.locator(".person")).to_have_count(5)


def test_a_mistyped_code_is_told_apart_from_nobody(open_page: Open) -> None:
    page = open_page("/")
    search(page, people.FULL_CODE[:-1] + str((int(people.FULL_CODE[-1]) + 1) % 10))
    expect(page.locator(".notice--amber")).to_contain_text("gõ sai")
    search(page, "khong co ai ten nay")
    expect(page.locator(".notice")).to_contain_text("Không tìm thấy ai")


def test_a_receptionist_sees_who_it_is_and_that_the_rest_is_closed(open_page: Open) -> None:
    page = open_page("/patients/full", "thu")
    expect(page.locator("h1")).to_have_text("Nguyễn Thị Hồng Hạnh")
    for area in ("allergies", "alerts", "problems", "medicines", "measures", "blood"):
        expect(page.locator(f".area-{area} .state--refused")).to_be_visible()
    assert "Penicillin" not in page.content()
    visits = page.locator(".area-visits .visit")  # that somebody came, not for what
    expect(visits.filter(has_text="Vai trò của bạn không được xem mục này")).not_to_have_count(0)
    assert "Rung nhĩ" not in page.content()
    assert faults(page) == []


def test_an_empty_record_says_unknown(open_page: Open) -> None:
    page = open_page("/patients/empty")
    expect(page.locator(".area-allergies .state--unknown")).to_contain_text("Chưa ghi nhận")
    assert faults(page) == []


def test_the_language_changes_in_place(open_page: Open) -> None:
    page = open_page("/patients/full")
    before = page.url
    page.click("text=English")
    expect(page.locator(".area-alerts")).to_contain_text("Anticoagulant")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url == before


@pytest.mark.parametrize("path", ["/", "/style", "/nowhere", "/patients/x"])
@both
def test_strangers_pages_are_clean_too(open_page: Open, path: str, size: str) -> None:
    assert faults(open_page(path, None, size)) == []


def test_the_slash_key_goes_to_the_search_box(open_page: Open) -> None:
    page = open_page("/patients/full")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
