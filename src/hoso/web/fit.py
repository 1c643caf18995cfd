"""How much of the card's lists is in sight at once: one screen is promised, and clinical order says what folds.

Allergies and alerts never give way. Medicines and problems show what fits, then the names of the rest, all a tap away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hoso.care.card import EmergencyCard, Source

_SCREEN = 21
"""Lines of text for the two upper rows of panels on a screen of 1366 × 768, in a wide font."""

_ALERT_WIDTH, _ALLERGIES_WIDTH, _PROBLEM_WIDTH, _MEDICINE_WIDTH = 62, 58, 34, 50
_FOLD = 2
"""Lines that the names of what is folded may take; those of allergies take what they need."""

_LEAST_ALLERGIES = 3


class Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> Source: ...


@dataclass(frozen=True, slots=True)
class Fit:
    """How many lines of each list stand open."""

    allergies: int
    problems: int
    active: int
    possible: int


def fit(card: EmergencyCard) -> Fit:
    allergies = max(_LEAST_ALLERGIES, sum(1 for a in card.allergies.items if a.high_risk))
    room = (
        _SCREEN - len(card.differences) - max(_allergy_lines(card, allergies), _alert_lines(card), _blood_lines(card))
    )
    medicines = card.medicines
    heading = 1 if medicines.active else 0
    asked = 2 + _height(medicines.possible[:1], _MEDICINE_WIDTH) if medicines.possible else 0
    active = _fitting(medicines.active, room - heading - asked, _MEDICINE_WIDTH)
    used = heading + _height(medicines.active[:active], _MEDICINE_WIDTH) + _folded(medicines.active, active)
    return Fit(
        allergies,
        problems=_fitting(card.problems.items, room, _PROBLEM_WIDTH),
        active=active,
        possible=_fitting(medicines.possible, room - used - 1, _MEDICINE_WIDTH),
    )


def _allergy_lines(card: EmergencyCard, shown: int) -> int:
    names = ", ".join(a.substance for a in card.allergies.items[shown:])
    items = card.allergies.items[:shown]
    told = sum(1 for a in items if a.source.origin) + len(card.allergies.denied)
    return len(items) + told + 1 + -(-len(names) // _ALLERGIES_WIDTH)


def _blood_lines(card: EmergencyCard) -> int:
    """Of values that differ each has a line, its source another, and two where it came from."""
    if not card.blood_group.conflicting:
        return 0
    once = {m.value: m for m in reversed(card.blood_group.values)}
    return 1 + sum(4 if m.source.origin else 2 for m in once.values())


def _alert_lines(card: EmergencyCard) -> int:
    """The fact, what the record says, and a value with its date if there is one."""
    texts = (
        len(a.title) + len(a.detail) + (35 if a.measure else 15) + (60 if a.source.origin else 0)
        for a in card.alerts.items
    )
    return sum(-(-length // _ALERT_WIDTH) for length in texts)


def _fitting(items: Sequence[Named], room: int, width: int) -> int:
    """All of them, or as many as leave room to name the others; the first in any case."""
    if _height(items, width) <= room:
        return len(items)
    fitting = [n for n in range(1, len(items)) if _height(items[:n], width) <= room - _FOLD]
    return max(fitting, default=1)


def _height(items: Sequence[Named], width: int) -> int:
    """A name of one line or more, one line about it, and one that says where it came from if it must."""
    return sum(1 + max(1, -(-len(item.name) // width)) + (1 if item.source.origin else 0) for item in items)


def _folded(items: Sequence[Named], shown: int) -> int:
    return _FOLD if shown < len(items) else 0
