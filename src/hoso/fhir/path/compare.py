"""Equality (=), equivalence (~) and order (<) of items and collections; None where FHIRPath answers empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any

from hoso.fhir.path.errors import execution
from hoso.fhir.path.quantity import UCUM_OF_CALENDAR, Quantity
from hoso.fhir.path.temporal import Temporal
from hoso.fhir.path.values import Collection, Item, Node, system
from hoso.fhir.ucum import convert, unit

# Room for every number that a resource or an expression may hold.
WIDE = Context(prec=1_000)


def equal(first: Item, second: Item) -> bool | None:
    a, b = system(first), system(second)
    if a.__class__ is Node or b.__class__ is Node or a is None or b is None:
        return _same_json(first, second)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, Temporal) and isinstance(b, Temporal):
        return _order_is_zero(a.compare(b)) if a.comparable_with(b) else False
    if isinstance(a, Temporal) or isinstance(b, Temporal):
        a, b = _both_temporal(a, b)
        return _order_is_zero(a.compare(b)) if isinstance(a, Temporal) and isinstance(b, Temporal) else False
    if isinstance(a, Quantity) or isinstance(b, Quantity):
        return _quantities_equal(a, b)
    return bool(a == b)


def _order_is_zero(order: int | None) -> bool | None:
    return None if order is None else order == 0


def _both_temporal(a: Any, b: Any) -> tuple[Any, Any]:
    """A string next to a date is read as one, as the implicit conversions allow."""
    if isinstance(a, str) and isinstance(b, Temporal):
        return Temporal.parse(b.kind, a), b
    if isinstance(b, str) and isinstance(a, Temporal):
        return a, Temporal.parse(a.kind, b)
    return a, b


def as_quantity(value: Any) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Quantity(Decimal(value), "1")
    return None


def _quantities_equal(a: Any, b: Any) -> bool | None:
    first, second = as_quantity(a), as_quantity(b)
    if first is None or second is None:
        return False
    if _calendar_against_ucum(first, second):
        return None
    return _order_is_zero(first.compare(second)) if first.compare(second) is not None else _unlike(first, second)


def _unlike(first: Quantity, second: Quantity) -> bool | None:
    """Known units of different dimensions are not equal; an unknown unit leaves it open unless spelt the same."""
    return None if first.scaled() is None or second.scaled() is None else False


def _calendar_against_ucum(first: Quantity, second: Quantity) -> bool:
    """A calendar year or month has no fixed length, so it neither equals nor differs from UCUM's."""
    return first.calendar != second.calendar and any(
        q.calendar and q.unit in ("year", "month") for q in (first, second)
    )


def _same_json(first: Item, second: Item) -> bool:
    if first.__class__ is Node and second.__class__ is Node:
        return bool(first.value == second.value and first.extra == second.extra)
    return False


def equivalent(first: Item, second: Item) -> bool:
    a, b = system(first), system(second)
    if a.__class__ is Node or b.__class__ is Node or a is None or b is None:
        return first.__class__ is second.__class__ is Node and _likeness(first.value) == _likeness(second.value)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, Temporal) or isinstance(b, Temporal):
        a, b = _both_temporal(a, b)
        both = isinstance(a, Temporal) and isinstance(b, Temporal)
        return both and a.comparable_with(b) and a.compare(b) == 0
    if isinstance(a, Quantity) or isinstance(b, Quantity):
        return _quantities_equivalent(a, b)
    if isinstance(a, str) and isinstance(b, str):
        return _folded(a) == _folded(b)
    if isinstance(a, int | Decimal) and isinstance(b, int | Decimal):
        return numbers_alike(Decimal(a), Decimal(b))
    return False


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def numbers_alike(a: Decimal, b: Decimal) -> bool:
    """Equal at the precision of the less precise one, trailing zeros aside."""
    digits = min(_digits(a), _digits(b))
    place = Decimal(1).scaleb(-digits)
    return a.quantize(place, ROUND_HALF_UP, WIDE) == b.quantize(place, ROUND_HALF_UP, WIDE)


def _digits(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _quantities_equivalent(a: Any, b: Any) -> bool:
    first, second = as_quantity(a), as_quantity(b)
    if first is None or second is None:
        return False
    if _calendar_against_ucum(first, second):
        first, second = (Quantity(q.value, UCUM_OF_CALENDAR.get(q.unit, q.unit)) for q in (first, second))
    if first.unit == second.unit:
        return numbers_alike(first.value, second.value)
    coarse, fine = (first, second) if _size(first) >= _size(second) else (second, first)
    moved = convert(fine.value, fine.code, coarse.code)
    return moved is not None and numbers_alike(coarse.value, Decimal(moved.numerator) / Decimal(moved.denominator))


def _size(quantity: Quantity) -> Fraction:
    known = unit(quantity.code)
    return known.factor if known is not None else Fraction(0)


def _likeness(value: Any) -> Hashable:
    """Complex elements alike have one: same content, whatever the order of lists; ids of elements do not count."""
    if isinstance(value, dict):
        return ("d", frozenset((name, _likeness(part)) for name, part in value.items() if name != "id"))
    if isinstance(value, list):
        return ("l", frozenset(Counter(_likeness(part) for part in value).items()))
    return (isinstance(value, bool), _folded(value) if isinstance(value, str) else value)


def all_equal(left: Collection, right: Collection) -> bool | None:
    """`=` of two collections that both have items: item by item, in order."""
    if len(left) != len(right):
        return False
    verdict: bool | None = True
    for a, b in zip(left, right, strict=True):
        same = equal(a, b)
        if same is False:
            return False
        if same is None:
            verdict = None
    return verdict


def all_equivalent(left: Collection, right: Collection) -> bool:
    if len(left) != len(right):
        return False
    if all(_complex(item) for item in (*left, *right)):
        return _likenesses(left) == _likenesses(right)
    rest = list(right)
    for item in left:
        match = next((n for n, other in enumerate(rest) if equivalent(item, other)), None)
        if match is None:
            return False
        del rest[match]
    return True


def _complex(item: Item) -> bool:
    return item.__class__ is Node and item.shape.system is None


def _likenesses(items: Collection) -> Counter[Hashable]:
    return Counter(_likeness(item.value) for item in items)


def order(first: Item, second: Item, position: int = 0) -> int | None:
    """-1, 0, 1, or None where precision or units leave it open; what has no order is an error."""
    a, b = system(first), system(second)
    if a is None or b is None:
        return None
    if isinstance(a, Temporal) or isinstance(b, Temporal):
        a, b = _both_temporal(a, b)
        if isinstance(a, Temporal) and isinstance(b, Temporal) and a.comparable_with(b):
            return a.compare(b)
    elif isinstance(a, str) and isinstance(b, str):
        return (a > b) - (a < b)
    elif isinstance(a, Quantity) or isinstance(b, Quantity):
        one, two = as_quantity(a), as_quantity(b)
        if one is not None and two is not None:
            return None if _calendar_against_ucum(one, two) else one.compare(two)
    elif _number(a) and _number(b):
        return int(a > b) - int(a < b)
    raise execution("These values have no order", position)


def _number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def key(item: Item) -> Hashable:
    """A hash key: items of one kind are equal exactly when their keys are."""
    value = system(item)
    if isinstance(value, bool):
        return ("b", value)
    if isinstance(value, str):
        return ("s", value)
    if isinstance(value, int | Decimal):
        return ("n", value)
    if isinstance(value, Temporal):
        return ("t", value.mark)
    if isinstance(value, Quantity):
        return ("q", value.scaled() or (value.value, value.unit, value.calendar))
    if item.__class__ is Node:
        return ("j", _frozen(item.value), _frozen(item.extra))
    return ("o", value)


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return ("d", frozenset((name, _frozen(part)) for name, part in value.items()))
    if isinstance(value, list):
        return ("l", tuple(_frozen(part) for part in value))
    return (isinstance(value, bool), value)


def distinct(items: Collection) -> Collection:
    """First of each, in order."""
    found: dict[Hashable, Item] = {}
    for item in items:
        found.setdefault(key(item), item)
    return list(found.values())


def contains(items: Collection, item: Item) -> bool:
    return any(equal(other, item) for other in items)
