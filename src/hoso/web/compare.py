"""What differs between the values of two people, word by word or digit by digit: an accent, one slip, or all of it.

Pure; a page shows each difference with a word beside the colour.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from hoso.core import fold

Mark = Literal["same", "part", "tone", "edit", "other"]
_GRADES: tuple[Mark, ...] = ("same", "part", "tone", "edit", "other")
_DATE = re.compile(r"(?:(?:(\d\d)/)?(\d\d)/)?(\d{4})\Z")
_NUMBER = re.compile(r"[0-9+/.\- ]{4,}\Z")
_SLIPS = 2
"""Digits that may differ in what still looks like one number mistyped."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value in pieces, which together are its text; `mark` is the gravest of them, None when there is nothing to be
    held against."""

    parts: tuple[tuple[str, Mark], ...]
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class Line:
    """One field of everybody side by side: per person its values."""

    title: str
    cells: tuple[tuple[Value, ...], ...]

    @property
    def differs(self) -> bool:
        return any(value.mark not in (None, "same") for cell in self.cells for value in cell)


def line(title: str, *people: Sequence[str], telling: bool = True) -> Line:
    """Everybody's values of one field; the first person is held against all others, each other against the first.

    A field that is not `telling` is shown and not compared.
    """
    if not telling:
        return Line(title, tuple(tuple(compared(value, ()) for value in values) for values in people))
    first, *others = people
    against = [value for values in others for value in values]
    cells = [tuple(compared(value, against) for value in first)]
    cells += [tuple(compared(value, first) for value in values) for values in others]
    return Line(title, tuple(cells))


def compared(value: str, against: Sequence[str]) -> Value:
    """The value as it differs from the one among `against` that is nearest."""
    if not against:
        return Value(((value, "same"),), None)
    if value in against:
        return Value(((value, "same"),), "same")
    if _DATE.match(value):
        parts = _date(value, against)
    elif _NUMBER.match(value):
        parts = _digits(value, against)
    else:
        every = [_words(value, other) for other in against]
        parts = min(every, key=lambda pieces: sum(_GRADES.index(mark) for _, mark in pieces))
    return Value(parts, max((mark for _, mark in parts), key=_GRADES.index, default="same"))


def _date(value: str, against: Sequence[str]) -> tuple[tuple[str, Mark], ...]:
    """One that only says less than another is no contradiction; day and month swapped are a slip."""
    if any(value.endswith(other) or other.endswith(value) for other in against):
        return ((value, "part"),)
    if value[2:3] == "/" and f"{value[3:5]}/{value[:2]}{value[5:]}" in against:
        return ((value[:5], "edit"), (value[5:], "same"))
    return _digits(value, against)


def _digits(value: str, against: Sequence[str]) -> tuple[tuple[str, Mark], ...]:
    near = [other for other in against if len(other) == len(value) and 0 < _apart(value, other) <= _SLIPS]
    if not near:
        return ((value, "other"),)
    nearest = min(near, key=lambda other: _apart(value, other))
    marked: list[tuple[str, Mark]] = [
        (one, "same" if one == other else "edit") for one, other in zip(value, nearest, strict=True)
    ]
    return tuple(("".join(letter for letter, _ in run), mark) for mark, run in groupby(marked, key=lambda m: m[1]))


def _apart(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _words(value: str, other: str) -> tuple[tuple[str, Mark], ...]:
    theirs = other.split()
    marked = ((word, _word(word, theirs)) for word in value.split())
    spaced = (piece for word, mark in marked for piece in ((word, mark), (" ", _GRADES[0])))
    return tuple(spaced)[:-1]


def _word(word: str, theirs: Sequence[str]) -> Mark:
    plain, folded = word.strip(",.;").casefold(), fold(word)
    if any(plain == other.strip(",.;").casefold() for other in theirs):
        return "same"
    if any(folded == fold(other) for other in theirs):
        return "tone"
    return "edit" if any(_one_slip(folded, fold(other)) for other in theirs) else "other"


def _one_slip(one: str, other: str) -> bool:
    """One letter more, less, other, or two neighbours swapped; of short words nothing is a mere slip."""
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 2:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest = (one[start:], other[start:])
    return (
        rest[0][1:] == rest[1][1:]
        or rest[0][1:] == rest[1]
        or rest[0] == rest[1][1:]
        or (rest[0][:2] == rest[1][1::-1] and rest[0][2:] == rest[1][2:])
    )
