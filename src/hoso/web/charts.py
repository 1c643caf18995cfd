"""Where things stand in a picture of a value: on the bar of its range, and on the line of a trend. Pure numbers.

A picture is never alone: the page says the same in a sentence and in a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hoso.care.elements import moment
from hoso.care.results import Value

WIDTH, HEIGHT, EDGE = 320.0, 120.0, 8.0
_ROOM = 0.6
"""Of the width of the range, shown on either side of it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The range from `start` to `end` and the value at `at`, in a picture of `WIDTH`."""

    start: float
    end: float
    at: float


@dataclass(frozen=True, slots=True)
class Trend:
    """`points`: (x, y, whether outside), the oldest first. `top`, `bottom`: the band of the newest value's range."""

    points: tuple[tuple[float, float, bool], ...]
    top: float | None
    bottom: float | None

    @property
    def line(self) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in self.points)


def bar(value: Value) -> Bar | None:
    """None for a value that is no number, or has no range."""
    if value.number is None or (value.low is None and value.high is None):
        return None
    low, high = _domain(value)
    return Bar(
        EDGE if value.low is None else _x(value.low, low, high),
        WIDTH - EDGE if value.high is None else _x(value.high, low, high),
        _x(value.number, low, high),
    )


def trend(values: Sequence[Value]) -> Trend | None:
    """Of two numbers or more with a time each."""
    placed = [(at, one) for one in values if one.number is not None and (at := moment(one.source.when)) is not None]
    if len(placed) < 2:
        return None
    last = placed[-1][1]
    shown = [one.number or 0.0 for _, one in placed] + [end for end in (last.low, last.high) if end is not None]
    low, high = min(shown), max(shown)
    room = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    low, high = low - room, high + room
    first, span = placed[0][0], max(1, placed[-1][0] - placed[0][0])
    points = tuple(
        (
            EDGE + (WIDTH - 2 * EDGE) * (at - first) / span,
            _y(one.number or 0.0, low, high),
            one.standing in ("above", "below", "danger", "outside"),
        )
        for at, one in placed
    )
    if last.low is None and last.high is None:
        return Trend(points, None, None)
    return Trend(
        points,
        EDGE if last.high is None else _y(last.high, low, high),
        HEIGHT - EDGE if last.low is None else _y(last.low, low, high),
    )


def _domain(value: Value) -> tuple[float, float]:
    number = value.number or 0.0
    if value.low is not None and value.high is not None and value.high > value.low:
        room = (value.high - value.low) * _ROOM
        low, high = value.low - room, value.high + room
    else:
        end = value.high if value.high is not None else value.low or 0.0
        low, high = 0.0, abs(end) * 2 or 1.0
    margin = (high - low) * 0.05
    return min(low, number - margin), max(high, number + margin)


def _x(number: float, low: float, high: float) -> float:
    return EDGE + (WIDTH - 2 * EDGE) * (number - low) / (high - low)


def _y(number: float, low: float, high: float) -> float:
    return HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (number - low) / (high - low)
