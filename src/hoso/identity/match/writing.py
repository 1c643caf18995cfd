"""Whether a name is written so that a twin's would look the same.

Phương and Phượng are twins, and so are Ngọc Khuê and Khuê Ngọc: a name that lost its tones, or was put in order by us,
may be either's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hoso.core.text import fold
from hoso.identity.match.frequency import Rarity
from hoso.identity.match.packed import TONELESS, TURNED, Packed, PackedName


class Writing(NamedTuple):
    """Whether some record of a person has the arrival's name in a writing that tells twins apart by tones, by order."""

    toned: bool
    ordered: bool


def writing(arrival: Packed, records: Iterable[Packed], rarity: Rarity) -> Writing:
    pairs = [(one, other) for record in records for one in arrival.names for other in record.names]
    return Writing(
        any(_toned(one, other, rarity) for one, other in pairs),
        any(not (one.flags | other.flags) & TURNED for one, other in pairs),
    )


def _toned(one: PackedName, other: PackedName, rarity: Rarity) -> bool:
    if not (one.flags | other.flags) & TONELESS:
        return True
    return rarity.several.isdisjoint((fold(one.given), fold(other.given)))
