"""How common a name is: two people called Nguyễn say little, two called Khổng say much (term frequency).

The shipped table counts synthetic people; an installation re-estimates it from its own records with the weights.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log2
from pathlib import Path

from hoso.core.text import fold
from hoso.identity.match.packed import SEXES

DATA = Path(__file__).parent / "data"
PARTS = ("family", "middle", "given")
BY_SEX = {"male": SEXES["male"], "female": SEXES["female"]}
"""What the shipped table calls the given names of men and of women."""
RAREST_BITS = {"family": 11.0, "middle": 9.0, "given": 12.0}
"""A value never seen is worth this much and no more: it may be a slip, and slips are not rare."""


@dataclass(frozen=True)
class Table:
    """−log2 of the share of each value, and of the chance that two people agree on any."""

    bits: Mapping[str, float]
    mean: float
    rarest: float

    def excess(self, value: str) -> float:
        """How many bits agreement on this value is worth beyond agreement on an average one."""
        return self.bits.get(value, self.rarest) - self.mean


@dataclass(frozen=True)
class Rarity:
    toned: Mapping[str, Table]
    plain: Mapping[str, Table]
    communes: Mapping[int, float] = field(default_factory=dict)
    """Excess bits of a commune; empty where the installation has not counted."""
    given: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """The given names that people of a sex have, by its code; of both sexes under 0, the sex that is not known."""
    several: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Given names without marks that more than one of these comes down to."""

    def excess(self, part: str, value: str, toneless: bool) -> float:
        table, value = (self.plain[part], fold(value)) if toneless else (self.toned[part], value)
        return table.bits.get(value, table.rarest) - table.mean


def rarity(
    shares: Iterable[tuple[str, str, float]],
    given: Mapping[int, Collection[str]],
    communes: Mapping[int, float] | None = None,
) -> Rarity:
    """From (part, toned value, share), the given names of each sex with their marks, and the share of each commune. The
    shares of a part sum to about one."""
    toned: dict[str, dict[str, float]] = {part: {} for part in PARTS}
    for part, value, share in shares:
        toned[part][value] = toned[part].get(value, 0.0) + share
    known = {code: frozenset(names) for code, names in given.items()}
    known[0] = frozenset().union(*known.values())
    plain: dict[str, dict[str, float]] = {part: {} for part in PARTS}
    for part, table in toned.items():
        for value, share in table.items():
            plain[part][fold(value)] = plain[part].get(fold(value), 0.0) + share
    return Rarity(
        {part: _table(part, table) for part, table in toned.items()},
        {part: _table(part, table) for part, table in plain.items()},
        _commune_excess(communes or {}),
        known,
        {code: frozenset(_several(names)) for code, names in known.items()},
    )


def _several(names: Iterable[str]) -> Iterator[str]:
    return (value for value, count in Counter(map(fold, names)).items() if count > 1)


def _table(part: str, shares: Mapping[str, float]) -> Table:
    rarest = RAREST_BITS[part]
    bits = {value: min(rarest, -log2(share)) for value, share in shares.items() if share > 0}
    agreeing = sum(share * share for share in shares.values())
    return Table(bits, -log2(agreeing) if agreeing else rarest, rarest)


def _commune_excess(shares: Mapping[int, float]) -> dict[int, float]:
    agreeing = sum(share * share for share in shares.values())
    return {code: log2(agreeing / share) for code, share in shares.items() if share > 0}


def read_shares(path: Path) -> list[tuple[str, str, float]]:
    """Lines `part,value,per_million` with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["part"], row["value"], float(row["per_million"]) / 1e6) for row in csv.DictReader(file)]


@lru_cache(maxsize=1)
def shipped() -> Rarity:
    rows = read_shares(DATA / "names-2.csv")
    given = {code: {value for part, value, _ in rows if part == name} for name, code in BY_SEX.items()}
    return rarity((row for row in rows if row[0] in PARTS), given)
