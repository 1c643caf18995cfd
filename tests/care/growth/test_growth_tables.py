"""The tables are WHO's: figures as WHO prints them, by sex and age, to a hundredth of a z-score.

The published values stand here as printed in WHO's own tables (weight-for-age, length/height-for-age, weight-for-length
and -height, BMI-for-age, head circumference-for-age of 2006; BMI-, height- and weight-for-age of 2007), in kg and cm.
"""

from __future__ import annotations

import pytest

from hoso.care.growth.who import lms, tables

PUBLISHED = [
    # table, sex, x, L, M, S
    ("weight", "male", 0, 0.3487, 3.3464, 0.14602),
    ("weight", "female", 0, 0.3809, 3.2322, 0.14171),
    ("height", "male", 0, 1, 49.8842, 0.03795),
    ("height", "female", 0, 1, 49.1477, 0.03790),
    ("bmi", "male", 0, -0.3053, 13.4069, 0.09560),
    ("bmi", "female", 0, -0.0631, 13.3363, 0.09272),
    ("head", "male", 0, 1, 34.4618, 0.03686),
    ("head", "female", 0, 1, 33.8787, 0.03496),
    ("weight-length", "male", 45, -0.3521, 2.441, 0.09182),
    ("weight-length", "female", 45, -0.3833, 2.4607, 0.09029),
    ("weight-height", "male", 65, -0.3521, 7.4327, 0.08217),
    ("weight-height", "female", 65, -0.3833, 7.2402, 0.09113),
    ("height-school", "male", 61, 1, 110.2647, 0.04164),
    ("height-school", "female", 61, 1, 109.6016, 0.04355),
    ("bmi-school", "male", 61, -0.7387, 15.2641, 0.08390),
    ("bmi-school", "female", 61, -0.8886, 15.2441, 0.09692),
    ("weight-school", "male", 61, -0.2026, 18.5057, 0.12988),
    ("weight-school", "female", 61, -0.4681, 18.2579, 0.14295),
]
LINES = [
    # table, sex, day or month or cm, what WHO prints at -3, -2, -1, 0, 1, 2, 3, printed to
    ("weight", "male", 365, (6.9, 7.7, 8.6, 9.6, 10.8, 12.0, 13.3), 1),
    ("weight", "female", 365, (6.3, 7.0, 7.9, 8.9, 10.1, 11.5, 13.1), 1),
    ("weight", "male", 0, (2.1, 2.5, 2.9, 3.3, 3.9, 4.4, 5.0), 1),
    ("weight", "female", 0, (2.0, 2.4, 2.8, 3.2, 3.7, 4.2, 4.8), 1),
    ("weight", "male", 1826, (12.4, 14.1, 16.0, 18.3, 21.0, 24.2, 27.9), 1),
    ("height", "male", 0, (44.2, 46.1, 48.0, 49.9, 51.8, 53.7, 55.6), 1),
    ("height", "female", 0, (43.6, 45.4, 47.3, 49.1, 51.0, 52.9, 54.7), 1),
    ("height", "male", 365, (68.6, 71.0, 73.4, 75.7, 78.1, 80.5, 82.9), 1),
    ("height", "male", 1826, (96.1, 100.7, 105.3, 110.0, 114.6, 119.2, 123.9), 1),
    ("height", "female", 1826, (95.2, 99.9, 104.7, 109.4, 114.2, 118.9, 123.7), 1),
    ("head", "male", 0, (30.7, 31.9, 33.2, 34.5, 35.7, 37.0, 38.3), 1),
    ("head", "female", 0, (30.3, 31.5, 32.7, 33.9, 35.1, 36.2, 37.4), 1),
    ("weight-length", "male", 45, (1.9, 2.0, 2.2, 2.4, 2.7, 3.0, 3.3), 1),
    ("weight-height", "male", 65, (5.9, 6.3, 6.9, 7.4, 8.1, 8.8, 9.6), 1),
    ("bmi", "male", 0, (10.2, 11.1, 12.2, 13.4, 14.8, 16.3, 18.1), 1),
    ("bmi-school", "male", 61, (12.1, 13.0, 14.1, 15.3, 16.6, 18.3, 20.2), 1),
    ("bmi-school", "female", 61, (11.8, 12.7, 13.9, 15.2, 16.9, 18.9, 21.3), 1),
    ("bmi-school", "male", 228, (15.9, 17.6, 19.6, 22.2, 25.4, 29.7, 35.5), 1),
    ("bmi-school", "female", 228, (14.7, 16.5, 18.7, 21.4, 25.0, 29.7, 36.2), 1),
]


@pytest.mark.parametrize("row", PUBLISHED)
def test_l_m_and_s_are_as_published(row: tuple[str, str, float, float, float, float]) -> None:
    found = lms(row[0], row[1], row[2])
    assert found is not None and tuple(found) == pytest.approx(row[3:], abs=1e-9)


@pytest.mark.parametrize("row", LINES)
def test_the_lines_are_as_who_prints_them(row: tuple[str, str, float, tuple[float, ...], int]) -> None:
    found = lms(row[0], row[1], row[2])
    assert found is not None
    assert [round(found.at(z), row[4]) for z in (-3, -2, -1, 0, 1, 2, 3)] == pytest.approx(row[3], abs=0.051)


def test_a_value_on_a_line_has_that_z_score_and_back() -> None:
    for (name, sex), rows in tables().items():
        for x in list(rows)[::97]:
            for z in (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0):
                row = lms(name, sex, x)
                assert row is not None and row.z(row.at(z), restricted=False) == pytest.approx(z, abs=0.01)


def test_beyond_three_the_distance_goes_on_evenly() -> None:
    row = lms("weight", "male", 365)
    assert row is not None
    third, second = row.at(3), row.at(2)
    assert row.z(third + (third - second), restricted=True) == pytest.approx(4)
    assert row.z(third + (third - second), restricted=False) != pytest.approx(4, abs=0.01)
    low3, low2 = row.at(-3), row.at(-2)
    assert row.z(low3 - (low2 - low3), restricted=True) == pytest.approx(-4)
    assert row.line(-4, restricted=True) == pytest.approx(low3 - (low2 - low3))


def test_tables_are_whole() -> None:
    counts = {name: len(rows) for name, rows in tables().items()}
    for sex in ("male", "female"):
        assert [counts[name, sex] for name in ("weight", "height", "bmi", "head")] == [1857] * 4
        assert (counts["weight-length", sex], counts["weight-height", sex]) == (651, 551)
        assert [counts[name, sex] for name in ("height-school", "bmi-school", "weight-school")] == [168, 168, 60]


def test_between_two_rows_it_is_gone_evenly_and_outside_there_is_nothing() -> None:
    low, high, between = (lms("weight-length", "male", x) for x in (70.0, 70.1, 70.05))
    assert low and high and between and between.m == pytest.approx((low.m + high.m) / 2)
    assert lms("weight-length", "male", 44.9) is None and lms("weight", "male", 1857) is None
    assert lms("bmi-school", "male", 228.5) is None and lms("weight", "other", 10) is None
