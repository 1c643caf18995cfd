"""HoSo's own matcher behind the seam of `make evaluate`: the in-memory index with the shipped weights.

The public sets hold names of another language, so there it does what an installation does: it learns its weights from
pairs that share a number, and from random pairs, before it compares. It is never told which pairs are true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random

from bench.matcher import Match, Matcher, Pair, Patient
from bench.simulator.people import TODAY
from hoso.identity.match import MemoryIndex, Model, Packed, Policy, default_model, packed
from hoso.identity.match.estimate import count_rarity, estimated, refined
from hoso.identity.match.score import score_person
from hoso.identity.normalise import Person, normalise

RANDOM_PAIRS = 100_000
ENOUGH, SAMPLE = 20_000, 100_000
"""People from whom on the names are counted, and of how many at most."""


class HosoMatcher:
    def __init__(self) -> None:
        self._index = MemoryIndex()
        self._model = default_model()
        self._policy = Policy(year=TODAY.year)
        self._counted = 0
        self._read: tuple[Patient, Person] | None = None

    def __enter__(self) -> Matcher:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._index = MemoryIndex()

    def enrol(self, patients: Iterable[Patient]) -> None:
        for patient in patients:
            self._index.add(patient["id"], self._normalised(patient))

    def candidates(self, patient: Patient) -> Sequence[str]:
        return [candidate.person for candidate in self._index.candidates(self._normalised(patient))]

    def _normalised(self, patient: Patient) -> Person:
        """Whoever is looked up and then enrolled is read once, as at a counter."""
        if self._read is None or self._read[0] is not patient:
            self._read = (patient, normalise(patient))
        return self._read[1]

    def match(self, patient: Patient) -> Sequence[Match]:
        if self._index.population > 2 * self._counted:
            self._count()
        decision = self._index.match(self._normalised(patient), self._model, self._policy)
        if decision.outcome == "new":
            return []
        first, *others = decision.standings
        least = decision.needed - self._policy.certain + self._policy.possible
        return [
            Match(first.person, first.bits, "certain" if decision.outcome == "certain" else "possible"),
            *(Match(other.person, other.bits, "possible") for other in others if other.bits >= least),
        ]

    def _count(self) -> None:
        """How common names and communes are is counted among the enrolled, again whenever these have doubled."""
        self._counted = self._index.population
        if self._counted >= ENOUGH:
            self._model = self._model.with_rarity(count_rarity(self._index.sample(SAMPLE)))

    def dedupe(self, patients: Sequence[Patient]) -> Iterable[Pair]:
        return (pair for pair in self._pairs(patients, patients) if pair.a < pair.b)

    def link(self, left: Sequence[Patient], right: Sequence[Patient]) -> Iterable[Pair]:
        return self._pairs(left, right)

    def _pairs(self, left: Sequence[Patient], right: Sequence[Patient]) -> Iterator[Pair]:
        self.enrol(right)
        people = {patient["id"]: normalise(patient) for patient in (*left, *right)}
        records = {name: packed(person) for name, person in people.items()}
        found = [
            (patient["id"], candidate.person)
            for patient in left
            for candidate in self._index.candidates(people[patient["id"]])
            if candidate.person != patient["id"]
        ]
        model = _learned(self._model, records, found)
        for a, b in found:
            scored = score_person(records[a], (records[b],), model, {})
            if scored is not None:
                yield Pair(a, b, scored.total)


def _learned(old: Model, records: dict[str, Packed], found: Sequence[tuple[str, str]]) -> Model:
    """There are no households in these sets, so none is guarded."""
    rng, everybody = Random(1), list(records.values())
    pairs = [(records[a], records[b]) for a, b in found]
    anchored = [pair for pair in pairs if _share_number(*pair)]
    apart = [(rng.choice(everybody), rng.choice(everybody)) for _ in range(RANDOM_PAIRS)]
    learned = estimated(
        "learned", old, anchored, [pair for pair in apart if pair[0] is not pair[1]], count_rarity(everybody)
    )
    return refined(replace(learned, households=False), pairs)


def _share_number(a: Packed, b: Packed) -> bool:
    numbers = {(kind, value) for kind, value, _flags in a.numbers}
    return any((kind, value) in numbers for kind, value, _flags in b.numbers)
