"""Scores of a matcher from scored guesses: precision, recall and F1 along the threshold. Pure arithmetic.

A guess is a pair of bits and whether it is right. What should have been found and was not guessed counts in `total`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

Guess = tuple[float, bool]


class Point(NamedTuple):
    """What comes out when every guess of at least `bits` is taken."""

    bits: float
    right: int
    wrong: int
    total: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / self.total if self.total else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.right + self.wrong + self.total) if self.total else 0.0


def curve(guesses: Iterable[Guess], total: int) -> list[Point]:
    """One point for each distinct number of bits, the highest first: guesses of equal bits stand or fall together."""
    points, right, wrong = [], 0, 0
    for bits, tied in groupby(sorted(guesses, key=_bits, reverse=True), key=_bits):
        for _, is_right in tied:
            right += is_right
            wrong += not is_right
        points.append(Point(bits, right, wrong, total))
    return points


def _bits(guess: Guess) -> float:
    return guess[0]


def best(points: Sequence[Point]) -> Point:
    """The point of the highest F1."""
    return max(points, key=lambda point: point.f1, default=Point(math.inf, 0, 0, 0))


def recall_at(points: Sequence[Point], precision: float) -> float:
    """The highest recall at which the precision is still kept; 0 when it never is."""
    return max((point.recall for point in points if point.precision >= precision), default=0.0)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a matcher made of one arrival."""

    person: str | None
    """Who it is, if enrolled."""
    best: str | None = None
    bits: float = -math.inf
    certain: bool = False
    found: bool = False
    """The person was among the candidates."""
    offered: bool = False
    """The person was among the matches, at whatever place."""

    @property
    def is_right(self) -> bool:
        return self.best is not None and self.best == self.person


def decision_curve(decisions: Sequence[Decision]) -> list[Point]:
    """By the best match of each arrival: linking a person who is not enrolled is as wrong as linking another."""
    guesses = ((d.bits, d.is_right) for d in decisions if d.best is not None)
    return curve(guesses, sum(d.person is not None for d in decisions))


@dataclass(frozen=True, slots=True)
class Automatic:
    """What happened without anybody looking."""

    right: int
    wrong: int
    reviewed: int
    """Arrivals with a possible match and no certain one."""
    known: int

    @property
    def recall(self) -> float:
        return self.right / self.known if self.known else 0.0


def automatic(decisions: Sequence[Decision]) -> Automatic:
    return Automatic(
        right=sum(d.certain and d.is_right for d in decisions),
        wrong=sum(d.certain and not d.is_right for d in decisions),
        reviewed=sum(d.best is not None and not d.certain for d in decisions),
        known=sum(d.person is not None for d in decisions),
    )


def found_share(decisions: Sequence[Decision]) -> float:
    """Of the known people, how many were among the candidates."""
    known = [d for d in decisions if d.person is not None]
    return sum(d.found for d in known) / len(known) if known else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which the share lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def pair_guesses(pairs: Iterable[tuple[str, str, float]], truth: frozenset[frozenset[str]]) -> list[Guess]:
    """Each unordered pair once, with its highest bits."""
    bits: dict[frozenset[str], float] = {}
    for a, b, weight in pairs:
        if a != b:
            key = frozenset((a, b))
            bits[key] = max(weight, bits.get(key, -math.inf))
    return [(weight, key in truth) for key, weight in bits.items()]
