"""Each kind of line on the card: cut to what it may take, and how high it then stands. The stylesheet's own numbers.

`most`: how many lines a name may take; two where there is room, else one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from hoso.care.card import Alert, Allergy, Contact, Dose, Measure, Medicine, Operation, Problem, Source, Visit
from hoso.web import present
from hoso.web.fit.text import Run, clip, lines, px

BROAD, NARROW, VISITS = 466.0, 301.0, 635.0
"""Inner widths of panels over three, two and four of the eight columns at 1366 px."""
BODY, FINE, TINY, STRONG = 14.0, 12.0, 12.0, 16.0
_BODY_LINE, _FINE_LINE = BODY * 1.35, FINE * 1.35
_ICON, _TAG = 21.0, 18.0
_DATE = 70.0
_PLACE = 286.0
"""The most that the facility takes of a visit's line."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one list is set: its width, what cuts a line to `most` lines of a name, its height, its bare name."""

    width: float
    cut: Callable[[Any, float, int], Any]
    height: Callable[[Any, float], float]
    name: Callable[[Any], str]


def source(one: Source, width: float, most: int = 1) -> Source:
    origin = one.origin
    if origin is not None:
        origin = replace(origin, number=clip(origin.number, TINY, 90), facility=clip(origin.facility, TINY, 130))
    return replace(one, facility=clip(one.facility, FINE, _place(width, most)), author="", origin=origin)


def _place(width: float, most: int) -> float:
    return width * (0.95 if most > 1 else 0.45)


def _origin(one: Source, width: float) -> float:
    if one.origin is None:
        return 0.0
    said = _("from record %(number)s of %(facility)s, linked %(day)s") % {
        "number": one.origin.number or "?",
        "facility": one.origin.facility or _("a facility not named"),
        "day": present.date_text(one.origin.since),
    }
    return lines([("m", TINY, False), (" " + said, TINY, False)], width) * TINY * 1.35


def _allergy(one: Allergy, width: float, most: int) -> Allergy:
    room = width - px(f" · {_('not confirmed')}", FINE) - _DATE - 10
    return replace(
        one,
        substance=clip(one.substance, STRONG, width - _ICON - _TAG, most, bold=True),
        reactions=tuple(filter(None, [clip(", ".join(one.reactions), FINE, room)])),
        source=source(one.source, width, most),
    )


def _allergy_height(one: Allergy, width: float) -> float:
    tag = {"severe": _("Severe"), "moderate": _("Moderate"), "mild": _("Mild")}.get(one.severity, "")
    tag = tag if not one.high_risk or one.severity == "severe" else _("High risk")
    runs: list[Run] = [("mm" if one.high_risk else "", STRONG, True)]
    runs += [(one.substance or _("Substance not recorded"), STRONG, True)]
    runs += [(" " + tag.replace(" ", "\xa0") + "mm", TINY, True)] if tag else []
    said = ", ".join(one.reactions) or _("reaction not recorded")
    sure = _("confirmed") if one.confirmed else _("not confirmed")
    fine = f"{said} · {sure} · {present.date_text(one.source.when)}"
    return lines([*runs, (" " + fine, FINE, False)], width) * 21.0 + _origin(one.source, width)


def _alert(one: Alert, width: float, most: int) -> Alert:
    measure = _value(one.measure) if one.measure else None
    return replace(
        one, detail=clip(one.detail, 13, width, most), measure=measure, source=source(one.source, width, most)
    )


def _alert_height(one: Alert, width: float) -> float:
    runs: list[Run] = [("m ", BODY, True), (_(one.title), BODY, True)]
    if one.weeks:
        weeks = _("%(weeks)s weeks %(days)s days") % {"weeks": one.weeks[0], "days": one.weeks[1]}
        runs.append((" " + weeks, BODY, True))
    runs.append((f" · {one.detail}", 13, False))
    if one.measure:
        flag = _(one.measure.flag) + "mm" if one.measure.flag else ""
        runs.append(
            (f" · {_(one.measure.title)} {present.number(one.measure.value)} {one.measure.unit} {flag} ", 13, True)
        )
        runs.append((f"({present.date_text(one.measure.source.when)})", 13, False))
    else:
        runs.append((f" · {present.date_text(one.source.when)}", 13, False))
    return lines(runs, width) * 19.0 + _origin(one.source, width)


def _problem(one: Problem, width: float, most: int) -> Problem:
    return replace(
        one,
        name=clip(one.name, BODY, width, most, bold=True),
        code=clip(one.code, FINE, 60),
        source=source(one.source, width, most),
    )


def _problem_height(one: Problem, width: float) -> float:
    tag = "" if one.certain else " " + _("suspected").replace(" ", "\xa0") + "mm"
    name = lines([(one.name, BODY, True), (tag, TINY, True)], width) * _BODY_LINE + (3 if tag else 0)
    return name + _FINE_LINE + _origin(one.source, width)  # one line, which the stylesheet cuts


def _medicine(one: Medicine, width: float, most: int) -> Medicine:
    return replace(
        one,
        name=clip(one.name, BODY, width, most, bold=True),
        dose=Dose(text=clip(present.dose(one.dose), FINE, width, most)),
        source=source(one.source, width, most),
    )


def _medicine_height(one: Medicine, width: float) -> float:
    late = one.days_left is not None and one.days_left < 0
    supplied = _("supplied %(day)s") % {"day": present.date_text(one.supplied)}
    runs: list[Run] = [
        (f"{one.dose.text} · ", FINE, False),
        (present.supply(one.days_left, one.supply_end), FINE, late),
    ]
    runs += [(f" · {supplied}", FINE, False)] if one.supplied and not late else []
    name = lines([(one.name, BODY, True)], width) * _BODY_LINE
    return name + lines(runs, width) * _FINE_LINE + _origin(one.source, width)


def _value(one: Measure) -> Measure:
    return replace(one, value=clip(one.value, STRONG, 90, bold=True), unit=clip(one.unit, FINE, 80))


def _measure(one: Measure, width: float, most: int) -> Measure:
    return _value(one)


def _measure_height(one: Measure, width: float) -> float:
    """One cell of three in a row."""
    cell = width / 3 - 8
    flag = _(one.flag).replace(" ", "\xa0") + "mm" if one.flag else ""
    value: list[Run] = [(present.number(one.value).replace(" ", "\xa0"), STRONG, True)]
    value += [(" " + present.unit(one.unit).replace(" ", "\xa0"), FINE, False), (" " + flag, FINE, True)]
    title = _(one.title)
    room = max(cell - 8 - _DATE, max(px(word, FINE) for word in title.split(" ")))  # no word of it is broken
    return lines([(title, FINE, False)], room) * _FINE_LINE + lines(value, cell) * 21.7


def _report(one: Operation, width: float, most: int) -> Operation:
    return replace(one, name=clip(one.name, BODY, width, most + 1), source=source(one.source, width, most))


def _report_height(one: Operation, width: float) -> float:
    return lines([(one.name, BODY, False)], width) * _BODY_LINE + _FINE_LINE


def _blood(one: Measure, width: float, most: int) -> Measure:
    return replace(one, value=clip(one.value, 20, width - 10, most, bold=True), source=source(one.source, width, most))


def _blood_height(one: Measure, width: float) -> float:
    """The largest form: that of a value that stands alone."""
    runs: list[Run] = [
        (one.value + "  ", 20, True),
        (f"{present.date_text(one.source.when)} · {one.source.facility}", FINE, False),
    ]
    return lines(runs, width) * 28 + _origin(one.source, width)


def _visit(one: Visit, width: float, most: int) -> Visit:
    return replace(
        one,
        reason=clip(one.reason, BODY, 235, most),
        outcome=clip(one.outcome, FINE, 200),
        facility=clip(one.facility, FINE, _PLACE - 8),
    )


def _visit_height(one: Visit, width: float) -> float:
    place = min(px(one.facility or _("facility not recorded"), FINE) + 4, _PLACE)
    tag = {"inpatient": _("Inpatient"), "emergency": _("Emergency")}.get(one.care, "")
    reason = one.reason or (_("Your role may not see this") if one.masked else _("reason not recorded"))
    runs: list[Run] = [(tag.replace(" ", "\xa0") + "mm ", TINY, True)] if tag else []
    runs += [(reason, BODY, False)] + ([(f" → {one.outcome}", FINE, False)] if one.outcome else [])
    return lines(runs, width - 116 - place) * 19.0 + 1


def _stay(one: Visit, width: float, most: int) -> Visit:
    return replace(
        one,
        reason=clip(one.reason, BODY, width, most, bold=True),
        facility=clip(one.facility, FINE, _place(width, most)),
    )


def _stay_height(one: Visit, width: float) -> float:
    end = present.date_text(one.end) or _("now")
    fine = f"{present.date_text(one.start)}–{end} · {one.facility}"
    name = lines([(one.reason or _("Hospital stay"), BODY, True)], width) * _BODY_LINE
    return name + lines([(fine, FINE, False)], width) * _FINE_LINE


def _operation(one: Operation, width: float, most: int) -> Operation:
    return replace(one, name=clip(one.name, BODY, width, most, bold=True), source=source(one.source, width, most))


def _operation_height(one: Operation, width: float) -> float:
    fine = f"{present.date_text(one.source.when)} · {one.source.facility}"
    return lines([(one.name, BODY, True)], width) * _BODY_LINE + lines([(fine, FINE, False)], width) * _FINE_LINE


def _contact(one: Contact, width: float, most: int) -> Contact:
    return replace(
        one,
        name=clip(one.name, BODY, 180, most),
        relation=clip(one.relation, FINE, 70),
        phone=clip(one.phone, BODY, 150, bold=True),
    )


def _contact_height(one: Contact, width: float) -> float:
    name = lines([(one.name, BODY, False), (f" ({one.relation})", FINE, False)], width)
    beside = px(one.name, BODY) + px(f" ({one.relation})m", FINE) + px(present.phone(one.phone) + "mm", BODY, True) + 14
    return (name + (1 if beside > width and one.phone else 0)) * 19.7


KINDS = {
    "allergies": Kind(BROAD - 2, _allergy, _allergy_height, lambda one: one.substance or _("Substance not recorded")),
    "alerts": Kind(BROAD - 2, _alert, _alert_height, lambda one: f"{_(one.title)} ({one.detail})"),
    "blood": Kind(NARROW, _blood, _blood_height, lambda one: one.value),
    "problems": Kind(NARROW, _problem, _problem_height, lambda one: one.name),
    "active": Kind(BROAD, _medicine, _medicine_height, lambda one: one.name),
    "possible": Kind(BROAD, _medicine, _medicine_height, lambda one: one.name),
    "measures": Kind(BROAD, _measure, _measure_height, lambda one: _(one.title)),
    "reports": Kind(BROAD, _report, _report_height, lambda one: one.name),
    "visits": Kind(VISITS, _visit, _visit_height, lambda one: present.date_text(one.start)),
    "stays": Kind(NARROW, _stay, _stay_height, lambda one: one.reason or _("Hospital stay")),
    "operations": Kind(NARROW, _operation, _operation_height, lambda one: one.name),
    "contacts": Kind(NARROW, _contact, _contact_height, lambda one: one.name or present.phone(one.phone)),
}
