"""What is measured in a visit: how it is typed, what nobody can have, and what is asked about before it is believed.

A value is never changed by us: what cannot be read as one number is given back to whoever typed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, get_args

from hoso.care.growth.assess import Kind, Measured
from hoso.care.growth.check import implausible
from hoso.care.rules import table

_NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,4})?\Z", re.ASCII)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}\Z", re.ASCII)
"""1.234 is a thousand to one reader and one and a bit to the next."""
_PAIR = re.compile(r"\s*[/\\-]\s*|\s+")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a field that its writer has to look at. `kind` is a key of the page's words."""

    field: str
    kind: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """One number that is measured; `doubt` are (from months of age, low, high), youngest first."""

    loinc: str
    display: str
    vi: str
    low: Decimal
    high: Decimal
    doubt: tuple[tuple[int, Decimal, Decimal], ...]

    def odd(self, value: Decimal, months: int | None) -> bool:
        """Whether it is outside of what is common at this age; at an unknown age, at every age."""
        if months is None:
            return all(not low <= value <= high for _, low, high in self.doubt)
        fitting = [band for band in self.doubt if band[0] <= months]
        return bool(fitting) and not fitting[-1][1] <= value <= fitting[-1][2]


@dataclass(frozen=True, slots=True)
class Vital:
    """`parts`: one number, or the upper and the lower of a blood pressure. `only`: templates that ask for it."""

    key: str
    title: str
    loinc: str
    display: str
    vi: str
    unit: str
    ucum: str
    decimals: int
    parts: tuple[Part, ...]
    only: tuple[str, ...]
    change: Decimal | None
    change_days: int

    @property
    def paired(self) -> bool:
        return len(self.parts) == 2


@dataclass(frozen=True, slots=True)
class Last:
    """The value measured before, as the form shows it beside the field."""

    values: tuple[Decimal, ...]
    on: date


@cache
def vitals() -> tuple[Vital, ...]:
    return tuple(_vital(row) for row in table("visit")["vital"])


@cache
def vital(key: str) -> Vital:
    return next(one for one in vitals() if one.key == key)


def read(one: Vital, text: str) -> tuple[Decimal, ...] | Problem:
    """The number or numbers typed; decimal comma or point. A pressure is "130/80", "130 80" or "130-80"."""
    pieces = _PAIR.split(text.strip()) if one.paired else [text.strip()]
    if len(pieces) != len(one.parts) or not all(_NUMBER.match(piece) for piece in pieces):
        return Problem(one.key, "pressure-form" if one.paired else "number-form", {"text": text[:40]})
    if any(_THOUSANDS.match(piece) for piece in pieces):
        return Problem(one.key, "number-ambiguous", {"text": text[:40]})
    found = tuple(Decimal(piece.replace(",", ".")) for piece in pieces)
    if any(-int(value.as_tuple().exponent) > one.decimals for value in found):
        return Problem(one.key, "number-digits", {"text": text[:40], "decimals": str(one.decimals)})
    for part, value in zip(one.parts, found, strict=True):
        if not part.low <= value <= part.high:
            limits = {"low": f"{part.low:f}", "high": f"{part.high:f}", "unit": one.unit}
            return Problem(one.key, "impossible", {"value": f"{value:f}", **limits})
    if one.paired and found[0] <= found[1]:
        return Problem(one.key, "pressure-order", {"text": text[:40]})
    return found


def doubts(
    one: Vital, values: tuple[Decimal, ...], months: int | None, last: Last | None, today: date
) -> list[Problem]:
    """What its writer is asked once: is this right?"""
    said = "/".join(f"{value:f}" for value in values)
    found = []
    if any(part.odd(value, months) for part, value in zip(one.parts, values, strict=True)):
        found.append(Problem(one.key, "unusual", {"value": said, "unit": one.unit}))
    if last is not None and one.change is not None and (today - last.on).days <= one.change_days:
        before = last.values[0]
        if before and abs(values[0] - before) / before > one.change and _grown(months):
            found.append(Problem(one.key, "changed", {"value": said, "before": f"{before:f}", "unit": one.unit}))
    if one.key == "height" and last is not None and values[0] < last.values[0] - 2:
        found.append(Problem(one.key, "shrunk", {"value": said, "before": f"{last.values[0]:f}", "unit": one.unit}))
    return found


def child_doubts(one: Vital, value: Decimal, born: date | None, sex: str, today: date) -> list[Problem]:
    """What the WHO tables say of a child's weight, height or head; they are stricter than the bands of the table."""
    kind = next((kind for kind in get_args(Kind) if kind == one.key), None)
    if born is None or kind is None:
        return []
    doubt = implausible(born, sex, Measured(today, kind, float(value)))
    if doubt is None:
        return []
    said = {"value": f"{value:f}", "unit": one.unit}
    if doubt.meant is None:
        return [Problem(one.key, "no-child", said)]
    return [Problem(one.key, "slip", {**said, "meant": f"{doubt.meant:g}"})]


def _grown(months: int | None) -> bool:
    """A small child gains a tenth in a month by growing."""
    return months is None or months >= 72


def months_at(born: str, today: date) -> int | None:
    """Whole months of age; of a year alone those at its middle; None for no date."""
    parts = [int(part) for part in born[:10].split("-") if part.isdecimal()]
    if not parts:
        return None
    year, month, day = [*parts, 7, 1][:3] if len(parts) == 1 else [*parts, 1][:3]
    return max(0, (today.year - year) * 12 + today.month - month - (today.day < day))


def _vital(row: dict[str, Any]) -> Vital:
    rows: Iterable[dict[str, Any]] = (row["systolic"], row["diastolic"]) if "systolic" in row else (row,)
    return Vital(
        key=row["key"],
        title=row["title"],
        loinc=row["loinc"],
        display=row["display"],
        vi=row["vi"],
        unit=row["unit"],
        ucum=row["ucum"],
        decimals=row["decimals"],
        parts=tuple(_part(one) for one in rows),
        only=tuple(row.get("only", ())),
        change=Decimal(str(row["change"])) if "change" in row else None,
        change_days=row.get("change_days", 0),
    )


def _part(row: dict[str, Any]) -> Part:
    bands = tuple((int(months), Decimal(str(low)), Decimal(str(high))) for months, low, high in row["doubt"])
    return Part(row["loinc"], row["display"], row["vi"], Decimal(str(row["from"])), Decimal(str(row["to"])), bands)
