"""Homes all over the country: the communes since July 2025, and the ward, district and province each was before."""

from __future__ import annotations

import csv
import gzip
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from hoso.core import places as core_places
from hoso.synth.tables import Weighted, settings

DATA = Path(__file__).with_name("data")


class Unit(NamedTuple):
    """A ward as it was called before July 2025."""

    ward: str
    district: str
    province: str


@dataclass(frozen=True, slots=True)
class Province:
    code: str
    full_name: str
    old_codes: tuple[str, ...]
    """Codes before 2025; numbers of people keep them."""
    region: str
    groups: Weighted[str]


@dataclass(frozen=True, slots=True)
class Commune:
    code: str
    name: str
    province: Province
    before: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Home:
    line: str
    commune: Commune
    old: Unit | None
    """Where the house stood before the reform; some new communes have no known older ward."""


def home(rng: Random, commune: Commune | None = None) -> Home:
    commune = commune or communes().pick(rng)
    before = commune.before
    return Home(_line(commune, rng), commune, before[int(rng.random() * len(before))] if before else None)


def nearby(province: str, rng: Random) -> Home:
    """A home in some commune of the province."""
    return home(rng, _of_province()[province].pick(rng))


def _line(commune: Commune, rng: Random) -> str:
    streets, words, hamlets = _words()
    if commune.name.startswith("Phường"):
        lane = f"/{int(rng.random() * 90) + 2}" if rng.random() < 0.4 else ""
        return f"Số {int(rng.random() * 420) + 1}{lane} đường {streets[int(rng.random() * len(streets))]}"
    return f"{words[int(rng.random() * len(words))]} {hamlets[int(rng.random() * len(hamlets))]}"


@cache
def _words() -> tuple[list[str], list[str], list[str]]:
    table = settings("places.toml")
    return table["streets"], table["hamlet_words"], table["hamlets"]


@cache
def communes() -> Weighted[Commune]:
    """Every commune, weighted: sizes within a province are skewed, towns larger than villages."""
    return Weighted(_sized())


@cache
def _of_province() -> dict[str, Weighted[Commune]]:
    found: dict[str, list[tuple[Commune, float]]] = defaultdict(list)
    for commune, weight in _sized():
        found[commune.province.code].append((commune, weight))
    return {code: Weighted(pairs) for code, pairs in found.items()}


@cache
def _sized() -> tuple[tuple[Commune, float], ...]:
    before = _old_units()
    found: dict[str, list[tuple[Commune, float]]] = defaultdict(list)
    for code, full_name, province_code in core_places.communes():
        province = provinces()[province_code]
        size = Random(f"size of {code}").lognormvariate(0, 0.6)
        size *= 2.5 if full_name.startswith("Phường") else 1
        commune = Commune(code, full_name, province, before.get(code, ()))
        found[province.code].append((commune, size))
    people = _country()["province"]
    return tuple(
        (commune, size / sum(s for _, s in inside) * people[code]["people"])
        for code, inside in found.items()
        for commune, size in inside
    )


@cache
def provinces() -> dict[str, Province]:
    told = _country()["province"]
    found = {}
    for known in core_places.provinces():
        own = told[known.code]
        groups = {"01": 100 - sum(own["groups"].values()), **own["groups"]}
        found[known.code] = Province(
            known.code, known.full_name, known.old_codes, own["region"], Weighted(groups.items())
        )
    return found


@cache
def _country() -> dict[str, Any]:
    return tomllib.loads((DATA / "country.toml").read_text(encoding="utf-8"))


@cache
def _old_units() -> dict[str, tuple[Unit, ...]]:
    found: dict[str, list[Unit]] = defaultdict(list)
    text = gzip.decompress((DATA / "old_communes.csv.gz").read_bytes()).decode()
    for row in csv.DictReader(text.splitlines()):
        found[row["commune"]].append(Unit(row["old_ward"], row["old_district"], row["old_province"]))
    return {commune: tuple(units) for commune, units in found.items()}
