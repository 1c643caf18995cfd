"""The weights of the comparison: for every level how often it is seen in one person (m) and in two (u).

A weights file is small, readable and versioned; a decision names the version it was made with.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import log2
from pathlib import Path
from typing import Any

from hoso.identity.match import levels as L
from hoso.identity.match.frequency import DATA, Rarity, shipped

Pair = tuple[float, float]
SHIPPED = DATA / "weights-4.toml"
ADDED = ("guardian", "workplace")
"""Fields that are newer than weights which an installation may have learned."""


class WeightsError(ValueError):
    """A weights file that cannot be used, with the field and level at fault."""


@dataclass(frozen=True)
class Model:
    """All that scoring needs besides the two records."""

    version: str
    chances: Mapping[str, Mapping[str, Pair]]
    rarity: Rarity
    bits: tuple[tuple[float, ...], ...] = field(repr=False)
    source: str = ""
    households: bool = True
    """Do the records come from families, so that what a household shares must be guarded?"""

    def with_rarity(self, rarity: Rarity) -> Model:
        return replace(self, rarity=rarity)


def model(version: str, chances: Mapping[str, Mapping[str, Pair]], rarity: Rarity, source: str = "") -> Model:
    for name, levels in L.FIELDS.items():
        _check(name, levels[1:], chances.get(name, {}))
    table = [[chances[name].get(level, (1.0, 1.0)) for level in levels] for name, levels in L.FIELDS.items()]
    return Model(
        version,
        chances,
        rarity,
        tuple(tuple(log2(m / u) for m, u in row) for row in table),
        source,
    )


def _check(name: str, levels: tuple[str, ...], given: Mapping[str, Pair]) -> None:
    if missing := [level for level in levels if level not in given]:
        raise WeightsError(f"{name}: no weight for {', '.join(missing)}")
    for level, (m, u) in given.items():
        if level not in levels:
            raise WeightsError(f"{name}: unknown level {level}")
        if not (0 < m <= 1 and 0 < u <= 1):
            raise WeightsError(f"{name}.{level}: m and u must lie between 0 and 1")


def read(path: Path, rarity: Rarity) -> Model:
    """Raises WeightsError naming what is wrong."""
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        fields = dict(_assumed()) | {
            name: {level: (float(m), float(u)) for level, (m, u) in levels.items()}
            for name, levels in found["fields"].items()
        }
        return model(str(found["version"]), fields, rarity, str(found["source"]))
    except WeightsError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise WeightsError(f"{path.name}: {fault!r}") from fault


@lru_cache(maxsize=1)
def _assumed() -> Mapping[str, Mapping[str, Pair]]:
    """Of fields that weights learned before they existed do not have."""
    listed = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["fields"]
    return {name: {level: (float(m), float(u)) for level, (m, u) in listed[name].items()} for name in ADDED}


def write(model: Model) -> str:
    """The text of a weights file; `read` gives the same model back."""
    lines = [f'version = "{model.version}"', f"source = {_quoted(model.source)}", ""]
    for name, levels in L.FIELDS.items():
        lines.append(f"[fields.{name}] # [m, u] -> bits")
        for level in levels[1:]:
            m, u = model.chances[name][level]
            lines.append(f"{level} = [{m:.3g}, {u:.3g}] # {log2(m / u):+.1f}")
        lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@lru_cache(maxsize=1)
def default_model() -> Model:
    return read(SHIPPED, shipped())
