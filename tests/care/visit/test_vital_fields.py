"""Numbers as they are typed in a hurry: read as one thing or given back, asked about when they are odd."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.care.visit.vitals import Last, Problem, doubts, months_at, read, vital, vitals

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("key", "typed", "values"),
    [
        ("pressure", "130/80", ["130", "80"]),
        ("pressure", " 130 80 ", ["130", "80"]),
        ("pressure", "130-80", ["130", "80"]),
        ("weight", "61,5", ["61.5"]),
        ("weight", "61.50", ["61.50"]),
        ("temperature", "37", ["37"]),
        ("glucose", "7.4", ["7.4"]),
    ],
)
def test_what_is_one_thing_is_read(key: str, typed: str, values: list[str]) -> None:
    assert read(vital(key), typed) == tuple(Decimal(value) for value in values)


@pytest.mark.parametrize(
    ("key", "typed", "kind"),
    [
        ("pressure", "130", "pressure-form"),
        ("pressure", "130/80/60", "pressure-form"),
        ("pressure", "80/130", "pressure-order"),
        ("pressure", "80/80", "pressure-order"),
        ("pressure", "900/80", "impossible"),
        ("weight", "3.200", "number-ambiguous"),
        ("weight", "3,200", "number-ambiguous"),
        ("weight", "61.512", "number-ambiguous"),
        ("weight", "610", "impossible"),
        ("weight", "-61", "number-form"),
        ("weight", "6l", "number-form"),
        ("weight", "", "number-form"),
        ("weight", "1e3", "number-form"),
        ("weight", "٣٧", "number-form"),
        ("temperature", "375", "impossible"),
        ("temperature", "37,55", "number-digits"),
        ("pulse", "76,5", "number-digits"),
        ("pulse", "9" * 5_000, "number-form"),
        ("pulse", "<script>", "number-form"),
    ],
)
def test_what_is_not_is_given_back_with_its_reason(key: str, typed: str, kind: str) -> None:
    found = read(vital(key), typed)
    assert isinstance(found, Problem) and found.kind == kind and len(str(found.values)) < 200


@given(st.text(max_size=30), st.sampled_from(vitals()))
def test_whatever_is_typed_is_a_possible_value_or_a_problem_of_its_field(typed: str, one: object) -> None:
    found = read(one, typed)  # type: ignore[arg-type]
    if isinstance(found, Problem):
        assert found.field == one.key  # type: ignore[attr-defined]
    else:
        parts = one.parts  # type: ignore[attr-defined]
        assert all(part.low <= value <= part.high for part, value in zip(parts, found, strict=True))


@pytest.mark.parametrize(
    ("key", "value", "months", "odd"),
    [
        ("pulse", "150", 6, False),  # a baby's heart
        ("pulse", "155", 40 * 12, True),
        ("pressure", "85/50", 24, False),
        ("pressure", "70/50", 40 * 12, True),
        ("weight", "3,2", 0, False),
        ("weight", "3,2", 40 * 12, True),
        ("weight", "61", 3, True),
        ("breaths", "50", 3, False),
        ("breaths", "50", 40 * 12, True),
        ("temperature", "39,5", 40 * 12, False),
        ("temperature", "42", 40 * 12, True),
        ("pulse", "150", None, False),  # usual at some age
    ],
)
def test_what_is_odd_depends_on_the_age(key: str, value: str, months: int | None, odd: bool) -> None:
    values = read(vital(key), value)
    assert not isinstance(values, Problem)
    assert bool(doubts(vital(key), values, months, None, TODAY)) is odd


def test_a_weight_that_changed_by_a_tenth_in_a_month_is_asked_about_and_not_in_a_growing_child() -> None:
    last = Last((Decimal("50"),), date(2026, 11, 1))
    (asked,) = doubts(vital("weight"), (Decimal("56"),), 30 * 12, last, TODAY)
    assert asked.kind == "changed" and asked.values["before"] == "50"
    assert not doubts(vital("weight"), (Decimal("54"),), 30 * 12, last, TODAY)
    assert not doubts(vital("weight"), (Decimal("56"),), 30 * 12, Last((Decimal("50"),), date(2025, 1, 1)), TODAY)
    assert not doubts(vital("weight"), (Decimal("6"),), 4, Last((Decimal("5"),), date(2026, 11, 1)), TODAY)


def test_nobody_loses_more_than_two_centimetres() -> None:
    last = Last((Decimal("160"),), date(2020, 1, 1))
    assert [one.kind for one in doubts(vital("height"), (Decimal("150"),), 600, last, TODAY)] == ["shrunk"]
    assert not doubts(vital("height"), (Decimal("159"),), 600, last, TODAY)


@pytest.mark.parametrize(
    ("born", "months"),
    [("2026-11-28", 0), ("2026-10-29", 0), ("2026-10-28", 1), ("2020", 76), ("2020-01", 82), ("", None)],
)
def test_age_in_months_of_whole_and_partial_dates(born: str, months: int | None) -> None:
    assert months_at(born, TODAY) == months


def test_every_measure_has_bands_in_order_within_what_can_be() -> None:
    for one in vitals():
        for part in one.parts:
            assert part.doubt[0][0] == 0 and [band[0] for band in part.doubt] == sorted(band[0] for band in part.doubt)
            assert all(part.low <= low < high <= part.high for _, low, high in part.doubt), one.key
