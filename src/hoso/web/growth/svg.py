"""A growth chart as a picture in the page: WHO's lines from -3 to +3 and the child's points, drawn by the server.

Colours come from the stylesheet by class; the same facts stand beside it as a sentence and a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from hoso.care.growth import Indicator, Point
from hoso.care.growth.assess import LAST_DAY
from hoso.care.growth.who import lms, tables
from hoso.care.rules import table

WIDTH, HEIGHT = 680.0, 420.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 34.0, 12.0, 40.0
LINES = (-3, -2, -1, 0, 1, 2, 3)
_STEPS = 36
_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of a table that is drawn. `ticks`: (place in the table, what is written under it)."""

    table: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    axis: str
    """"months", "years" or "cm"."""


def window(indicator: Indicator, sex: str, age_days: int) -> Window | None:
    """Where the child is now; None where WHO has no table for this age and sex."""
    name = indicator.tables[0]
    if indicator.key == "weight-for-height":
        if age_days > LAST_DAY or (name, sex) not in tables():
            return None
        if age_days >= table("growth")["lying_days"]:
            return Window(indicator.tables[1], 65, 120, _ticks(65, 120, 5, 1), "cm")
        return Window(name, 45, 110, _ticks(45, 110, 5, 1), "cm")
    if age_days <= LAST_DAY:
        months = 24 if age_days < table("growth")["lying_days"] else 60
        found = Window(name, 0, months * _MONTH, _ticks(0, months, 2 if months == 24 else 6, _MONTH), "months")
    elif len(indicator.tables) > 1:
        last = max(tables().get((indicator.tables[1], sex), {0.0: None}))
        if age_days / _MONTH > last:
            return None
        found = Window(indicator.tables[1], 61, last, _ticks(6, int(last) // 12, 1, 12), "years")
    else:
        return None
    return found if (found.table, sex) in tables() else None


def _ticks(first: int, last: int, step: int, scale: float) -> tuple[tuple[float, str], ...]:
    return tuple((n * scale, str(n)) for n in range(first, last + 1, step))


def chart(indicator: Indicator, sex: str, at: Window, points: Sequence[Point], title: str, axis: str) -> Markup:
    """`title` and `axis`: in the reader's words."""
    curves = {z: _curve(indicator, sex, at, z) for z in LINES}
    own = [(one.x, one.value) for one in points if at.low <= one.x <= at.high and not one.flagged]
    values = [value for curve in curves.values() for _, value in curve] + [value for _, value in own]
    low, high = min(values), max(values)
    margin = (high - low) * 0.03
    x, y = _scale(at.low, at.high, LEFT, WIDTH - RIGHT), _scale(low - margin, high + margin, HEIGHT - BOTTOM, TOP)
    parts = [*_grid(at, x, y, low, high), *(_line(z, curve, x, y) for z, curve in curves.items())]
    if len(own) > 1:
        parts.append(f'<polyline class="curve__own" points="{_path(own, x, y)}"/>')
    parts += [f'<circle class="curve__point" cx="{x(a):.1f}" cy="{y(b):.1f}" r="4.5"/>' for a, b in own]
    parts.append(
        f'<text class="curve__text" x="{WIDTH / 2:.0f}" y="{HEIGHT - 6:.0f}" text-anchor="middle">{escape(axis)}</text>'
    )
    return Markup(  # noqa: S704  (numbers of ours; texts are escaped)
        f'<svg class="curve" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def _curve(indicator: Indicator, sex: str, at: Window, z: int) -> list[tuple[float, float]]:
    places = [at.low + (at.high - at.low) * step / _STEPS for step in range(_STEPS + 1)]
    if at.axis == "months":
        places = [float(round(place)) for place in places]
    rows = ((place, lms(at.table, sex, round(place, 1))) for place in places)
    return [(place, row.line(z, indicator.restricted)) for place, row in rows if row is not None]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _path(places: Sequence[tuple[float, float]], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    return " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in places)


def _line(
    z: int, curve: Sequence[tuple[float, float]], x: Callable[[float], float], y: Callable[[float], float]
) -> str:
    end = curve[-1]
    name = f"{z:+d}" if z else "0"
    return (
        f'<polyline class="curve__line curve__line--{abs(z)}" points="{_path(curve, x, y)}"/>'
        f'<text class="curve__text" x="{x(end[0]) + 5:.1f}" y="{y(end[1]) + 4:.1f}">{name.replace("-", "−")}</text>'
    )


def _grid(at: Window, x: Callable[[float], float], y: Callable[[float], float], low: float, high: float) -> list[str]:
    parts = []
    for place, name in at.ticks:
        if at.low <= place <= at.high + 1:
            at_x, under = f"{x(place):.1f}", HEIGHT - BOTTOM + 15
            parts.append(f'<path class="curve__grid" d="M{at_x} {TOP}V{HEIGHT - BOTTOM}"/>')
            parts.append(f'<text class="curve__text" x="{at_x}" y="{under}" text-anchor="middle">{name}</text>')
    step = next(s for s in (1, 2, 5, 10, 20, 50) if (high - low) / s <= 10)
    value = int(low // step) * step
    while value <= high:
        if value >= low:
            parts.append(f'<path class="curve__grid" d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}"/>')
            parts.append(
                f'<text class="curve__text" x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value}</text>'
            )
        value += step
    return parts
