"""FHIRPath Patch: operations as Parameters, each at the place its FHIRPath finds.

As with a JSON Patch, all operations or none; decimals keep their digits; the identity of a record is not a patch's to
change. All paths of one patch share one budget of work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hoso.core.errors import Refused
from hoso.fhir.json import encode, exact, parse
from hoso.fhir.model import load
from hoso.fhir.patch import OPERATIONS_LIMIT
from hoso.fhir.patch_values import Content, Pair, content, gather, pruned, spread
from hoso.fhir.path import PathError, placed
from hoso.fhir.path.frame import MAX_STEPS
from hoso.fhir.path.shapes import Shape
from hoso.fhir.path.values import Node, Place
from hoso.fhir.validate import validate

Json = dict[str, Any]
FROZEN = frozenset({"id", "meta"})
FROZEN_META = frozenset({"versionId", "lastUpdated"})
_NEEDED = {
    "add": ("path", "name", "value"),
    "insert": ("path", "index", "value"),
    "replace": ("path", "value"),
    "delete": ("path",),
    "move": ("path", "source", "destination"),
}
_TEXTS = {"valueString", "valueCode", "valueUri"}
_NUMBERS = {"valueInteger", "valueUnsignedInt", "valuePositiveInt"}


@dataclass(frozen=True, slots=True)
class Operation:
    number: int
    type: str
    path: str
    name: str
    index: int
    source: int
    destination: int
    value: Json
    """The part that holds the value, as it was sent."""

    def refused(self, status: int, code: str, key: str, **values: str) -> Refused:
        return Refused.because(status, code, key, operation=str(self.number), path=self.path[:200], **values)


def read_path_patch(body: bytes) -> list[Operation]:
    """The operations of a patch document, checked for form. Raises Refused(400, 422)."""
    if parse(body)["resourceType"] != "Parameters":
        raise Refused.because(400, "structure", "patch.not-parameters")
    tree = exact(body)
    issues = [issue for issue in validate(tree) if issue.severity in ("error", "fatal")]
    if issues:
        raise Refused(422, *issues)
    listed = tree.get("parameter", [])
    if not listed:
        raise Refused.because(400, "structure", "patch.not-parameters")
    if len(listed) > OPERATIONS_LIMIT:
        raise Refused.because(400, "too-costly", "patch.too-many", limit=str(OPERATIONS_LIMIT))
    return [_operation(parameter, number) for number, parameter in enumerate(listed)]


def apply_path_patch(body: bytes, operations: list[Operation]) -> bytes:
    """The text of the resource after all operations, or Refused."""
    tree: Json = exact(body)
    left = MAX_STEPS
    for operation in operations:
        nodes, left = _found(tree, operation, left)
        _WORK[operation.type](tree, operation, nodes)
    return encode(pruned(tree))


def _operation(parameter: Json, number: int) -> Operation:
    if parameter.get("name") != "operation":
        raise Refused.because(400, "structure", "patch.not-an-operation", operation=str(number))
    parts: dict[str, Json] = {}
    for part in parameter.get("part", ()):
        name = str(part.get("name"))
        if name in parts or name not in ("type", "path", "name", "index", "source", "destination", "value"):
            raise Refused.because(400, "structure", "patch.bad-part", operation=str(number), name=name[:40])
        parts[name] = part
    type = _text(parts.get("type"))
    if type not in _NEEDED:
        raise Refused.because(400, "value", "patch.unknown-path-operation", operation=str(number), op=str(type)[:40])
    for name in _NEEDED[type]:
        given = parts.get(name)
        usable = _text(given) if name in ("path", "name") else _number(given) if name != "value" else given
        if usable is None:
            raise Refused.because(400, "required", "patch.member-missing", operation=str(number), member=name)
    numbers = {name: _number(parts.get(name)) or 0 for name in ("index", "source", "destination")}
    path, name = _text(parts["path"]) or "", _text(parts.get("name")) or ""
    return Operation(number, type, path, name, value=parts.get("value", {}), **numbers)


def _text(part: Json | None) -> str | None:
    return next((str(part[key]) for key in _TEXTS if key in part), None) if part is not None else None


def _number(part: Json | None) -> int | None:
    return next((int(part[key]) for key in _NUMBERS if key in part), None) if part is not None else None


def _found(tree: Json, operation: Operation, left: int) -> tuple[list[Node], int]:
    try:
        found, left = placed(operation.path).places(tree, left)
    except PathError as fault:
        code = {"limit": "too-costly", "syntax": "invalid"}.get(fault.kind, "processing")
        status = 400 if fault.kind in ("limit", "syntax") else 422
        at = str(fault.position + 1)
        raise operation.refused(status, code, "patch.path-fault", at=at, message=fault.message) from fault
    nodes = [item for item in found if item.__class__ is Node]
    if len(nodes) < len(found):
        raise operation.refused(422, "processing", "patch.not-elements")
    return nodes, left


def _one(operation: Operation, nodes: list[Node]) -> Node:
    if not nodes:
        raise Refused.because(
            422, "not-found", "patch.no-such-place", operation=str(operation.number), path=operation.path[:200]
        )
    if len(nodes) > 1:
        raise operation.refused(422, "multiple-matches", "patch.many-places", count=str(len(nodes)))
    return nodes[0]


def _place(tree: Json, operation: Operation, node: Node) -> Place:
    """Where the element stands in the resource, if a patch may change it."""
    place: Place | None = getattr(node, "place", None) or _sought(tree, node.value)
    if place is None:
        raise operation.refused(422, "processing", "patch.not-elements")
    _spare(tree, operation, place.holder, place.key)
    return place


def _spare(tree: Json, operation: Operation, holder: Json, key: str) -> None:
    if (holder is tree and key in FROZEN) or (holder is tree.get("meta") and key in FROZEN_META):
        raise Refused.because(
            422, "business-rule", "patch.frozen", operation=str(operation.number), path=operation.path[:200]
        )


def _sought(tree: Json, value: Any) -> Place | None:
    """The place of an object by identity: functions such as extension() do not tell it."""
    waiting: list[Json] = [tree] if isinstance(value, dict) else []
    while waiting:
        holder = waiting.pop()
        for key, inner in holder.items():
            for index, one in enumerate(inner if isinstance(inner, list) else (inner,)):
                if one is value:
                    return Place(holder, key, index if isinstance(inner, list) else None)
                if isinstance(one, dict):
                    waiting.append(one)
    return None


def _add(tree: Json, operation: Operation, nodes: list[Node]) -> None:
    node = _one(operation, nodes)
    holder, owner = node.value, node.shape
    if owner.primitive:
        node.extra = holder = node.extra if node.extra is not None else _twin(tree, operation, node)
    if operation.name not in owner.fields:
        raise operation.refused(422, "not-found", "patch.no-such-element", name=operation.name[:80], type=owner.name)
    made = _content(operation, owner, operation.name)
    key = _key(owner, operation.name, made)
    if holder is not tree or key != "meta":
        _spare(tree, operation, holder, key)
    if _repeats(owner, operation.name):
        gather(holder, key, [*spread(holder, key), made.pair])
        return
    if any(name in holder or f"_{name}" in holder for name in _spellings(owner, operation.name)):
        raise operation.refused(422, "conflict", "patch.exists", name=operation.name)
    gather(holder, key, made.pair)


def _twin(tree: Json, operation: Operation, node: Node) -> Json:
    """A new place for the extensions of a primitive that has none."""
    place: Place | None = getattr(node, "place", None)
    if place is None:
        raise operation.refused(422, "processing", "patch.not-elements")
    _spare(tree, operation, place.holder, place.key)
    twin: Json = {}
    if place.index is None:
        place.holder[f"_{place.key}"] = twin
    else:
        pairs = spread(place.holder, place.key)
        pairs[place.index] = Pair(node.value, twin)
        gather(place.holder, place.key, pairs)
    return twin


def _insert(tree: Json, operation: Operation, nodes: list[Node]) -> None:
    place = _list(tree, operation, nodes)
    pairs = spread(place.holder, place.key)
    _within(operation, operation.index, len(pairs))
    made = _content(operation, place.owner, place.name)
    gather(place.holder, place.key, [*pairs[: operation.index], made.pair, *pairs[operation.index :]])


def _move(tree: Json, operation: Operation, nodes: list[Node]) -> None:
    place = _list(tree, operation, nodes)
    pairs = spread(place.holder, place.key)
    _within(operation, operation.source, len(pairs) - 1)
    _within(operation, operation.destination, len(pairs) - 1)
    pairs.insert(operation.destination, pairs.pop(operation.source))
    gather(place.holder, place.key, pairs)


def _list(tree: Json, operation: Operation, nodes: list[Node]) -> Place:
    """The one repeating element that all found stand in."""
    places = [_place(tree, operation, node) for node in nodes] or [_place(tree, operation, _one(operation, nodes))]
    first = places[0]
    if any(place.holder is not first.holder or place.key != first.key or place.index is None for place in places):
        raise operation.refused(422, "processing", "patch.no-list")
    return first


def _within(operation: Operation, index: int, last: int) -> None:
    if not 0 <= index <= last:
        raise operation.refused(422, "value", "patch.bad-index", index=str(index), last=str(last))


def _delete(tree: Json, operation: Operation, nodes: list[Node]) -> None:
    """What is not there needs no deletion."""
    if not nodes:
        return
    place = _place(tree, operation, _one(operation, nodes))
    if place.index is None:
        gather(place.holder, place.key, Pair(None, None))
    else:
        pairs = spread(place.holder, place.key)
        del pairs[place.index]
        gather(place.holder, place.key, pairs)


def _replace(tree: Json, operation: Operation, nodes: list[Node]) -> None:
    place = _place(tree, operation, _one(operation, nodes))
    made = _content(operation, place.owner, place.name)
    if place.index is None:
        gather(place.holder, place.key, Pair(None, None))
        gather(place.holder, _key(place.owner, place.name, made) if place.owner else place.key, made.pair)
    else:
        pairs = spread(place.holder, place.key)
        pairs[place.index] = made.pair
        gather(place.holder, place.key, pairs)


def _content(operation: Operation, owner: Shape | None, name: str) -> Content:
    """The value; one that is told part by part gets its lists from the type it is for."""
    fields = owner.fields.get(name, ()) if owner is not None else ()
    made = content(operation.value, fields[0].shape if len(fields) == 1 else None)
    if made is None:
        raise operation.refused(400, "structure", "patch.bad-value")
    return made


def _key(owner: Shape, name: str, made: Content) -> str:
    """A choice is spelt with its type: valueQuantity."""
    spellings = _spellings(owner, name)
    return spellings[0] if len(spellings) == 1 and spellings[0] == name else name + made.type


def _spellings(owner: Shape, name: str) -> list[str]:
    return [field.key for field in owner.fields[name]]


def _repeats(owner: Shape, name: str) -> bool:
    if owner.primitive:
        return name == "extension"
    return load().types[owner.name].by_name[name].max != 1


_WORK: dict[str, Callable[[Json, Operation, list[Node]], None]] = {
    "add": _add,
    "insert": _insert,
    "replace": _replace,
    "delete": _delete,
    "move": _move,
}
