"""The timeline shows whole days, newest first, and never a day it may not have read completely."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.web import people

from hoso.care import timeline_page

TODAY = date(2026, 11, 23)


def whole() -> list[dict[str, Any]]:
    return [*people.facilities(), *people.full(TODAY)]


def test_items_go_by_year_newest_first() -> None:
    page = timeline_page(whole(), limit=1000)
    years = [year for year, _ in page.years]
    assert years == sorted(years, key=lambda y: -(y or 0)) and page.next is None
    assert page.years[0][1][0].title == "Outpatient visit"


def test_results_of_one_day_and_place_are_one_item() -> None:
    page = timeline_page(whole(), kind="result", limit=1000)
    day = [i for i in page.years[0][1] if i.source.when.startswith("2026-11-11")]
    assert sorted(i.title for i in day) == ["Glucose máu", "Vital signs"]
    vital = next(i for i in day if i.title == "Vital signs")
    assert {r.title for r in vital.rows} == {"Huyết áp", "Mạch", "Cân nặng", "SpO2"}
    assert vital.marks[0].title == "Huyết áp"


def test_filters_by_kind_and_facility() -> None:
    page = timeline_page(whole(), kind="visit", facility=people.HEART, limit=1000)
    assert {(i.kind, i.source.facility) for _, items in page.years for i in items} == {("visit", people.HEART)}


def test_pages_join_without_a_gap_or_a_double() -> None:
    everything = [i for _, items in timeline_page(whole(), limit=10_000).years for i in items]
    seen: list[Any] = []
    until: date | None = None
    while True:
        page = timeline_page(whole(), limit=7, until=until)
        seen += [i for _, items in page.years for i in items]
        if page.next is None:
            break
        until = date.fromisoformat(page.next)
    assert seen == everything


def test_a_day_that_may_be_incomplete_waits_for_the_next_page() -> None:
    visits = [r for r in whole() if r["resourceType"] == "Encounter"][:3]
    page = timeline_page(visits, unfinished={"Encounter"})
    oldest = min(v["period"]["start"][:10] for v in visits)
    assert page.next == oldest
    assert all(not i.source.when.startswith(oldest) for _, items in page.years for i in items)


def test_the_reader_sees_no_void_line() -> None:
    void = {"resourceType": "Immunization", "id": "x", "status": "entered-in-error", "vaccineCode": {"text": "BCG"}}
    assert timeline_page([void]).years == ()
