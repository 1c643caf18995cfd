"""Where a result stands to its own range, which results are one test, and what the table of words must have."""

from __future__ import annotations

from typing import Any

import pytest

from hoso.care.chart import Chart
from hoso.care.results import Series, by_test
from hoso.care.rules import table
from hoso.fhir.labels import system
from hoso.web import charts

Resource = dict[str, Any]


def result(id: str, value: float, day: str = "2026-11-01", loinc: str = "2345-7", **more: Any) -> Resource:
    made = {
        "resourceType": "Observation", "id": id, "status": "final", "effectiveDateTime": day,
        "code": {"text": "Glucose máu", "coding": [{"system": "http://loinc.org", "code": loinc}]},
        "valueQuantity": {"value": value, "unit": "mmol/L"},
        "referenceRange": [{"low": {"value": 3.9}, "high": {"value": 6.4}}],
    }  # fmt: skip
    return made | more


def only(*resources: Resource) -> Series:
    (found,) = by_test(Chart.of(resources))
    return found


def said(code: str) -> list[Resource]:
    return [{"coding": [{"code": code}]}]


@pytest.mark.parametrize(
    ("value", "standing"), [(3.8, "below"), (3.9, "within"), (5.2, "within"), (6.4, "within"), (6.5, "above")]
)
def test_a_value_is_compared_with_the_range_that_came_with_it(value: float, standing: str) -> None:
    assert only(result("a", value)).last.standing == standing


@pytest.mark.parametrize(
    ("code", "standing"),
    [("HH", "danger"), ("LL", "danger"), ("H", "above"), ("L", "below"), ("A", "outside"), ("N", "within")],
)
def test_what_the_laboratory_says_goes_before_the_range(code: str, standing: str) -> None:
    assert only(result("a", 5.0, interpretation=said(code))).last.standing == standing


def test_without_a_range_nothing_is_said_of_where_it_stands() -> None:
    assert only(result("a", 25.0, referenceRange=[])).last.standing == "unknown"
    assert only(result("a", 5.0, interpretation=said("XYZ"))).last.standing == "unknown"


def test_a_range_with_one_end_is_enough() -> None:
    assert only(result("a", 7.0, referenceRange=[{"high": {"value": 6.0}}])).last.standing == "above"
    assert only(result("a", 7.0, referenceRange=[{"low": {"value": 6.0}}])).last.standing == "within"


def test_values_of_one_test_stand_together_whatever_code_the_facility_uses() -> None:
    found = only(result("a", 5.0, "2026-01-01", "2345-7"), result("b", 6.0, "2026-05-01", "15074-8"))
    assert [one.number for one in found.values] == [6.0, 5.0] and found.key == "glucose"
    assert [one.number for one in found.trend] == [5.0, 6.0]


def test_another_unit_is_no_point_of_the_same_trend() -> None:
    other = result("b", 95.0, "2026-05-01", valueQuantity={"value": 95.0, "unit": "mg/dL"})
    assert len(only(result("a", 5.0, "2026-06-01"), other).trend) == 1


def test_a_value_below_what_can_be_measured_is_no_point() -> None:
    low = result("a", 0.1, valueQuantity={"value": 0.1, "comparator": "<", "unit": "mmol/L"})
    found = only(low)
    assert found.last.number is None and found.trend == () and charts.bar(found.last) is None


def test_what_is_measured_at_the_bedside_or_void_is_no_result() -> None:
    vital = result("a", 5.0, category=[{"coding": [{"code": "vital-signs"}]}])
    assert by_test(Chart.of([vital, result("b", 5.0, status="entered-in-error")])) == ()


def test_a_labelled_result_is_private() -> None:
    marked = result("a", 5.0, meta={"security": [{"system": system(), "code": "HIV"}]})
    assert only(marked).private and not only(result("a", 5.0)).private


def test_a_test_without_any_name_is_still_shown() -> None:
    assert only(result("a", 5.0, code={})).key == "unnamed"


@pytest.mark.parametrize("value", [-50.0, 0.0, 3.9, 5.0, 6.4, 400.0])
def test_the_bar_holds_every_value_and_its_range(value: float) -> None:
    bar = charts.bar(only(result("a", value)).last)
    assert bar is not None and 0 <= bar.at <= charts.WIDTH and 0 <= bar.start < bar.end <= charts.WIDTH
    assert (bar.at < bar.start) == (value < 3.9) and (bar.at > bar.end) == (value > 6.4)


def test_a_trend_goes_from_left_to_right_inside_the_picture() -> None:
    found = only(*(result(f"o{n}", n % 7 + 0.5, f"2026-0{n}-01") for n in range(1, 10)))
    trend = charts.trend(found.trend)
    assert trend is not None and trend.top is not None and trend.bottom is not None and trend.top < trend.bottom
    assert [x for x, _, _ in trend.points] == sorted(x for x, _, _ in trend.points)
    assert all(0 <= x <= charts.WIDTH and 0 <= y <= charts.HEIGHT for x, y, _ in trend.points)
    assert charts.trend(found.trend[:1]) is None


def test_equal_values_are_a_level_line() -> None:
    trend = charts.trend(only(result("a", 5.0, "2026-01-01"), result("b", 5.0, "2026-02-01")).trend)
    assert trend is not None and len({y for _, y, _ in trend.points}) == 1


def test_the_table_has_words_in_both_languages_for_the_commonest_tests_and_no_code_twice() -> None:
    rules = table("results")
    assert len(rules["test"]) >= 25 and rules["source"]["vi"] and rules["source"]["en"]
    for rule in rules["test"]:
        assert all(
            rule[part][language].strip() for part in ("name", "what", "high", "low") for language in ("en", "vi")
        )
    codes = [code for rule in rules["test"] for code in rule["loinc"]]
    assert len(codes) == len(set(codes)) and len({rule["key"] for rule in rules["test"]}) == len(rules["test"])
