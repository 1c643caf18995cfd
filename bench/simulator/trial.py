"""A register with its arrivals: known people, hard ones, and people not in it, half of them kin of people who are.

The register is a stream; only the people who will arrive are kept in memory. Everything follows from seed and size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from random import Random
from typing import Literal

from bench.simulator import arrivals, people
from bench.simulator.arrivals import Arrival
from bench.simulator.form import Patient
from bench.simulator.numbers import Issuer
from bench.simulator.people import Person

Split = Literal["known", "hard", "kin", "stranger"]
SPLITS: tuple[Split, ...] = ("known", "hard", "kin", "stranger")

TWINS_OF_KIN = 0.08
"""Share of twins among the kin who are not enrolled: more than in life, as they are the hardest to tell apart."""


STRANGERS_FROM = 50_000_000
"""Their running numbers, from which insurance numbers follow, begin where those of no register reach."""


@dataclass(frozen=True, slots=True)
class Size:
    people: int
    known: int
    unknown: int
    hard: int

    @classmethod
    def of(cls, people: int) -> Size:
        """The full trial has 1,037,962 people; in smaller ones a tenth of the people arrive."""
        known = min(FULL.known, people // 10)
        return cls(people, known, known * FULL.unknown // FULL.known, known * FULL.hard // FULL.known)


FULL = Size(1_037_962, 30_000, 14_950, 10_000)


class Trial:
    """Read `register()` to its end first, then `arrivals()`."""

    def __init__(self, seed: int, size: Size) -> None:
        self.seed, self.size, self._issuer = seed, size, Issuer(seed)
        self.people: dict[Split, list[Person]] = {split: [] for split in SPLITS}

    def register(self) -> Iterator[Patient]:
        """The enrolled people, each once."""
        drawn, waiting = self._drawn(), self._kin_places()
        place = 0
        for lineage in people.lineages(self.seed, self._issuer):
            for person in lineage:
                if waiting and place >= waiting[-1][0] and _may_be_missing(person, lineage, waiting[-1][1]):
                    waiting.pop()
                    self.people["kin"].append(person)
                    continue
                if place == self.size.people:
                    self._strangers()
                    return
                if place in drawn:
                    self.people[drawn[place]].append(person)
                yield arrivals.enrolled(person, Random(f"{self.seed}/register/{person.key}"))
                place += 1

    def _drawn(self) -> dict[int, Split]:
        known, hard = self.size.known, self.size.hard
        places = Random(f"{self.seed}/who").sample(range(self.size.people), known + hard)
        return {place: "known" if index < known else "hard" for index, place in enumerate(places)}

    def _kin_places(self) -> list[tuple[int, bool]]:
        """From which place on the next child, or the next twin, is left out; the first stands last."""
        rng = Random(f"{self.seed}/kin")
        found = [
            (rng.randrange(max(1, self.size.people * 19 // 20)), rng.random() < TWINS_OF_KIN)
            for _ in range(self.size.unknown // 2)
        ]
        return sorted(found, reverse=True)

    def _strangers(self) -> None:
        wanted = self.size.unknown - len(self.people["kin"])
        lineages = people.lineages(self.seed, self._issuer, "stranger", first=STRANGERS_FROM)
        self.people["stranger"] = list(islice(chain.from_iterable(lineages), wanted))

    def arrivals(self, split: Split) -> Iterator[Arrival]:
        """One record of each person of the split."""
        for index, person in enumerate(self.people[split]):
            rng = Random(f"{self.seed}/{split}/{index}")
            yield arrivals.arrive(person, f"{split}-{index}", rng, hard=split == "hard")


def _may_be_missing(person: Person, lineage: list[Person], must_be_twin: bool) -> bool:
    if must_be_twin:
        return person.twin is not None
    return person.role == "child" and len(lineage) > 1
