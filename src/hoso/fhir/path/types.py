"""Type names in expressions: `is` accepts subtypes, `as` and `ofType` take a data type exactly."""

from __future__ import annotations

from hoso.fhir.path.errors import PathError
from hoso.fhir.path.shapes import SYSTEM_TYPES, known, shape
from hoso.fhir.path.values import Item, Node, type_info


class TypeName:
    """A name resolved once: FHIR first, as its types are what a path meets, then System.

    R4's own definitions write `Boolean` and `DateTime` where they mean FHIR's types; unless `strict`, so may others.
    """

    def __init__(self, text: str, position: int, strict: bool = True) -> None:
        namespace, _, name = text.rpartition(".")
        if namespace not in ("", "FHIR", "System"):
            raise PathError("semantic", f"Unknown namespace {namespace!r}", position)
        self.fhir = name if namespace != "System" and known(name) else None
        if self.fhir is None and not strict and namespace == "" and known(name[:1].lower() + name[1:]):
            self.fhir = name[:1].lower() + name[1:]
        self.system = name if namespace != "FHIR" and name in SYSTEM_TYPES else None
        if self.fhir is None and self.system is None and not known(name):
            raise PathError("execution", f"Unknown type {text!r}", position)
        self.abstract = self.fhir is not None and (
            shape(self.fhir).abstract or self.fhir in ("BackboneElement", "Element")
        )

    def includes(self, item: Item) -> bool:
        """`is`"""
        if item.__class__ is Node:
            return self.fhir is not None and item.shape.is_a(self.fhir)
        return self._is_system(item)

    def exactly(self, item: Item) -> bool:
        """`as` and `ofType`; a type that nothing can have by itself still takes its subtypes."""
        if item.__class__ is Node:
            return self.fhir is not None and (
                item.shape.is_a(self.fhir) if self.abstract else item.shape.name == self.fhir
            )
        return self._is_system(item)

    def _is_system(self, item: Item) -> bool:
        return self.system is not None and self.system in ("Any", type_info(item).name)
