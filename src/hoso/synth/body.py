"""What can be measured on a person at any day: growth, weight, blood pressure, pulse; smooth in time, noisy by visit.

Curves are medians of Vietnamese people rounded from WHO growth standards and national surveys.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from datetime import date
from random import Random

from hoso.synth.people import YEAR, Person
from hoso.synth.tables import Weighted, settings

Curve = list[list[float]]


@dataclass
class Load:
    """What diseases do to measurements from a day on (before treatment, and under it)."""

    since: date
    systolic: float
    treated: float


class Body:
    def __init__(self, person: Person, rng: Random) -> None:
        table = settings("body.toml")
        self._person = person
        self._tall = rng.gauss(0, 1)
        self._wide = max(-2.2, rng.gauss(0, 1))
        self._pressure = rng.gauss(0, 7)
        self._heights: Curve = table["height"][person.sex]
        self._masses: Curve = table["bmi"]
        self._curves = table
        self.loads: list[Load] = []
        self.blood_group = Weighted(table["blood_groups"].items()).pick(rng)
        self.is_rh_negative = rng.random() < 0.0008
        self.smokes = person.sex == "m" and person.birth.year < 2006 and rng.random() < 0.42

    def age(self, at: date) -> float:
        return (at - self._person.birth).days / YEAR

    @property
    def is_obese(self) -> bool:
        return self._wide > 1.1

    def height(self, at: date) -> float:
        shorter = 1.0 if self._person.birth.year > 1985 else 0.985 if self._person.birth.year > 1960 else 0.965
        return _read(self._heights, self.age(at)) * (1 + self._tall * 0.036) * shorter

    def weight(self, at: date) -> float:
        mass = _read(self._masses, self.age(at)) * (1 + self._wide * 0.115)
        return mass * (self.height(at) / 100) ** 2

    def pressure(self, at: date, rng: Random) -> tuple[int, int]:
        systolic = _read(self._curves["systolic"], self.age(at)) + self._pressure + self._wide * 2 + rng.gauss(0, 5)
        for load in self.loads:
            if at >= load.since:
                systolic += load.systolic if (at - load.since).days < 60 else load.treated
        diastolic = systolic * 0.42 + 27 + rng.gauss(0, 3.5)
        return round(max(62, min(228, systolic))), round(max(38, min(128, diastolic)))

    def pulse(self, at: date, rng: Random, fever: float = 0) -> int:
        return round(_read(self._curves["pulse"], self.age(at)) + rng.gauss(0, 6) + 9 * fever)

    def breaths(self, at: date, rng: Random, fever: float = 0) -> int:
        return round(_read(self._curves["breaths"], self.age(at)) + rng.gauss(0, 1.3) + 1.5 * fever)


def _read(curve: Curve, age: float) -> float:
    """Linear between the points of a curve."""
    at = bisect(curve, [age])
    if at == 0:
        return curve[0][1]
    if at == len(curve):
        return curve[-1][1]
    (x0, y0), (x1, y1) = curve[at - 1], curve[at]
    return y0 + (y1 - y0) * (age - x0) / (x1 - x0)
