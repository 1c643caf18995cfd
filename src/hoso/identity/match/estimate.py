"""Learns the weights anew from an installation's own records, without anybody labelling pairs.

Pairs that share a trusted number are of one person, whatever else they say, so they teach how often each other field
agrees in one person (m); a field is never taught by pairs that it chose itself. Random pairs teach u. What comes out is
a new version, compared with the old one on the same pairs before anybody uses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hoso.identity.match import levels as L
from hoso.identity.match.compare import compare
from hoso.identity.match.decide import Candidate, Decision, Policy, decide
from hoso.identity.match.frequency import Rarity, rarity, shipped
from hoso.identity.match.levels import Levels
from hoso.identity.match.packed import PLACEHOLDER, SEXES, TONELESS, Packed
from hoso.identity.match.score import birth_contradicts, name_contradicts, score_person
from hoso.identity.match.weights import Model, model

PackedPair = tuple[Packed, Packed]

PRIOR_PAIRS = 200.0
"""The old weights count like so many pairs, so that a rare level does not rest on two or three."""
TAUGHT_BY = {"citizen": (L.INSURANCE, L.PAPER), "insurance": (L.CITIZEN, L.PAPER), "paper": (L.CITIZEN, L.INSURANCE)}
ANCHORS = (L.CITIZEN, L.INSURANCE, L.PAPER)
FIXED = ("order", "twin", "origin", "guardian", "workplace")
"""Too rare, or seen only beside other levels: they keep their weights."""


def estimated(
    version: str,
    old: Model,
    anchored: Iterable[PackedPair],
    random: Iterable[PackedPair],
    counted: Rarity | None = None,
    source: str = "",
    prior: float = PRIOR_PAIRS,
) -> Model:
    """A new model. `anchored` are pairs with an equal number, `random` any pairs of different people; the chances of
    the old one count like `prior` anchored pairs."""
    m = _tally(
        (found for a, b in anchored if _is_one(found := compare(a, b))), lambda found, field: _teaches(found, field)
    )
    u = _tally((compare(a, b) for a, b in random), lambda found, field: True)
    chances = {
        name: {
            level: old.chances[name][level]
            if name in FIXED
            else (
                _smoothed(m[name], level, old.chances[name], 0, prior),
                _smoothed(u[name], level, old.chances[name], 1),
            )
            for level in L.FIELDS[name][1:]
        }
        for name in L.NAMES
    }
    return model(version, chances, counted or old.rarity, source)


def refined(old: Model, pairs: Iterable[PackedPair], sure: float = 20.0) -> Model:
    """Each field taught once more by the pairs that are sure without it: so the numbers learn too, which no other
    number anchors. What is seen in two people (u) stays."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in L.NAMES}
    for a, b in pairs:
        scored = score_person(a, (b,), old, {})
        if scored is None:
            continue
        for name, level, bits in zip(L.NAMES, scored.levels, scored.bits, strict=True):
            if level != L.MISSING and scored.total - bits >= sure:
                counts[name][L.FIELDS[name][level]] += 1
    chances = {
        name: {
            level: chance if name in FIXED else (_smoothed(counts[name], level, old.chances[name], 0), chance[1])
            for level, chance in old.chances[name].items()
        }
        for name in L.NAMES
    }
    return replace(model(old.version, chances, old.rarity, old.source), households=old.households)


def _is_one(found: Levels) -> bool:
    """A number shared by two names and two birth dates is somebody else's and teaches nothing."""
    return not (name_contradicts(found.levels) and birth_contradicts(found.levels))


def _teaches(found: Levels, field: str) -> bool:
    return any(found.levels[anchor] == L.SAME for anchor in TAUGHT_BY.get(field, ANCHORS))


def _tally(pairs: Iterable[Levels], teaches: Callable[[Levels, str], bool]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in L.NAMES}
    for found in pairs:
        for name, level in zip(L.NAMES, found.levels, strict=True):
            if level != L.MISSING and teaches(found, name):
                counts[name][L.FIELDS[name][level]] += 1
    return counts


def _smoothed(
    counts: Counter[str],
    level: str,
    old: Mapping[str, tuple[float, float]],
    side: int,
    pairs: float = PRIOR_PAIRS,
) -> float:
    """The share seen, with the old share as prior. What was not seen in n random pairs is rarer than the prior says
    only as far as n pairs can tell: one in n."""
    before = sum(chance[side] for chance in old.values())
    prior = old[level][side] / before
    total = counts.total()
    share = (counts[level] + pairs * prior) / (total + pairs)
    if side == 1 and not counts[level] and total:
        share = max(share, min(prior, 1 / total))
    return min(1.0, max(share, 1e-9))


def count_rarity(records: Iterable[Packed]) -> Rarity:
    """Shares of the parts of names and of the communes among an installation's own records; and the given names of men
    and women, with their marks: those met twice, and the shipped ones."""
    names: dict[str, Counter[str]] = {"family": Counter(), "middle": Counter(), "given": Counter()}
    communes: Counter[int] = Counter()
    given: dict[int, Counter[str]] = {code: Counter() for code in SEXES.values()}
    for record in records:
        for name in record.names[:1]:
            if not name.flags & PLACEHOLDER:
                for code in (record.sex,) if record.sex else given:
                    given[code][name.given] += not name.flags & TONELESS
                names["family"][name.family] += 1
                names["middle"][name.middle] += 1
                names["given"][name.given] += 1
        for _province, commune, _hamlet in record.places[:1]:
            communes[commune] += 1
    communes.pop(0, None)
    return rarity(
        (
            (part, value, count / counts.total())
            for part, counts in names.items()
            for value, count in counts.items()
            if (count > 1 and value) or part == "middle"
        ),
        {
            code: shipped().given[code].union(name for name, count in counts.items() if name and count > 1)
            for code, counts in given.items()
        },
        {code: count / communes.total() for code, count in communes.items()},
    )


@dataclass(frozen=True)
class Shadow:
    """How two models would have decided the same arrivals; `changed` counts (old outcome, new outcome)."""

    decided: int
    changed: Mapping[tuple[str, str], int]
    other_person: int

    @property
    def new_links(self) -> int:
        return sum(count for (_before, after), count in self.changed.items() if after == "certain")


def shadow(
    old: Model,
    new: Model,
    arrivals: Iterable[tuple[Packed, Sequence[Candidate]]],
    population: int,
    policy: Policy,
) -> Shadow:
    """Decides every arrival with both models; nothing is linked."""
    changed: Counter[tuple[str, str]] = Counter()
    decided = other = 0
    for arrival, candidates in arrivals:
        before: Decision = decide(arrival, candidates, population, old, policy)
        after = decide(arrival, candidates, population, new, policy)
        decided += 1
        if before.outcome != after.outcome:
            changed[before.outcome, after.outcome] += 1
        elif before.person != after.person:
            other += 1
    return Shadow(decided, dict(changed), other)
