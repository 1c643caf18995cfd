"""The R4 model as XML sees it: each type's elements in their order, and what stands in attributes.

In XML the order of elements is the model's, an element's id and an extension's url are attributes, and a primitive
is an element whose value is an attribute.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from hoso.fhir.model import Element, load

FHIR = "http://hl7.org/fhir"
Kind = Literal["primitive", "complex", "resource", "xhtml"]
"""`resource`: the element wraps any resource (`contained`, `Bundle.entry.resource`)."""

NUMBERS = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})

DEPTH_LIMIT = 130
"""Open elements at once; each may be an array and an object in JSON, which ends at 254 levels."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One element a parent may hold, under one of its names. Spellings of a choice share their `place`."""

    name: str
    place: int
    type: str
    kind: Kind
    many: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """`attributes` are those an element of the type may carry beside its content."""

    slots: dict[str, Slot]
    attributes: frozenset[str]


@cache
def shape(type: str) -> Shape:
    """Raises KeyError for a type R4 does not know."""
    definition = load().types[type]
    if definition.kind == "primitive":
        return Shape({"extension": Slot("extension", 0, "Extension", "complex", True)}, frozenset({"id", "value"}))
    attributes = frozenset(() if definition.kind == "resource" else ("id", "url") if type == "Extension" else ("id",))
    slots: dict[str, Slot] = {}
    for place, element in enumerate(definition.elements):
        if element.name not in attributes:
            slots.update(_slots(place, element))
    return Shape(slots, attributes)


def _slots(place: int, element: Element) -> dict[str, Slot]:
    many = element.max != 1
    return {name: Slot(name, place, ref.code, _kind(ref.code), many) for name, ref in element.spellings()}


def _kind(type: str) -> Kind:
    if type in ("Resource", "DomainResource"):
        return "resource"
    if type == "xhtml":
        return "xhtml"
    return "primitive" if load().types[type].kind == "primitive" else "complex"


@cache
def resource_types() -> frozenset[str]:
    return frozenset(load().resource_types)
