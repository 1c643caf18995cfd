"""Whether what stands under one number can be one person: lists count from 1 again, and clerks copy a cell down.

A false link is the worst error, so a number that two people share is refused, and what is none is not taken for one.
"""

from __future__ import annotations

import re

from hoso.core import fold
from hoso.exchange.sheets.kinds import plain
from hoso.identity.normalise.naming import name_of

_NONE = frozenset(
    ("", "0", "00", "000", "x", "na", "n a", "none", "null", "khong", "khong co", "chua co", "kc", "chua ro")
)
_YEAR = re.compile(r"(?:18|19|20)\d\d")
REMEMBERED = 200_000


def is_number(text: str) -> bool:
    """Not so for what people write where there is none."""
    return plain(text) not in _NONE


def are_two(name: str, birth: str, other: str, other_birth: str) -> bool:
    """Names without a word in common, unless one says that there is none yet; or given name and year both differ."""
    if _is_none_yet(name) or _is_none_yet(other):
        return False
    words, others = fold(name).split(), fold(other).split()
    if not words or not others:
        return False
    if not set(words) & set(others):
        return True
    year, other_year = _YEAR.search(birth), _YEAR.search(other_birth)
    return words[-1] != others[-1] and bool(year and other_year and year[0] != other_year[0])


def _is_none_yet(name: str) -> bool:
    """As of the newborn, "con bà …"."""
    found = name_of(name)
    return found is None or found.name.placeholder


class Numbers:
    """Of one sheet, as far as it is remembered: who had which number first."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, str]] = {}

    def is_anothers(self, number: str, name: str, birth: str) -> bool:
        if not is_number(number) or not name:
            return False
        known = self._first.get(number)
        if known is None:
            if len(self._first) < REMEMBERED:
                self._first[number] = (name, birth)
            return False
        return are_two(name, birth, *known)
