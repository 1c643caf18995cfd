"""A working day on one page: who is booked, who is here, whom to call; in a real browser, with scripts and without."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.web import people
from tests.web.conftest import Open, Site
from tests.web.looking import both, faults, fits, shapes

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.compose import Node
from hoso.fhir import systems
from hoso.web.today.calls import answer_id

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Resource = dict[str, Any]
ERRAND = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
MANY = 70
MIDDLE = ("Thị", "Thu", "Ngọc", "Kim", "Bích", "Hồng", "Minh", "Thanh", "Xuân", "Mai")
GIVEN = ("Lan", "Cúc", "Đào", "Sen", "Liễu", "Quỳnh", "Vân")
scripts = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def one_of(back: people.Back, id: str, name: str, days: int, template: str = "", place: str = "") -> list[Resource]:
    """A person of the hamlet, a visit `days` + 30 days ago, and the appointment that it made for `days` ago."""
    who = people.patient(id, name, born(id), "female")
    who["address"] = [{"use": "home", "line": ["Thôn Đông"], "city": "Phường Hoa Lư", "state": "Tỉnh Ninh Bình"}]
    who["telecom"] = [{"system": "phone", "value": f"09{abs(hash_of(id)):08d}"}]
    kind = [{"coding": [{"system": systems.VISIT_TEMPLATE, "code": template}]}] if template else []
    subject = {"reference": f"Patient/{id}"}
    return [
        who,
        {
            "resourceType": "Encounter", "id": f"{id}-made", "status": "finished", "subject": subject,
            "class": {"system": people.ACT, "code": "AMB"}, **({"type": kind} if kind else {}),
            "serviceProvider": {
                "identifier": {"system": systems.FACILITY_CODE, "value": place or people.STATION_CODE}
            },
            "period": {"start": back.time(days + 30), "end": back.time(days + 30, "09:00:00")},
        },
        {
            "resourceType": "Appointment", "id": f"{id}-next", "status": "proposed",
            "requestedPeriod": [{"start": back.time(days, "07:00:00"), "end": back.time(days, "17:00:00")}],
            **({"start": back.time(days, "07:00:00"), "end": back.time(days, "17:00:00")} if days != 3 else {}),
            "supportingInformation": [{"reference": f"Encounter/{id}-made"}],
            "participant": [{"actor": subject, "status": "accepted"}],
        },
    ]  # fmt: skip


def born(id: str) -> str:
    """Of everybody another, so that nobody is taken for somebody else."""
    return (date(1950, 1, 1) + timedelta(days=hash_of(id) % 10_000)).isoformat()


def hash_of(id: str) -> int:
    return sum(ord(letter) * 31**place for place, letter in enumerate(id)) % 100_000_000


def made(today: date) -> list[Resource]:
    back = people.Back(today)
    told = [
        *one_of(back, "day-now", "Trần Thị Hẹn Nay", 0),
        *one_of(back, "day-here", "Trần Thị Đang Khám", 0),
        *one_of(back, "day-long", "Trần Thị Trễ Lâu", 25),
        *one_of(back, "day-wish", "Trần Thị Trễ Ít", 3),
        *one_of(back, "day-pregnant", "Trần Thị Thai Phụ", 2, "antenatal"),
        *one_of(back, "day-came", "Trần Thị Đã Đến", 9),
        *one_of(back, "day-other", "Trần Thị Nơi Khác", 9, place="99999"),
        *one_of(back, "day-dead", "Trần Thị Đã Mất", 9),
        {
            "resourceType": "Encounter", "id": "day-came-since", "status": "finished",
            "class": {"system": people.ACT, "code": "AMB"}, "subject": {"reference": "Patient/day-came"},
            "serviceProvider": {"reference": "Organization/station"}, "period": {"start": back.time(8)},
        },
    ]  # fmt: skip
    for one in told:
        if one["id"] == "day-dead":
            one["deceasedBoolean"] = True
    for number in range(MANY):
        name = f"Phạm {MIDDLE[number % 10]} {GIVEN[number // 10]}"
        told += one_of(back, f"day-many-{number}", name, 30 + number % 25, "hypertension")
    patients = [one["id"] for one in told if one["resourceType"] == "Patient"]
    return [*told, people.roster(patients, id="roster-day")]


@pytest.fixture(scope="module")
def node(site: Site) -> Iterator[Node]:
    node = compose.open(site.folder)
    for one in made(date.today()):  # noqa: DTZ011  (the made-up people live in the present)
        node.records.update(ERRAND, one["resourceType"], one["id"], orjson.dumps(one))
    yield node
    node.close()


def line(page: Page, name: str, part: str = "late") -> Locator:
    return page.locator(f"section[aria-labelledby={part}] .due", has_text=name)


def call(page: Page, name: str, outcome: str, to: str = "") -> None:
    one = line(page, name)
    one.locator("summary").click()
    if to:
        one.locator("[name=to]").fill(to)
    one.locator(f"button[value={outcome}]").click()


@shapes
def test_the_day_says_who_is_booked_and_whom_to_call_the_gravest_first(
    open_page: Open, node: Node, size: str, language: str
) -> None:
    page = open_page("/today", size=size)
    if language == "en":
        page.click("text=English")
    expect(line(page, "Trần Thị Hẹn Nay", "booked")).to_contain_text("Thôn Đông")
    expect(page.locator("section[aria-labelledby=late] .due__name")).to_have_count(30)  # the page may still be coming
    late = page.locator("section[aria-labelledby=late] .due__name").all_inner_texts()
    assert late[0] == "Trần Thị Thai Phụ" and late[1].startswith("Phạm ")
    assert not {"Trần Thị Đã Đến", "Trần Thị Nơi Khác", "Trần Thị Đã Mất"} & set(late)
    assert line(page, "Trần Thị Thai Phụ").locator("a[href^='tel:']").count() == 1
    assert faults(page) == [] and fits(page)
    assert len(gzip.compress(page.content().encode())) < 60_000
    page.goto(page.url.partition("?")[0] + "?late=3")
    assert page.locator("section[aria-labelledby=late] .due__name").all_inner_texts()[-1] == "Trần Thị Trễ Ít"


@scripts
def test_a_visit_begins_from_the_list_and_waits_there_until_it_is_signed(
    open_page: Open, node: Node, script: bool
) -> None:
    page = open_page("/today", java_script_enabled=script)
    booked = line(page, "Trần Thị Đang Khám", "booked")
    if booked.locator("form button").count():
        booked.locator("form button").click()
        page.wait_for_url("**/edit")
        page.goto(page.url.partition("/patients")[0] + "/today")
    expect(line(page, "Trần Thị Đang Khám", "booked")).to_contain_text("đã đến")
    line(page, "Trần Thị Đang Khám", "here").locator("a.button").click()
    page.wait_for_url("**/edit")


@both
@scripts
def test_a_call_moves_the_line_or_takes_it_away(open_page: Open, node: Node, size: str, script: bool) -> None:
    name, key = f"Gọi {size} {script}", f"day-call-{size}-{script}"
    back = people.Back(date.today())  # noqa: DTZ011
    for one in [*one_of(back, key, name, 1, "antenatal"), people.roster([key], id=f"roster-{key}")]:
        node.records.update(ERRAND, one["resourceType"], one["id"], orjson.dumps(one))
    page = open_page("/today", size=size, java_script_enabled=script)
    call(page, name, "comes", "31/02/2027")
    expect(line(page, name).locator("#wrong")).to_contain_text("31/02/2027")
    if script:
        assert faults(page) == [] and fits(page)
    line(page, name).locator("[name=to]").fill(back.day(2))
    line(page, name).locator("button[value=comes]").click()
    expect(line(page, name).locator("#wrong")).to_be_visible()
    line(page, name).locator("button[value=wrong-number]").click()
    expect(page.locator(".notice--done")).to_be_visible()
    assert page.locator("section[aria-labelledby=late] .due__name").first.inner_text() != name
    page.goto(page.url.partition("?")[0] + "?late=9")
    expect(line(page, name)).to_contain_text("Sai số")
    assert line(page, name).locator("a[href^='tel:']").count() == 0
    call(page, name, "comes")
    expect(page.locator(".notice--done")).to_be_visible()
    for number in (1, 9):
        page.goto(page.url.partition("?")[0] + f"?late={number}")
        assert line(page, name).count() == 0
    (head,) = node.records.heads(ERRAND, [("AppointmentResponse", answer_id(f"{key}-next"))]).values()
    answer = orjson.loads(head.body)
    assert answer["participantStatus"] == "accepted" and answer["actor"] == {"reference": f"Patient/{key}"}


def test_who_writes_no_visits_has_no_such_page(open_page: Open, node: Node) -> None:
    for username in ("thu", "lan"):
        page = open_page("/today", username=username)
        assert page.locator("section[aria-labelledby=late]").count() == 0
        assert page.locator("header a[href='/today']").count() == 0


def test_an_appointment_of_another_facility_takes_no_answer(open_page: Open, node: Node) -> None:
    page = open_page("/today")
    forms = "section[aria-labelledby=late] .due__form"
    page.locator(f"{forms} [name=appointment]").first.evaluate("one => { one.value = 'day-other-next' }")
    page.locator("section[aria-labelledby=late] summary").first.click()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.locator(f"{forms} button[value=moved]").first.click()
    assert answered.value.status == 404
