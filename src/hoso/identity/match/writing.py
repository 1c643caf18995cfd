"""Whether a name is written so that a twin's would look the same.

Phương and Phượng are twins, and so are Ngọc Khuê and Khuê Ngọc: a name that lost its tones, or was put in order by us,
may be either's; but nobody calls a son Phượng. Phươn is neither's: it is a slip, and of what shows whether another name
is as near.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from hoso.core.text import fold
from hoso.identity.match import levels as L
from hoso.identity.match.frequency import Rarity
from hoso.identity.match.packed import TONELESS, TURNED, Packed, PackedName
from hoso.identity.match.tokens import is_slip, token_level
from hoso.identity.normalise.tables import names


class Writing(NamedTuple):
    """Whether some record of a person has the arrival's name in a writing that tells twins apart by tones, by order
    (`fixed`: by order even when turned round), and by a given name that, with a slip, can only be this person's."""

    toned: bool
    ordered: bool
    fixed: bool
    meant: bool


def writing(arrival: Packed, records: Sequence[Packed], rarity: Rarity) -> Writing:
    pairs = [(one, other) for record in records for one in arrival.names for other in record.names]
    sex = arrival.sex if all(record.sex == arrival.sex for record in records) else 0
    given, several = rarity.given[sex], rarity.several[_telling(sex, (arrival, *records), rarity)]
    return Writing(
        any(_toned(one, other, several) for one, other in pairs),
        any(not (one.flags | other.flags) & TURNED for one, other in pairs),
        any(not (_could_be_given(one.middle) or _could_be_given(other.middle)) for one, other in pairs),
        any(_meant(one, other, given) or _meant(other, one, given) for one, other in pairs),
    )


def _telling(sex: int, records: Sequence[Packed], rarity: Rarity) -> int:
    """The code of the sex if their names are such as people of it have, else 0."""
    names = [name.given for record in records for name in record.names if not name.flags & TONELESS]
    return sex if all(name in rarity.given[sex] or name not in rarity.given[0] for name in names) else 0


def _toned(one: PackedName, other: PackedName, several: frozenset[str]) -> bool:
    if not (one.flags | other.flags) & TONELESS:
        return True
    return several.isdisjoint((fold(one.given), fold(other.given)))


def _could_be_given(middle: str) -> bool:
    """Nobody is called Văn, so that a name with it in the middle has only one other reading."""
    return bool(middle) and middle.rpartition(" ")[2] not in names().next_to_surname


def _meant(written: PackedName, held: PackedName, given: frozenset[str]) -> bool:
    """Nobody is called as it is written, and no other name is as near to that as this one."""
    slip, name = written.given, held.given
    if slip in given or name not in given:
        return False
    level = token_level(slip, name)
    if not L.TOKEN_TONELESS <= level <= L.TOKEN_EDIT:
        return False
    if level == L.TOKEN_TONELESS and (written.flags | held.flags) & TONELESS:
        return False  # software that has no tones, and no slip
    return _is_nearest(slip, name, level, given)


@lru_cache(maxsize=4_096)
def _is_nearest(slip: str, name: str, level: int, given: frozenset[str]) -> bool:
    """A look at every name there is; the same slip meets the same name in many candidates."""
    return not any(other != name and _near(slip, other, level) for other in given)


def _near(slip: str, name: str, level: int) -> bool:
    """`slip` is no name itself, so it is not this one."""
    return is_slip(slip, name) or L.SAME <= token_level(slip, name) <= level
