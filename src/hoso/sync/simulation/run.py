"""Plays many schedules, in several processes, and counts what was found in each of the ten classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

from hoso.sync.simulation.play import Played, play
from hoso.sync.simulation.schedule import Size, draw
from hoso.sync.simulation.truth import CLASSES, Class

PORTION = 100
"""Schedules that a process plays at a time."""


@dataclass(slots=True)
class Result:
    schedules: int = 0
    writes: int = 0
    found: Counter[Class] = field(default_factory=Counter)
    """In how many schedules each class was found."""
    slowest: int = 0
    """The most rounds of calls it took until all agreed."""
    failing: list[int] = field(default_factory=list)
    """Seeds."""

    def add(self, other: Result) -> None:
        self.schedules += other.schedules
        self.writes += other.writes
        self.found += other.found
        self.slowest = max(self.slowest, other.slowest)
        self.failing += other.failing

    @property
    def classes(self) -> dict[Class, int]:
        return {kind: self.found[kind] for kind in CLASSES}


def many(seeds: range, size: Size, workers: int, progress: Callable[[Result], None]) -> Result:
    """Plays the schedules of all these seeds; `progress` is told how far it is."""
    result = Result()
    for part in _portions(seeds, size, workers):
        result.add(part)
        progress(result)
    result.failing.sort()
    return result


def _portions(seeds: range, size: Size, workers: int) -> Iterator[Result]:
    portion = max(1, min(PORTION, len(seeds) // workers))
    portions = [seeds[begin : begin + portion] for begin in range(0, len(seeds), portion)]
    if workers == 1:
        yield from map(partial(_some, size), portions)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(_some, size), portions)


def _some(size: Size, seeds: range) -> Result:
    result = Result()
    for seed in seeds:
        _count(result, play(draw(seed, size)))
    return result


def _count(result: Result, played: Played) -> None:
    result.schedules += 1
    result.writes += played.writes
    result.found.update({kind for kind, _ in played.failures})
    result.slowest = max(result.slowest, played.rounds or 0)
    if played.failures:
        result.failing.append(played.schedule.seed)
