"""How much of the emergency card is in sight at once: one screen is promised for anybody, and gravity says what grows.

Of each list the first stands open; then the lists grow in the order of ORDER while there is room. The rest of every
list is counted, named as far as there is room, and a tap away. The names of allergies come before whatever is longer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from hoso.care.card import EmergencyCard, Source
from hoso.web import present
from hoso.web.fit.head import SCREEN, Head, head
from hoso.web.fit.lines import BROAD, FINE, KINDS, NARROW, Kind, source
from hoso.web.fit.text import clip, lines, px

_MOST_OPEN = 16
"""Of one list; a screen holds fewer."""
_IN_PLACE = 8
"""The rest of a list opens where it stands when it is short; a long one has a page, for this one has to stay light."""
_NAME = 170.0
_MOST_NAMED = 200
_LINE, _MORE, _BETWEEN = 16.9, 4.2, 3.3
_FRAME, _FRAME_OF_RISK, _GROUP = 32.5, 34.5, 16.3
_SLACK = 4.0
_FIRST_TO_CLOSE = ("possible", "reports", "operations")
"""Only named when not even the first line of every list has room: doubtful links, contradictions, an alarm above."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: what stands open, how many more, their names, and those of them that open in place (all or none)."""

    open: tuple[Any, ...] = ()
    more: int = 0
    names: str = ""
    folded: tuple[Any, ...] = ()
    cut: bool = False
    """Something of it can only be read in full elsewhere."""


@dataclass(frozen=True, slots=True)
class Fit:
    head: Head
    lists: dict[str, Listed]
    denied: Source | None
    height: float
    """Of the whole page, in px at 1366 px of width."""

    def __getattr__(self, name: str) -> Listed:
        return self.lists[name]

    @property
    def cut(self) -> bool:
        return self.head.cut or any(one.cut for one in self.lists.values())


@dataclass(slots=True)
class _List:
    """A list that grows: `shown` lines stand open, and the names of the rest take `named` lines at most."""

    name: str
    kind: Kind
    items: tuple[Any, ...]
    cut: tuple[Any, ...]
    heights: list[float]
    names: list[float] = field(default_factory=list)
    """Up to each item, how wide the names are together."""
    shown: int = 1
    named: int = 1

    @classmethod
    def of(cls, name: str, items: Sequence[Any], most: int) -> _List:
        kind = KINDS[name]
        cut = tuple(kind.cut(one, kind.width, most) for one in items[:_MOST_OPEN])
        names = [0.0]
        for one in items[:_MOST_NAMED]:
            names.append(names[-1] + min(px(kind.name(one)[:80], FINE), _NAME) + px(", ", FINE))
        return cls(name, kind, tuple(items), cut, [kind.height(one, kind.width) for one in cut], names)

    def needed(self, until: int | None = None) -> int:
        """Lines that name everything that is not open, up to an item."""
        end = min(len(self.items) if until is None else until, len(self.names) - 1)
        wide = self.names[max(end, self.shown)] - self.names[self.shown] if self.shown < len(self.names) else 0.0
        return max(1, math.ceil((wide + 110) * 1.15 / self.kind.width))

    @property
    def height(self) -> float:
        if not self.items:
            return 0.0
        if self.name == "measures":  # three in a row
            rows = [max(self.heights[at : min(at + 3, self.shown)]) for at in range(0, self.shown, 3)]
            open = sum(rows) + 3.3 * (len(rows) - 1)
        else:
            open = sum(self.heights[: self.shown]) + _BETWEEN * max(0, self.shown - 1)
        rest = self.shown < len(self.items)
        return open + (_MORE + _LINE * min(self.named, self.needed()) if rest else 0.0)

    @property
    def listed(self) -> Listed:
        more = max(0, len(self.items) - self.shown)
        in_place = 0 < more <= _IN_PLACE and len(self.cut) == len(self.items)
        # A cut line ends in "…"; were it not for that, it says what the record says.
        shortened = repr(self.cut).count("…") > repr(self.items[: len(self.cut)]).count("…")
        return Listed(
            self.cut[: self.shown],
            more,
            self._names() or "…" if more else "",
            self.cut[self.shown :] if in_place else (),
            shortened or (more > 0 and not in_place),
        )

    def _names(self) -> str:
        rest = (clip(self.kind.name(one), FINE, _NAME) for one in self.items[self.shown : _MOST_NAMED])
        room = min(self.named, self.needed())
        said = clip(", ".join(rest), FINE, self.kind.width, room)
        while lines([("m" * 8, FINE, True), (" " + said, FINE, False)], self.kind.width) > room and len(said) > 1:
            said = said[: -max(2, len(said) // 40)].rstrip(" ,…") + "…"
        return said


def fit(card: EmergencyCard, today: date, alarm: bool = False) -> Fit:
    """`alarm`: an emergency is open, and says so above the card."""
    above = head(card, today, alarm)
    for most, closed in ((2, ()), (1, ()), (1, _FIRST_TO_CLOSE)):
        screen = _Screen(card, above, most, closed)
        if screen.height <= SCREEN - _SLACK:
            break
    screen.grow()
    return Fit(above, {name: one.listed for name, one in screen.lists.items()}, screen.denied, screen.height)


class _Screen:
    def __init__(self, card: EmergencyCard, above: Head, most: int, closed: Sequence[str] = ()) -> None:
        once = {m.value: m for m in reversed(card.blood_group.values)}
        blood = tuple(reversed(once.values())) if card.blood_group.conflicting else card.blood_group.values[:1]
        items: dict[str, Sequence[Any]] = {
            "allergies": card.allergies.items,
            "alerts": card.alerts.items,
            "blood": blood,
            "problems": card.problems.items,
            "active": card.medicines.active,
            "possible": card.medicines.possible,
            "measures": card.measures.items,
            "reports": card.reports,
            "visits": card.visits.items,
            "stays": card.stays if card.visits.state != "refused" else (),
            "operations": card.operations if card.visits.state != "refused" else (),
            "contacts": card.contacts,
        }
        self.card, self.above = card, above
        self.lists = {name: _List.of(name, some, most) for name, some in items.items()}
        for name in closed:
            self.lists[name].shown = 0
        self.denied = source(card.allergies.denied[0], BROAD) if card.allergies.denied else None
        self.fixed = self._fixed()

    def _fixed(self) -> dict[str, float]:
        """What each panel holds beside its lists."""
        card, who = self.card, self.above.who
        state = 19.7
        return {
            "allergies": _FRAME_OF_RISK + (self._denied() if card.allergies.items else state * 2),
            "alerts": _FRAME_OF_RISK + (0.0 if card.alerts.items else state + 10),
            "blood": _FRAME + self._blood(),
            "problems": _FRAME + (0.0 if card.problems.items else state * 2),
            "medicines": _FRAME + self._medicines(),
            "measures": _FRAME + (0.0 if card.measures.items else state + 10) + (12.3 if card.reports else 0.0),
            "visits": _FRAME + (0.0 if card.visits.items else state + 10),
            "stays": _FRAME + self._second_line() + (_BETWEEN if card.stays or card.operations else state * 2),
            "contacts": _FRAME
            + (23.0 if who.phone else 0.0 if card.contacts else state)
            + sum(self._fine(text, _("Registered with %(facility)s")) for text in (who.station, who.language)),
        }

    def _denied(self) -> float:
        if self.denied is None:
            return 0.0
        said = _("Another source says: no known allergy.")
        where = f" {self.denied.facility or _('facility not recorded')} · {present.date_text(self.denied.when)} +99"
        return lines([(said, FINE, True), (where, FINE, False)], BROAD - 24) * 16.9 + 2

    def _blood(self) -> float:
        values = self.card.blood_group.values
        if not values:
            return 19.7 + 10
        if self.card.blood_group.conflicting:
            return lines([(_("Records differ: type again"), FINE, True)], NARROW - 22) * 16.9
        return lines([(_("By history – cross-match before transfusion"), FINE, False)], NARROW) * _LINE

    def _medicines(self) -> float:
        taken = self.card.medicines
        if taken.state != "listed":
            return 19.7 + 10
        groups = (_GROUP if taken.active else 0.0) + (_GROUP if taken.possible else 0.0)
        return groups + (6.5 if taken.active and taken.possible else 0.0)

    @staticmethod
    def _second_line() -> float:
        """Of a title that is too long for its panel."""
        title = _("Hospital stays and operations, 12 months")
        return (lines([(title, FINE, True), (" 99 " + _("In full"), FINE, True)], NARROW - 24) - 1) * 16.3

    @staticmethod
    def _fine(text: str, words: str) -> float:
        return lines([(words.replace("%(facility)s", text), FINE, False)], NARROW) * _LINE if text else 0.0

    @property
    def height(self) -> float:
        tall = {name: one.height for name, one in self.lists.items()}
        tall["medicines"] = tall["active"] + tall["possible"]
        tall["measures"] += tall["reports"]
        tall["stays"] += tall["operations"]
        full = {name: self.fixed[name] + tall[name] for name in self.fixed}
        return self.above.height + sum(max(full[name] for name in row) for row in _ROWS)

    def grow(self) -> None:
        severe = sum(1 for one in self.card.allergies.items if one.high_risk)
        for group in ORDER:
            steps = [self._step(name, severe) for name in group]
            while any([step() for step in steps]):  # a list, for each has its turn
                pass

    def _step(self, name: str, severe: int) -> Callable[[], bool]:
        list_name, _sep, what = name.partition(" ")
        one = self.lists[list_name]
        until = severe if "severe" in what else len(one.items)
        return (lambda: self._name_more(one, until)) if "named" in what else (lambda: self._open_more(one, until))

    def _open_more(self, one: _List, until: int) -> bool:
        before, limit = one.shown, min(until, len(one.cut))
        # The last is worth a try together: with it the line that names the rest goes.
        for shown in dict.fromkeys((before + 1, min(before + 2, limit), limit)):
            if before < shown <= limit:
                one.shown = shown
                if self.height <= SCREEN - _SLACK:
                    return True
        one.shown = before
        return False

    def _name_more(self, one: _List, until: int) -> bool:
        if not one.items or one.shown >= until or one.named >= one.needed(until):
            return False
        one.named += 1
        if self.height <= SCREEN - _SLACK:
            return True
        one.named -= 1
        return False


_ROWS = (("allergies", "alerts", "blood"), ("problems", "medicines", "measures"), ("visits", "stays", "contacts"))
ORDER = (
    ("allergies named severe",),
    ("allergies severe", "alerts"),
    ("blood",),
    ("allergies named",),
    ("active", "problems"),
    ("measures",),
    ("possible",),
    ("visits", "stays", "operations", "contacts"),
    ("allergies",),
    ("reports",),
    tuple(f"{name} named" for name in KINDS),
)
"""What grows first. "named": the names of what is not open; within a row of these each has its turn."""
