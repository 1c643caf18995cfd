"""A visit is typed, kept, signed, looked at and changed: in a real browser, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web import people
from tests.web.conftest import PASSWORD, Open, Site, sign_in
from tests.web.looking import faults, fits, shapes

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.fhir import systems
from hoso.fhir.search import parse

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PROBE = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")


@pytest.fixture
def stored(site: Site) -> Iterator[Any]:
    """stored(type, visit id): what the record holds of a visit."""
    node = compose.open(site.folder)

    def find(type: str, visit: str) -> list[dict[str, Any]]:
        pairs = [("_id", visit)] if type == "Encounter" else [("encounter", f"Encounter/{visit}")]
        return [orjson.loads(one.body) for one in node.records.search(PROBE, parse(type, pairs)).matches]

    yield find
    node.close()


def begin(page: Page) -> str:
    """Begins a visit from the card; answers with its id."""
    page.click("text=Bắt đầu lượt khám")
    page.wait_for_url(re.compile(r"/visits/[^/]+/edit"))
    return page.url.split("/")[-2]


def sign(page: Page) -> None:
    page.click("button[name=sign]")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_follow_up_visit_is_three_numbers_and_two_taps(
    open_page: Open, person: str, stored: Any, javascript: bool
) -> None:
    page = open_page(f"/patients/{person}", java_script_enabled=javascript)
    visit = begin(page)
    if javascript:
        assert faults(page) == []
    page.click("button[value=hypertension]")
    expect(page.locator("[name=reason]")).to_have_value("Tái khám tăng huyết áp")
    expect(page.locator("[name=main]")).to_have_value("I10 Tăng huyết áp nguyên phát")
    page.fill("[name=pressure]", "138/84")
    page.fill("[name=pulse]", "76")
    page.fill("[name=weight]", "58,5")
    page.check("[name=repeat] >> nth=0")
    sign(page)
    if page.locator("[name=sure]").count():
        page.check("[name=sure]")
        sign(page)
    expect(page.locator(".notice--done")).to_be_visible()
    (encounter,) = stored("Encounter", visit)
    assert encounter["status"] == "finished" and encounter["period"]["end"]
    assert encounter["reasonCode"] == [{"text": "Tái khám tăng huyết áp"}]
    (main,) = stored("Condition", visit)
    assert main["code"]["coding"][0]["code"] == "I10"
    by_code = {one["code"]["coding"][0]["code"]: one for one in stored("Observation", visit)}
    assert [part["valueQuantity"]["value"] for part in by_code["85354-9"]["component"]] == [138, 84]
    assert by_code["29463-7"]["valueQuantity"]["value"] == 58.5
    (again,) = stored("MedicationRequest", visit)
    assert again["status"] == "active" and again["priorPrescription"]["reference"].startswith("MedicationRequest/")
    if javascript:
        assert faults(page) == []


def test_each_field_is_kept_while_it_is_typed_and_found_in_another_window(open_page: Open, person: str) -> None:
    page = open_page(f"/patients/{person}")
    begin(page)
    page.locator("[name=reason]").press_sequentially("Đau bụng")
    page.check("[name=suspected]")
    expect(page.locator("[data-mark]")).to_contain_text("đã lưu lúc")
    with page.expect_response("**/draft"):
        page.fill("[name=pulse]", "88")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("[name=reason]")).to_have_value("Đau bụng")
    expect(other.locator("[name=suspected]")).to_be_checked()
    expect(other.locator("[name=pulse]")).to_have_value("88")
    with other.expect_response("**/draft"):
        other.fill("[name=reason]", "Đau bụng, nôn")
    with page.expect_response("**/draft"):
        page.fill("[name=reason]", "Đau bụng dưới")
    expect(page.locator(".field__wrong")).to_contain_text("Đau bụng, nôn")
    page.reload()
    expect(page.locator("[name=reason]")).to_have_value("Đau bụng dưới")
    page.click("summary")
    expect(page.locator(".said")).to_have_text("Đau bụng, nôn")
    page.click("button[name=discard]")
    expect(page.locator("h1")).to_be_visible()


def test_what_another_window_replaced_is_asked_about_before_it_is_signed(open_page: Open, person: str) -> None:
    page = open_page(f"/patients/{person}", java_script_enabled=False)
    begin(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.fill("[name=reason]", "Sốt")
    other.click("button[name=save] >> nth=1")
    page.fill("[name=reason]", "Ho")
    sign(page)
    expect(page.locator("#summary")).to_contain_text("cửa sổ khác")
    sign(page)
    expect(page.locator(".notice--done")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_session_that_ends_in_the_middle_of_a_visit_loses_nothing(
    open_page: Open, site: Site, browser: Browser, person: str, javascript: bool
) -> None:
    with browser.new_context(java_script_enabled=javascript) as context:
        page = context.new_page()
        sign_in(page, site)
        page.goto(f"{site.address}/patients/{person}")
        begin(page)
        address = page.url
        context.clear_cookies(name="hoso_session")
        if javascript:
            page.locator("[name=reason]").press_sequentially("Đau lưng")
            expect(page.locator("[data-mark]")).to_contain_text("bạn đã bị đăng xuất")
        page.fill("[name=reason]", "Đau lưng hai ngày")
        page.fill("[name=pressure]", "120/80")
        sign(page)
        expect(page.locator(".notice")).to_contain_text("những gì đã nhập vẫn được giữ")
        page.fill("#username", "mai")
        page.fill("#password", PASSWORD)
        page.click("form.box button")
        page.wait_for_url(address)
        expect(page.locator("[name=reason]")).to_have_value("Đau lưng hai ngày")
        expect(page.locator("[name=pressure]")).to_have_value("120/80")
        sign(page)
        expect(page.locator(".notice--done")).to_be_visible()


def test_a_button_pressed_in_two_windows_is_one_signature(open_page: Open, person: str, stored: Any) -> None:
    page = open_page(f"/patients/{person}", java_script_enabled=False)
    visit = begin(page)
    page.fill("[name=reason]", "Khám sức khỏe")
    page.fill("[name=pulse]", "70")
    page.click("button[name=save] >> nth=1")
    other = page.context.new_page()
    other.goto(page.url)
    sign(page)
    sign(other)
    expect(page.locator(".notice--done")).to_be_visible()
    expect(other.locator(".notice--done")).to_be_visible()
    (encounter,) = stored("Encounter", visit)
    assert encounter["meta"]["versionId"] == "2"
    assert len(stored("Observation", visit)) == 1


def test_a_visit_is_corrected_the_same_day_and_what_is_taken_away_is_marked(
    open_page: Open, person: str, stored: Any
) -> None:
    page = open_page(f"/patients/{person}")
    visit = begin(page)
    page.fill("[name=reason]", "Ho")
    page.fill("[name=pulse]", "70")
    page.fill("#f-next", "05/12/2029")
    sign(page)
    expect(page.locator("#summary")).to_contain_text("hai năm")
    page.fill("#f-next", "")
    sign(page)
    page.click("text=Sửa lượt khám này")
    expect(page.locator("[name=pulse]")).to_have_value("70")
    page.fill("[name=pulse]", "")
    page.fill("[name=temperature]", "37,2")
    sign(page)
    page.wait_for_load_state()
    assert page.locator("#summary").all_inner_texts() == []
    expect(page.locator(".notice--done")).to_be_visible()
    by_code = {one["code"]["coding"][0]["code"]: one for one in stored("Observation", visit)}
    assert by_code["8867-4"]["status"] == "entered-in-error" and by_code["8310-5"]["status"] == "final"
    expect(page.locator("main")).not_to_contain_text("70 lần")


def test_a_later_change_needs_a_reason_which_everybody_sees(open_page: Open, person: str, stored: Any) -> None:
    page = open_page(f"/patients/{person}/visits/v1")
    assert faults(page) == []
    page.click("text=Sửa lượt khám này")
    page.fill("[name=plan]", "Đã dặn tái khám sớm nếu đau ngực")
    sign(page)
    expect(page.locator("#summary")).to_contain_text("lý do sửa")
    assert faults(page) == []
    page.fill("[name=why]", "Ghi thiếu lời dặn")
    sign(page)
    expect(page.locator("main")).to_contain_text("Ghi thiếu lời dặn")
    (encounter,) = stored("Encounter", "v1")
    assert encounter["period"]["end"] and encounter["extension"]


def test_nobody_s_change_is_replaced_and_what_was_typed_stays(open_page: Open, site: Site, person: str) -> None:
    page = open_page(f"/patients/{person}", java_script_enabled=False)
    visit = begin(page)
    page.fill("[name=reason]", "Chóng mặt")
    page.click("button[name=save] >> nth=1")
    node = compose.open(site.folder)
    head = node.records.read(PROBE, "Encounter", visit)
    assert head is not None
    changed = {**orjson.loads(head.body), "status": "in-progress"}
    node.records.update(PROBE, "Encounter", visit, orjson.dumps(changed))
    node.close()
    sign(page)
    expect(page.locator("#summary")).to_contain_text("Người khác đã sửa")
    expect(page.locator("[name=reason]")).to_have_value("Chóng mặt")
    page.click("button[name=discard]")


@pytest.mark.parametrize(("username", "visit"), [("mai", "v2"), ("mai", "nobody"), ("thu", "v1"), (None, "v1")])
def test_who_may_not_write_a_visit_does_not_find_it(
    open_page: Open, person: str, username: str | None, visit: str
) -> None:
    page = open_page(f"/patients/{person}/visits/{visit}/edit", username)
    expect(page.locator("[data-visit]")).to_have_count(0)
    expect(page.locator("#username" if username is None else "main a[href='/']")).to_be_visible()


def test_hostile_texts_are_texts_and_a_forged_ticket_keeps_nothing(open_page: Open, person: str) -> None:
    page = open_page(f"/patients/{person}")
    begin(page)
    page.fill("[name=reason]", "<script>alert(1)</script><b>x")
    page.fill("[name=findings]", "'; DROP TABLE x; --\n{{ 7*7 }}")
    page.fill("[name=main]", "<img src=x onerror=alert(1)>")
    sign(page)
    page.click("button[value=words]")
    expect(page.locator("[name=as_words]")).to_be_checked()
    sign(page)
    expect(page.locator("main")).to_contain_text("<script>alert(1)</script><b>x")
    forged = page.request.post(page.url.partition("?")[0] + "/draft", form={"ticket": "x", "reason": "y"})
    assert forged.status == 403
    assert page.request.get(page.url.partition("?")[0] + "/draft").status == 405
    huge = page.request.post(page.url.partition("?")[0] + "/edit", form={"reason": "x" * 1_000_000})
    assert huge.status in (400, 403)


@shapes
def test_the_form_is_readable_to_everybody_and_small(open_page: Open, person: str, size: str, language: str) -> None:
    page = open_page(f"/patients/{person}", size=size)
    if language == "en":
        page.click("button[value=en]")
    page.click(".tab--do")
    page.wait_for_url(re.compile(r"/visits/[^/]+/edit"))
    page.click("button[value=antenatal]")
    page.fill("[name=pressure]", "80/130")
    page.fill("[name=weight]", "3.200")
    page.fill("[name=main]", "viem phoi")
    sign(page)
    page.wait_for_selector("#summary")
    assert faults(page) == []
    assert len(page.request.get(page.url).body()) < 60_000
    assert fits(page)
    page.click("button[name=discard]")


def test_a_visit_that_is_not_signed_waits_on_the_first_page(open_page: Open, person: str) -> None:
    page = open_page(f"/patients/{person}", java_script_enabled=False)
    begin(page)
    page.fill("[name=reason]", "Đau họng")
    page.click("button[name=save] >> nth=1")
    page.goto(page.url.partition("/patients")[0] + "/")
    page.click("section[aria-labelledby=unfinished] a")
    expect(page.locator("[name=reason]")).to_have_value("Đau họng")
    page.click("button[name=discard]")


def test_a_medicine_that_became_dangerous_is_not_repeated_by_a_tap(
    open_page: Open, site: Site, stored: Any, person: str
) -> None:
    """Since it was prescribed, somebody wrote down that the person nearly died of it."""
    node = compose.open(site.folder)
    patient = people.patient("repeats", "Trịnh Văn Lặp", "1960-02-03", "male")
    today = node.records.clock().date().isoformat()
    for one in (
        patient,
        people.roster(["repeats"], id="roster-repeats"),
        {
            "resourceType": "MedicationRequest", "id": "repeats-amoxi", "status": "active", "intent": "order",
            "subject": {"reference": "Patient/repeats"}, "authoredOn": today,
            "medicationCodeableConcept": people.text("Amoxicillin 500 mg", systems.ATC, "J01CA04"),
        },
        {
            "resourceType": "AllergyIntolerance", "id": "repeats-allergy", "patient": {"reference": "Patient/repeats"},
            "clinicalStatus": people.coded(people.ALLERGY_CLINICAL, "active"), "code": {"text": "Penicillin"},
            "verificationStatus": people.coded(people.ALLERGY_VERIFIED, "confirmed"),
            "reaction": [{"manifestation": [{"text": "Sốc phản vệ"}]}],
        },
    ):  # fmt: skip
        node.records.update(PROBE, one["resourceType"], one["id"], orjson.dumps(one))
    node.close()
    page = open_page("/patients/repeats")
    visit = begin(page)
    page.fill("[name=reason]", "Tái khám")
    page.check("[name=repeat]")
    sign(page)
    expect(page.locator("#summary")).to_contain_text("trang chỉ định")
    assert faults(page) == []
    page.uncheck("[name=repeat]")
    sign(page)
    expect(page.locator(".notice--done")).to_be_visible()
    assert not stored("MedicationRequest", visit)
