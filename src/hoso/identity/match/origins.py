"""The provinces that a record's numbers name: where the birth was registered, where the insurance was first issued.

Who brings the insurance card, where the record knows the personal number, still comes from its province.
"""

from __future__ import annotations

from functools import lru_cache

from hoso.identity.match import levels as L
from hoso.identity.match.packed import CITIZEN, DOUBTED, INSURANCE, Packed, spread
from hoso.identity.normalise.units import province_today

Numbers = tuple[tuple[int, int | str, int], ...]


def origin_level(a: Packed, b: Packed) -> int:
    """For records of which neither the numbers nor the places agree: what restates another field adds nothing. People
    move, so a home elsewhere than where a number comes from does not speak against."""
    if not (a.numbers or b.numbers):
        return L.MISSING
    from_a, from_b = _origins(a.numbers), _origins(b.numbers)
    if not from_a.isdisjoint(from_b) or not from_a.isdisjoint(_homes(b)) or not from_b.isdisjoint(_homes(a)):
        return L.SAME
    return L.ORIGIN_DIFFERENT if from_a and from_b else L.MISSING


def _homes(record: Packed) -> set[int]:
    return {province for province, _ward, _hamlet in record.places if province}


@lru_cache(maxsize=1 << 14)
def _origins(numbers: Numbers) -> frozenset[int]:
    named = {_province(kind, spread(kind, value)) for kind, value, flags in numbers if not flags & DOUBTED}
    return frozenset(int(code) for code in map(province_today, filter(None, named)) if code)


def _province(kind: int, digits: str) -> str:
    """As the provinces were before July 2025; a number from 100 up names a country of birth."""
    if kind == CITIZEN and len(digits) == 12 and digits[0] == "0":
        return digits[1:3]
    return digits[:2] if kind == INSURANCE and len(digits) == 10 else ""
