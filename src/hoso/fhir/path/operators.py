"""The binary and unary operators on collections, as the precedence table of the parser names them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal, DecimalException
from typing import Any

from hoso.fhir.path import compare
from hoso.fhir.path.errors import PathError, execution
from hoso.fhir.path.frame import short
from hoso.fhir.path.quantity import Quantity
from hoso.fhir.path.registry import one
from hoso.fhir.path.temporal import Temporal
from hoso.fhir.path.values import Collection, Long, boolean, single, string, system
from hoso.fhir.ucum import MAX_LENGTH, unit

EXACT = Context(prec=34)
MAX_INTEGER = 2**63 - 1

Operator = Callable[[Collection, Collection, int], Collection]


def _equals(left: Collection, right: Collection, at: int) -> Collection:
    return one(compare.all_equal(left, right)) if left and right else []


def _differs(left: Collection, right: Collection, at: int) -> Collection:
    same = compare.all_equal(left, right) if left and right else None
    return [] if same is None else [not same]


def _alike(left: Collection, right: Collection, at: int) -> Collection:
    return [compare.all_equivalent(left, right)]


def _unlike(left: Collection, right: Collection, at: int) -> Collection:
    return [not compare.all_equivalent(left, right)]


def _ordered(verdict: Callable[[int], bool]) -> Operator:
    def compared(left: Collection, right: Collection, at: int) -> Collection:
        first, second = single(left, at), single(right, at)
        if first is None or second is None:
            return []
        order = compare.order(first, second, at)
        return [] if order is None else [verdict(order)]

    return compared


def _union(left: Collection, right: Collection, at: int) -> Collection:
    return compare.distinct(left + right)


def _in(left: Collection, right: Collection, at: int) -> Collection:
    item = single(left, at)
    return [] if item is None else [compare.contains(right, item)]


def _contains(left: Collection, right: Collection, at: int) -> Collection:
    return _in(right, left, at)


def _and(left: Collection, right: Collection, at: int) -> Collection:
    a, b = boolean(left, at), boolean(right, at)
    if a is False or b is False:
        return [False]
    return [True] if a and b else []


def _or(left: Collection, right: Collection, at: int) -> Collection:
    a, b = boolean(left, at), boolean(right, at)
    if a or b:
        return [True]
    return [False] if a is False and b is False else []


def _xor(left: Collection, right: Collection, at: int) -> Collection:
    a, b = boolean(left, at), boolean(right, at)
    return [] if a is None or b is None else [a is not b]


def _implies(left: Collection, right: Collection, at: int) -> Collection:
    a, b = boolean(left, at), boolean(right, at)
    if a is False or b:
        return [True]
    return [False] if a and b is False else []


def _concatenate(left: Collection, right: Collection, at: int) -> Collection:
    return [short((string(left, at) or "") + (string(right, at) or ""))]


def _arithmetic(work: Callable[[Any, Any, int], Any]) -> Operator:
    def computed(left: Collection, right: Collection, at: int) -> Collection:
        a, b = system(single(left, at)), system(single(right, at))
        if a is None or b is None:
            return []
        try:
            found = bounded(work(a, b, at))
        except DecimalException:
            return []
        return [Long(found)] if type(found) is int and Long in (type(a), type(b)) else one(found)

    return computed


def bounded(value: Any) -> Any:
    """None for an integer that no 64 bits can hold."""
    return None if type(value) is int and abs(value) > MAX_INTEGER else value


def _plus(a: Any, b: Any, at: int) -> Any:
    if isinstance(a, str) and isinstance(b, str):
        return short(a + b)
    if isinstance(a, Temporal) and isinstance(b, Quantity):
        return later(a, b, 1, at)
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        return _quantity_sum(a, b, 1)
    _numbers(a, b, at)
    return a + b if _integers(a, b) else EXACT.add(Decimal(a), Decimal(b))


def _minus(a: Any, b: Any, at: int) -> Any:
    if isinstance(a, Temporal) and isinstance(b, Quantity):
        return later(a, b, -1, at)
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        return _quantity_sum(a, b, -1)
    _numbers(a, b, at)
    return a - b if _integers(a, b) else EXACT.subtract(Decimal(a), Decimal(b))


def _times(a: Any, b: Any, at: int) -> Any:
    if isinstance(a, Quantity) or isinstance(b, Quantity):
        return _quantity_product(a, b, at, ".")
    _numbers(a, b, at)
    return a * b if _integers(a, b) else EXACT.multiply(Decimal(a), Decimal(b))


def _divide(a: Any, b: Any, at: int) -> Any:
    if isinstance(a, Quantity) or isinstance(b, Quantity):
        return _quantity_product(a, b, at, "/")
    _numbers(a, b, at)
    return None if b == 0 else EXACT.divide(Decimal(a), Decimal(b))


def _div(a: Any, b: Any, at: int) -> Any:
    _numbers(a, b, at)
    if b == 0:
        return None
    if _integers(a, b):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return int(EXACT.divide(Decimal(a), Decimal(b)).to_integral_value(ROUND_DOWN))


def _mod(a: Any, b: Any, at: int) -> Any:
    _numbers(a, b, at)
    if b == 0:
        return None
    if _integers(a, b):
        return abs(a) % abs(b) * (-1 if a < 0 else 1)
    return EXACT.remainder(Decimal(a), Decimal(b))


def _integers(a: Any, b: Any) -> bool:
    return isinstance(a, int) and isinstance(b, int)


def _numbers(a: Any, b: Any, at: int) -> None:
    for value in (a, b):
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise execution("These values cannot be reckoned with", at)


def _quantity_sum(a: Quantity, b: Quantity, sign: int) -> Quantity | None:
    if a.unit == b.unit and a.calendar == b.calendar:
        return Quantity(a.value + sign * b.value, a.unit, a.calendar)
    first, second, target = a.scaled(), b.scaled(), unit(a.code)
    if first is None or second is None or target is None or first[1] != second[1] or target.offset:
        return None
    total = (first[0] + sign * second[0]) / target.factor
    return Quantity(EXACT.divide(Decimal(total.numerator), Decimal(total.denominator)), a.code)


def _quantity_product(a: Any, b: Any, at: int, mark: str) -> Quantity | None:
    first, second = compare.as_quantity(a), compare.as_quantity(b)
    if first is None or second is None:
        raise execution("These values cannot be reckoned with", at)
    if mark == "/" and second.value == 0:
        return None
    work = EXACT.multiply if mark == "." else EXACT.divide
    return Quantity(work(first.value, second.value), _combined(first.code, second.code, mark))


def _combined(first: str, second: str, mark: str) -> str:
    """The unit of a product or quotient; a divisor of several parts keeps together."""
    if second == "1":
        return first
    if mark == "/" and first == second:
        return "1"
    if mark == "/" and ("." in second or "/" in second):
        second = f"({second})"
    made = second if first == "1" and mark == "." else f"{first}{mark}{second}"
    if len(made) > MAX_LENGTH:
        raise PathError("limit", f"A unit grows beyond {MAX_LENGTH} characters")
    return made


_SECONDS = {
    "week": Decimal(604_800), "day": Decimal(86_400), "hour": Decimal(3600), "minute": Decimal(60),
    "second": Decimal(1), "millisecond": Decimal("0.001"),
}  # fmt: skip


def later(start: Temporal, amount: Quantity, sign: int, at: int) -> Temporal | None:
    """A date moved by a duration. Only calendar seconds have a fraction; of other units the whole ones count."""
    word = amount.calendar_word
    if word is None:
        raise execution(f"'{amount.unit}' is no duration to move a date by", at)
    value = amount.value * sign
    if word in ("year", "month"):
        months = int(value) * (12 if word == "year" else 1)
        if start.kind == "Time":
            raise execution("A time has no years or months", at)
        return start.plus(Decimal(0), months)
    if word == "millisecond" or (word == "second" and amount.calendar):
        return start.plus(_whole_at(start, value * _SECONDS[word]))
    return start.plus(_whole_at(start, int(value) * _SECONDS[word]))


def _whole_at(start: Temporal, seconds: Decimal) -> Decimal:
    """Only what the value's precision can hold is added: 36 hours move a month by nothing, a day by one."""
    clock = len(start.parts) - (0 if start.kind == "Time" else 3)
    if clock >= 3:
        return seconds
    unit_seconds = {2: 60, 1: 3600}.get(clock, 86_400)
    return Decimal(int(seconds / unit_seconds) * unit_seconds)


def negated(items: Collection, at: int) -> Collection:
    value = system(single(items, at))
    if value is None:
        return []
    if isinstance(value, Quantity):
        return [Quantity(-value.value, value.unit, value.calendar)]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise execution("Only a number has a sign", at)
    return [type(value)(-value) if isinstance(value, int) else EXACT.minus(value) if value else value]


def positive(items: Collection, at: int) -> Collection:
    negated(items, at)
    return items


BINARY: dict[str, Operator] = {
    "=": _equals, "!=": _differs, "~": _alike, "!~": _unlike,
    "<": _ordered(lambda o: o < 0), "<=": _ordered(lambda o: o <= 0),
    ">": _ordered(lambda o: o > 0), ">=": _ordered(lambda o: o >= 0),
    "|": _union, "in": _in, "contains": _contains,
    "and": _and, "or": _or, "xor": _xor, "implies": _implies,
    "&": _concatenate, "+": _arithmetic(_plus), "-": _arithmetic(_minus), "*": _arithmetic(_times),
    "/": _arithmetic(_divide), "div": _arithmetic(_div), "mod": _arithmetic(_mod),
}  # fmt: skip

__all__ = ["BINARY", "EXACT", "PathError", "bounded", "later", "negated", "positive"]
