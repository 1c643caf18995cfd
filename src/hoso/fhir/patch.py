"""JSON Patch (RFC 6902) on a resource's text: decimals keep their digits, and an error names the operation at fault.

The identity of a record (resourceType, id, meta.versionId, meta.lastUpdated) is not a patch's to change.
"""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

from hoso.core.errors import Refused
from hoso.fhir.json import encode, exact, strict

OPERATIONS_LIMIT = 1_000
SIZE_LIMIT = 2_000_000
"""Operations and values copied by one patch are bounded: `copy` can double a document with every step."""

_FROZEN = (["resourceType"], ["id"], ["meta", "versionId"], ["meta", "lastUpdated"])

Patch = list[dict[str, Any]]


def read_patch(body: bytes) -> Patch:
    """The operations of a patch document, checked for form. Raises Refused(400)."""
    strict(body)
    operations = exact(body)
    if not isinstance(operations, list) or not operations:
        raise Refused.because(400, "structure", "patch.not-a-list")
    if len(operations) > OPERATIONS_LIMIT:
        raise Refused.because(400, "too-costly", "patch.too-many", limit=str(OPERATIONS_LIMIT))
    for place, operation in enumerate(operations):
        _check(operation, place)
    return operations


def apply_patch(body: bytes, patch: Patch) -> bytes:
    """The text of the resource after all operations, or Refused: a patch is applied whole or not at all."""
    tree = exact(body)
    grown = 0
    for place, operation in enumerate(patch):
        path, op = _pointer(operation["path"], place), operation["op"]
        if op == "add":
            tree = _add(tree, path, deepcopy(operation["value"]), place)
        elif op == "remove":
            tree = _take(tree, path, place)[0]
        elif op == "replace":
            _find(tree, path, place)
            tree = _put(tree, path, deepcopy(operation["value"]), place)
        elif op == "test":
            if not _equal(_find(tree, path, place), operation["value"]):
                raise Refused.because(422, "processing", "patch.test-failed", **_where(place, path))
        else:
            tree, size = _transfer(tree, operation, path, place)
            grown += size
            if grown > SIZE_LIMIT:
                raise Refused.because(400, "too-costly", "patch.too-large", **_where(place, path))
    if not isinstance(tree, dict):
        raise Refused.because(422, "processing", "patch.not-a-resource")
    return encode(tree)


def _check(operation: Any, place: int) -> None:
    if not isinstance(operation, dict):
        raise Refused.because(400, "structure", "patch.not-an-operation", operation=str(place))
    op = operation.get("op")
    if op not in ("add", "remove", "replace", "move", "copy", "test"):
        raise Refused.because(400, "value", "patch.unknown-operation", operation=str(place), op=str(op)[:40])
    needed = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from"}.get(op)
    for member in ("path", needed):
        if member and member not in operation:
            raise Refused.because(400, "required", "patch.member-missing", operation=str(place), member=member)
    path = _pointer(operation["path"], place)
    sources = [_pointer(operation["from"], place)] if op == "move" else []
    for changed in ([path] if op != "test" else []) + sources:
        if not changed or changed in _FROZEN or (changed == ["meta"] and op != "add"):
            raise Refused.because(422, "business-rule", "patch.frozen", **_where(place, changed))


def _transfer(tree: Any, operation: dict[str, Any], path: list[str], place: int) -> tuple[Any, int]:
    source = _pointer(operation["from"], place)
    if operation["op"] == "copy":
        value = deepcopy(_find(tree, source, place))
        return _add(tree, path, value, place), len(encode(value))
    if path[: len(source)] == source and path != source:
        raise Refused.because(422, "processing", "patch.into-itself", **_where(place, path))
    tree, value = _take(tree, source, place)
    return _add(tree, path, value, place), 0


def _pointer(text: Any, place: int) -> list[str]:
    """The parts of a JSON Pointer (RFC 6901)."""
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise Refused.because(400, "value", "patch.bad-pointer", operation=str(place), path=str(text)[:100])
    parts = text.split("/")[1:]
    if any("~" in part.replace("~0", "").replace("~1", "") for part in parts):
        raise Refused.because(400, "value", "patch.bad-pointer", operation=str(place), path=text[:100])
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _find(tree: Any, path: list[str], place: int) -> Any:
    for depth, part in enumerate(path):
        if isinstance(tree, dict) and part in tree:
            tree = tree[part]
        elif isinstance(tree, list) and (index := _index(part, len(tree))) is not None:
            tree = tree[index]
        else:
            raise Refused.because(422, "not-found", "patch.no-such-place", **_where(place, path[: depth + 1]))
    return tree


def _add(tree: Any, path: list[str], value: Any, place: int) -> Any:
    parent = _find(tree, path[:-1], place)
    if isinstance(parent, list):
        index = len(parent) if path[-1] == "-" else _index(path[-1], len(parent) + 1)
        if index is None:
            raise Refused.because(422, "not-found", "patch.no-such-place", **_where(place, path))
        parent.insert(index, value)
        return tree
    return _put(tree, path, value, place)


def _put(tree: Any, path: list[str], value: Any, place: int) -> Any:
    parent = _find(tree, path[:-1], place)
    if isinstance(parent, dict):
        parent[path[-1]] = value
    elif isinstance(parent, list) and (index := _index(path[-1], len(parent))) is not None:
        parent[index] = value
    else:
        raise Refused.because(422, "not-found", "patch.no-such-place", **_where(place, path))
    return tree


def _take(tree: Any, path: list[str], place: int) -> tuple[Any, Any]:
    value = _find(tree, path, place)
    parent = _find(tree, path[:-1], place)
    del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]
    return tree, value


def _index(part: str, length: int) -> int | None:
    """An array index as RFC 6901 writes it: digits without a leading zero."""
    if not part.isascii() or not part.isdigit() or len(part) > 9 or (part[0] == "0" and len(part) > 1):
        return None
    return int(part) if int(part) < length else None


def _equal(one: Any, other: Any) -> bool:
    """JSON equality: true is not 1, and a number equals another of the same value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    numbers = (int, Decimal)
    if isinstance(one, numbers) and isinstance(other, numbers) and not isinstance(one, bool | type(None)):
        return not isinstance(other, bool) and one == other
    return type(one) is type(other) and bool(one == other)


def _where(place: int, path: list[str]) -> dict[str, str]:
    text = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    return {"operation": str(place), "path": text[:200]}
