"""The elements of a resource as a profile sees them: each with its type, its `_` sibling and its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hoso.fhir.model import load


class Item(NamedTuple):
    value: Any
    """None for a primitive that has nothing but extensions."""
    type: str
    path: str
    sibling: dict[str, Any] | None = None

    def inside(self) -> dict[str, Any]:
        """What the element has members in: itself, or the sibling of a primitive."""
        return self.value if isinstance(self.value, dict) else self.sibling or {}


def root_item(resource: dict[str, Any], path: str = "") -> Item:
    type = str(resource["resourceType"])
    return Item(resource, type, path or type)


def items(parent: Item, name: str) -> Iterator[Item]:
    """The values of the element `name` ("value" for a choice), in their order."""
    definition = load().types.get(parent.type)
    element = definition.by_name.get(name) if definition else None
    if element is None:
        primitive = definition is not None and definition.kind == "primitive" and name == "extension"
        if primitive:
            yield from _each(parent, "extension", "Extension", f"{parent.path}.extension")
        return
    for key, ref in element.spellings():
        place = f"{parent.path}.{name}" + (f".ofType({ref.code})" if element.choice else "")
        yield from _each(parent, key, ref.code, place)


def _each(parent: Item, key: str, type: str, place: str) -> Iterator[Item]:
    node = parent.inside()
    value, sibling = node.get(key), node.get("_" + key)
    if isinstance(value, list) or isinstance(sibling, list):
        values, siblings = value or [], sibling or []
        for n in range(max(len(values), len(siblings))):
            one = values[n] if n < len(values) else None
            other = siblings[n] if n < len(siblings) else None
            yield Item(one, _type(one, type), f"{place}[{n}]", other)
    elif value is not None or sibling is not None:
        yield Item(value, _type(value, type), place, sibling)


def _type(value: Any, type: str) -> str:
    if type == "Resource" and isinstance(value, dict):
        return str(value.get("resourceType", type))
    return type


def has_pattern(value: Any, pattern: Any) -> bool:
    """All that the pattern names is there; of its lists, each member is matched by some member."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(k in value and has_pattern(value[k], p) for k, p in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(has_pattern(v, p) for v in value) for p in pattern)
    return bool(value == pattern)
