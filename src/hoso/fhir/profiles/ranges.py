"""The least and the greatest value that a profile allows an element: numbers, moments and quantities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hoso.core.errors import Issue
from hoso.fhir.path import PathError
from hoso.fhir.path.compare import order
from hoso.fhir.path.shapes import known, shape
from hoso.fhir.path.values import Node
from hoso.fhir.profiles.items import Item
from hoso.fhir.rules.faults import shown

_LOW, _HIGH = "minValue", "maxValue"


class Bound(NamedTuple):
    """`low`: the least value, else the greatest; `type` is of the bound itself ("date", "Quantity")."""

    low: bool
    type: str
    value: Any


def bounds(element: dict[str, Any]) -> tuple[Bound, ...]:
    """Those that an element definition names. Raises ValueError for a type that has no order."""
    found = []
    for key, value in element.items():
        if not key.startswith((_LOW, _HIGH)):
            continue
        name = key[len(_LOW) :]
        type = name if known(name) else name[:1].lower() + name[1:]
        if not known(type):
            raise ValueError(key)
        found.append(Bound(key.startswith(_LOW), type, value))
    return tuple(found)


def outside(limits: tuple[Bound, ...], item: Item) -> Iterator[Issue]:
    """Faults for what is certainly outside; what cannot be compared (another unit, less precision) is only told."""
    for limit in limits:
        values = {"value": _text(item.value), "limit": _text(limit.value)}
        try:
            found = order(Node(item.value, shape(item.type)), Node(limit.value, shape(limit.type)))
        except PathError:
            found = None
        if found is None:
            yield Issue("informational", "profile.not-compared", values, item.path, "information")
        elif found < 0 if limit.low else found > 0:
            yield Issue("value", "profile.too-low" if limit.low else "profile.too-high", values, item.path)


def _text(value: Any) -> str:
    if isinstance(value, dict) and "value" in value:
        return shown(f"{value['value']} {value.get('unit') or value.get('code', '')}".strip())
    return shown(value)
