"""Learns the weights of a node from its own records, and says whether they are better before anybody uses them.

Pairs that share a number teach how often the other fields agree in one person, random pairs how often in two. A frozen
benchmark (pairs that humans have judged) decides: a model that links more wrongly, or fewer rightly, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import orjson

from hoso.access import PeopleRows
from hoso.core.clock import Clock
from hoso.identity.match import Candidate, Model, Packed, Policy, decide, packed, unpack
from hoso.identity.match.estimate import PackedPair, estimated, refined
from hoso.identity.match.packed import CITIZEN, INSURANCE, OLD_CARD, stable_hash
from hoso.identity.normalise import normalise

MOST_NUMBERS = 200_000
"""Numbers whose pairs are kept, chosen by their hash so that all records of one are."""
MOST_SHARING = 3
RESERVOIR, RANDOM_PAIRS = 20_000, 200_000
FEWEST_PAIRS = 1_000
PAGE = 5_000


class TooFew(Exception):
    """Not enough pairs to learn from."""

    def __init__(self, found: int) -> None:
        super().__init__(found)
        self.found, self.needed = found, FEWEST_PAIRS


class BadBenchmark(Exception):
    """`line` of the file is none of the benchmark."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True, slots=True)
class Score:
    """Of judged pairs: linked though two, linked and one, left unlinked though one."""

    wrong: int
    right: int
    missed: int

    def worse_than(self, other: Score) -> bool:
        return self.wrong > other.wrong or self.right < other.right


@dataclass(frozen=True, slots=True)
class Learned:
    model: Model
    records: int
    anchored: int


def learn(people: PeopleRows, old: Model, version: str, seed: int = 1) -> Learned:
    """A new model of that version. Raises TooFew."""
    by_number: dict[tuple[int, int | str], list[Packed]] = {}
    every = max(1, people.count() // MOST_NUMBERS)
    rng, seen, reservoir = Random(seed), 0, list[Packed]()
    for record in _records(people):
        seen += 1
        if len(reservoir) < RESERVOIR:
            reservoir.append(record)
        elif (place := rng.randrange(seen)) < RESERVOIR:
            reservoir[place] = record
        for kind, value, _flags in record.numbers:
            if kind in (CITIZEN, INSURANCE, OLD_CARD) and stable_hash(kind, value) % every == 0:
                sharing = by_number.setdefault((kind, value), [])
                if len(sharing) <= MOST_SHARING:
                    sharing.append(record)
    anchored = [pair for sharing in by_number.values() if len(sharing) <= MOST_SHARING for pair in _pairs(sharing)]
    if len(anchored) < FEWEST_PAIRS:
        raise TooFew(len(anchored))
    random = [(a, b) for a, b in _random(reservoir, rng) if a is not b]
    source = f"{len(anchored)} pairs with a number in common and {len(random)} random ones, of {seen} records"
    made = refined(estimated(version, old, anchored, random, source=source), anchored)
    return Learned(made, seen, len(anchored))


def benchmark(file: Path, clock: Clock) -> list[tuple[PackedPair, bool]]:
    """Lines of `{"a": Patient, "b": Patient, "same": true}`. Raises BadBenchmark or OSError."""
    today, found = clock().date(), []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        try:
            row = orjson.loads(line)
            a, b = (packed(normalise(row[name], today=today)) for name in ("a", "b"))
            found.append(((a, b), bool(row["same"])))
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            raise BadBenchmark(number) from fault
    return found


def scored(model: Model, policy: Policy, pairs: Iterable[tuple[PackedPair, bool]], population: int) -> Score:
    """What the model would do with nobody looking."""
    wrong = right = missed = 0
    for (a, b), same in pairs:
        linked = decide(a, [Candidate("b", (b,))], population, model, policy).outcome == "certain"
        wrong += linked and not same
        right += linked and same
        missed += same and not linked
    return Score(wrong, right, missed)


def _records(people: PeopleRows) -> Iterator[Packed]:
    after = -1
    while page := people.walk(after, PAGE):
        after = page[-1][0]
        for _record, _flips, body in page:
            yield unpack(body)


def _pairs(sharing: Sequence[Packed]) -> Iterator[PackedPair]:
    return ((a, b) for place, a in enumerate(sharing) for b in sharing[place + 1 :])


def _random(records: Sequence[Packed], rng: Random) -> Iterator[PackedPair]:
    return ((rng.choice(records), rng.choice(records)) for _ in range(RANDOM_PAIRS))
