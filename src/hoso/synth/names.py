"""Vietnamese names by region, ethnic group, sex and year of birth.

Families of names are few and given names follow the fashion of their time, so about one person in five of a list of
some thousand shares the full name with another, as counted lists show.
"""

from __future__ import annotations

from functools import cache, lru_cache
from random import Random

from hoso.synth.tables import Weighted, rows, settings

Name = tuple[str, tuple[str, ...]]
"""Family name and the rest in reading order, middle names first. The Ê-đê write the sex mark and the given name
before the clan name: the family is still the first part here and `written` puts it last."""

CLAN_LAST = frozenset({"12", "10", "20"})


def surname(group: str, region: str, rng: Random) -> str:
    return _surnames(_surname_table(group, region)).pick(rng)


def _surname_table(group: str, region: str) -> str:
    own: dict[str, str] = settings("names.toml")["surname_table"]
    return own.get(group, region)


@cache
def _surnames(table: str) -> Weighted[str]:
    extra = settings("names.toml")["clans"].get(table)
    if extra:
        return Weighted((name, 1.0) for name in extra)
    return Weighted((row["surname"], float(row["weight"])) for row in rows("surnames.csv") if row["group"] == table)


def given(group: str, sex: str, birth_year: int, rng: Random) -> tuple[str, ...]:
    """Middle and given names for one person; `sex` is "m" or "f"."""
    own = settings("names.toml")["given"].get(group)
    if own and rng.random() < (0.85 if birth_year < 1995 else 0.65):
        return (own[f"{sex}_mark"], rng.choice(own[sex]))
    pair = tuple(_pairs(sex).pick(rng).split())
    draw = rng.random()
    if draw > 0.988:
        return (pair[-1],)
    if draw > 0.77:
        mark = _mark(sex, rng) if birth_year < 1995 or rng.random() < 0.4 else _modern(sex).pick(rng)
        return (mark, *pair) if mark not in pair else pair
    if draw < _traditional_share(sex, birth_year):
        return (_mark(sex, rng), pair[-1])
    return pair


def _traditional_share(sex: str, year: int) -> float:
    eras: list[list[float]] = settings("names.toml")["traditional"][sex]
    return next(share for until, share in eras if year < until)


def _mark(sex: str, rng: Random) -> str:
    if sex == "f":
        return "Thị"
    return _male_marks().pick(rng)


@lru_cache(maxsize=1)
def _male_marks() -> Weighted[str]:
    return Weighted(settings("names.toml")["male_marks"].items())


@lru_cache(maxsize=2)
def _modern(sex: str) -> Weighted[str]:
    return Weighted(settings("names.toml")["modern_marks"][sex].items())


@lru_cache(maxsize=2)
def _pairs(sex: str) -> Weighted[str]:
    return Weighted((row["name"], float(row["weight"])) for row in rows("given_names.csv") if row["sex"] == sex)


def written(group: str, family: str, rest: tuple[str, ...]) -> str:
    """The full name as the person writes it."""
    parts = (*rest, family) if group in CLAN_LAST and family in _clans(group) else (family, *rest)
    return " ".join(parts)


@cache
def _clans(group: str) -> frozenset[str]:
    return frozenset(settings("names.toml")["clans"].get(_surname_table(group, ""), ()))
