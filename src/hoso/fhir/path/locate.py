"""Which type an element of a resource has, told by where it stands: for callers that hold only its JSON."""

from __future__ import annotations

from typing import Any

from hoso.fhir.path.shapes import Shape, shape

_OF_JSON = {bool: "boolean", int: "integer", str: "string"}


class Locator:
    """Remembers the last resource it walked; elements are told apart by identity, so no two are confused."""

    def __init__(self) -> None:
        self._last: tuple[Any, dict[int, Shape]] = (None, {})

    def shape(self, resource: dict[str, Any], element: Any) -> Shape:
        if not isinstance(element, dict):
            return shape(_OF_JSON.get(type(element), "decimal"))
        walked, found = self._last
        if walked is not resource or id(element) not in found:
            found = {}
            _walk(resource, shape(resource["resourceType"]), found)
            self._last = (resource, found)
        return found[id(element)]


def _walk(value: dict[str, Any], kind: Shape, found: dict[int, Shape]) -> None:
    found[id(value)] = kind
    for key, field in kind.by_key.items():
        inner = value.get(key)
        for item in inner if isinstance(inner, list) else (inner,):
            if isinstance(item, dict):
                _walk(item, field.shape or shape(item["resourceType"]), found)
        twin = value.get(field.twin) if field.twin is not None else None
        for item in twin if isinstance(twin, list) else (twin,):
            if isinstance(item, dict) and field.shape is not None:
                _walk(item, field.shape, found)
