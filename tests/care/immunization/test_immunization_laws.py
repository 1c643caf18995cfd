"""What holds for every child: nothing is begun again, order is nothing, a dose given leaves less to give."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hoso.care.immunization import Forecast, Given, forecast, programme, vaccine_named, vaccines
from hoso.care.immunization.ages import after

BORN = st.dates(date(2018, 1, 1), date(2026, 12, 31))
HISTORY = st.lists(st.tuples(st.sampled_from(sorted(vaccines())), st.integers(0, 3000)), max_size=12)
PROVINCE = st.sampled_from(["01", "15", "31", "79", "92", ""])


def told(born: date, history: list[tuple[str, int]]) -> list[Given]:
    return [Given(born + timedelta(days=age), vaccine) for vaccine, age in history]


def done(found: Forecast) -> dict[str, int]:
    counted: dict[str, int] = {}
    for line in found.lines:
        counted[line.series] = counted.get(line.series, 0) + (line.status == "given")
    return counted


@given(BORN, PROVINCE, HISTORY, st.integers(0, 4000), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_the_order_in_which_doses_are_told_is_nothing(
    born: date, province: str, history: list[tuple[str, int]], age: int, rng: random.Random
) -> None:
    doses = told(born, history)
    mixed = list(doses)
    rng.shuffle(mixed)
    today = born + timedelta(days=age)
    assert forecast(born, "female", province, doses, {}, today) == forecast(born, "female", province, mixed, {}, today)


@given(BORN, PROVINCE, HISTORY, st.integers(0, 3500), st.integers(0, 3000))
@settings(max_examples=300, deadline=None)
def test_time_that_passes_begins_nothing_again(
    born: date, province: str, history: list[tuple[str, int]], age: int, later: int
) -> None:
    doses = [one for one in told(born, history) if one.on <= born + timedelta(days=age)]
    now = done(forecast(born, "female", province, doses, {}, born + timedelta(days=age)))
    then = done(forecast(born, "female", province, doses, {}, born + timedelta(days=age + later)))
    assert all(then[series] >= count for series, count in now.items())


@given(BORN, PROVINCE, HISTORY, st.integers(0, 3500))
@settings(max_examples=300, deadline=None)
def test_a_due_dose_that_is_given_counts_and_makes_nothing_else_due(
    born: date, province: str, history: list[tuple[str, int]], age: int
) -> None:
    today = born + timedelta(days=age)
    doses = [one for one in told(born, history) if one.on < today]
    before = forecast(born, "female", province, doses, {}, today)
    for line in before.due:
        after_it = forecast(born, "female", province, [*doses, Given(today, line.vaccine)], {}, today)
        assert (found := after_it.line(line.series, line.number)) is not None and found.status == "given"
        assert {(one.series, one.number) for one in after_it.due} < {(one.series, one.number) for one in before.due}


@given(BORN, HISTORY, st.integers(0, 3500))
@settings(max_examples=300, deadline=None)
def test_days_of_a_dose_are_in_order_and_in_the_future_of_what_was_given(
    born: date, history: list[tuple[str, int]], age: int
) -> None:
    today = born + timedelta(days=age)
    for line in forecast(born, "male", "01", told(born, history), {}, today).lines:
        if line.status == "given":
            assert line.given is not None and born <= line.given.on <= today
            continue
        assert line.earliest is not None and line.recommended is not None and line.overdue is not None
        assert born <= line.earliest <= line.recommended < line.overdue
        if line.status == "early":
            assert today < line.recommended or line.number > 1


def test_every_dose_of_the_programme_has_a_place_on_the_card() -> None:
    for on in (date(2024, 1, 1), date(2024, 7, 1), date(2026, 3, 1), date(2026, 8, 1)):
        now = programme(on)
        placed = [dose for slot in now.slots for dose in slot.doses]
        asked = [(one.key, n) for one in now.series if not one.when for n in range(1, len(one.paths[0].doses) + 1)]
        assert sorted(placed) == sorted(asked), now.law


def test_every_vaccine_of_the_schedule_is_in_the_table_and_protects_by_it() -> None:
    for series in programme(date(2026, 8, 1)).series:
        for path in series.paths:
            for dose in path.doses:
                for key in (dose.vaccine, *(key for _, key in dose.vaccine_from)):
                    protected = vaccines()[key].antigens
                    later = series.needs_from[1] if series.needs_from else series.needs
                    assert dose.needs <= protected and (series.needs <= protected or later <= protected), key


@pytest.mark.parametrize(
    ("codes", "words", "key"),
    [
        (["08"], "", "hepb"),
        (["8"], "", "hepb"),
        (["146"], "Hexaxim", "hexavalent"),
        ([], "Vắc xin 5 trong 1 (ComBE Five)", "dpt_hepb_hib"),
        ([], "SỞI - RUBELLA", "mr"),
        ([], "Sởi đơn", "measles"),
        ([], "Viêm não Nhật Bản B", "je"),
        ([], "Uốn ván - bạch hầu giảm liều (Td)", "td"),
        ([], "Bại liệt uống (bOPV)", "opv"),
        (["999"], "MMR II", "mmr"),
        (["134"], "Imojev", "je_live"),
        (["134"], "Ixiaro", "je"),
    ],
)
def test_a_vaccine_is_known_by_code_or_name(codes: list[str], words: str, key: str) -> None:
    found = vaccine_named(codes, words)
    assert found is not None and found.key == key


def test_a_vaccine_nobody_knows_is_said_to_be_unknown() -> None:
    assert vaccine_named(["9999"], "thuốc nam") is None
    born = date(2026, 1, 1)
    found = forecast(born, "male", "01", [Given(born, "", name="thuốc nam")], {}, date(2026, 2, 1))
    assert [one.name for one in found.unknown] == ["thuốc nam"]


def test_two_months_of_a_child_born_on_the_last_of_december_are_over_on_the_first_of_march() -> None:
    assert after(date(2025, 12, 31), "2 months") == date(2026, 3, 1)
    assert after(date(2024, 2, 29), "1 year") == date(2025, 3, 1)
    assert after(date(2026, 1, 31), "1 month") == date(2026, 3, 1)
    assert after(date(2026, 11, 30), "3 months") == date(2027, 3, 1)
    with pytest.raises(ValueError, match="not an age"):
        after(date(2026, 1, 1), "soon")
