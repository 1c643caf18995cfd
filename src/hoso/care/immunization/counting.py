"""Which doses count: each is held against the age and the gap of the next dose of a series, in the order of time.

A dose that does not count changes nothing that counted before it, and a series is never begun again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from hoso.care.immunization.ages import after
from hoso.care.immunization.schedule import Dose, Path, Programme, Series, vaccines

Doubt = Literal["", "too-young", "too-soon", "live-gap", "same-day", "extra"]


@dataclass(frozen=True, slots=True, order=True)
class Given:
    """A dose that was given. `vaccine` is a key of the table; "" when it is none that the table knows."""

    on: date
    vaccine: str
    id: str = ""
    name: str = ""
    anaphylaxis: bool = False

    @property
    def antigens(self) -> frozenset[str]:
        return vaccines()[self.vaccine].antigens if self.vaccine else frozenset()

    @property
    def live(self) -> str:
        return vaccines()[self.vaccine].live if self.vaccine else ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A dose in a series: `number` it counts as, or 0 and why not."""

    given: Given
    number: int
    doubt: Doubt = ""


@dataclass(frozen=True, slots=True)
class Course:
    """How far a series is: the way through it, and every dose that is of it, oldest first."""

    path: Path
    judged: tuple[Judged, ...]

    @property
    def counted(self) -> tuple[Given, ...]:
        return tuple(one.given for one in self.judged if one.number)

    @property
    def left(self) -> int:
        return max(0, len(self.path.doses) - len(self.counted))


def course(series: Series, born: date, given: Sequence[Given], rules: Programme, basic: int = 0) -> Course:
    """The way that leaves least to give; among equals the one that was begun."""
    own = [one for one in sorted(given, key=_in_order) if _is_of(series, born, one)]
    main = next((path for least, path in reversed(series.basic) if basic >= least), series.paths[0])
    begun = next((path for path in series.paths[1:] if own and path.begun_with in own[0].antigens), None)
    if begun is None:
        return Course(main, tuple(_judge(series, main, born, own, given, rules)))
    apart = [one for one in own if begun.begun_with not in one.antigens]
    ways = [
        Course(begun, tuple(_judge(series, begun, born, own, given, rules))),
        Course(main, tuple(_judge(series, main, born, apart, given, rules))),
    ]
    return min(ways, key=lambda way: way.left)


def _in_order(one: Given) -> tuple[date, int, Given]:
    """Of two on one day first the one that was given for this: the vaccine against fewer diseases."""
    return one.on, len(one.antigens), one


def _is_of(series: Series, born: date, one: Given) -> bool:
    if series.from_age and one.on < after(born, series.from_age):
        return False
    return any(needs <= one.antigens for needs in _needs(series, series.paths[0].doses, born, one.on))


def _needs(series: Series, doses: Iterable[Dose], born: date, on: date) -> Iterable[frozenset[str]]:
    """What is asked of a dose given then, for any of these places in the series."""
    later = series.needs_from
    asked = later[1] if later is not None and on >= after(born, later[0]) else series.needs
    return {dose.needs or asked for dose in doses}


def _judge(
    series: Series, path: Path, born: date, own: Sequence[Given], every: Sequence[Given], rules: Programme
) -> Iterable[Judged]:
    number, last = 0, None
    for one in own:
        if number == len(path.doses):
            yield Judged(one, 0, "extra")
            continue
        dose = path.doses[number]
        if dose.counts_until and one.on >= after(born, dose.counts_until):
            continue
        if not any(needs <= one.antigens for needs in _needs(series, (dose,), born, one.on)):
            continue
        doubt = _doubt(dose, born, last, one, every, rules)
        if not doubt:
            number, last = number + 1, one.on
        yield Judged(one, 0 if doubt else number, doubt)


def _doubt(dose: Dose, born: date, last: date | None, one: Given, every: Sequence[Given], rules: Programme) -> Doubt:
    grace = timedelta(days=rules.grace_days)
    if one.on < after(born, dose.min_age) - grace:
        return "too-young"
    if last is not None and one.on == last:
        return "same-day"
    if last is not None and dose.min_gap and one.on < after(last, dose.min_gap) - _within(grace, last, dose.min_gap):
        return "too-soon"
    if one.live == "injected" and _live_before(one, every, rules):
        return "live-gap"
    return ""


def _within(grace: timedelta, last: date, gap: str) -> timedelta:
    """Days of grace are for gaps of weeks; of a gap of some days nothing can be spared."""
    return grace if after(last, gap) - last > 3 * grace else timedelta(0)


def _live_before(one: Given, every: Sequence[Given], rules: Programme) -> bool:
    return any(other.live == "injected" and 0 < (one.on - other.on).days < rules.live_gap_days for other in every)
