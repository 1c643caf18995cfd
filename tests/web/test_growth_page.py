"""The growth page: chart, scores and slips, in both languages and sizes, readable without a script."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import expect
from tests.web.conftest import Open, Site
from tests.web.looking import faults, fits, shapes

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.care.growth import indicators
from hoso.web.growth.words import BANDS, figure, score

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SHOTS = Path("build/growth")
BORN = date(2026, 1, 3)
TOLD = [
    ("3141-9", 0, 3.1, "kg"), ("8306-3", 0, 49.0, "cm"), ("9843-4", 0, 33.8, "cm"),
    ("3141-9", 62, 4.9, "kg"), ("8306-3", 62, 57.0, "cm"),
    ("29463-7", 180, 7.2, "kg"), ("8302-2", 180, 65.5, "cm"),
    ("29463-7", 270, 7400, "kg"),
    ("29463-7", 300, 7.9, "kg"), ("8302-2", 300, 71.0, "cm"),
]  # fmt: skip


@pytest.fixture(scope="module")
def child(site: Site) -> str:
    """A girl of ten months with measures from her birth on, one of them typed in grams."""
    node = compose.open(site.folder)
    try:
        importer = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
        for place, (code, days, value, unit) in enumerate(TOLD):
            one: dict[str, Any] = {
                "resourceType": "Observation", "id": f"grow-{place}", "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "subject": {"reference": "Patient/empty"},
                "effectiveDateTime": (BORN + timedelta(days=days)).isoformat(),
                "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
            }  # fmt: skip
            node.records.update(importer, "Observation", one["id"], orjson.dumps(one))
        rows = node.store.people
        (golden,) = rows.persons_of(rows.rids(["empty"]).values()).values()
        return rows.ids([golden])[golden]
    finally:
        node.close()


@shapes
def test_chart_sentence_and_table_say_the_same(open_page: Open, child: str, size: str, language: str) -> None:
    page = open_page(f"/patients/{child}/growth", size=size)
    if language == "en":
        page.get_by_role("button", name="English").click()
    title = "Cân nặng theo tuổi" if language == "vi" else "Weight for age"
    expect(page.locator("#chart")).to_have_text(title)
    expect(page.locator(".curve__point")).to_have_count(4)
    expect(page.locator(".curve__line")).to_have_count(7)
    expect(page.locator(".notice--amber")).to_contain_text("có vẻ ghi bằng gam" if language == "vi" else "grams")
    expect(page.locator(".notice--amber")).to_contain_text("7,4 kg" if language == "vi" else "7.4 kg")
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.locator("tbody tr").nth(1)).to_contain_text("–")
    assert faults(page) == []
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"growth-{size}-{language}.png", full_page=True)
    assert fits(page)
    assert len(page.content().encode()) < 60_000


@pytest.mark.parametrize("key", [one.key for one in indicators()])
def test_every_chart_opens_without_a_script(open_page: Open, child: str, key: str) -> None:
    page = open_page(f"/patients/{child}/growth?chart={key}", java_script_enabled=False)
    expect(page.locator("svg.curve")).to_have_count(1)
    expect(page.locator("tbody tr").first).to_be_visible()


def test_a_chart_nobody_knows_is_the_first_and_a_grown_up_has_none(open_page: Open, child: str, person: str) -> None:
    page = open_page(f"/patients/{child}/growth?chart=%3Cscript%3E")
    expect(page.locator("#chart")).to_have_text("Cân nặng theo tuổi")
    page.goto(page.url.replace(child, person))
    expect(page.locator("svg.curve")).to_have_count(0)
    assert faults(page) == []


def test_who_may_not_see_measures_gets_no_page(open_page: Open, site: Site, child: str) -> None:
    page = open_page("/", "thu")
    assert page.request.get(f"{site.address}/patients/{child}/growth").status == 403


def test_every_name_of_a_score_has_its_words() -> None:
    named = {name for one in indicators() for _, name in (*one.bands, *one.bands_school)}
    assert named == set(BANDS)


def test_figures_are_short_and_scores_have_a_sign() -> None:
    assert [score(-1.354), score(0.2), score(0)] == ["−1,35", "+0,20", "+0,00"]
    assert [figure(7.40), figure(71.0), figure(13.336)] == ["7,4", "71", "13,34"]
