"""Runs a matcher through the simulator's trials and the public sets, and keeps what it decided and how long it took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import febrl, scores
from bench.matcher import Maker, Matcher, Patient
from bench.scores import Decision, Point
from bench.simulator.arrivals import Arrival
from bench.simulator.scenarios import Scenario
from bench.simulator.trial import SPLITS, Split, Trial

ENROLLED: tuple[Split, ...] = ("known", "hard")
AT_MOST = 100
"""So many candidates count; a person further down is not found."""


@dataclass(slots=True)
class Outcome:
    """All decisions of one trial, beside their arrivals."""

    decisions: dict[Split, list[Decision]] = field(default_factory=dict)
    arrivals: dict[Split, list[Arrival]] = field(default_factory=dict)
    lookup_ms: list[float] = field(default_factory=list)
    lookup_cpu_ms: list[float] = field(default_factory=list)
    candidates: list[int] = field(default_factory=list)
    enrolled_per_second: float = 0.0
    registered_per_second: float = 0.0
    register_mb: float = 0.0

    def of(self, *splits: Split) -> list[Decision]:
        return [decision for split in splits for decision in self.decisions[split]]

    @property
    def queries(self) -> list[Decision]:
        """Known people and those not enrolled, on which the published figures rest."""
        return self.of("known", "kin", "stranger")


def run(trial: Trial, make: Maker) -> Outcome:
    found = Outcome()
    before = resident_mb()
    with make() as matcher:
        start = time.process_time()
        matcher.enrol(trial.register())
        found.enrolled_per_second = trial.size.people / (time.process_time() - start)
        found.register_mb = resident_mb() - before
        enrolled = {person.key for split in ENROLLED for person in trial.people[split]}
        for split in SPLITS:
            found.arrivals[split] = list(trial.arrivals(split))
            found.decisions[split] = [_decide(matcher, one, enrolled, found) for one in found.arrivals[split]]
        found.registered_per_second = _register(matcher, found.arrivals["stranger"][:2_000])
    return found


def _decide(matcher: Matcher, arrival: Arrival, enrolled: set[str], found: Outcome) -> Decision:
    start, cpu = time.perf_counter(), time.process_time()
    matches = matcher.match(arrival.patient)
    found.lookup_cpu_ms.append((time.process_time() - cpu) * 1_000)
    found.lookup_ms.append((time.perf_counter() - start) * 1_000)
    candidates = matcher.candidates(arrival.patient)
    found.candidates.append(len(candidates))
    person = arrival.person if arrival.person in enrolled else None
    if not matches:
        return Decision(person, found=person in candidates[:AT_MOST])
    first = matches[0]
    offered = any(match.id == person for match in matches)
    certain = first.grade == "certain"
    return Decision(person, first.id, first.bits, certain, person in candidates[:AT_MOST], offered)


def _register(matcher: Matcher, arrivals: Iterable[Arrival]) -> float:
    """Newcomers a second by the clock: looked for, then enrolled, one after another."""
    start, count = time.perf_counter(), 0
    for arrival in arrivals:
        matcher.match(arrival.patient)
        matcher.enrol([arrival.patient])
        count += 1
    return count / (time.perf_counter() - start) if count else 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a scenario."""

    arrivals: int
    right: int
    false: int
    """Linked without anybody looking, to the record of another person."""
    reviewed: int
    missed: int
    """Known by then, and yet neither linked rightly nor offered for review."""


def play(scenario: Scenario, background: Iterable[Patient], make: Maker) -> Played:
    """One arrival after another; whoever is not linked for certain is enrolled, as at a real counter."""
    count: Counter[str] = Counter()
    person_of = {patient["id"]: patient["id"] for patient in scenario.register}
    with make() as matcher:
        matcher.enrol(background)
        matcher.enrol(scenario.register)
        known = set(person_of.values())
        for arrival in scenario.arrivals:
            matches = matcher.match(arrival.patient)
            owners = [person_of.get(match.id) for match in matches]
            if matches and matches[0].grade == "certain":
                count["right" if owners[0] == arrival.person else "false"] += 1
                continue
            count["reviewed"] += bool(matches)
            count["missed"] += arrival.person in known and arrival.person not in owners
            person_of[arrival.patient["id"]] = arrival.person
            known.add(arrival.person)
            matcher.enrol([arrival.patient])
    return Played(len(scenario.arrivals), count["right"], count["false"], count["reviewed"], count["missed"])


def public_set(number: int, make: Maker) -> list[Point]:
    """The curve over one FEBRL set."""
    given = febrl.read(number)
    with make() as matcher:
        pairs = matcher.link(given.left, given.right) if number == 4 else matcher.dedupe(given.left)
        return scores.curve(scores.pair_guesses(pairs, given.truth), len(given.truth))


def by(outcome: Outcome, split: Split, marks: Callable[[Arrival], Iterable[str]]) -> dict[str, list[Decision]]:
    """Decisions of a split, grouped by each mark of their arrivals."""
    found: dict[str, list[Decision]] = {}
    for arrival, decision in zip(outcome.arrivals[split], outcome.decisions[split], strict=True):
        for mark in marks(arrival):
            found.setdefault(mark, []).append(decision)
    return found


def faults(outcome: Outcome) -> Iterable[dict[str, Any]]:
    """Every arrival that went wrong, with what was decided."""
    for split in SPLITS:
        for arrival, decision in zip(outcome.arrivals[split], outcome.decisions[split], strict=True):
            if (decision.person is None and decision.best is None) or decision.is_right:
                continue
            yield {
                "split": split,
                "profile": arrival.profile,
                "slips": arrival.slips,
                "person": decision.person,
                "best": decision.best,
                "bits": None if decision.best is None else decision.bits,
                "certain": decision.certain,
                "candidate": decision.found,
                "patient": arrival.patient,
            }


def resident_mb() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1_024
