"""What stands above and below the card's three rows of panels: cut to what it may take, and how high it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext as _

from hoso.care.card import Difference, EmergencyCard, Who
from hoso.web import present
from hoso.web.fit.text import Run, clip, lines, px

SCREEN = 768
WIDE = 1318.0
"""Of the page at 1366 px, with room for a scroll bar that some browsers keep beside it."""
_BAR, _EDGES, _GAPS = 50.0, 12.0, 30.0
"""The bar, the card's padding, and the five gaps between its six rows."""
_ALARM = 52.0
_MOST_NUMBERS, _MOST_VALUES, _MOST_NAMES = 3, 3, 1
_LINKS = 760.0
NUMBERS = ("citizen-code", "personal-number", "insurance")


@dataclass(frozen=True, slots=True)
class Head:
    who: Who
    differences: tuple[Difference, ...]
    facilities: tuple[str, ...]
    cut: bool
    height: float


def head(card: EmergencyCard, today: date, alarm: bool = False) -> Head:
    """`alarm`: an emergency is open, and says so above everything."""
    who, differences = _who(card.who), tuple(map(_difference, card.differences))
    facilities = tuple(clip(name, 12, 220) for name in card.trust.facilities[:3])
    told = [one for one in card.who.identifiers if one.kind in NUMBERS]
    cut = (replace(who, identifiers=()), differences) != (replace(card.who, identifiers=()), card.differences)
    cut = cut or list(who.identifiers) != told
    height = _name(who, today) + _details(who) + _trust(facilities) + sum(map(_differ, differences))
    return Head(who, differences, facilities, cut, height + _BAR + _EDGES + _GAPS + (_ALARM if alarm else 0.0))


def _who(who: Who) -> Who:
    shown = [i for i in who.identifiers if i.kind in NUMBERS][:_MOST_NUMBERS]
    numbers = tuple(replace(one, value=clip(one.value, 14, 190)) for one in shown)
    taken = sum(px(present.grouped(one.value, one.kind), 14) + 140 for one in numbers)
    return replace(
        who,
        name=_name_cut(who.name),
        identifiers=numbers,
        address=clip(who.address, 14, max(300.0, WIDE - taken - 90)),
        phone=clip(who.phone, 14, 150, bold=True),
        station=clip(who.station, 12, 170),
        language=clip(who.language, 12, 150),
    )


def _name_cut(name: str) -> str:
    kept = clip(name.upper(), 24, 700, bold=True)
    return name if kept == " ".join(name.upper().split()) else name[: len(kept) - 1].rstrip() + "…"


def _difference(one: Difference) -> Difference:
    said = tuple(
        replace(
            s, value=clip(s.value, 12, 90), facilities=tuple(clip(name, 12, 130) for name in s.facilities[:_MOST_NAMES])
        )
        for s in one.said
    )
    return replace(one, said=said[:_MOST_VALUES])


def _name(who: Who, today: date) -> float:
    """The name's line, then marks and links, which share a line unless they are too many."""
    age = present.age_text(who.born, today, who.deceased) or _("age not known")
    facts = f"{present.sex(who.sex)} · {age} · {present.date_text(who.born) or _('birth date not recorded')}"
    line = px((who.name or _("Name not recorded")).upper(), 24, True) + px(facts, 17, True) + 14
    marks = 430.0 if who.deceased or not who.active else 300.0
    return _wrapped([(line, 34.0 if line <= WIDE else 60.0), (marks, 21.0), (_LINKS, 28.0)], 16, 4)


def _wrapped(items: Iterable[tuple[float, float]], gap: float, between: float) -> float:
    """The height of a row of boxes that goes on beneath when it is full."""
    rows: list[float] = []
    at = WIDE
    for width, height in items:
        if at + gap + width > WIDE:
            rows.append(height)
            at = width
        else:
            at += gap + width
            rows[-1] = max(rows[-1], height)
    return sum(rows) + between * (len(rows) - 1)


def _details(who: Who) -> float:
    boxes = [(px(present.grouped(one.value, one.kind), 14) + 120, 19.7) for one in who.identifiers]
    boxes += [(px(who.address, 14) + 70, 19.7)] if who.address else []
    return _wrapped(boxes, 24, 0) if boxes else 0.0


def _differ(one: Difference) -> float:
    runs: list[Run] = [("m " + _("Sources differ in the birth date:"), 12, True)]
    for said in one.said:
        value = present.sex(said.value) if one.kind == "sex" else present.date_text(said.value)
        runs += [(f" / {value}", 12, True), (f" ({', '.join(said.facilities)})", 12, False)]
    return lines(runs, WIDE - 30) * 16.9 + 8.8


def _trust(facilities: tuple[str, ...]) -> float:
    said = _("Facilities that have not sent data to this node are not shown.")
    return (
        lines([("m" * 55, 12, False), (" " + ", ".join(facilities), 12, False), (" " + said, 12, False)], WIDE) * 16.9
    )
