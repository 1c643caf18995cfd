"""From scored persons to a decision: certain, possible or new (pure; the same candidates in any order decide alike).

A false link is the worst error, so a link needs enough bits for the size of the population, a clear lead over the
second person, something beyond name and birth date, and no veto.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, log2
from typing import Literal, NamedTuple

from hoso.identity.match import levels as L
from hoso.identity.match.births import another_generation, year_slipped
from hoso.identity.match.packed import SEXES, Packed, Shared
from hoso.identity.match.score import Crowd, Scored, birth_contradicts, number_agrees, score_person, telling
from hoso.identity.match.vetoes import CURES, UNASKED, Circumstances, corroborated, vetoes
from hoso.identity.match.weights import Model
from hoso.identity.match.writing import writing

Outcome = Literal["certain", "possible", "new"]
REFERENCE = 1_000_000
_LEVELS = tuple(L.FIELDS.values())
GROWN_UP = 18


@dataclass(frozen=True)
class Policy:
    """Bits asked for among up to a million people; each doubling beyond asks for one more. A small register gets no
    discount: twins, cousins and neighbours are as many in a commune as in the country."""

    certain: float = 24.0
    possible: float = 17.0
    margin: float = 6.0
    shown: int = 5
    year: int | None = None
    """The year of the arrival; without it anybody may be a child."""

    def raised(self, population: int) -> tuple[float, float]:
        more = max(0.0, log2(max(population, 1) / REFERENCE))
        return (self.certain + more, self.possible + more)

    def may_be_child(self, born: int) -> bool:
        return not born or self.year is None or born >= self.year - GROWN_UP


class Candidate(NamedTuple):
    """A person with the records linked to it."""

    person: str
    records: Sequence[Packed]


@dataclass(frozen=True)
class Standing:
    """How one candidate came off."""

    person: str
    bits: float
    fields: Mapping[str, float]
    levels: Mapping[str, str]
    vetoes: tuple[str, ...]
    by_number: bool
    penalty: float


@dataclass(frozen=True)
class Decision:
    """`person` is the one linked to (certain) or the likeliest (possible); `settling` names facts that would decide."""

    outcome: Outcome
    person: str | None
    bits: float
    margin: float
    needed: float
    population: int
    model: str
    vetoes: tuple[str, ...] = ()
    settling: tuple[str, ...] = ()
    by_number: bool = False
    standings: tuple[Standing, ...] = ()

    @property
    def fields(self) -> Mapping[str, float]:
        return self.standings[0].fields if self.standings else {}


SETTLERS = ("citizen", "insurance", "birth", "phone", "place", "mother")
"""Facts one can ask for at the desk, the surest first."""


def decide(
    arrival: Packed,
    candidates: Iterable[Candidate],
    population: int,
    model: Model,
    policy: Policy = Policy(),
    *,
    apart: Collection[str] = (),
    doubts: Mapping[str, tuple[str, ...]] | None = None,
    crowd: Crowd | None = None,
) -> Decision:
    """`apart`: persons of whom a human has said that this record is not theirs. `doubts`: vetoes that only the caller
    can know (deceased before the visit, in two places at once). `crowd`: people per phone and number, where more are
    known to carry it than stand among the candidates."""
    ranked: list[tuple[bool, float, str, Scored]] = []
    people = [Candidate(*candidate) for candidate in candidates]
    shared = crowded(arrival, people, crowd or {})
    compared = telling(arrival, shared)
    for person, records in people:
        scored = score_person(compared, records, model, shared)
        if scored is not None:
            ranked.append((person in apart, -scored.total, person, scored))
    # A person set apart by a human is no rival either, and stands last.
    ranked.sort(key=lambda entry: entry[:3])
    certain, possible = policy.raised(population)
    if not ranked or ranked[0][0]:
        standings = tuple(_standing(entry, ("apart",)) for entry in ranked[: policy.shown])
        bits = standings[0].bits if standings else -inf
        return Decision("new", None, bits, inf, certain, population, model.version, standings=standings)
    _apart, _negative, person, best = ranked[0]
    rival = ranked[1][3].total if len(ranked) > 1 and not ranked[1][0] else -inf
    records_of = dict(people)

    def banned(person: str, scored: Scored) -> tuple[str, ...]:
        return vetoes(scored, _circumstances(arrival, scored, records_of[person], model, policy))

    found = banned(person, best) + (doubts or {}).get(person, ())
    if best.total - rival < policy.margin:
        found = (*found, "margin")
    by_number = best.verified_match and corroborated(best)
    outcome: Outcome = "new"
    if not found and (by_number or best.total >= certain):
        outcome = "certain"
    elif best.verified_match or best.total >= possible:
        outcome = "possible"
    return Decision(
        outcome,
        None if outcome == "new" else person,
        best.total,
        best.total - rival,
        certain,
        population,
        model.version,
        found,
        _settling(best, found, certain, model) if outcome == "possible" else (),
        by_number,
        tuple(
            _standing(entry, ("apart",) if entry[0] else found if entry is ranked[0] else banned(*entry[2:]))
            for entry in ranked[: policy.shown]
        ),
    )


def _circumstances(
    arrival: Packed, scored: Scored, records: Sequence[Packed], model: Model, policy: Policy
) -> Circumstances:
    """As far as it is asked for: nothing where a number agrees, nothing of the writing where births differ."""
    if number_agrees(scored.levels):
        return UNASKED
    told_apart = birth_contradicts(scored.levels)
    return Circumstances(
        UNASKED.written if told_apart else writing(arrival, records, model.rarity),
        policy.may_be_child(arrival.birth[0]),
        arrival.sex == SEXES["female"] and all([record.sex == arrival.sex for record in records]),
        any([year_slipped(arrival.birth, record.birth) for record in records]),
        any([another_generation(arrival.birth, record.birth) for record in records]),
    )


def crowded(arrival: Packed, people: Iterable[Candidate], known: Crowd) -> Crowd:
    """How many people carry each phone and number of the arrival, by the candidates or by what the caller knows."""
    counts: Counter[Shared] = Counter()
    phones, numbers = arrival.phones, {number[:2] for number in arrival.numbers}
    for _person, records in people if phones or numbers else ():
        found: set[Shared] = set()
        for record in records:
            for phone in record.phones:
                if phone in phones:
                    found.add(phone)
            for number in record.numbers:
                if number[:2] in numbers:
                    found.add(number[:2])
        counts.update(found)
    for value, count in known.items():
        counts[value] = max(counts[value], count)
    return counts


def _standing(entry: tuple[bool, float, str, Scored], found: tuple[str, ...]) -> Standing:
    _apart, _negative, person, scored = entry
    compared = [i for i, level in enumerate(scored.levels) if level]
    return Standing(
        person,
        scored.total,
        {L.NAMES[i]: scored.bits[i] for i in compared},
        {L.NAMES[i]: _LEVELS[i][scored.levels[i]] for i in compared},
        found,
        scored.verified_match,
        scored.penalty,
    )


def _settling(best: Scored, found: Sequence[str], certain: float, model: Model) -> tuple[str, ...]:
    """The facts of which one alone, if it agreed, would make the link certain."""
    return tuple(fact for fact in SETTLERS if _open(best, fact) and _would_settle(best, fact, found, certain, model))


def _open(best: Scored, fact: str) -> bool:
    level = best.levels[L.NAMES.index(fact)]
    return level == L.MISSING or (fact == "birth" and level in (L.BIRTH_FILLER, L.BIRTH_YEAR_ONLY))


def _would_settle(best: Scored, fact: str, found: Sequence[str], certain: float, model: Model) -> bool:
    field = L.NAMES.index(fact)
    agreeing = L.PLACE_COMMUNE if fact == "place" else L.SAME
    gain = model.bits[field][agreeing] - best.bits[field]
    return best.total + gain >= certain and all(fact in CURES.get(veto, ()) for veto in found)
