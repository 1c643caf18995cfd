"""Reads the tables in `data/` once and draws from them by weight; every draw takes the caller's random source."""

from __future__ import annotations

import csv
import gzip
import io
import tomllib
from bisect import bisect
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_DATA = files("hoso.synth") / "data"


class Weighted(Generic[T]):
    """A bag to draw from: each value comes out as often as its weight says."""

    def __init__(self, pairs: Iterable[tuple[T, float]]) -> None:
        kept = [(value, weight) for value, weight in pairs if weight > 0]
        self.values = [value for value, _ in kept]
        self._limits = list(accumulate(weight for _, weight in kept))

    def pick(self, rng: Random) -> T:
        return self.values[bisect(self._limits, rng.random() * self._limits[-1])]


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """A CSV table (also gzipped) as dictionaries."""
    body = (_DATA / name).read_bytes()
    if name.endswith(".gz"):
        body = gzip.decompress(body)
    return tuple(csv.DictReader(io.StringIO(body.decode())))


@cache
def settings(name: str) -> dict[str, Any]:
    """A TOML table."""
    return tomllib.loads((_DATA / name).read_text(encoding="utf-8"))
