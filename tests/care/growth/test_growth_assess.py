"""Which table a measure is held against, what its score is called, and which measures are likelier slips."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from hoso.care.chart import Chart
from hoso.care.growth import Measured, assess, doubts, indicators, newest
from hoso.care.growth.reading import measured

BORN = date(2024, 1, 10)


def at(days: int, kind: Any, value: float, position: Any = "") -> Measured:
    return Measured(BORN + timedelta(days=days), kind, value, position)


def score(indicator: str, *told: Measured, sex: str = "male") -> Any:
    return next((one for one in assess(BORN, sex, told) if one.indicator == indicator), None)


def test_the_median_child_scores_zero() -> None:
    assert score("weight", at(0, "weight", 3.3464)).z == 0
    assert score("height", at(0, "height", 49.8842)).z == 0
    assert score("head", at(0, "head", 34.4618)).z == 0


@pytest.mark.parametrize(
    ("kind", "days", "value", "sex", "z"),
    [
        ("weight", 365, 6.9, "male", -3.0), ("weight", 365, 7.7, "male", -2.0), ("weight", 365, 9.6, "male", 0.0),
        ("weight", 365, 8.9, "female", 0.0), ("height", 365, 71.0, "male", -2.0), ("height", 1826, 119.2, "male", 2.0),
    ],
)  # fmt: skip
def test_scores_follow_the_printed_lines(kind: str, days: int, value: float, sex: str, z: float) -> None:
    assert score(kind, at(days, kind, value), sex=sex).z == pytest.approx(z, abs=0.08)


def test_under_two_years_a_standing_height_is_made_a_length_and_later_the_other_way_round() -> None:
    assert score("height", at(700, "height", 85, "standing")).value == 85.7
    assert score("height", at(700, "height", 85, "lying")).value == 85
    assert score("height", at(731, "height", 85, "lying")).value == 84.3
    assert score("height", at(731, "height", 85)).value == 85


def test_weight_is_held_against_length_then_height() -> None:
    young = score("weight-for-height", at(730, "weight", 12), at(730, "height", 86))
    older = score("weight-for-height", at(731, "weight", 12), at(731, "height", 86))
    assert young.z != older.z and young.x == older.x == 86
    assert score("weight-for-height", at(365, "weight", 9.6)) is None


def test_after_sixty_months_the_reference_of_2007_is_used_by_month() -> None:
    five, later = score("height", at(1856, "height", 110)), score("height", at(1857, "height", 110))
    assert five.x == 1856 and later.x == pytest.approx(61.01, abs=0.01)
    assert score("weight-for-height", at(1857, "weight", 18), at(1857, "height", 110)) is None
    assert score("weight", at(3700, "weight", 30)) is None, "WHO has no weight for age after ten years"
    assert score("bmi", at(6900, "weight", 60), at(6900, "height", 170)).z is not None
    assert assess(BORN, "male", [at(7000, "height", 170)]) == ()


def test_scores_are_called_what_who_calls_them() -> None:
    def called(indicator: str, *told: Measured) -> str:
        return str(score(indicator, *told).band)

    assert called("height", at(365, "height", 68.0)) == "severely stunted"
    assert called("height", at(365, "height", 70.0)) == "stunted"
    assert called("weight", at(365, "weight", 9.6)) == "normal"
    assert called("weight", at(365, "weight", 6.5)) == "severely underweight"
    assert called("weight-for-height", at(365, "weight", 12.9), at(365, "height", 75.7)) == "obese"
    assert called("weight-for-height", at(365, "weight", 7.3), at(365, "height", 75.7)) == "severely wasted"
    assert called("bmi", at(2900, "weight", 30), at(2900, "height", 128)) == "overweight"
    assert called("bmi", at(2900, "weight", 21), at(2900, "height", 128)) == "thinness"


def test_who_flags_are_kept_and_get_no_name() -> None:
    one = score("weight", at(365, "weight", 30))
    assert one.flagged and one.band == ""
    assert score("height", at(365, "height", 50)).flagged
    assert newest(assess(BORN, "male", [at(300, "weight", 9), at(365, "weight", 30)]))["weight"].value == 9


@pytest.mark.parametrize(
    ("told", "why", "meant"),
    [
        (at(0, "weight", 3200), "slip", 3.2),
        (at(365, "weight", 96), "slip", 9.6),
        (at(365, "weight", 0.96), "slip", 9.6),
        (at(365, "height", 0.757), "slip", 75.7),
        (at(365, "height", 757), "slip", 75.7),
        (at(365, "head", 460), "slip", 46.0),
        (at(365, "weight", 45), "slip", 4.5),
        (at(365, "height", 30), "implausible", None),
    ],
)
def test_slips_are_told_with_what_was_meant(told: Measured, why: str, meant: float | None) -> None:
    (found,) = doubts(BORN, "male", [told])
    assert (found.why, found.meant) == (why, meant)


def test_a_child_does_not_shrink() -> None:
    (found,) = doubts(BORN, "male", [at(300, "height", 72), at(365, "height", 70)])
    assert found.why == "shrinks" and found.before is not None and found.before.value == 72
    assert doubts(BORN, "male", [at(300, "height", 72), at(320, "height", 71.5)]) == ()
    assert doubts(BORN, "male", [at(725, "height", 87.5, "lying"), at(735, "height", 86.2, "standing")]) == ()
    assert [one.why for one in doubts(BORN, "male", [at(300, "head", 46), at(320, "head", 45)])] == ["shrinks"]


def test_what_is_doubted_does_not_make_the_next_measure_doubtful() -> None:
    found = doubts(BORN, "male", [at(300, "height", 720), at(365, "height", 75)])
    assert [one.why for one in found] == ["slip"]


def test_a_child_as_children_are_is_not_doubted() -> None:
    ages = (0, 30, 60, 90, 180, 270, 365, 540, 730, 1095)
    weights = (3.3, 4.5, 5.6, 6.4, 7.9, 8.9, 9.6, 10.9, 12.2, 14.3)
    heights = (49.9, 54.7, 58.4, 61.4, 67.6, 72.0, 75.7, 82.3, 87.1, 96.1)
    told = [at(d, "weight", w) for d, w in zip(ages, weights, strict=True)]
    told += [at(d, "height", h) for d, h in zip(ages, heights, strict=True)]
    assert doubts(BORN, "male", told) == ()
    assert {one.band for one in assess(BORN, "male", told)} == {"normal"}


def test_observations_are_read_in_their_units() -> None:
    def seen(code: str, value: float, unit: str, at: str = "2025-01-10") -> dict[str, Any]:
        return {
            "resourceType": "Observation", "id": f"{code}-{unit}", "status": "final", "effectiveDateTime": at,
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "unit": unit, "code": unit},
        }  # fmt: skip

    told = measured(Chart.of([
        seen("29463-7", 3200, "g"), seen("8302-2", 0.5, "m"), seen("9843-4", 34.5, "cm"), seen("8306-3", 50.1, "cm"),
        seen("29463-7", 7, "[lb_av]"), seen("2708-6", 97, "%"), seen("8339-4", 3.1, "kg"),
    ]), BORN)  # fmt: skip
    assert told[0] == Measured(BORN, "weight", 3.1, "", "Observation/8339-4-kg"), "the birth weight is of the birth"
    told = told[1:]
    assert [(one.kind, one.value, one.position) for one in told] == [
        ("head", 34.5, ""), ("height", 50.0, ""), ("height", 50.1, "lying"), ("weight", 3.2, ""),
    ]  # fmt: skip


def test_every_indicator_names_every_score() -> None:
    for one in indicators():
        assert all(one.called(z / 10, school) for z in range(-60, 60) for school in (False, True))
