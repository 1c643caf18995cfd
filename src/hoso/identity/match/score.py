"""Bits of evidence per field, for one pair of records and for a record against a whole person (Fellegi–Sunter).

What a household shares (phone, place, mother) never speaks for a person whose given name or birth date is another's:
that is the guard that keeps brothers, sisters, parents and children apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2
from operator import getitem
from typing import NamedTuple

from msgspec import structs

from hoso.identity.match import levels as L
from hoso.identity.match.compare import compare, hopeless
from hoso.identity.match.levels import Levels
from hoso.identity.match.packed import Packed, Shared
from hoso.identity.match.weights import Model

HOUSEHOLD_SIZE = 4
"""So many people may share a phone before it says less."""
CONTRADICTION = 0.5
"""What still counts of the evidence against, when another record of the same person agrees."""
OTHERS_NUMBER = 4.0
"""Most that a number is worth on somebody with another name and another birth date: a parent's, a spouse's."""

MOST_FOR_A_NAME = 21.0
"""Rare names keep company (a people, a valley, a family), so their parts are not as independent as they seem."""

NAME_PARTS = (L.FAMILY, L.MIDDLE, L.GIVEN)
NAME_FIELDS = (*NAME_PARTS, L.ORDER)
LASTING = (L.BIRTH, L.SEX, L.CITIZEN)
"""Fields that do not change in a life, besides the name: an older record that disagrees is a contradiction."""

MOST_SHARING = 3
"""A number on more people than this is nobody's: typed in to get past a form, or a facility's own for all."""

_NUMBERS = slice(L.CITIZEN, L.PAPER + 1)

Crowd = Mapping[Shared, int]
"""How many people carry each phone and number of the arrival, as `keys.shareable` names them."""


class Scored(NamedTuple):
    """Bits per field in the order of `levels.NAMES`, with the levels behind them; `penalty` is contained in `total`."""

    bits: tuple[float, ...]
    levels: tuple[int, ...]
    total: float
    penalty: float = 0.0
    verified_conflict: bool = False
    verified_match: bool = False


def telling(arrival: Packed, crowd: Crowd) -> Packed:
    """The arrival without the numbers that too many people carry."""
    numbers = tuple(number for number in arrival.numbers if crowd.get(number[:2], 0) <= MOST_SHARING)
    return arrival if numbers == arrival.numbers else structs.replace(arrival, numbers=numbers)


def score_person(arrival: Packed, records: Sequence[Packed], model: Model, crowd: Crowd) -> Scored | None:
    """One record against all records of a person; None when no record of the person could be of the same one."""
    guarded = model.households
    alone = len(records) == 1
    pairs = [
        _pair(arrival, record, model, crowd) for record in records if not (guarded and hopeless(arrival, record, alone))
    ]
    if not pairs:
        return None
    if alone:
        bits, found = pairs[0]
        levels, penalty = list(found.levels), 0.0
    else:
        bits, levels = _best(pairs)
        penalty = _penalty(bits, pairs)
    if guarded:
        _guard(bits, levels)
    return Scored(
        tuple(bits),
        tuple(levels),
        sum(bits) - penalty,
        penalty,
        any([found.verified_conflict for _bits, found in pairs]),
        any([found.verified_match for _bits, found in pairs]),
    )


def _pair(a: Packed, b: Packed, model: Model, crowd: Crowd) -> tuple[list[float], Levels]:
    found = compare(a, b)
    levels, values = found.levels, found.values
    bits = list(map(getitem, model.bits, levels))
    excess = model.rarity.excess
    family, middle, given = levels[: L.GIVEN + 1]
    if values.family:
        bits[L.FAMILY] += _damped(excess("family", values.family, family != L.SAME), family)
    if L.SAME <= middle <= L.TOKEN_SOUND:
        bits[L.MIDDLE] += _damped(excess("middle", values.middle, middle != L.SAME), middle)
    if values.given:
        bits[L.GIVEN] += _damped(excess("given", values.given, given != L.SAME), given)
    if values.commune:
        bits[L.PLACE] += model.rarity.communes.get(values.commune, 0.0)
    name = max(bits[L.FAMILY], 0.0) + max(bits[L.MIDDLE], 0.0) + max(bits[L.GIVEN], 0.0)
    if name > MOST_FOR_A_NAME:
        for i in NAME_PARTS:
            bits[i] *= MOST_FOR_A_NAME / name if bits[i] > 0 else 1.0
    if levels[L.PHONE] == L.SAME:
        bits[L.PHONE] = shared_bits(bits[L.PHONE], crowd.get(values.phone, 0))
    return bits, found


def _damped(excess: float, level: int) -> float:
    """Names that only sound alike share half of their rarity: it is not sure which of the two was meant."""
    return excess / 2 if level == L.TOKEN_SOUND else excess


def shared_bits(bits: float, people: int) -> float:
    """A phone of a household keeps its weight; one of a whole ward or of the reception desk loses it."""
    if people <= HOUSEHOLD_SIZE:
        return bits
    return max(0.0, bits - 3 * log2(people / HOUSEHOLD_SIZE))


def _best(pairs: Sequence[tuple[list[float], Levels]]) -> tuple[list[float], list[int]]:
    """Best per field; the name is one field, so that two records cannot lend each other halves of a name."""
    named = max(pairs, key=lambda pair: (sum(pair[0][i] for i in NAME_FIELDS), pair[1].levels))
    bits, levels = list(named[0]), list(named[1].levels)
    for i in range(len(bits)):
        if i in NAME_FIELDS:
            continue
        best, against = max(((pair[0][i], -pair[1].levels[i]) for pair in pairs if pair[1].levels[i]), default=(0.0, 0))
        bits[i], levels[i] = best, -against
    return bits, levels


def _penalty(bits: Sequence[float], pairs: Sequence[tuple[list[float], Levels]]) -> float:
    total = 0.0
    name = sum(bits[i] for i in NAME_FIELDS)
    if name > 0:
        total -= sum(min(0.0, sum(pair[0][i] for i in NAME_FIELDS)) for pair in pairs)
    for i in LASTING:
        if bits[i] > 0:
            total -= sum(min(0.0, pair[0][i]) for pair in pairs)
    return CONTRADICTION * total / len(pairs)


def name_contradicts(levels: Sequence[int]) -> bool:
    return levels[L.GIVEN] == L.TOKEN_DIFFERENT


def birth_contradicts(levels: Sequence[int]) -> bool:
    return levels[L.BIRTH] in (L.BIRTH_YEAR, L.BIRTH_NEAR_YEAR, L.BIRTH_DIFFERENT)


def number_agrees(levels: Sequence[int]) -> bool:
    """Almost the same number is not enough: the numbers of twins may follow each other."""
    return L.SAME in levels[_NUMBERS]


def _guard(bits: list[float], levels: Sequence[int]) -> None:
    """A namesake born in another year of the same house is the father; one whose dates merely differ may be a slip."""
    name, birth = name_contradicts(levels), birth_contradicts(levels)
    if name and birth:
        for i in L.NUMBERS:
            bits[i] = min(bits[i], OTHERS_NUMBER)
    elif number_agrees(levels):
        return
    if name:
        for i in (L.FAMILY, L.MIDDLE, *L.HOUSEHOLD):
            bits[i] = min(bits[i], 0.0)
    elif levels[L.BIRTH] == L.BIRTH_DIFFERENT:
        for i in L.HOUSEHOLD:
            bits[i] = min(bits[i], 0.0)
    elif levels[L.GIVEN] == L.TOKEN_EDIT:
        # Another name that exists: the house counts once, as the brother has phone, home and mother with it.
        once = max(L.HOUSEHOLD, key=lambda i: (bits[i], -i))
        for i in L.HOUSEHOLD:
            bits[i] = bits[i] if i == once else min(bits[i], 0.0)
