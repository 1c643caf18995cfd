"""The visit register of a day is read, printed and asked for of another day; on both sizes, in both languages."""

from __future__ import annotations

from datetime import date

import orjson
import pytest
from playwright.sync_api import expect
from tests.web import people
from tests.web.conftest import Open, Site
from tests.web.looking import faults, fits, shapes

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ERRAND = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
DAYS_AGO = 61


@pytest.fixture(scope="module")
def that_day(site: Site) -> str:
    back = people.Back(date.today())  # noqa: DTZ011  (the made-up people live in the present)
    subject = {"reference": "Patient/full"}
    visit = {
        "resourceType": "Encounter", "id": "registered-visit", "status": "finished", "subject": subject,
        "class": {"system": people.ACT, "code": "AMB"}, "period": {"start": back.time(DAYS_AGO)},
        "serviceProvider": {"reference": "Organization/station"}, "participant": [{"individual": people.DOCTOR}],
    }  # fmt: skip
    found = {
        "resourceType": "Condition", "id": "registered-main", "subject": subject, "code": {"text": "Viêm họng cấp"},
        "encounter": {"reference": "Encounter/registered-visit"},
        "verificationStatus": people.coded(people.VERIFIED, "confirmed"),
    }  # fmt: skip
    node = compose.open(site.folder)
    for one in (visit, found):
        node.records.update(ERRAND, one["resourceType"], one["id"], orjson.dumps(one))
    node.close()
    return back.day(DAYS_AGO)


@shapes
def test_the_register_of_a_day_says_what_the_paper_one_says(
    open_page: Open, that_day: str, size: str, language: str
) -> None:
    page = open_page(f"/today/register?day={that_day}", size=size)
    if language == "en":
        page.click("text=English")
    line = page.locator("tbody tr", has_text="Nguyễn Thị Hồng Hạnh")
    for text in ("12/03/1967", "GD 4 01 01167 01234", "Viêm họng cấp", "BS. Trần Thị Mai"):
        expect(line).to_contain_text(text)
    assert faults(page) == [] and fits(page)
    typed = f"{date.fromisoformat(that_day):%d/%m/%Y}"
    page.fill("#day", typed)
    page.press("#day", "Enter")
    expect(page.locator("h1")).to_contain_text(typed)
    page.emulate_media(media="print")
    assert not page.locator("header.bar").is_visible() and line.is_visible()


@pytest.mark.parametrize("day", ["", "gestern", "2026-13-40", "9999-12-31", "x" * 2000])
def test_a_day_that_is_none_is_today(open_page: Open, day: str) -> None:
    page = open_page(f"/today/register?day={day}", java_script_enabled=False)
    today = date.today()  # noqa: DTZ011
    expect(page.locator("h1")).to_contain_text(f"{today:%d/%m/%Y}")


def test_who_writes_no_visits_has_no_register(open_page: Open, that_day: str) -> None:
    page = open_page(f"/today/register?day={that_day}", username="lan")
    assert page.locator("tbody").count() == 0
