"""The least and greatest value that a number, date or time of limited precision can stand for."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from hoso.fhir.path.compare import WIDE
from hoso.fhir.path.frame import Frame
from hoso.fhir.path.quantity import Quantity
from hoso.fhir.path.registry import function, one
from hoso.fhir.path.temporal import Temporal, month_length
from hoso.fhir.path.values import Collection, integer, single, system

MAX_DIGITS = 31
_DATE_DIGITS = {4: 1, 6: 2, 8: 3}
_DATETIME_DIGITS = {4: 1, 6: 2, 8: 3, 10: 4, 12: 5, 14: 6, 17: 7}
_TIME_DIGITS = {2: 1, 4: 2, 6: 3, 9: 4}
# The zones where a day begins first and ends last.
_EARLIEST, _LATEST = 14 * 60, -12 * 60


@function("lowBoundary", 0, 1)
def low_boundary(frame: Frame, items: Collection, precision: Collection | None = None) -> Collection:
    return _boundary(items, precision, up=False)


@function("highBoundary", 0, 1)
def high_boundary(frame: Frame, items: Collection, precision: Collection | None = None) -> Collection:
    return _boundary(items, precision, up=True)


@function("precision")
def precision_of(frame: Frame, items: Collection) -> Collection:
    value = system(single(items))
    if isinstance(value, Temporal):
        return [value.precision]
    if isinstance(value, Quantity):
        value = value.value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return [_places(Decimal(value))]
    return []


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _boundary(items: Collection, precision: Collection | None, up: bool) -> Collection:
    value: Any = system(single(items))
    digits = integer(precision) if precision is not None else None
    if isinstance(value, Temporal):
        return one(_temporal(value, digits, up))
    if isinstance(value, Quantity):
        found = _number(value.value, digits, up)
        return [] if found is None else [Quantity(found, value.unit, value.calendar)]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return one(_number(Decimal(value), digits, up))
    return []


def _number(value: Decimal, digits: int | None, up: bool) -> Decimal | None:
    """Half a unit of the last digit away, given outward with the digits asked for (8 when not said)."""
    digits = 8 if digits is None else digits
    if not 0 <= digits <= MAX_DIGITS:
        return None
    half = Decimal(5).scaleb(-_places(value) - 1)
    edge = value + half if up else value - half
    # HL7's cases round the end that lies away from zero and cut the one towards it.
    outward = value == 0 or up == (value > 0)
    return edge.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP if outward else ROUND_DOWN, WIDE)


def _temporal(value: Temporal, digits: int | None, up: bool) -> Temporal | None:
    table, full = {
        "Date": (_DATE_DIGITS, 8),
        "DateTime": (_DATETIME_DIGITS, 17),
        "Time": (_TIME_DIGITS, 9),
    }[value.kind]
    size = table.get(full if digits is None else digits)
    if size is None:
        return None
    parts = _filled(value, up)
    clock_at = 0 if value.kind == "Time" else 3
    if size <= clock_at or value.kind == "Date":
        return Temporal(value.kind, parts[:size])
    fraction = ""
    if size == clock_at + 4:
        fraction = (value.fraction + ("999" if up else "000"))[:3]
    zone = value.zone
    if value.kind == "DateTime" and zone is None:
        zone = _LATEST if up else _EARLIEST
    return Temporal(value.kind, parts[: min(size, clock_at + 3)], fraction, zone)


def _filled(value: Temporal, up: bool) -> tuple[int, ...]:
    parts = list(value.parts)
    if value.kind != "Time":
        if len(parts) == 1:
            parts.append(12 if up else 1)
        if len(parts) == 2:
            parts.append(month_length(parts[0], parts[1]) if up else 1)
        if len(parts) == 4:  # FHIR writes no hour without its minutes: an hour alone is a full hour
            parts.append(0)
    clock = [23, 59, 59] if up else [0, 0, 0]
    have = len(parts) - (0 if value.kind == "Time" else 3)
    return tuple(parts + clock[have:])
