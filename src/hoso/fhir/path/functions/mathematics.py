"""Numbers: abs, round, power, logarithms and sums; a result that is no number is empty."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException
from typing import Any

from hoso.fhir.path.errors import execution
from hoso.fhir.path.frame import Frame
from hoso.fhir.path.operators import BINARY, EXACT, bounded
from hoso.fhir.path.quantity import Quantity
from hoso.fhir.path.registry import function, one
from hoso.fhir.path.values import Collection, integer, single, system

_BOUNDED = EXACT.copy()
_BOUNDED.Emax, _BOUNDED.Emin = 999, -999


def number(items: Collection) -> int | Decimal | Quantity | None:
    value = system(single(items))
    if value is None or (isinstance(value, int | Decimal | Quantity) and not isinstance(value, bool)):
        return value
    raise execution("A number is expected here")


def _worked(value: Any, work: Callable[[Any], Any]) -> Collection:
    """The work done on a number, or on a quantity's value."""
    try:
        if isinstance(value, Quantity):
            found = work(value.value)
            return [] if found is None else [Quantity(Decimal(found), value.unit, value.calendar)]
        return [] if value is None else one(bounded(work(value)))
    except (DecimalException, OverflowError, ValueError):
        return []


def _plain(name: str, work: Callable[[Any], Any]) -> None:
    @function(name)
    def applied(frame: Frame, items: Collection) -> Collection:
        return _worked(number(items), work)


def _root(value: int | Decimal) -> Decimal | None:
    return None if value < 0 else _BOUNDED.sqrt(Decimal(value))


def _ln(value: int | Decimal) -> Decimal | None:
    return None if value <= 0 else _BOUNDED.ln(Decimal(value))


_plain("abs", abs)
_plain("ceiling", lambda value: int(Decimal(value).to_integral_value(ROUND_CEILING)))
_plain("floor", lambda value: int(Decimal(value).to_integral_value(ROUND_FLOOR)))
_plain("truncate", lambda value: int(Decimal(value).to_integral_value(ROUND_DOWN)))
_plain("exp", lambda value: _BOUNDED.exp(Decimal(value)))
_plain("ln", _ln)
_plain("sqrt", _root)


@function("log", 1)
def log(frame: Frame, items: Collection, base: Collection) -> Collection:
    value, root = number(items), number(base)
    if not isinstance(value, int | Decimal) or not isinstance(root, int | Decimal) or root <= 0 or root == 1:
        return []
    return _worked(value, lambda v: None if v <= 0 else _logarithm(Decimal(v), Decimal(root)))


def _logarithm(value: Decimal, base: Decimal) -> Decimal:
    """Exact where the answer is a whole number."""
    found = _BOUNDED.divide(_BOUNDED.ln(value), _BOUNDED.ln(base))
    whole = found.to_integral_value()
    return whole if _BOUNDED.power(base, whole) == value else found


@function("power", 1)
def power(frame: Frame, items: Collection, exponent: Collection) -> Collection:
    value, raised = number(items), number(exponent)
    if not isinstance(value, int | Decimal) or not isinstance(raised, int | Decimal):
        return []
    whole = isinstance(value, int) and isinstance(raised, int) and raised >= 0

    def work(base: int | Decimal) -> int | Decimal:
        found = _BOUNDED.power(Decimal(base), Decimal(raised))
        return int(found) if whole else found

    return _worked(value, work)


@function("round", 0, 1)
def round_(frame: Frame, items: Collection, precision: Collection | None = None) -> Collection:
    digits = (integer(precision) if precision is not None else 0) or 0
    if not 0 <= digits <= 28:
        raise execution("round() takes 0 to 28 digits")
    place = Decimal(1).scaleb(-digits)

    def work(value: int | Decimal) -> int | Decimal:
        rounded = Decimal(value).quantize(place, ROUND_HALF_UP)
        return int(rounded) if isinstance(value, int) else rounded

    return _worked(number(items), work)


def _folded(items: Collection, operator: str) -> Collection:
    total = items[:1]
    for item in items[1:]:
        total = BINARY[operator](total, [item], 0)
    return total


@function("sum")
def sum_(frame: Frame, items: Collection) -> Collection:
    return _folded(items, "+")


@function("avg")
def avg(frame: Frame, items: Collection) -> Collection:
    return BINARY["/"](_folded(items, "+"), [len(items)], 0) if items else []


def _best(items: Collection, operator: str) -> Collection:
    best = items[:1]
    for item in items[1:]:
        if BINARY[operator]([item], best, 0) == [True]:
            best = [item]
    return best


@function("min")
def min_(frame: Frame, items: Collection) -> Collection:
    return _best(items, "<")


@function("max")
def max_(frame: Frame, items: Collection) -> Collection:
    return _best(items, ">")
