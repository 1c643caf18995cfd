"""Where people live: the provinces and communes in force since 1 July 2025, and the eight pilot provinces.

Six communes of each pilot province are settled, always the same ones, so that a citizen does not depend on how many
citizens are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import NamedTuple

from hoso.core import places as core_places
from hoso.synth.tables import Weighted, rows, settings


class Commune(NamedTuple):
    code: str
    name: str
    province: str

    @property
    def is_urban(self) -> bool:
        return self.name.startswith("Phường")


@dataclass(frozen=True)
class Province:
    code: str
    name: str
    full_name: str
    old_codes: tuple[str, ...]
    """Codes before 2025; personal numbers and facility codes keep them."""
    region: str
    groups: Weighted[str]
    """Ethnic group codes by share."""
    communes: tuple[Commune, ...]


@lru_cache(maxsize=1)
def provinces() -> dict[str, Province]:
    """The pilot provinces by code."""
    by_code = {province.code: province for province in core_places.provinces()}
    return {entry["code"]: _province(entry, by_code[entry["code"]]) for entry in settings("places.toml")["pilot"]}


def _province(entry: dict[str, object], known: core_places.Province) -> Province:
    groups = entry["groups"]
    assert isinstance(groups, dict)
    return Province(
        code=known.code,
        name=known.name,
        full_name=known.full_name,
        old_codes=known.old_codes,
        region=str(entry["region"]),
        groups=Weighted((code, float(share)) for code, share in groups.items()),
        communes=_settled(known.code),
    )


def _settled(province: str) -> tuple[Commune, ...]:
    found = [Commune(code, full_name, province) for code, full_name, home in core_places.communes() if home == province]
    return tuple(Random(f"communes/{province}").sample(found, settings("places.toml")["communes_per_province"]))


@lru_cache(maxsize=1)
def _by_people() -> Weighted[Province]:
    return Weighted((provinces()[entry["code"]], entry["people"]) for entry in settings("places.toml")["pilot"])


def home(rng: Random) -> tuple[Province, Commune]:
    province = _by_people().pick(rng)
    return province, rng.choice(province.communes)


def street(commune: Commune, rng: Random) -> str:
    """The line of an address below the commune: a street in town, a hamlet in the country."""
    table = settings("places.toml")
    if commune.is_urban:
        lane = f"/{rng.randrange(2, 90)}" if rng.random() < 0.4 else ""
        return f"Số {rng.randrange(1, 420)}{lane} đường {rng.choice(table['streets'])}"
    return f"{rng.choice(table['hamlet_words'])} {rng.choice(table['hamlets'])}"


@lru_cache(maxsize=1)
def _groups() -> dict[str, str]:
    return {row["code"]: row["name"] for row in rows("ethnic_groups.csv")}


def ethnic_name(code: str) -> str:
    return _groups()[code]
