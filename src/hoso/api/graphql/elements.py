"""Elements by the R4 model: what a field of a type is, which of its values are meant, what a slice is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from hoso.fhir.graphql import Fault, Place
from hoso.fhir.model import load
from hoso.fhir.path import PathError, compile
from hoso.fhir.path.shapes import shape
from hoso.fhir.path.values import Node

_ANY = ("Resource", "DomainResource")
MOST_PATH = 500


@dataclass(frozen=True, slots=True)
class Element:
    """`complex` ones have elements of their own, and are asked for with a selection."""

    type: str
    repeats: bool
    complex: bool

    def type_of(self, value: Any) -> str:
        return str(value["resourceType"]) if self.type in _ANY else self.type


@lru_cache(maxsize=4096)
def element(type: str, name: str) -> Element | None:
    """The element of that name, if any; `_birthDate` is what stands beside the value of `birthDate`."""
    known = load().types.get(type)
    found = known.properties.get(name.removeprefix("_")) if known is not None else None
    if found is None:
        return None
    definition, reference = found
    of = load().types.get(reference.code)
    simple = of is None or of.kind == "primitive"
    if name.startswith("_"):
        return Element("Element", definition.max != 1, True) if simple else None
    return Element(reference.code, definition.max != 1, not simple)


def listed(value: Any) -> list[Any]:
    """The values there are; in a list of what stands beside primitives, null is none."""
    if isinstance(value, list):
        return [one for one in value if one is not None]
    return [] if value is None else [value]


def matching(
    known: Element, values: list[Any], criteria: Mapping[str, str], expression: str | None, root: dict[str, Any],
    now: datetime, place: Place,
) -> list[Any]:  # fmt: skip
    """Those whose elements are as asked for, and of which the FHIRPath expression is true."""
    for name in criteria:
        part = element(known.type, name)
        if part is None or part.complex:
            raise Fault("graphql.argument", place, "not-supported", name=name)
    kept = [one for one in values if all(_has(one, name, text) for name, text in criteria.items())]
    if expression is None:
        return kept
    return [one for one in kept if _path(known, one, expression, root, now, place) == [True]]


def sliced(known: Element, value: Any, path: str, root: dict[str, Any], now: datetime, place: Place) -> str:
    found = _path(known, value, path, root, now, place)
    if len(found) > 1:
        raise Fault("graphql.several", place, name=path[:80])
    return _text(found[0]) if found else ""


def _has(value: Any, name: str, text: str) -> bool:
    return isinstance(value, dict) and any(_text(one) == text for one in listed(value.get(name)))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _path(known: Element, value: Any, text: str, root: dict[str, Any], now: datetime, place: Place) -> list[Any]:
    if len(text) > MOST_PATH:
        raise Fault("graphql.path", place, "too-long", reason=f"> {MOST_PATH}")
    try:
        of = shape(known.type_of(value))
        return [one.value for one in compile(text).evaluate(root, context=Node(value, of), now=now)]
    except PathError as fault:
        raise Fault("graphql.path", place, reason=str(fault)) from None
