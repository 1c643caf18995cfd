"""FHIRPath quantities: a decimal with a UCUM unit or a calendar duration, compared through canonical units."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hoso.fhir.ucum import in_base, unit

CALENDAR = {
    name: single
    for single in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for name in (single, single + "s")
}
UCUM_OF_CALENDAR = {
    "year": "a", "month": "mo", "week": "wk", "day": "d",
    "hour": "h", "minute": "min", "second": "s", "millisecond": "ms",
}  # fmt: skip
_CALENDAR_OF_UCUM = {code: name for name, code in UCUM_OF_CALENDAR.items()}
_VARIABLE = ("year", "month")


@dataclass(frozen=True, slots=True)
class Quantity:
    """`unit` is a UCUM code ("1" for none), or a calendar word when `calendar` is set."""

    value: Decimal
    unit: str
    calendar: bool = False

    def __str__(self) -> str:
        if self.calendar:
            return f"{self.value:f} {self.unit}"
        return f"{self.value:f} '{self.unit}'"

    @property
    def code(self) -> str:
        return UCUM_OF_CALENDAR[self.unit] if self.calendar else self.unit

    @property
    def calendar_word(self) -> str | None:
        """The calendar unit to add to a date with; a UCUM year or month is no calendar year."""
        if self.unit in CALENDAR:
            return CALENDAR[self.unit]
        word = _CALENDAR_OF_UCUM.get(self.unit)
        return None if word in _VARIABLE else word

    def scaled(self) -> tuple[Fraction, str] | None:
        """In base units; calendar years and months form a measure of their own."""
        if self.calendar and self.unit in _VARIABLE:
            return Fraction(self.value) * (12 if self.unit == "year" else 1), "month"
        known = unit(self.code)
        return None if known is None else (in_base(self.value, known), known.name)

    def compare(self, other: Quantity) -> int | None:
        """-1, 0, 1; None when the units do not measure the same thing."""
        if self.unit == other.unit and self.calendar == other.calendar:
            return (self.value > other.value) - (self.value < other.value)
        first, second = self.scaled(), other.scaled()
        if first is None or second is None or first[1] != second[1]:
            return None
        return (first[0] > second[0]) - (first[0] < second[0])
