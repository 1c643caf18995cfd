"""A doctor orders: a fresh test is used or repeated for a reason, an allergy stops, a prescription is signed once.

In a real browser, on a desk and on a phone, in both languages, with scripts and without.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect
from tests.web import people
from tests.web.conftest import Open, Site
from tests.web.looking import both, faults, fits, shapes

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.care.orders.prescription import CODE
from hoso.compose import Node
from hoso.fhir import systems
from hoso.fhir.search import parse

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Resource = dict[str, Any]
ERRAND = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
SAYS = {
    "vi": {"use": "Dùng kết quả này, không chỉ định", "again": "Vẫn làm lại", "add": "Thêm vào chỉ định",
           "done": "đã làm 20 ngày trước (5,6 %)", "signed": "Đã ký 1 y lệnh"},
    "en": {"use": "Use that result, do not order", "again": "Repeat it", "add": "Add to the orders",
           "done": "done 20 days ago (5.6 %)", "signed": "1 order is signed"},
}  # fmt: skip


def made(today: date) -> list[Resource]:
    """An adult with a fresh HbA1c, warfarin and a penicillin anaphylaxis; a child of three."""
    back = people.Back(today)

    def about(id: str) -> Resource:
        return {"reference": f"Patient/{id}"}

    adult = people.patient("ordered", "Vũ Thị Chỉ Định", "1961-04-05", "female")
    child = people.patient("ordered-child", "Vũ Bé Na", back.day(1_100), "female")
    return [
        adult,
        child,
        people.roster(["ordered", "ordered-child"], id="roster-orders"),
        {
            "resourceType": "Observation", "id": "ordered-hba1c", "status": "final", "subject": about("ordered"),
            "code": people.text("HbA1c", systems.LOINC, "4548-4"), "effectiveDateTime": back.day(20),
            "valueQuantity": {"value": 5.6, "unit": "%"},
            "performer": [{"reference": "Organization/heart", "display": people.HEART}],
        },
        {
            "resourceType": "MedicationRequest", "id": "ordered-warfarin", "status": "active", "intent": "order",
            "subject": about("ordered"), "authoredOn": back.day(5),
            "medicationCodeableConcept": people.text("Warfarin 2 mg", systems.ATC, "B01AA03"),
        },
        *(
            {
                "resourceType": "AllergyIntolerance", "id": f"{id}-penicillin", "patient": about(id),
                "clinicalStatus": people.coded(people.ALLERGY_CLINICAL, "active"), "code": {"text": "Penicillin"},
                "verificationStatus": people.coded(people.ALLERGY_VERIFIED, "confirmed"),
                "reaction": [{"manifestation": [{"text": "Sốc phản vệ"}]}],
            }
            for id in ("ordered",)
        ),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def node(site: Site) -> Iterator[Node]:
    node = compose.open(site.folder)
    for one in made(date.today()):  # noqa: DTZ011  (the made-up people live in the present)
        node.records.update(ERRAND, one["resourceType"], one["id"], orjson.dumps(one))
    yield node
    node.close()


@pytest.fixture(scope="module")
def ids(node: Node) -> dict[str, str]:
    """The persons behind the two records."""
    rows = node.store.people
    found = {}
    for record in ("ordered", "ordered-child"):
        (golden,) = rows.persons_of(rows.rids([record]).values()).values()
        found[record] = rows.ids([golden])[golden]
    return found


def stored(node: Node, type: str, patient: str) -> list[Resource]:
    page = node.records.search(ERRAND, parse(type, [("patient", patient), ("_count", "200")]))
    return [orjson.loads(one.body) for one in page.matches]


def find(page: Page, text: str) -> None:
    page.fill("#find", text)
    page.locator("button[name=search]").click()


def choose(page: Page, text: str, name: str) -> None:
    find(page, text)
    page.locator(".ordering__choice", has_text=name).first.click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@shapes
def test_a_test_done_lately_is_used_or_repeated_for_a_reason(
    open_page: Open, node: Node, ids: dict[str, str], size: str, language: str, script: bool
) -> None:
    says, address = SAYS[language], f"/patients/{ids['ordered']}/orders/new"
    before = len(stored(node, "ServiceRequest", ids["ordered"]))
    page = open_page(address, size=size, java_script_enabled=script)
    if language == "en":
        page.click("text=English")
    choose(page, "hba1c", "HbA1c")
    against = page.locator(".against__one")
    expect(against).to_contain_text(says["done"] if before == 0 else "HbA1c")
    expect(against).to_contain_text(people.HEART if before == 0 else "HbA1c")
    if script:
        assert faults(page) == [] and fits(page)
    page.get_by_role("button", name=says["use"]).click()
    expect(page.locator(".notice[role=status]")).to_be_visible()
    assert len(stored(node, "ServiceRequest", ids["ordered"])) == before

    choose(page, "hba1c", "HbA1c")
    page.get_by_role("button", name=says["again"]).click()
    expect(page.locator("#reason-wrong")).to_be_visible()  # no reason, no order
    page.select_option("#reason", "new-symptom")
    page.get_by_role("button", name=says["again"]).click()
    expect(page.locator(".ordering__basket .line")).to_have_count(1)
    if script:
        assert faults(page) == [] and fits(page)
    page.locator("button[name=sign]").click()
    expect(page.locator(".notice--done")).to_contain_text(says["signed"])
    if script:
        assert faults(page) == []
    assert len(page.content()) < 60_000
    orders = stored(node, "ServiceRequest", ids["ordered"])
    assert len(orders) == before + 1
    newest = max(orders, key=lambda one: one["authoredOn"])
    assert newest["code"]["coding"][0]["code"] == "4548-4" and newest["note"][0]["text"]
    issues = {one["id"]: one for one in stored(node, "DetectedIssue", ids["ordered"])}
    issue = issues[newest["supportingInfo"][0]["reference"].partition("/")[2]]
    assert issue["mitigation"][0]["action"]["coding"][0]["code"] == "new-symptom"
    assert newest["performer"][0]["display"] == people.STATION
    assert issue["implicated"] == [{"reference": f"ServiceRequest/{newest['id']}"}]


def prescribe(page: Page, dose: str = "1 viên × 2 lần/ngày", days: str = "5", quantity: str = "10") -> None:
    page.fill("#strength", "500 mg")
    page.fill("#dose", dose)
    page.fill("#days", days)
    page.fill("#quantity", quantity)
    page.fill("#unit", "viên")
    page.get_by_role("button", name=SAYS["vi"]["add"]).click()


@both
def test_documented_anaphylaxis_stops_until_a_reason_is_recorded(
    open_page: Open, ids: dict[str, str], size: str
) -> None:
    page = open_page(f"/patients/{ids['ordered']}/orders/new", size=size)
    choose(page, "amoxi", "Amoxicillin")
    first = page.locator(".against__one").first
    expect(first).to_contain_text("Chặn: đã ghi nhận phản vệ")
    assert faults(page) == [] and fits(page)
    prescribe(page)
    expect(page.locator("#reason-wrong")).to_be_visible()
    assert page.locator(".ordering__basket").count() == 0
    expect(page.locator("#dose")).to_have_value("1 viên × 2 lần/ngày")  # nothing typed is lost


def test_a_prescription_is_signed_once_with_a_code_and_printed(
    open_page: Open, node: Node, ids: dict[str, str]
) -> None:
    page = open_page(f"/patients/{ids['ordered']}/orders/new")
    choose(page, "paracetamol", "Paracetamol")
    prescribe(page, dose="", days="x")
    expect(page.locator(".field__wrong")).to_have_count(2)
    prescribe(page)
    choose(page, "ibupro", "Ibuprofen")
    expect(page.locator(".against__one").first).to_contain_text("chảy máu nặng")
    page.locator("button[name=leave]").click()
    expect(page.locator(".ordering__basket .line")).to_have_count(1)
    page.fill("#diagnosis", "Sốt, đau đầu (R50.9)")
    form = page.locator("form.box")
    sent = form.evaluate("form => new URLSearchParams(new FormData(form)).toString()") + "&sign=1"
    page.locator("button[name=sign]").click()
    link = page.locator(".notice--done a")
    code = link.inner_text().split()[-1]
    assert CODE.match(code) and code.startswith("35001") and code.endswith("-C")
    paper = page.request.get(page.url.split("/patients")[0] + str(link.get_attribute("href")))
    assert paper.status == 200 and paper.body().startswith(b"%PDF")

    again = page.request.post(  # the button pressed twice is one signature
        page.url, data=sent, headers={"Content-Type": "application/x-www-form-urlencoded", "Referer": page.url},
    )  # fmt: skip
    assert again.status == 200 and code in again.text()
    written = [one for one in stored(node, "MedicationRequest", ids["ordered"]) if one.get("groupIdentifier")]
    assert [one["groupIdentifier"]["value"] for one in written] == [code]
    assert written[0]["medicationCodeableConcept"]["text"] == "Paracetamol 500 mg"
    assert written[0]["reasonCode"] == [{"text": "Sốt, đau đầu (R50.9)"}]
    other = page.request.get(
        page.url.split("/patients")[0] + f"/patients/{ids['ordered-child']}/prescriptions/{code}.pdf"
    )
    assert other.status == 404


def test_a_small_child_needs_weight_and_guardian(open_page: Open, node: Node, ids: dict[str, str]) -> None:
    page = open_page(f"/patients/{ids['ordered-child']}/orders/new", size="phone")
    choose(page, "paracetamol", "Paracetamol")
    expect(page.locator(".against__one")).to_contain_text("Chưa ghi nhận tiền sử dị ứng")
    prescribe(page)
    page.locator("button[name=sign]").click()
    expect(page.locator("#weight-wrong")).to_be_visible()
    expect(page.locator("#guardian-wrong")).to_be_visible()
    expect(page.locator("#diagnosis-wrong")).to_be_visible()
    page.fill("#diagnosis", "Viêm họng cấp")
    page.fill("#weight", "14,5")
    page.fill("#guardian", "Vũ Thị Chỉ Định")
    assert faults(page) == [] and fits(page)
    page.locator("button[name=sign]").click()
    expect(page.locator(".notice--done")).to_be_visible()
    (order,) = stored(node, "MedicationRequest", ids["ordered-child"])
    assert [one.get("valueString") or one["valueQuantity"]["value"] for one in order["extension"]] == [
        14.5, "Vũ Thị Chỉ Định",
    ]  # fmt: skip


def test_whoever_writes_no_orders_does_not_find_the_page(open_page: Open, ids: dict[str, str]) -> None:
    page = open_page("/", "thu")
    for address in (f"/patients/{ids['ordered']}/orders/new", "/patients/nobody/orders/new"):
        assert page.request.get(page.url.rstrip("/") + address).status == 404


def test_hostile_input_is_words(open_page: Open, ids: dict[str, str]) -> None:
    page = open_page(f"/patients/{ids['ordered']}/orders/new")
    evil = "<script>alert(1)</script>" * 3
    page.fill("#find", evil)
    page.locator("button[name=search]").click()
    page.locator("button[value='test|']").click()
    expect(page.locator("#chosen-title")).to_have_text(evil[:100].strip())
    page.get_by_role("button", name="Thêm vào chỉ định").click()
    expect(page.locator(".ordering__basket b").first).to_have_text(evil[:100].strip())
    form = page.locator("form.box")
    for spoiled in ("{", "[]", '{"kind": 1}', "null", '{"kind": "test", "code": "nope", "name": "x"}'):
        form.evaluate("(form, text) => { form.querySelector('[name=item]').value = text }", spoiled)
        sent = form.evaluate("form => new URLSearchParams(new FormData(form)).toString()") + "&sign=1"
        answer = page.request.post(
            page.url, data=sent, headers={"Content-Type": "application/x-www-form-urlencoded", "Referer": page.url}
        )
        assert answer.status == 422 and "Chưa chọn y lệnh nào" in answer.text()


@both
def test_a_result_waits_until_the_doctor_has_seen_it(
    open_page: Open, node: Node, ids: dict[str, str], size: str
) -> None:
    page = open_page(f"/patients/{ids['ordered-child']}/orders/new", size=size)
    choose(page, "crp", "CRP")
    page.locator("button[name=add]").click()
    page.locator("button[name=sign]").click()
    expect(page.locator(".notice--done")).to_be_visible()
    page.goto(page.url.split("/patients")[0] + "/results")
    name = f"crp-{size}"
    waiting = page.locator(".ordering__results > li")
    before = waiting.count()
    orders = stored(node, "ServiceRequest", ids["ordered-child"])
    newest = max(orders, key=lambda one: (one["authoredOn"], one["id"]))
    answer = {
        "resourceType": "Observation", "id": name, "status": "final", "subject": newest["subject"],
        "basedOn": [{"reference": f"ServiceRequest/{newest['id']}"}],
        "code": people.text("CRP", systems.LOINC, "1988-5"),
        "effectiveDateTime": newest["authoredOn"], "valueQuantity": {"value": 48, "unit": "mg/L"},
        "interpretation": [people.coded(people.INTERPRETATION, "H")],
    }  # fmt: skip
    node.records.update(ERRAND, "Observation", name, orjson.dumps(answer))
    page.reload()
    expect(waiting).to_have_count(before + 1)
    expect(waiting.first).to_contain_text("Vũ Bé Na")
    expect(waiting.first).to_contain_text("48")
    assert faults(page) == [] and fits(page)
    waiting.first.get_by_role("button").click()
    expect(waiting).to_have_count(before)
    told = [one for one in stored(node, "Communication", ids["ordered-child"]) if "sent" in one]
    assert {"reference": f"Observation/{name}"} in [about for one in told for about in one["about"]]
