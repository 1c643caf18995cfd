"""The day of a facility: who is expected, who is late, in which order they are called, and who leaves the list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hoso.care.today import Booking, Call, came, first_day, ordered, risk, sorted_out

TODAY = date(2026, 11, 28)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def booking(id: str, days: int, call: Call | None = None, template: str = "", person: str = "") -> Booking:
    return Booking(id, person or id, ago(days), f"visit-{id}", template, call=call)


def patient(born: str = "1980-01-01", **more: object) -> dict[str, object]:
    return {"resourceType": "Patient", "birthDate": born, **more}


def test_who_is_booked_today_is_expected_and_who_was_booked_before_is_late() -> None:
    found = sorted_out([booking("now", 0), booking("late", 3), booking("ahead", -2), booking("old", 61)], {}, TODAY)
    assert [one.id for one in found.booked] == ["now"]
    assert [one.id for one in found.late] == ["late"]


@pytest.mark.parametrize(
    ("on", "expected"), [(ago(10), True), (ago(9), True), (ago(17), True), (ago(18), False), (ago(0), True)]
)
def test_a_visit_from_a_week_before_the_booked_day_on_counts_as_that_visit(on: date, expected: bool) -> None:
    assert came(booking("a", 10), [("another", on)]) is expected


def test_the_visit_that_made_the_appointment_does_not_keep_it() -> None:
    soon = booking("a", 1)
    assert not came(soon, [("visit-a", ago(2))])
    assert [one.id for one in sorted_out([soon], {"a": [("visit-a", ago(2))]}, TODAY).late] == ["a"]


def test_who_has_come_is_no_longer_late_but_stays_among_those_of_today() -> None:
    visits = {"late": [("x", ago(1))], "now": [("y", TODAY)]}
    found = sorted_out([booking("late", 3), booking("now", 0)], visits, TODAY)
    assert not found.late and [one.id for one in found.booked] == ["now"]


def test_a_promise_moves_the_line_to_its_day_and_back_when_it_is_broken() -> None:
    promise = Call("comes", ago(5), ago(-2))
    assert sorted_out([booking("a", 20, promise)], {}, TODAY).late == []
    on_the_day = sorted_out([booking("a", 20, Call("comes", ago(5), TODAY))], {}, TODAY)
    assert [one.id for one in on_the_day.booked] == ["a"] and not on_the_day.late
    (broken,) = sorted_out([booking("a", 20, Call("comes", ago(5), ago(4)))], {}, TODAY).late
    assert ordered([broken], {"a": patient()}, (), TODAY)[0].days == 4


def test_a_promise_holds_a_line_whose_own_day_has_left_the_list() -> None:
    missed = booking("a", 90, Call("comes", ago(40), ago(3)))
    assert missed.day >= first_day(TODAY)
    assert [one.id for one in sorted_out([missed], {}, TODAY).late] == ["a"]


def test_who_moved_away_leaves_the_list_with_all_their_appointments_and_is_counted() -> None:
    away = booking("a", 3, Call("moved", ago(1)), person="p")
    found = sorted_out([away, booking("b", 9, person="p")], {}, TODAY)
    assert (found.late, found.moved) == ([], 1)


def test_a_person_has_one_line_the_newest_of_their_appointments() -> None:
    found = sorted_out([booking("a", 30, person="p"), booking("b", 5, person="p")], {}, TODAY)
    assert [one.id for one in found.late] == ["b"]
    today = sorted_out([booking("a", 30, person="p"), booking("c", 0, person="p")], {}, TODAY)
    assert [one.id for one in today.booked] == ["c"] and not today.late


def test_the_gravest_are_called_first_then_who_is_longest_late() -> None:
    late = [
        booking("plain-30", 30),
        booking("plain-40", 40),
        booking("pressure", 2, template="hypertension"),
        booking("pregnant", 1, template="antenatal"),
        booking("flag", 5),
    ]
    people = {one.person: patient() for one in late}
    lines = ordered(late, people, ["flag"], TODAY)
    assert [one.booking.id for one in lines] == ["flag", "pregnant", "pressure", "plain-40", "plain-30"]


def test_who_did_not_answer_today_waits_behind_the_others_until_tomorrow() -> None:
    late = [booking("silent", 9, Call("no-answer", TODAY), "antenatal"), booking("plain", 2)]
    people = {one.person: patient() for one in late}
    assert [one.booking.id for one in ordered(late, people, (), TODAY)] == ["plain", "silent"]
    tomorrow = TODAY + timedelta(days=1)
    assert [one.booking.id for one in ordered(late, people, (), tomorrow)] == ["silent", "plain"]


def test_a_wrong_number_stays_on_the_list_behind_those_who_can_be_called() -> None:
    late = [booking("wrong", 9, Call("wrong-number", ago(3)), "antenatal"), booking("plain", 2)]
    lines = ordered(late, {one.person: patient() for one in late}, (), TODAY)
    assert [(one.booking.id, one.callable) for one in lines] == [("plain", True), ("wrong", False)]


def test_the_dead_and_those_the_reader_may_not_see_are_not_called() -> None:
    late = [booking("dead", 3), booking("gone", 3), booking("hidden", 3)]
    people = {"dead": patient(deceasedBoolean=True), "gone": patient(deceasedDateTime="2026-11-01")}
    assert ordered(late, people, (), TODAY) == []


@pytest.mark.parametrize(
    ("born", "template", "flagged", "level"),
    [
        ("1980-01-01", "", False, 0),
        ("1980-01-01", "fever", False, 0),
        ("1980-01-01", "diabetes", False, 1),
        ("1980-01-01", "diabetes", True, 2),
        ("2025-11-29", "", False, 2),
        ("2025-11-28", "", False, 0),
        ("1946-11-28", "", False, 1),
        ("1946-11-29", "", False, 0),
        ("", "", False, 0),
    ],
)
def test_the_level_is_the_gravest_of_what_is_known(born: str, template: str, flagged: bool, level: int) -> None:
    found = risk(booking("a", 1, template=template), patient(born), flagged, TODAY)
    assert found.level == level and bool(found.names) == bool(level)
