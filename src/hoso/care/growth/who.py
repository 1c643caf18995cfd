"""The WHO tables of L, M and S, and the z-score of a value by them.

Weight-based indicators beyond three standard deviations use WHO's restricted application: the distance between the
second and third line goes on evenly, so that the skewness of the tails does not decide.
"""

from __future__ import annotations

import csv
import gzip
import io
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Lms(NamedTuple):
    l: float  # noqa: E741  (WHO's name)
    m: float
    s: float

    def at(self, z: float) -> float:
        """The value that has this z-score."""
        if self.l == 0:
            raise ValueError("no table of WHO has L = 0")
        return float(self.m * (1 + self.l * self.s * z) ** (1 / self.l))

    def line(self, z: float, restricted: bool) -> float:
        """As `at`, with the lines beyond 3 where the restricted application puts them."""
        if not restricted or abs(z) <= 3:
            return self.at(z)
        side = 1 if z > 0 else -1
        third, second = self.at(3 * side), self.at(2 * side)
        return third + (abs(z) - 3) * (third - second)

    def z(self, value: float, restricted: bool) -> float:
        plain = ((value / self.m) ** self.l - 1) / (self.l * self.s)
        if not restricted or abs(plain) <= 3:
            return float(plain)
        side = 1 if plain > 0 else -1
        third, second = self.at(3 * side), self.at(2 * side)
        return side * 3 + (value - third) / abs(third - second)


@cache
def tables() -> dict[tuple[str, str], dict[float, Lms]]:
    """By (table, sex): the rows by day, month or centimetre."""
    packed = (files(__package__) / "data" / "who.csv.gz").read_bytes()
    found: dict[tuple[str, str], dict[float, Lms]] = {}
    for row in csv.DictReader(io.StringIO(gzip.decompress(packed).decode())):
        lms = Lms(float(row["l"]), float(row["m"]), float(row["s"]))
        found.setdefault((row["indicator"], row["sex"]), {})[float(row["x"])] = lms
    return found


def lms(table: str, sex: str, x: float) -> Lms | None:
    """The row at x; between two rows, evenly from one to the other. None outside of the table."""
    rows = tables().get((table, sex), {})
    if (exact := rows.get(x)) is not None:
        return exact
    step = 0.1 if table in ("weight-length", "weight-height") else 1.0
    low = round(int(x / step + 1e-9) * step, 1)
    below, above = rows.get(low), rows.get(round(low + step, 1))
    if below is None or above is None:
        return None
    part = (x - low) / step
    return Lms(*(a + (b - a) * part for a, b in zip(below, above, strict=True)))
