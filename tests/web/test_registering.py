"""Somebody new comes to the counter: scanned or searched for, registered once, and there for whoever looks next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.web import people
from tests.web.conftest import PASSWORD, Open, Site
from tests.web.looking import faults
from tests.web.test_journeys import search

from hoso import compose
from hoso.access import Actor, Errand, Scopes

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
OPERATOR = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
HOME = "Thôn Phúc Lộc, Phường Hoa Lư, Tỉnh Ninh Bình"
SHOTS = Path("build/screenshots/registering")


@dataclass
class Hand:
    """A scripted hand; it counts what it does."""

    page: Page
    taps: int = 0
    typed: int = 0

    def scan(self, text: str) -> None:
        """A reader types a card at once and ends with Enter; nobody touches a key."""
        self.page.locator("#q").press_sequentially(text, delay=1)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def tap(self, selector: str) -> None:
        self.taps += 1
        with self.page.expect_navigation():
            self.page.click(selector)


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def card(number: str, name: str, born: str = "14021985", sex: str = "Nữ") -> str:
    return "|".join([number, f"1{number[-8:]}", name, born, sex, HOME, "05062021"])


def weight(page: Page) -> int:
    return len(page.content().encode())


@pytest.fixture
def stored(site: Site) -> Iterator[compose.Node]:
    node = compose.open(site.folder)
    yield node
    node.close()


def patients(node: compose.Node, name: str) -> list[str]:
    from hoso.fhir.search import parse

    found = node.records.search(OPERATOR, parse("Patient", [("name:exact", name)])).matches
    return [version.id for version in found]


sides = pytest.mark.parametrize(("size", "script"), [("desk", True), ("phone", False)])


@sides
def test_from_a_scanned_card_to_a_registered_person(
    open_page: Open, stored: compose.Node, size: str, script: bool
) -> None:
    name, number = ("Đinh Thị Ánh Tuyết", "035185000101") if script else ("Đinh Thị Bạch Tuyết", "035185000102")
    page = open_page("/", "thu", size, java_script_enabled=script)
    hand = Hand(page)
    hand.scan(card(number, name))
    expect(page.locator(".person")).to_have_count(0)
    if script:
        assert faults(page) == []
    hand.tap("text=Đăng ký người mới")
    assert page.input_value("#name") == name and page.input_value("#number") == number
    assert [page.input_value(f"#{part}") for part in ("day", "month", "year")] == ["14", "02", "1985"]
    assert page.is_checked("input[value=female]") and page.input_value("#address") == HOME
    shot(page, f"form-{size}-vi")
    if script:
        assert faults(page) == []
    assert weight(page) < 60_000
    hand.tap(".register__end button")
    expect(page.locator("h1")).to_have_text(name)
    shot(page, f"done-{size}-vi")
    if script:
        assert faults(page) == []
    assert (hand.taps, hand.typed) == (2, 0)
    code = page.locator(".done .digits").first.inner_text().replace(" ", "")
    assert len(code) == 13
    search(page, name)  # whoever looks next finds them, by name alone
    expect(page.locator(".person__link")).to_have_count(1)
    expect(page.locator(".person__facility")).to_contain_text("khám gần nhất")
    search(page, card(number, name))
    expect(page.locator(".person__link")).to_have_count(1)


def test_in_english_too_and_the_card_is_printed(open_page: Open) -> None:
    page = open_page("/", "thu")
    page.click("text=English")
    search(page, "Doan Van Ut 1950")
    page.click("text=Register a person")
    assert page.input_value("#name") == "Doan Van Ut" and page.input_value("#year") == "1950"
    page.check("input[value=male]")
    shot(page, "form-desk-en")
    assert faults(page) == []
    page.click(".register__end button")
    expect(page.locator(".notice--done")).to_contain_text("Registered.")
    shot(page, "done-desk-en")
    assert faults(page) == []
    address = page.locator("text=Print the citizen card").get_attribute("href")
    answer = page.request.get(page.url.split("/patients")[0] + str(address))
    assert answer.status == 200 and answer.body().startswith(b"%PDF")
    page.click("text=Emergency card")
    expect(page.locator("h1")).to_have_text("Doan Van Ut")


@sides
def test_who_is_known_is_shown_with_reasons_before_anybody_is_registered_twice(
    open_page: Open, stored: compose.Node, size: str, script: bool
) -> None:
    page = open_page("/register?q=Nguyen+Thi+Hong+Hanh+12/03/1967", "thu", size, java_script_enabled=script)
    one = page.locator(".alike__one").first
    expect(one).to_contain_text("Nguyễn Thị Hồng Hạnh")
    expect(one).to_contain_text("cùng ngày sinh")
    shot(page, f"alike-{size}-vi")
    if script:
        assert faults(page) == []
    expect(page.locator(".register__end button")).to_have_text("Không phải ai ở trên: đăng ký mới")
    one.locator("text=Đúng người này").click()
    expect(page.locator("h1")).to_have_text("Nguyễn Thị Hồng Hạnh")


def test_a_look_alike_that_was_not_shown_yet_stops_the_form_once(open_page: Open, stored: compose.Node) -> None:
    page = open_page("/register?q=Cầm+Thị+Giống+Nhau+12/03/1967", "thu")
    page.check("input[value=female]")
    page.click(".register__end button")
    expect(page.locator(".notice--done")).to_be_visible()
    before = len(patients(stored, "Cầm Thị Giống Nhau"))
    page.goto(page.url.split("/patients")[0] + "/register?q=Ai+Do+Khac")
    page.fill("#name", "Cầm Thị Giống Nhau")
    for part, text in (("day", "12"), ("month", "03"), ("year", "1967")):
        page.fill(f"#{part}", text)
    page.check("input[value=female]")
    page.click(".register__end button")
    expect(page.locator(".alike__one")).to_contain_text("Cầm Thị Giống Nhau")
    assert page.input_value("#year") == "1967" and len(patients(stored, "Cầm Thị Giống Nhau")) == before
    page.click(".register__end button")
    expect(page.locator(".notice--done")).to_be_visible()
    assert len(patients(stored, "Cầm Thị Giống Nhau")) > before


def test_sending_a_form_twice_makes_one_person(open_page: Open, stored: compose.Node, site: Site) -> None:
    page = open_page("/register?q=Lam+Thi+Hai+Lan+1970", "thu")
    page.check("input[value=female]")
    page.fill("#name", "Lâm Thị Hai Lần")
    form = page.evaluate("Object.fromEntries(new FormData(document.querySelector('.register__form')))")
    sent = [
        page.request.post(f"{site.address}/register", form=form, headers={"Referer": page.url}, max_redirects=0)
        for _ in range(2)
    ]
    assert [one.status for one in sent] == [302, 302]
    assert sent[0].headers["location"] == sent[1].headers["location"]
    changed = {**form, "name": "Lâm Thị Đã Sửa"}
    third = page.request.post(f"{site.address}/register", form=changed, headers={"Referer": page.url}, max_redirects=0)
    assert third.status == 302 and third.headers["location"].endswith("?changed=1")
    page.goto(site.address + third.headers["location"])
    expect(page.locator(".notice--amber")).to_contain_text("chưa được lưu")
    facility_records = [id for id in patients(stored, "Lâm Thị Hai Lần") if id in sent[0].headers["location"]]
    assert len(facility_records) == 1 and not patients(stored, "Lâm Thị Đã Sửa")


def test_going_back_and_registering_again_shows_who_was_just_registered(open_page: Open) -> None:
    page = open_page("/register?q=Phung+Thi+Quay+Lai+1961", "thu")
    page.check("input[value=female]")
    page.click(".register__end button")
    expect(page.locator(".notice--done")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.locator(".alike__one").first).to_contain_text("Phung Thi Quay Lai")


def test_what_is_wrong_is_named_field_by_field_and_nothing_typed_is_lost(open_page: Open) -> None:
    page = open_page("/register?q=Hoang+Van+Sai", "thu")
    page.fill("#name", "<script>alert(1)</script>")
    for part, text in (("day", "31"), ("month", "02"), ("year", "2020")):
        page.fill(f"#{part}", text)
    page.fill("#number", "035185000777")
    page.fill("#phone", "12")
    page.fill("#insurance", "XX1")
    page.click(".register__end button")
    summary = page.locator(".faults")
    expect(summary).to_be_focused()
    expect(summary.locator("li")).to_have_count(5)
    for name in ("name", "day", "sex", "insurance", "phone"):
        expect(summary.locator(f"a[href='#{name}']")).to_have_count(1)
    assert page.input_value("#name") == "<script>alert(1)</script>" and page.input_value("#phone") == "12"
    shot(page, "faults-desk-vi")
    assert faults(page) == [] and weight(page) < 60_000
    page.fill("#year", "2999")
    page.fill("#month", "01")
    page.click(".register__end button")
    expect(page.locator("#born-wrong")).to_contain_text("tương lai")


def test_a_guardians_number_on_a_child_is_caught_and_may_be_confirmed(open_page: Open) -> None:
    page = open_page("/register?q=Tong+Van+Con+14/05/2019", "thu")
    page.check("input[value=male]")
    page.fill("#number", "035185000777")
    page.click(".register__end button")
    expect(page.locator("#number-wrong")).to_contain_text("năm khác")
    page.fill("#number", "")
    page.click("summary")
    page.fill("#guardian", "Tống Thị Mẹ")
    page.select_option("#relation", "MTH")
    page.fill("#guardian_phone", "0986 111 222")
    page.click(".register__end button")
    expect(page.locator(".notice--done")).to_be_visible()
    page.click("text=Thẻ cấp cứu")
    expect(page.locator("main")).to_contain_text("Tống Thị Mẹ")


@sides
def test_a_newborn_is_linked_with_its_mother(open_page: Open, stored: compose.Node, size: str, script: bool) -> None:
    page = open_page(f"/?q={people.FULL_NUMBER}", "thu", size, java_script_enabled=script)
    page.click(".person__register >> text=Trẻ sơ sinh")
    expect(page.locator("input[name=mother]").first).to_be_checked()
    today = stored.records.clock()
    for part, text in (("day", f"{today:%d}"), ("month", f"{today:%m}"), ("year", f"{today:%Y}")):
        page.fill(f"#{part}", text)
    page.check(f"input[value={'female' if script else 'male'}]")
    page.fill("#order", "1" if script else "2")
    shot(page, f"newborn-{size}-vi")
    if script:
        assert faults(page) == []
    page.click(".register__end button")
    if page.locator(".alike__one").count():  # the other twin
        page.click(".register__end button")
    expect(page.locator("h1")).to_contain_text("Con bà Nguyễn Thị Hồng Hạnh")
    record = _related(stored, page.url)
    assert [i["value"] for i in record["identifier"]] == [people.FULL_CODE]
    assert record["relationship"][0]["coding"][0]["code"] == "MTH"


def _related(node: compose.Node, url: str) -> dict[str, Any]:
    import orjson

    from hoso.fhir.search import parse

    id = url.rsplit("/patients/", 1)[1].split("/")[0]
    (found,) = node.records.search(OPERATOR, parse("RelatedPerson", [("patient", id)])).matches
    return dict(orjson.loads(found.body))


def test_somebody_unknown_is_registered_without_a_search(open_page: Open) -> None:
    page = open_page("/", "thu")
    page.click("text=Không ai biết người này là ai")
    assert faults(page) == []
    page.click(".register__end button")
    expect(page.locator("#known_as-wrong")).to_be_visible()
    page.fill("#known_as", "Đàn ông khoảng 40 tuổi, áo xanh, đưa từ chợ Rồng")
    shot(page, "unknown-desk-vi")
    page.click(".register__end button")
    expect(page.locator("h1")).to_contain_text("Vô danh")


def test_a_session_that_ended_keeps_what_was_typed(open_page: Open, site: Site) -> None:
    page = open_page("/register?q=Kieu+Van+Het+Phien", "thu")
    page.fill("#year", "1948")
    page.fill("#address", "Xóm Giữa, Phường Hoa Lư")
    context = page.context
    context.clear_cookies(name="hoso_session")
    page.click(".register__end button")
    page.fill("#username", "thu")
    page.fill("#password", PASSWORD)
    page.click("form.box button")
    expect(page.locator(".notice").first).to_contain_text("được giữ lại")
    assert page.input_value("#year") == "1948" and page.input_value("#address") == "Xóm Giữa, Phường Hoa Lư"


def test_a_card_scanned_into_a_field_of_the_form_fills_it(open_page: Open) -> None:
    page = open_page("/register?q=Ai+Do+Moi", "thu")
    page.fill("#name", "")
    page.locator("#name").press_sequentially(card("035090000909", "Lương Văn Quét", "01021990", "Nam"), delay=1)
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    expect(page.locator("h1")).to_have_text("Lương Văn Quét")


def test_a_card_printed_before_it_was_anybodys_becomes_the_persons(open_page: Open, stored: compose.Node) -> None:
    (code,) = stored.codes.allocate()
    page = open_page("/", "thu")
    search(page, stored.codes.card(code))
    page.click("text=Đăng ký người mới")
    expect(page.locator(".register__form")).to_contain_text("chưa thuộc về ai")
    page.fill("#name", "Quàng Thị Thẻ Sẵn")
    page.fill("#year", "1977")
    page.check("input[value=female]")
    page.click(".register__end button")
    assert page.locator(".done .digits").first.inner_text().replace(" ", "") == code
    search(page, stored.codes.card(code))
    expect(page.locator(".person__link")).to_have_text("Quàng Thị Thẻ Sẵn")


def test_a_megabyte_is_refused_and_the_next_form_works(open_page: Open, site: Site) -> None:
    page = open_page("/register?q=Vi+Thi+To+Lon", "thu")
    form = page.evaluate("Object.fromEntries(new FormData(document.querySelector('.register__form')))")
    answer = page.request.post(
        f"{site.address}/register", form={**form, "name": "a" * 1_000_000}, headers={"Referer": page.url}
    )
    assert answer.status == 400
    page.fill("#name", "Vi Thị Vừa Vặn")
    page.fill("#year", "1966")
    page.check("input[value=female]")
    page.click(".register__end button")
    expect(page.locator("h1")).to_have_text("Vi Thị Vừa Vặn")


def test_a_list_says_when_each_was_last_seen_and_what_endangers_them(open_page: Open) -> None:
    page = open_page(f"/?q={people.FULL_NUMBER}")
    expect(page.locator(".person .tag--red")).to_contain_text("Penicillin")
    expect(page.locator(".person__facility")).to_contain_text("khám gần nhất")
    shot(page, "results-desk-vi")
    assert faults(page) == []
    clerk = open_page(f"/?q={people.FULL_NUMBER}", "thu", "phone")
    expect(clerk.locator(".person__facility")).to_contain_text("khám gần nhất")
    expect(clerk.locator(".person .tag--red")).to_have_count(0)  # allergies are none of a receptionist's
    shot(clerk, "results-phone-vi")


def test_who_lives_in_a_hamlet_is_found_by_it(open_page: Open) -> None:
    page = open_page("/register?q=Ngan+Thi+Dao", "thu")
    page.fill("#year", "1959")
    page.check("input[value=female]")
    page.fill("#address", "Xóm Trại, Phường Hoa Lư, Tỉnh Ninh Bình")
    page.click(".register__end button")
    for text in ("xóm trại", "ngan thi, xom trai", "ngan thi dao 1959 xom trai"):
        search(page, text)
        expect(page.locator(".person__link").first).to_contain_text("Ngan Thi")
    search(page, "ngan thi, xom khac")
    expect(page.locator(".person__link")).to_have_count(0)


@sides
def test_a_family_is_registered_one_after_the_other_and_seen_together(open_page: Open, size: str, script: bool) -> None:
    ward, name = ("Xóm Nhà Chung", "Chung") if script else ("Xóm Nhà Riêng", "Riêng")
    page = open_page(f"/register?q=Hà+Thị+{name}+1970", "thu", size, java_script_enabled=script)
    page.check("input[value=female]")
    page.fill("#address", f"{ward}, Phường Hoa Lư, Tỉnh Ninh Bình")
    page.click(".register__end button")
    page.click("text=Hộ gia đình")
    expect(page.locator(".state--unknown")).to_be_visible()
    page.click("text=Đăng ký thêm người trong hộ này")
    assert page.input_value("#address") == f"{ward}, Phường Hoa Lư, Tỉnh Ninh Bình"
    page.fill("#name", f"Hà Văn {name}")
    page.fill("#year", "1999")
    page.check("input[value=male]")
    page.click(".register__end button")
    page.click("text=Hộ gia đình")
    expect(page.locator(".person__link")).to_have_text(f"Hà Thị {name}")
    shot(page, f"household-{size}-vi")
    if script:
        assert faults(page) == []


def test_registering_comes_after_a_search_and_is_for_who_receives_people(open_page: Open, site: Site) -> None:
    page = open_page("/register", "thu")
    assert page.url == f"{site.address}/"
    expect(page.locator("text=Đăng ký người mới")).to_have_count(0)
    steward = open_page("/?q=khong+co+ai+nhu+the", "lan")
    expect(steward.locator(".person__register")).to_have_count(0)
    answer = steward.goto(f"{site.address}/register?q=khong+co+ai")
    assert answer is not None and answer.status == 404
