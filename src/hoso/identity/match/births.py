"""How two birth dates compare: fillers, swapped day and month, one wrong digit, a year that was only guessed.

1 January and a bare year say the year and no more; the law's forms fill them in where the day is not known.
"""

from __future__ import annotations

from functools import lru_cache

from hoso.identity.match import levels as L

Birth = tuple[int, int, int, int]
"""(year, month, day, 1 when the date is a filler); 0 where a part is not known."""

NO_GENERATION = 10
"""So many years part no father from his son."""


@lru_cache(maxsize=1 << 16)
def birth_level(a: Birth, b: Birth) -> int:
    year_a, month_a, day_a, filler_a = a
    year_b, month_b, day_b, filler_b = b
    if not year_a or not year_b:
        return _no_year(a, b)
    vague_a, vague_b = filler_a or not month_a, filler_b or not month_b
    if vague_a or vague_b:
        return _vague(a, b, bool(vague_a and vague_b))
    if year_a == year_b:
        return _same_year(month_a, day_a, month_b, day_b)
    if month_a == month_b and day_a == day_b and day_a:
        return L.BIRTH_DIGIT if abs(year_a - year_b) in (1, 10) or _one_digit(year_a, year_b) else L.BIRTH_DAY
    if abs(year_a - year_b) == 1:
        return L.BIRTH_NEAR_YEAR
    return L.BIRTH_DIFFERENT


def year_slipped(a: Birth, b: Birth) -> bool:
    """One day and month in two years that one slip parts, and too near each other for a parent and a child."""
    return _same_day(a, b) and 0 < abs(a[0] - b[0]) <= NO_GENERATION


def another_generation(a: Birth, b: Birth) -> bool:
    """One day and month, and years that part a parent and a child: a slip, or a birthday of both."""
    return _same_day(a, b) and abs(a[0] - b[0]) > NO_GENERATION


def _same_day(a: Birth, b: Birth) -> bool:
    return bool(a[2] and a[1:3] == b[1:3] and not a[3] and not b[3] and a[0] and b[0])


def _no_year(a: Birth, b: Birth) -> int:
    if a[1] and a[2] and a[1:3] == b[1:3] and not a[3] and not b[3]:
        return L.BIRTH_DAY
    return L.MISSING


def _vague(a: Birth, b: Birth, both: bool) -> int:
    apart = abs(a[0] - b[0])
    if apart == 0:
        return L.BIRTH_FILLER if both else L.BIRTH_YEAR_ONLY
    return L.BIRTH_NEAR_YEAR if apart == 1 else L.BIRTH_DIFFERENT


def _same_year(month_a: int, day_a: int, month_b: int, day_b: int) -> int:
    if month_a == month_b:
        if day_a == day_b:
            return L.SAME if day_a else L.BIRTH_MONTH
        if not day_a or not day_b:
            return L.BIRTH_MONTH
        return L.BIRTH_DIGIT if _one_digit(day_a, day_b) else L.BIRTH_MONTH
    if month_a == day_b and month_b == day_a:
        return L.BIRTH_SWAPPED
    if day_a == day_b and day_a:
        return L.BIRTH_DIGIT if _one_digit(month_a, month_b) else L.BIRTH_MONTH
    return L.BIRTH_YEAR


def _one_digit(a: int, b: int) -> bool:
    """One digit differs, or two neighbours are swapped."""
    x, y = f"{a:02d}", f"{b:02d}"
    if len(x) != len(y):
        return False
    differing = [i for i in range(len(x)) if x[i] != y[i]]
    if len(differing) == 1:
        return True
    return (
        len(differing) == 2
        and differing[1] == differing[0] + 1
        and x[differing[0]] == y[differing[1]]
        and x[differing[1]] == y[differing[0]]
    )
