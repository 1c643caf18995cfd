"""From a child's measures to z-scores: which table a measure is held against, and what the score is called.

Birth to 60 months by day (WHO 2006), then to 19 years by month (WHO 2007). What WHO calls implausible is flagged, and
no name is given to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from hoso.care.growth.who import Lms, lms
from hoso.care.rules import table

Kind = Literal["weight", "height", "head"]
Position = Literal["", "lying", "standing"]
LAST_DAY = 1856
"""Of the standards of 2006; from the day after on the reference of 2007 is used."""
LAST_MONTH = 228


@dataclass(frozen=True, slots=True, order=True)
class Measured:
    """In kg or cm. `position`: how a height was measured, where that is known."""

    on: date
    kind: Kind
    value: float
    position: Position = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    key: str
    title: str
    unit: str
    tables: tuple[str, ...]
    restricted: bool
    flag: tuple[float, float]
    bands: tuple[tuple[float, str], ...]
    bands_school: tuple[tuple[float, str], ...]

    def called(self, z: float, school: bool) -> str:
        bands = self.bands_school if school and self.bands_school else self.bands
        return [name for least, name in bands if z >= least][-1]

    def implausible(self, z: float) -> bool:
        return not self.flag[0] <= z <= self.flag[1]


@dataclass(frozen=True, slots=True)
class Point:
    """`x`: what the table is entered with (days, months or cm); `value`: what is held against it, a height as lying or
    standing as the table wants it. `band` is a catalogue key, "" when the score is implausible."""

    indicator: str
    on: date
    age_days: int
    x: float
    value: float
    z: float
    flagged: bool
    band: str


@cache
def indicators() -> tuple[Indicator, ...]:
    return tuple(
        Indicator(
            row["key"], row["title"], row["unit"], tuple(row["tables"]), row.get("restricted", False),
            (row["flag"][0], row["flag"][1]), _bands(row["bands"]), _bands(row.get("bands_school", ())),
        )
        for row in table("growth")["indicator"]
    )  # fmt: skip


def indicator(key: str) -> Indicator:
    return next(one for one in indicators() if one.key == key)


def _bands(rows: Iterable[Any]) -> tuple[tuple[float, str], ...]:
    return tuple((float(least), str(name)) for least, name in rows)


def assess(born: date, sex: str, measured: Iterable[Measured]) -> tuple[Point, ...]:
    """Oldest first. Of two measures of a kind on one day the later told counts."""
    by_day: dict[date, dict[str, Measured]] = {}
    for one in sorted(measured):
        if one.on >= born and one.value > 0:
            by_day.setdefault(one.on, {})[one.kind] = one
    return tuple(point for on in sorted(by_day) for point in _points(born, sex, on, by_day[on]))


def _points(born: date, sex: str, on: date, of_day: dict[str, Measured]) -> Iterator[Point]:
    days = (on - born).days
    weight = of_day["weight"].value if "weight" in of_day else None
    height = stature(of_day["height"], days) if "height" in of_day else None
    head = of_day["head"].value if "head" in of_day else None
    values = {"weight": weight, "height": height, "head": head}
    if weight is not None and height is not None:
        values |= {"weight-for-height": weight, "bmi": weight / (height / 100) ** 2}
    for one in indicators():
        value = values.get(one.key)
        place = entered(one, sex, days, height)
        if value is None or place is None:
            continue
        x, row = place
        z = round(row.z(value, one.restricted), 2)
        flagged = one.implausible(z)
        yield Point(one.key, on, days, x, value, z, flagged, "" if flagged else one.called(z, days > LAST_DAY))


def stature(height: Measured, days: int) -> float:
    """As the table of that age has it: lying under two years, standing from then on."""
    rules = table("growth")
    if days < rules["lying_days"] and height.position == "standing":
        return height.value + float(rules["lying_more_cm"])
    if days >= rules["lying_days"] and height.position == "lying":
        return height.value - float(rules["lying_more_cm"])
    return height.value


def entered(one: Indicator, sex: str, days: int, height: float | None) -> tuple[float, Lms] | None:
    """Where in its tables a child of this age stands; None where WHO has none."""
    if one.key == "weight-for-height":
        if height is None or days > LAST_DAY:
            return None
        name = one.tables[0] if days < table("growth")["lying_days"] else one.tables[1]
        row = lms(name, sex, round(height, 2))
        return (height, row) if row else None
    if days <= LAST_DAY:
        row = lms(one.tables[0], sex, days)
        return (float(days), row) if row else None
    months = days / float(table("growth")["month_days"])
    row = lms(one.tables[1], sex, months) if len(one.tables) > 1 and months <= LAST_MONTH else None
    return (months, row) if row else None


def newest(points: Sequence[Point]) -> dict[str, Point]:
    """The last plausible one of each indicator, else the last."""
    found: dict[str, Point] = {}
    for one in points:
        if not one.flagged or one.indicator not in found or found[one.indicator].flagged:
            found[one.indicator] = one
    return found
