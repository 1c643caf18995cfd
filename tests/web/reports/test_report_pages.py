"""A month is counted, opened line by line, taken out, closed; what is entered late stands beside what was reported."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import orjson
import pytest
from playwright.sync_api import expect
from tests.web import people
from tests.web.conftest import Open, Site
from tests.web.looking import faults, fits

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.fhir import systems

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ERRAND = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
MONTH = "2014-03"


def enter(site: Site, *days: int, place: str = "station") -> None:
    node = compose.open(site.folder)
    for day in days:
        subject = {"reference": "Patient/counted"}
        visit = {
            "resourceType": "Encounter", "id": f"counted-{place}-{day}", "status": "finished", "subject": subject,
            "class": {"system": people.ACT, "code": "AMB"}, "period": {"start": f"2014-03-{day:02d}T00:10:00+07:00"},
            "serviceProvider": {"reference": f"Organization/{place}"}, "participant": [{"individual": people.DOCTOR}],
        }  # fmt: skip
        condition = {
            "resourceType": "Condition", "id": f"counted-{place}-{day}-main", "subject": subject,
            "code": people.text("=Tăng huyết áp", systems.ICD10, "I10"),
            "encounter": {"reference": f"Encounter/counted-{place}-{day}"},
            "verificationStatus": people.coded(people.VERIFIED, "confirmed"),
        }  # fmt: skip
        for one in (visit, condition):
            node.records.update(ERRAND, one["resourceType"], one["id"], orjson.dumps(one))
    node.close()


@pytest.fixture(scope="module")
def month(site: Site) -> str:
    node = compose.open(site.folder)
    who = people.patient("counted", "=Phạm Văn Đếm", "1951-04-05", "male")
    for one in (who, people.roster(["counted"], id="roster-counted")):
        node.records.update(ERRAND, one["resourceType"], one["id"], orjson.dumps(one))
    node.close()
    enter(site, 1, 31)
    enter(site, 15, place="hospital")
    return f"/reports/{MONTH}"


def test_a_report_is_counted_closed_and_shows_what_came_later(open_page: Open, month: str, site: Site) -> None:
    page = open_page(month, java_script_enabled=False)
    page.click("button[name=count]")
    row = page.locator("tr", has=page.locator("th", has_text="Tổng lượt khám"))
    expect(row.locator("td").first).to_contain_text("2")
    page.click("button[name=close]")
    expect(page.locator("article")).to_contain_text("chốt lúc")
    enter(site, 20)
    page.click("button[name=count]")
    expect(row.locator(".tag")).to_have_text("+1")
    row.locator("a").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr", has_text="20/03/2014")).to_contain_text("ghi muộn")
    for size in ("desk", "phone"):
        for path in (month, f"{month}/visit", "/reports"):
            shown = open_page(path, size=size)
            assert faults(shown) == [] and fits(shown)
    taken = page.request.get(f"{site.address}{month}/visit?form=xlsx")
    with ZipFile(BytesIO(taken.body())) as book:
        cells = book.read("xl/sharedStrings.xml").decode() + book.read("xl/worksheets/sheet1.xml").decode()
    assert "'=Phạm Văn Đếm" in cells and "<f>" not in cells
    table = page.request.get(f"{site.address}{month}?form=csv").body().decode("utf-8-sig")
    assert "Tổng lượt khám,3,2" in table


@pytest.mark.parametrize("period", ["2019-13", "2019", "9999-01", "2019-Q9", "x" * 500])
def test_what_is_no_period_is_not_there(open_page: Open, site: Site, period: str) -> None:
    page = open_page("/")
    assert page.request.get(f"{site.address}/reports/{period}").status == 404
    assert page.request.get(f"{site.address}/reports/{MONTH}/no-such-figure").status == 404


def test_who_writes_no_visits_has_no_reports(open_page: Open, month: str, site: Site) -> None:
    page = open_page("/", username="lan")
    assert page.request.get(f"{site.address}{month}").status == 404
