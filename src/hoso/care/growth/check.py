"""What in a child's measures is likelier a slip of the hand than the child: wrong units, a moved point, shrinking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from hoso.care.growth.assess import Measured, assess, stature
from hoso.care.rules import table


@dataclass(frozen=True, slots=True)
class Doubt:
    """`meant`: the value that was probably meant, None when nobody can say; `title` a catalogue key. `before`: the
    earlier measure that this one contradicts."""

    of: Measured
    why: Literal["slip", "implausible", "shrinks"]
    title: str
    meant: float | None = None
    before: Measured | None = None


def doubts(born: date, sex: str, measured: Iterable[Measured]) -> tuple[Doubt, ...]:
    """Oldest first, at most one of each measure. What is doubted by itself does not make others doubtful."""
    found: list[Doubt] = []
    last: dict[str, Measured] = {}
    for one in sorted(measured):
        doubt = implausible(born, sex, one)
        if doubt is None:
            doubt = _shrinks(born, one, last.get(one.kind))
            last[one.kind] = one
        if doubt is not None:
            found.append(doubt)
    return tuple(found)


def implausible(born: date, sex: str, one: Measured) -> Doubt | None:
    """Of a value that no child of this age and sex has; a value outside of all tables is not judged."""
    if not _flagged(born, sex, one):
        return None
    for slip in table("growth")["slip"]:
        meant = round(one.value * slip["factor"], 3)
        if slip["kind"] == one.kind and not _flagged(born, sex, Measured(one.on, one.kind, meant, one.position)):
            return Doubt(one, "slip", slip["title"], meant)
    return Doubt(one, "implausible", "no child of this age has this value: measure again")


def _flagged(born: date, sex: str, one: Measured) -> bool:
    return any(point.flagged for point in assess(born, sex, [one]) if point.indicator == one.kind)


def _shrinks(born: date, one: Measured, before: Measured | None) -> Doubt | None:
    allowed = table("growth")["shrink"].get(one.kind)
    if before is None or allowed is None:
        return None
    days = (one.on - born).days
    now, then = (stature(one, days), stature(before, days)) if one.kind == "height" else (one.value, before.value)
    return Doubt(one, "shrinks", "less than before: measure again", None, before) if now < then - allowed else None
