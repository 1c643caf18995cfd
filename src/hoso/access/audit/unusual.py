"""Reading that is unusual: somebody looked at far more people on a day than they and their colleagues do otherwise.

A finding is a question for the privacy officer and never a block. Pure: the events come from the log. Medians and their
deviations are used because one wild day, or one busy colleague, must not move what counts as usual.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Literal

from hoso.access.audit.event import Event
from hoso.core.clock import from_ms
from hoso.core.dates import VIETNAM

Measure = Literal["seen", "strangers"]
"""People whose records were shown; people looked up at the counter, opened in an emergency, or refused."""

FEWEST_DAYS = 5
"""Of a habit: with fewer days nobody knows what is usual."""
_HUMAN = frozenset(("screen", "print", "export", "api"))


@dataclass(frozen=True, slots=True)
class Limits:
    """`least` people on a day are never worth a question below that; `times`: so many deviations above the median."""

    seen_least: int = 30
    strangers_least: int = 8
    times: float = 5.0

    def least(self, measure: Measure) -> int:
        return self.seen_least if measure == "seen" else self.strangers_least


@dataclass(frozen=True, slots=True)
class Worker:
    actor: str
    role: str
    facility: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`usual` of the same person and `peers`: medians of the days before, None where too few are known."""

    worker: Worker
    day: date
    measure: Measure
    people: int
    usual: float | None
    peers: float | None


Counts = Mapping[tuple[Worker, Measure], Mapping[date, int]]


def unusual(events: Iterable[Event], since: date, limits: Limits) -> list[Finding]:
    """Of the days from `since` on, the most people first; events of days before are what is compared with."""
    tally = Tally()
    for event in events:
        tally.add(event)
    counts: dict[tuple[Worker, Measure], dict[date, int]] = defaultdict(dict)
    for worker, measure, day, people in tally.counted():
        counts[worker, measure][day] = people
    return judged(counts, since, limits)


def judged(counts: Counts, since: date, limits: Limits) -> list[Finding]:
    """The same from what was counted before."""
    found = [
        finding
        for (worker, measure), days in counts.items()
        for day, people in days.items()
        if day >= since and people >= limits.least(measure)
        if (finding := _judged(counts, worker, measure, day, people, limits)) is not None
    ]
    return sorted(found, key=lambda one: (-one.people, one.day, one.worker.actor))


def _judged(counts: Counts, worker: Worker, measure: Measure, day: date, people: int, limits: Limits) -> Finding | None:
    own = [number for when, number in counts[worker, measure].items() if when < day]
    peers = _peers(counts, worker, measure, day)
    finding = Finding(worker, day, measure, people, _median(own), _median(peers))
    if not _exceeds(people, peers, limits.times):
        return None
    if measure == "seen" and (len(own) >= FEWEST_DAYS and not _exceeds(people, own, limits.times)):
        return None  # who is busy every day is busy today
    known = len(peers) >= FEWEST_DAYS or (measure == "seen" and len(own) >= FEWEST_DAYS) or measure == "strangers"
    return finding if known else None


def _exceeds(people: int, days: Sequence[int], times: float) -> bool:
    """True where too little is known to say no."""
    if len(days) < FEWEST_DAYS:
        return True
    middle = median(days)
    spread = 1.4826 * median(abs(number - middle) for number in days)
    return people > middle + times * max(spread, middle / 4, 1)


def _peers(counts: Counts, worker: Worker, measure: Measure, day: date) -> list[int]:
    """Days before of others of the same role at the facility; where these are too few, of the role anywhere."""
    others = [
        (one.facility, number)
        for (one, what), days in counts.items()
        if what == measure and one.role == worker.role and one.actor != worker.actor
        for when, number in days.items()
        if when < day
    ]
    near = [number for facility, number in others if facility == worker.facility]
    return near if len(near) >= FEWEST_DAYS else [number for _, number in others]


def _median(days: Sequence[int]) -> float | None:
    return median(days) if len(days) >= FEWEST_DAYS else None


class Tally:
    """Who met whom on which day in Vietnam, of the events it was told."""

    def __init__(self) -> None:
        self._met: dict[tuple[Worker, Measure, date], set[int]] = defaultdict(set)
        self._changed: set[tuple[Worker, Measure, date]] = set()

    def add(self, event: Event) -> None:
        if not event.patient or not event.role or event.role == "citizen" or event.channel not in _HUMAN:
            return
        if event.action not in "RE":
            return
        worker = Worker(event.actor, event.role, event.facility)
        day = from_ms(event.time).astimezone(VIETNAM).date()
        if event.outcome == "ok" and event.kind != "identify":
            self._meet((worker, "seen", day), event.patient)
        if event.kind == "identify" or event.grant or event.outcome == "denied":
            self._meet((worker, "strangers", day), event.patient)

    def _meet(self, key: tuple[Worker, Measure, date], patient: int) -> None:
        self._met[key].add(patient)
        self._changed.add(key)

    def counted(self) -> Iterator[tuple[Worker, Measure, date, int]]:
        """How many people each met on a day, of the days about which something was told since this was asked last."""
        changed, self._changed = self._changed, set()
        for worker, measure, day in changed:
            yield worker, measure, day, len(self._met[worker, measure, day])

    def people(self, worker: Worker, measure: Measure, day: date) -> frozenset[int]:
        return frozenset(self._met.get((worker, measure, day), ()))

    def forget(self, before: date) -> None:
        for key in [key for key in self._met if key[2] < before]:
            del self._met[key]
