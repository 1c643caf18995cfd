"""The R4 model as navigation sees it: for every type, which JSON properties an element name can stand for."""

from __future__ import annotations

from functools import cache, cached_property
from typing import NamedTuple

from hoso.fhir.model import load

SYSTEM_OF_PRIMITIVE = {
    "boolean": "Boolean", "integer": "Integer", "positiveInt": "Integer", "unsignedInt": "Integer",
    "decimal": "Decimal", "date": "Date", "dateTime": "DateTime", "instant": "DateTime", "time": "Time",
}  # fmt: skip
SYSTEM_TYPES = frozenset(
    {"Boolean", "String", "Integer", "Long", "Decimal", "Date", "DateTime", "Time", "Quantity", "Any"}
)


class Field(NamedTuple):
    """One JSON property. `twin` holds the extensions of a primitive; `shape` None: the resource names its own type."""

    key: str
    twin: str | None
    shape: Shape | None


class Shape:
    """One FHIR type. `system` is the System type a primitive converts to, "Quantity" for quantities, else None."""

    def __init__(self, name: str) -> None:
        definition = load().types[name]
        self.name = name
        self.kind = definition.kind
        self.primitive = definition.kind == "primitive"
        self.base = definition.base
        self.abstract = definition.abstract

    @cached_property
    def lineage(self) -> frozenset[str]:
        """Itself and all its ancestors."""
        own = {self.name}
        if self.kind == "backbone":
            own.add("BackboneElement")
        return frozenset(own) | (shape(self.base).lineage if self.base else frozenset())

    @cached_property
    def system(self) -> str | None:
        if self.primitive:
            return SYSTEM_OF_PRIMITIVE.get(self.name, "String")
        return "Quantity" if "Quantity" in self.lineage else None

    @property
    def public_name(self) -> str:
        """A backbone has no name of its own outside its resource."""
        return "BackboneElement" if self.kind == "backbone" else self.name

    @cached_property
    def fields(self) -> dict[str, tuple[Field, ...]]:
        if self.primitive:
            return {
                "id": (Field("id", None, shape("string")),),
                "extension": (Field("extension", None, shape("Extension")),),
            }
        found: dict[str, tuple[Field, ...]] = {}
        for element in load().types[self.name].elements:
            properties = element.spellings()
            found[element.name] = tuple(_field(key, ref.code) for key, ref in properties)
        return found

    @cached_property
    def by_key(self) -> dict[str, Field]:
        return {field.key: field for fields in self.fields.values() for field in fields}

    def is_a(self, name: str) -> bool:
        return name in self.lineage


def _field(key: str, type: str) -> Field:
    if type == "Resource":
        return Field(key, None, None)
    known = shape(type)
    return Field(key, "_" + key if known.primitive else None, known)


@cache
def shape(name: str) -> Shape:
    return Shape(name)


def known(name: str) -> bool:
    return name in load().types
