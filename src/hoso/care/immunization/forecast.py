"""What is due: for every dose of the schedule whether it was given, is due, late, too early, forbidden or too late.

A pure function of the birth date, the sex, the province, the doses given, what is on record that matters, and today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from hoso.care.immunization.ages import after
from hoso.care.immunization.counting import Course, Given, Judged, course
from hoso.care.immunization.schedule import Dose, Programme, Series, contraindications, programme, vaccines

Status = Literal["given", "due", "late", "early", "contraindicated", "closed", "elsewhere"]
PREGNANCY = "pregnancy"
_BASIC = "dtp"
"""The series whose doses in childhood are the basic doses of tetanus."""


@dataclass(frozen=True, slots=True)
class Line:
    """One dose of a series. `vaccine`: what the programme gives for it. `recommended` until before `overdue` is the
    right time, `earliest` the first day on which it counts, `latest` the last on which it is given (None: no end)."""

    series: str
    number: int
    of: int
    status: Status
    vaccine: str
    given: Given | None = None
    earliest: date | None = None
    recommended: date | None = None
    overdue: date | None = None
    latest: date | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """`lines` in the order of the schedule; `judged`: what each dose counts as, by the series it is of."""

    law: str
    since: date
    lines: tuple[Line, ...]
    judged: tuple[tuple[str, Judged], ...]
    unknown: tuple[Given, ...]
    """Doses whose vaccine the tables do not know: a person must say what they were."""

    @property
    def due(self) -> tuple[Line, ...]:
        return tuple(one for one in self.lines if one.status in ("due", "late"))

    def line(self, series: str, number: int) -> Line | None:
        return next((one for one in self.lines if (one.series, one.number) == (series, number)), None)

    def complete(self, series: str) -> bool:
        lines = [one for one in self.lines if one.series == series]
        return bool(lines) and all(one.status == "given" for one in lines)

    def counts(self, given: Given) -> bool:
        return any(one.number for _, one in self.judged if one.given == given)


@dataclass(frozen=True, slots=True)
class _Child:
    born: date
    province: str
    given: Sequence[Given]
    known: Mapping[str, date | None]
    today: date
    rules: Programme


@dataclass(frozen=True, slots=True)
class _Step:
    """A dose to give. `last`: when the one before was or will be given; `tried`: a later one that does not count;
    `next`: nothing has to be given before it."""

    series: Series
    dose: Dose
    number: int
    of: int
    last: date | None
    tried: date | None
    next: bool


def forecast(
    born: date,
    sex: str,
    province: str,
    given: Sequence[Given],
    conditions: Mapping[str, date | None],
    today: date,
) -> Forecast:
    """`conditions`: keys of the contraindications, "allergy:COMPONENT", each with the day since when, if known."""
    rules = programme(today)
    child = _Child(born, province, sorted(one for one in given if born <= one.on <= today), conditions, today, rules)
    lines: list[Line] = []
    judged: list[tuple[str, Judged]] = []
    basic = 0
    for series in rules.series:
        if (series.only and series.only != sex) or (series.when and series.when not in conditions):
            continue
        found = course(series, born, child.given, rules, basic)
        if series.key == _BASIC:
            basic = len(found.counted)
        judged += [(series.key, one) for one in found.judged]
        lines += _lines(series, found, child)
    unknown = tuple(one for one in child.given if not one.vaccine)
    return Forecast(rules.law, rules.since, tuple(lines), tuple(judged), unknown)


def _lines(series: Series, found: Course, child: _Child) -> Iterator[Line]:
    total, done = len(found.path.doses), len(found.counted)
    for number, (given, dose) in enumerate(zip(found.counted, found.path.doses, strict=False), start=1):
        yield Line(series.key, number, total, "given", given.vaccine or dose.vaccine, given)
    last, tried = _last(found)
    for number, dose in enumerate(found.path.doses[done:], start=done + 1):
        step = _Step(series, dose, number, total, last, tried, number == done + 1)
        line = _open(step, child)
        yield line
        last, tried = max(line.recommended or child.today, child.today), None


def _last(found: Course) -> tuple[date | None, date | None]:
    """When the last counting dose was given, and the last one after it that does not count."""
    counted = found.counted
    last = counted[-1].on if counted else None
    tried = [one.given.on for one in found.judged if one.doubt in ("too-young", "too-soon", "live-gap")]
    return last, max((on for on in tried if last is None or on > last), default=None)


def _open(step: _Step, child: _Child) -> Line:
    """A dose not given yet: its days, and what these say about today."""
    dose, series, last = step.dose, step.series, step.last
    bounds = list(_bounds(step, child))
    earliest, _ = max(bounds)
    wished = [(after(child.born, dose.age), "age"), *bounds]
    if last is not None and dose.gap:
        wished.append((after(last, dose.gap), "gap"))
    if series.when:
        wished.append((child.known[series.when] or child.today, "gap"))
    recommended, reason = max(wished)
    latest = after(child.born, dose.max_age) - timedelta(days=1) if dose.max_age else None
    vaccine = dose.given_at(child.born, max(child.today, recommended))
    overdue = after(recommended, dose.late)
    line = Line(
        series.key, step.number, step.of, "early", vaccine, None, earliest, recommended, overdue, latest, (reason,)
    )
    status, why = _status(line, step, child)
    return replace(line, status=status, why=why)


def _bounds(step: _Step, child: _Child) -> Iterator[tuple[date, str]]:
    """Days before which the dose would not count, with the reason."""
    dose = step.dose
    yield after(child.born, dose.min_age), "age"
    for before in (step.last, step.tried):
        if before is not None and dose.min_gap:
            yield after(before, dose.min_gap), "gap"
        elif before is not None:
            yield before + timedelta(days=child.rules.live_gap_days), "gap"
    if vaccines()[dose.given_at(child.born, child.today)].live == "injected":
        lives = [one.on for one in child.given if one.live == "injected" and one.on != child.today]
        if lives:
            yield max(lives) + timedelta(days=child.rules.live_gap_days), "live-gap"


def _status(line: Line, step: _Step, child: _Child) -> tuple[Status, tuple[str, ...]]:
    assert line.earliest and line.recommended and line.overdue
    if not step.series.offered(child.born, child.province):
        return "elsewhere", ("area",)
    if line.latest is not None and (child.today > line.latest or line.earliest > line.latest):
        return "closed", ("max-age",)
    if reasons := tuple(forbidden(line.vaccine, child.given, child.known)):
        return "contraindicated", reasons
    if not step.next or child.today < line.recommended:
        return "early", line.why
    return ("late" if child.today >= line.overdue else "due"), ()


def forbidden(vaccine: str, given: Sequence[Given], conditions: Mapping[str, date | None]) -> Iterator[str]:
    """Why this vaccine must not be given: keys of contraindications, "anaphylaxis", "allergy:COMPONENT"."""
    about = vaccines()[vaccine]
    for rule in contraindications():
        if rule.key in conditions and rule.forbids(about):
            yield rule.key
    if any(one.anaphylaxis and one.antigens & about.antigens for one in given):
        yield "anaphylaxis"
    for component in sorted(about.holds):
        if f"allergy:{component}" in conditions:
            yield f"allergy:{component}"
