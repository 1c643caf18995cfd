"""Takes masked elements out of a record at every depth, and finds the searches that would ask for them.

Where anything was taken out, the narrative goes too, because it says the same in words, and a label says that the
record is not whole; such a body is never taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson

from hoso.core.errors import Refused
from hoso.fhir.added import is_added, written
from hoso.fhir.model import load
from hoso.fhir.search import Query
from hoso.fhir.search.conditions import UNKNOWN
from hoso.fhir.search.query import Chain, Condition, Group, Has, Match, Missing
from hoso.fhir.search.values import refuse

MASKED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "MASKED"}
Masks = Mapping[str, Sequence[str]]


def masked(body: bytes, masks: Masks) -> bytes:
    """The body as it may be shown; the very bytes when nothing had to go."""
    if not any(type.encode() in body for type in masks) and b"\\u" not in body:  # a name may be written in escapes
        return body
    resource = orjson.loads(body)
    if not _take_out(resource, masks):
        return body
    meta = resource.setdefault("meta", {})
    meta["security"] = [*meta.get("security", ()), MASKED]
    return orjson.dumps(resource)


def is_masked(resource: Mapping[str, Any]) -> bool:
    """Whether a body came out of a masked view."""
    security = resource.get("meta", {}).get("security", ()) if isinstance(resource.get("meta"), dict) else ()
    return any(isinstance(one, dict) and one.get("code") == MASKED["code"] for one in security)


def _take_out(node: Any, masks: Masks) -> bool:
    """Whether anything was there to take. A resource may stand anywhere: contained, in a bundle, in an extension."""
    if isinstance(node, list):
        return any([_take_out(one, masks) for one in node])
    if not isinstance(node, dict):
        return False
    found = any([_take_out(one, masks) for one in node.values()])
    names = masks.get(node.get("resourceType", ""), ())
    for name in names:
        there = [node.pop(key, None) for key in (name, f"_{name}")]
        found = found or any(one is not None for one in there)
    if names and node.pop("extension", None) is not None:
        found = True  # what an extension of a masked type says nobody can tell by its name
    if found and "resourceType" in node:
        node.pop("text", None)
    return found


@cache
def _elements(type: str, code: str) -> frozenset[str]:
    """The elements of a type that a parameter looks at."""
    param = load().search_params.get(type, {}).get(code)
    words = param.expression.replace("(", " ").replace(")", " ").split() if param and param.expression else []
    return frozenset(word.split(".")[1].strip("|") for word in words if word.startswith(f"{type}.") and "." in word)


def refuse_masked(query: Query, masks: Masks) -> None:
    """Raises what an unknown parameter raises for one that looks at a masked element, in whatever place it stands."""
    for type in query.types:
        asked = [name for condition in query.conditions for name in _names(condition, type)]
        asked += [(type, key.code) for key in query.sort]
        edges = (*query.includes, *query.revincludes)
        asked += [(edge.source, edge.code) for edge in edges if edge.source and edge.code]
        for whose, code in asked:
            if _touches(whose, code, masks):
                raise _unknown(query, whose, code)


def _unknown(query: Query, type: str, code: str) -> Refused:
    """As the reader of searches says it, under the name that the caller wrote."""
    code = written(code)
    named = next((name for name, _ in query.self_pairs if name.split(":")[0].split(".")[0] == code), code)
    return refuse(UNKNOWN, named, "not-supported", name=code, type=type)


def _touches(type: str, code: str, masks: Masks) -> bool:
    if is_added(code):
        return True  # what its expression looks at, nobody has said
    names = masks.get(type)
    return bool(names) and not _elements(type, code).isdisjoint(names or ())


def _names(condition: Condition, type: str) -> Iterable[tuple[str, str]]:
    match condition:
        case Match(code=code) | Missing(code=code):
            yield type, code
        case Chain(code, branches):
            yield type, code
            for types, inner in branches:
                for one in types:
                    yield from _names(inner, one)
        case Has(source, code, inner):
            yield source, code
            yield from _names(inner, source)
        case Group(_, members):
            for inner in members:
                yield from _names(inner, type)
