"""Values of a FHIRPath Patch as JSON has them, and lists of primitives kept in step with their `_` twins."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

from hoso.fhir.model import load
from hoso.fhir.path.shapes import Shape

Json = dict[str, Any]


class Pair(NamedTuple):
    """A value and, for a primitive, its id and extensions."""

    value: Any
    twin: Any = None


class Content(NamedTuple):
    """`type` as it stands in the spelling of a choice: "Quantity", "DateTime"."""

    type: str
    pair: Pair


def content(part: Json, wanted: Shape | None) -> Content | None:
    """The content of a Parameters part: value[x], a resource, or parts that make an object of type `wanted`."""
    if "resource" in part:
        return Content("", Pair(deepcopy(part["resource"])))
    if "part" in part:
        made = _object(part["part"], wanted)
        return Content("", Pair(made)) if made is not None else None
    for key in part:
        plain = key.removeprefix("_")
        if plain.startswith("value") and plain != "value":
            return Content(plain[5:], Pair(deepcopy(part.get(plain)), deepcopy(part.get(f"_{plain}"))))
    return None


def _object(parts: list[Json], wanted: Shape | None) -> Json | None:
    """The object that parts describe; None when its type is not known or a part has no place in it."""
    if wanted is None or wanted.primitive:
        return None
    made: Json = {}
    elements = load().types[wanted.name].by_name
    for part in parts:
        element = elements.get(part["name"])
        fields = wanted.fields.get(part["name"], ())
        inner = content(part, fields[0].shape if len(fields) == 1 else None)
        if element is None or inner is None:
            return None
        key = element.name + inner.type if element.choice else element.name
        if element.max == 1:
            if key in made or f"_{key}" in made:
                return None
            gather(made, key, inner.pair)
        else:
            gather(made, key, [*spread(made, key), inner.pair])
    return made


def spread(holder: Json, key: str) -> list[Pair]:
    """A repeating element, each value with its twin."""
    values, twins = holder.get(key, []), holder.get(f"_{key}", [])
    length = max(len(values), len(twins))
    return [Pair(*(some[n] if n < len(some) else None for some in (values, twins))) for n in range(length)]


def gather(holder: Json, key: str, content: Pair | list[Pair]) -> None:
    """Puts an element, or the members of a repeating one, back; what is nothing is left out."""
    if isinstance(content, Pair):
        sides: tuple[Any, Any] = content
    else:
        sides = ([pair.value for pair in content], [pair.twin for pair in content])
    for name, side in zip((key, f"_{key}"), sides, strict=True):
        if side is None or (isinstance(content, list) and all(part is None for part in side)):
            holder.pop(name, None)
        else:
            holder[name] = side


def pruned(tree: Json) -> Json:
    """Without the objects and lists that operations left empty: FHIR has none."""
    for key, value in list(tree.items()):
        if isinstance(value, dict):
            pruned(value)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    pruned(one)
            value[:] = (
                [None if one == {} else one for one in value]
                if key.startswith("_")
                else [one for one in value if one != {}]
            )
        if value in ({}, []):
            del tree[key]
    return tree
