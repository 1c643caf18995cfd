"""What work costs of a run's budget, where its amount hangs on the data: one step for about a microsecond.

Without it a short expression over a large resource could compare every element with every other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hoso.fhir.path.values import Collection, Node

MANY = 8
TEXT = 100  # characters a step
COMPARE = 4  # comparisons of simple values a step

Cost = Callable[[Collection, Collection], int]


def of_texts(items: Collection) -> int:
    """Text that is read or written."""
    steps = len(items) if len(items) > MANY else 0
    for item in items:
        value = item.value if item.__class__ is Node else item
        if value.__class__ is str:
            steps += len(value) // TEXT
    return steps


def weight(items: Collection) -> int:
    """The size of what is compared: whole elements cost each of their parts."""
    return sum(_size(item.value) if item.__class__ is Node else 1 for item in items)


def _size(value: Any) -> int:
    if value.__class__ is dict:
        return 1 + sum(_size(part) for part in value.values())
    if value.__class__ is list:
        return 1 + sum(_size(part) for part in value)
    return 1 + (len(value) // TEXT if value.__class__ is str else 0)


def _both(left: Collection, right: Collection) -> int:
    return weight(left) + weight(right)


def _each_with_each(left: Collection, right: Collection) -> int:
    return _both(left, right) + len(left) * len(right) // COMPARE


def _texts(left: Collection, right: Collection) -> int:
    return of_texts(left) + of_texts(right)


_COSTS: dict[str, Cost] = {
    "|": _both, "=": _both, "!=": _both,
    "~": _each_with_each, "!~": _each_with_each, "in": _each_with_each, "contains": _each_with_each,
    "&": _texts, "+": _texts, "<": _texts, ">": _texts, "<=": _texts, ">=": _texts,
}  # fmt: skip


def small(items: Collection) -> bool:
    """At most one value, and a short one: what most operators get."""
    if not items:
        return True
    if len(items) > 1:
        return False
    item = items[0]
    value = item.value if item.__class__ is Node else item
    kind = value.__class__
    return kind is not dict and (kind is not str or len(value) <= TEXT)


def of_operator(operator: str) -> Cost | None:
    """None when its work is always small."""
    return _COSTS.get(operator)
