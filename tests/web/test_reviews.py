"""A steward works through the queue: side by side, by key or by button, with four eyes, and takes a wrong link back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect
from tests.web import people
from tests.web.conftest import Open, Site
from tests.web.looking import both, faults

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

IMPORTER = Actor("node/test", Scopes.parse("system/*.cruds"))
NUMBER = "http://fhir.ehealth.gov.vn/core/sid/national_id"
_numbers = count(1)


class Town:
    """The node behind the pages, to register people in and to ask what became of them."""

    def __init__(self, node: compose.Node) -> None:
        self.node = node
        self.number = next(_numbers)
        self.year = 1930 + 7 * self.number % 60

    def put(self, resource: dict[str, Any]) -> None:
        type, id = resource["resourceType"], resource["id"]
        self.node.records.update(Errand(IMPORTER, "SYSADMIN"), type, id, orjson.dumps(resource))

    def patient(
        self, name: str, *, number: str = "", phone: str = "", where: str = people.STATION, called: str = ""
    ) -> str:
        """A woman born on one day for the whole test; answers her record's id."""
        id = f"r{self.number}-{next(_numbers)}"
        born = f"{self.year}-03-{1 + self.number % 28:02d}"
        one: dict[str, Any] = {
            "resourceType": "Patient", "id": id, "meta": people.TEST_TAG, "name": [{"text": name}], "gender": "female",
            "birthDate": born, "managingOrganization": {"display": where},
        }  # fmt: skip
        if number:
            one["identifier"] = [{"system": NUMBER, "value": number}]
        if phone:
            one["telecom"] = [{"system": "phone", "value": phone}]
        if called:
            one["contact"] = [{"name": {"text": "Đinh Thị Mẹ"}, "telecom": [{"system": "phone", "value": called}]}]
        self.put(one)
        return id

    def visit(self, id: str) -> None:
        self.put({"resourceType": "Encounter", "id": f"visit-{id}", "status": "finished", "class": {"code": "AMB"},
                  "subject": {"reference": f"Patient/{id}"}, "period": {"start": "2026-02-03"}})  # fmt: skip

    def personal_number(self) -> str:
        return f"0011{self.year % 100}{next(_numbers):06d}"

    def home(self, id: str) -> str:
        """The person of a record."""
        people = self.node.records.people(Errand(IMPORTER, "SYSADMIN"))
        (rid,) = people.rids([id]).values()
        return people.ids([people.persons_of([rid])[rid]]).popitem()[1]

    def review(self, one: str, other: str) -> str:
        """A review whether the persons of two records are the same."""
        from hoso.identity.desk import Desk
        from hoso.identity.review import task

        def work(transaction: Any) -> str:
            desk = Desk(transaction, IMPORTER.id, self.node.records.clock)
            made = task("look-alike", self.home(one), [self.home(other)], desk.time, {})
            desk.add(made)
            desk.done()
            return str(made["id"])

        return self.node.records.transact(Errand(IMPORTER, "SYSADMIN"), [("u", "Task")], work)

    def status(self, review: str) -> str:
        version = self.node.records.read(Errand(IMPORTER, "SYSADMIN"), "Task", review)
        assert version is not None
        return str(orjson.loads(version.body)["status"])


@pytest.fixture
def town(site: Site) -> Iterator[Town]:
    node = compose.open(site.folder)
    yield Town(node)
    node.close()


def answer(page: Page, text: str) -> None:
    with page.expect_navigation():
        page.click(f".answer button:has-text('{text}')")


@both
def test_the_second_key_says_that_they_are_two(open_page: Open, town: Town, size: str) -> None:
    one = town.patient("Đinh Thị Hồng", phone=f"09110{town.number:02d}111")
    other = town.patient("Đinh Thị Hòng", phone=f"09110{town.number:02d}117", where=people.HEART)
    town.patient("Đinh Văn Con", phone=f"09110{town.number:02d}111")
    review = town.review(one, other)
    page = open_page("/reviews", "lan", size)
    assert faults(page) == []
    page.click(f"a[href='/reviews/{review}']")
    expect(page.locator(".diff--tone").first).to_have_text("Hồng")
    expect(page.locator(".diff--edit").first).to_have_text("1")
    expect(page.locator("text=Đinh Văn Con")).to_be_visible()
    page.click("text=Kết quả nếu là cùng một người")
    assert faults(page) == []
    page.focus("#reason")
    page.keyboard.type("1 2")
    assert page.url.endswith(review)
    page.locator("#reason").blur()
    with page.expect_navigation():
        page.keyboard.press("2")
    expect(page.locator(".notice")).to_contain_text("hai người khác nhau")
    assert (town.status(review), town.home(one) == town.home(other)) == ("completed", False)


def test_guardians_are_shown_with_the_phones_that_records_of_one_family_share(open_page: Open, town: Town) -> None:
    one = town.patient("Đinh Thị Na", called="0911004713")
    other = town.patient("Đinh Thị Nà", where=people.HEART, called="0911004713")
    page = open_page(f"/reviews/{town.review(one, other)}", "lan")
    expect(page.locator("text=Đinh Thị Mẹ, 0911 004 713")).to_have_count(2)
    assert faults(page) == []


def test_two_with_clinical_data_are_merged_by_four_eyes_without_javascript(open_page: Open, town: Town) -> None:
    one, other = town.patient("Đinh Thị Lụa"), town.patient("Đinh Thị Lụa", where=people.HEART)
    town.visit(one)
    town.visit(other)
    page = open_page(f"/reviews/{town.review(one, other)}", "lan", java_script_enabled=False)
    answer(page, "Cùng một người")
    expect(page.locator(".notice").first).to_contain_text("chờ người thứ hai")
    assert town.home(one) != town.home(other)
    waiting = next(r for r in town.node.steward.queue(Errand(IMPORTER, "SYSADMIN")).reviews if r.proposer == "user/lan")
    page.goto(page.url.split("/reviews")[0] + f"/reviews/{waiting.id}")
    expect(page.locator(".notice--amber")).to_contain_text("Bạn đã đề nghị gộp")
    expect(page.locator("button:has-text('Cùng một người')")).to_be_disabled()
    second = open_page(f"/reviews/{waiting.id}", "hoa")
    expect(second.locator(".notice--amber")).to_contain_text("user/lan")
    assert faults(second) == []
    answer(second, "Cùng một người")
    assert town.home(one) == town.home(other)


@both
def test_a_merge_is_undone_from_the_history_after_a_look_at_what_moves(open_page: Open, town: Town, size: str) -> None:
    one, other = town.patient("Đinh Thị Gấm"), town.patient("Đinh Thị Thêu", where=people.HEART)
    town.visit(other)
    homes = [town.home(one), town.home(other)]
    town.node.steward.merge(Errand(IMPORTER, "SYSADMIN"), *homes, "nhầm")
    page = open_page(f"/patients/{other}/sources", "lan", size)
    expect(page.locator(".source")).to_have_count(2)
    assert faults(page) == []
    page.click("text=Bỏ gộp")
    expect(page.locator("section[aria-labelledby=going]")).to_contain_text(people.HEART)
    expect(page.locator("section[aria-labelledby=going]")).to_contain_text("1 lượt khám")
    expect(page.locator("section[aria-labelledby=staying]")).to_contain_text(people.STATION)
    assert faults(page) == []
    page.fill("#reason", "hai chị em")
    with page.expect_navigation():
        page.click(".box button")
    expect(page.locator(".notice")).to_contain_text("đứng riêng")
    expect(page.locator(".event").first).to_contain_text("hai chị em")
    assert [town.home(one), town.home(other)] == homes


def test_a_ticked_record_is_set_apart(open_page: Open, town: Town) -> None:
    number = town.personal_number()
    one = town.patient("Đinh Thị Nhung", number=number)
    other = town.patient("DINH THI NHUNG", number=number, where=people.HOSPITAL)
    assert town.home(one) == town.home(other)
    page = open_page(f"/patients/{one}/split", "lan")
    expect(page.locator(".notice--amber")).to_contain_text("ít nhất một")
    page.goto(page.url.replace("/split", "/sources"))
    page.check(f"input[value='{other}']")
    page.click("text=Tách các hồ sơ đã chọn")
    page.fill("#reason", "số của chị")
    with page.expect_navigation():
        page.click(".box button")
    expect(page.locator(".source")).to_have_count(1)
    assert town.home(one) != town.home(other)


@both
def test_a_blind_check_shows_no_bits_and_makes_the_rate(open_page: Open, town: Town, size: str) -> None:
    number = town.personal_number()
    town.patient("Đinh Thị Bạch", number=number)
    town.patient("DINH THI BACH", number=number, where=people.HOSPITAL)
    page = open_page("/reviews/rate", "lan", size)
    assert faults(page) == []
    page.select_option("#number", "200")
    page.click(".box button")
    page.click(".notice a")
    page.click(".waiting__link >> nth=0")
    expect(page.locator(".pair")).to_be_visible()
    expect(page.locator("text=bit)")).to_have_count(0)
    assert faults(page) == []
    answer(page, "Cùng một người")
    page.goto(page.url.split("/reviews")[0] + "/reviews/rate")
    expect(page.locator(".chart__dot")).to_have_count(1)
    expect(page.locator(".plain-table")).to_contain_text("0 %")
    assert faults(page) == []


def test_what_is_unsure_comes_later_and_an_answered_review_says_so(open_page: Open, town: Town) -> None:
    review = town.review(town.patient("Đinh Thị Cói"), town.patient("Đinh Thị Lác"))
    page = open_page(f"/reviews/{review}", "lan")
    answer(page, "Không chắc")
    expect(page.locator(".notice")).to_contain_text("để lại")
    page.goto(page.url.split("/reviews")[0] + f"/reviews/{review}")
    stale = open_page(f"/reviews/{review}", "hoa")
    answer(page, "Hai người khác nhau")
    answer(stale, "Hai người khác nhau")
    expect(stale.locator(".notice--red")).to_be_visible()
    expect(stale.locator(".state--none")).to_contain_text("không còn việc")


@pytest.mark.parametrize("path", ["/reviews", "/reviews/rate", "/reviews/x", "/patients/full/split"])
def test_to_others_the_stewards_pages_are_not_there(open_page: Open, path: str) -> None:
    page = open_page(path, "mai")
    expect(page.locator("h1")).to_contain_text("Không")
    expect(page.locator("a[href='/reviews']")).to_have_count(0)


def test_no_steward_page_is_wider_than_a_phone_or_heavy(open_page: Open, town: Town, site: Site) -> None:
    one, other = town.patient("Đinh Thị Tơ", phone="0911000555"), town.patient("Đinh Thị Tằm", phone="0911000556")
    review = town.review(one, other)
    page = open_page("/reviews", "lan", size=(360, 700))
    for path in ("/reviews", f"/reviews/{review}", "/reviews/rate", f"/patients/{one}/sources"):
        response = page.goto(site.address + path)
        assert response is not None and len(response.body()) < 60_000
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
