"""toX() and convertsToX(): between the System types, by the table of the specification."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hoso.fhir.path.frame import Frame
from hoso.fhir.path.lexer import unescape
from hoso.fhir.path.operators import EXACT, bounded
from hoso.fhir.path.quantity import CALENDAR, Quantity
from hoso.fhir.path.registry import function, one
from hoso.fhir.path.temporal import Temporal
from hoso.fhir.path.values import Collection, Long, single, string, system, type_info
from hoso.fhir.ucum import convert

_INTEGER = re.compile(r"[+-]?\d{1,19}\Z", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?\Z", re.ASCII)
_QUANTITY = re.compile(r"([+-]?\d{1,40}(?:\.\d{1,40})?)(?:\s*'((?:[^'\\]|\\.)+)'|\s+([a-z]+))?\s*\Z", re.ASCII)
_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})


def to_boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return {1: True, 0: False}.get(int(value)) if value == int(value) else None
    if isinstance(value, str):
        word = value.lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return None


def to_integer(value: Any) -> int | None:
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, str) and _INTEGER.match(value):
        found: int | None = bounded(int(value))
        return found
    return None


def to_long(value: Any) -> Long | None:
    found = to_integer(value)
    return None if found is None else Long(found)


def to_decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return Decimal("1.0" if value else "0.0")
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and _DECIMAL.match(value):
        return Decimal(value)
    return None


def to_string(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | Temporal | Quantity):
        return str(value)
    return None


def to_quantity(value: Any) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, str):
        match = _QUANTITY.match(value)
        return _quantity(*match.groups()) if match else None
    number = to_decimal(value)
    return None if number is None else Quantity(number, "1")


def _quantity(number: str, code: str | None, word: str | None) -> Quantity | None:
    if word is not None:
        return Quantity(Decimal(number), CALENDAR[word], calendar=True) if word in CALENDAR else None
    return Quantity(Decimal(number), unescape(code) if code is not None else "1")


def to_date(value: Any) -> Temporal | None:
    if isinstance(value, Temporal):
        return Temporal("Date", value.parts[:3]) if value.kind != "Time" else None
    if isinstance(value, str):
        moment = Temporal.parse("DateTime", value)
        return Temporal("Date", moment.parts[:3]) if moment is not None else None
    return None


def to_datetime(value: Any) -> Temporal | None:
    if isinstance(value, Temporal):
        return Temporal("DateTime", value.parts, value.fraction, value.zone) if value.kind != "Time" else None
    return Temporal.parse("DateTime", value) if isinstance(value, str) else None


def to_time(value: Any) -> Temporal | None:
    if isinstance(value, Temporal):
        return value if value.kind == "Time" else None
    return Temporal.parse("Time", value.removeprefix("T")) if isinstance(value, str) else None


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "Boolean": to_boolean, "Integer": to_integer, "Long": to_long, "Decimal": to_decimal, "String": to_string,
    "Date": to_date, "DateTime": to_datetime, "Time": to_time,
}  # fmt: skip


def _register(name: str, convert: Callable[[Any], Any]) -> None:
    @function(f"to{name}")
    def to(frame: Frame, items: Collection) -> Collection:
        value = system(single(items))
        return [] if value is None else one(convert(value))

    @function(f"convertsTo{name}")
    def converts(frame: Frame, items: Collection) -> Collection:
        value = system(single(items))
        return [] if value is None else [convert(value) is not None]


for _name, _convert in _CONVERSIONS.items():
    _register(_name, _convert)


def _in_unit(items: Collection, wanted: Collection) -> Quantity | None:
    """The quantity in another unit: a UCUM code, or a calendar word."""
    found, code = to_quantity(system(single(items))), string(wanted)
    if found is None or code is None:
        return None
    target = Quantity(Decimal(1), CALENDAR.get(code, code), calendar=code in CALENDAR)
    if (found.unit, found.calendar) == (target.unit, target.calendar):
        return found
    if found.compare(target) is None:
        return None
    if found.calendar and target.calendar and found.unit in ("year", "month"):
        moved = Fraction(found.value) * (12 if found.unit == "year" else 1) / (12 if target.unit == "year" else 1)
    else:
        converted = convert(found.value, found.code, target.code)
        if converted is None:
            return None
        moved = converted
    value = EXACT.divide(Decimal(moved.numerator), Decimal(moved.denominator))
    return Quantity(value, target.unit, target.calendar)


@function("toQuantity", 0, 1)
def quantity(frame: Frame, items: Collection, unit: Collection | None = None) -> Collection:
    value = system(single(items))
    if value is None:
        return []
    return one(to_quantity(value) if unit is None else _in_unit(items, unit))


@function("convertsToQuantity", 0, 1)
def converts_to_quantity(frame: Frame, items: Collection, unit: Collection | None = None) -> Collection:
    return [bool(quantity(frame, items, unit))] if items else []


@function("type")
def type_(frame: Frame, items: Collection) -> Collection:
    return [type_info(item) for item in items]
