"""A facility's day: who is booked, and whom to call because they were booked and did not come, by risk, then days late.

Nobody is lost from the list but who came, who promised a later day, and who moved away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, get_args

from hoso.care.elements import Resource, day
from hoso.care.rules import table

Outcome = Literal["comes", "no-answer", "wrong-number", "moved"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Call:
    """What came of calling somebody. `to`: the day that was promised."""

    outcome: Outcome
    on: date
    to: date | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """One appointment. `person`: the id; `made_in`: the visit that made it, "" when none is known, and its kind."""

    id: str
    person: str
    day: date
    made_in: str = ""
    template: str = ""
    hour: str = ""
    call: Call | None = None

    @property
    def due(self) -> date:
        """The day on which the person is expected: what was promised last counts."""
        promised = self.call.to if self.call and self.call.outcome == "comes" else None
        return max(self.day, promised) if promised else self.day


@dataclass(frozen=True, slots=True)
class Risk:
    """`names` by language, the gravest first."""

    level: int = 0
    names: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Late:
    booking: Booking
    days: int
    risk: Risk
    called: bool
    """Today, without anybody answering: it waits behind the others until tomorrow."""

    @property
    def callable(self) -> bool:
        return self.booking.call is None or self.booking.call.outcome != "wrong-number"


@dataclass(frozen=True, slots=True)
class Day:
    booked: list[Booking] = field(default_factory=list)
    late: list[Booking] = field(default_factory=list)
    moved: int = 0


Visits = Mapping[str, Iterable[tuple[str, date]]]
"""By person: the visits here, each with its id and day."""


def first_day(today: date) -> date:
    """The day from which appointments have to be looked at: one that was put off may have been missed long ago."""
    rules = table("today")
    return today - timedelta(days=rules["overdue_days"] + rules["furthest_promise"])


def days_listed() -> int:
    return int(table("today")["overdue_days"])


def last_promise(today: date) -> date:
    return today + timedelta(days=int(table("today")["furthest_promise"]))


def sorted_out(bookings: Iterable[Booking], visits: Visits, today: date) -> Day:
    """Those of today, whether they have come or not, and those who are late; one line for a person in each."""
    since = today - timedelta(days=days_listed())
    newest = sorted(bookings, key=lambda one: (one.due, one.id), reverse=True)
    booked = {one.person: one for one in reversed(newest) if one.due == today}
    late: dict[str, Booking] = {}
    moved: set[str] = set()
    for one in newest:
        if not since <= one.due < today or one.person in booked or came(one, visits.get(one.person, ())):
            continue
        if one.call and one.call.outcome == "moved":
            moved.add(one.person)
        else:
            late.setdefault(one.person, one)
    first = sorted(booked.values(), key=lambda one: (one.hour or "99", one.id))
    return Day(first, [one for person, one in late.items() if person not in moved], len(moved))


def came(booking: Booking, visits: Iterable[tuple[str, date]]) -> bool:
    """Whether there was a visit since the booked day or shortly before; the one that made the appointment is none."""
    return any(on >= first_visit(booking) and id != booking.made_in for id, on in visits)


def first_visit(booking: Booking) -> date:
    """From this day on a visit is the one that was booked."""
    return booking.day - timedelta(days=int(table("today")["early_days"]))


def ordered(late: Iterable[Booking], people: Mapping[str, Resource], flagged: Iterable[str], today: date) -> list[Late]:
    """`people` by id; who is not among them is not the reader's to see. The gravest first, then the longest late;
    whoever cannot be reached now stands behind. The dead are not called."""
    alarmed = set(flagged)
    lines = [
        Late(
            one, (today - one.due).days, risk(one, people[one.person], one.person in alarmed, today), _tried(one, today)
        )
        for one in late
        if one.person in people and not is_dead(people[one.person])
    ]
    return sorted(lines, key=lambda x: (x.called, not x.callable, -x.risk.level, -x.days, x.booking.id))


def risk(booking: Booking, patient: Resource, flagged: bool, today: date) -> Risk:
    born = day(patient.get("birthDate", ""))
    age = None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    met = [row for row in table("today")["risk"] if _meets(row, booking.template, flagged, age)]
    return Risk(max((row["level"] for row in met), default=0), tuple(row["name"] for row in met))


def is_dead(patient: Resource) -> bool:
    return bool(patient.get("deceasedDateTime") or patient.get("deceasedBoolean"))


def _tried(booking: Booking, today: date) -> bool:
    return booking.call is not None and booking.call.outcome == "no-answer" and booking.call.on == today


def _meets(row: Mapping[str, Any], template: str, flagged: bool, age: int | None) -> bool:
    if "template" in row:
        return bool(template) and row["template"] == template
    if "flagged" in row:
        return flagged
    return age is not None and row.get("from", 0) <= age <= row.get("until", 200)
