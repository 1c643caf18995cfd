"""What people are called, by region, sex and time, and how brothers, sisters and twins share names.

Tables are those of the synthetic population; how they are combined is the simulator's own.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from functools import cache
from math import exp
from random import Random

from hoso.synth import names
from hoso.synth.tables import Weighted, rows

Rest = tuple[str, ...]
"""Middle names and the given name, in reading order."""

ERAS = (1960, 1980, 1995, 2010)
"""Names of before 1960, 1960 to 1979 and so on follow different fashions."""

TRADITIONAL = {"m": (0.52, 0.42, 0.28, 0.12, 0.07), "f": (0.72, 0.66, 0.48, 0.2, 0.07)}
"""Share of people with the traditional middle name (Văn and its like, Thị) by era."""

FOUR_PARTS = {"m": (0.04, 0.05, 0.08, 0.14, 0.2), "f": (0.08, 0.16, 0.22, 0.25, 0.28)}

MALE_MARKS = (("Văn", 55), ("Hữu", 8), ("Đức", 8), ("Đình", 8), ("Xuân", 5), ("Công", 5), ("Quang", 5), ("Ngọc", 4))

FASHION = 0.75
"""How far a given name rises and falls with the times (standard deviation of its logarithm)."""


def era(year: int) -> int:
    return sum(year >= limit for limit in ERAS)


def surname(group: str, region: str, rng: Random) -> str:
    return _surnames(region).pick(rng) if group == "01" else names.surname(group, region, rng)


@cache
def _surnames(region: str) -> Weighted[str]:
    return Weighted((row["surname"], float(row["weight"])) for row in rows("surnames.csv") if row["group"] == region)


def rest(group: str, sex: str, year: int, rng: Random) -> Rest:
    if group != "01":
        return names.given(group, sex, year, rng)
    return _rests(sex, era(year)).pick(rng)


def sibling(first: Rest, sex: str, year: int, rng: Random) -> Rest:
    """Another child of the family keeps the middle name of the first and gets a given name of its own."""
    while True:
        given = _givens(sex, era(year)).pick(rng)
        if given not in first:
            return (*first[:-1], given)


def twin(first: Rest, sex: str, year: int, rng: Random) -> Rest:
    """Twins are named to match: by tone alone, with the same letter first, turned round, or like any sibling."""
    draw = rng.random()
    if draw < 0.12:
        near = [name for name in _by_plain(sex).get(plain(first[-1]), ()) if name != first[-1]]
        if near:
            return (*first[:-1], rng.choice(near))
    if draw < 0.25 and len(first) > 1 and first[0] not in ("Văn", "Thị"):
        return (*first[:-2], first[-1], first[-2])
    if draw < 0.6:
        near = [name for name in _by_letter(sex)[plain(first[-1])[0]] if name not in first]
        if near:
            return (*first[:-1], rng.choice(near))
    return sibling(first, sex, year, rng)


def plain(text: str) -> str:
    """Lower case without any mark."""
    low = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(ch for ch in low if not unicodedata.combining(ch))


@cache
def _pairs(sex: str) -> tuple[tuple[str, str, float], ...]:
    found = []
    for row in rows("given_names.csv"):
        parts = row["name"].split()
        if row["sex"] == sex and len(parts) == 2:
            found.append((parts[0], parts[1], float(row["weight"])))
    return tuple(found)


def _mode(name: str, sex: str, when: int) -> float:
    """The pull of a name in an era: a slow random walk, the same for every seed."""
    walk = Random(f"{sex}/{name}")
    level = 0.0
    for step in range(when + 1):
        level = walk.gauss(0, FASHION) if step == 0 else 0.7 * level + walk.gauss(0, FASHION * 0.71)
    return exp(level)


@cache
def _given_weights(sex: str, when: int) -> dict[str, float]:
    weights: dict[str, float] = {}
    for _, given, weight in _pairs(sex):
        weights[given] = max(weights.get(given, 0.0), weight)
    return {given: weight * _mode(given, sex, when) for given, weight in weights.items()}


@cache
def _givens(sex: str, when: int) -> Weighted[str]:
    return Weighted(_given_weights(sex, when).items())


@cache
def _rests(sex: str, when: int) -> Weighted[Rest]:
    weights: dict[Rest, float] = defaultdict(float)
    marks = MALE_MARKS if sex == "m" else (("Thị", 1),)
    total = sum(weight for _, weight in marks)
    givens = _given_weights(sex, when)
    whole = sum(givens.values())
    old, long = TRADITIONAL[sex][when], FOUR_PARTS[sex][when]
    for given, weight in givens.items():
        for mark, often in marks:
            weights[(mark, given)] += old * weight / whole * often / total
    pairs = [(middle, given, w * _mode(f"{middle} {given}", sex, when)) for middle, given, w in _pairs(sex)]
    whole = sum(weight for _, _, weight in pairs)
    for middle, given, weight in pairs:
        share = (1 - old) * weight / whole
        weights[(middle, given)] += share * (1 - long)
        mark = "Thị" if sex == "f" else ("Văn" if when < 3 else "Hoàng")
        weights[(mark, middle, given) if mark not in (middle, given) else (middle, given)] += share * long
        weights[(given,)] += share * 0.012
    return Weighted(weights.items())


@cache
def _by_plain(sex: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for given in sorted(_given_weights(sex, 3)):
        found[plain(given)].append(given)
    return found


@cache
def _by_letter(sex: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for given in sorted(_given_weights(sex, 3)):
        found[plain(given)[0]].append(given)
    return found
