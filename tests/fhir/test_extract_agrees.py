"""The compiled extraction finds exactly what the FHIRPath engine finds with the search parameters' own expressions."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_resources import random_resource

from hoso.fhir.extract import KNOWN_BY_STORE, extract
from hoso.fhir.extraction.composite import CORRECTED
from hoso.fhir.extraction.kinds import VALUES
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import SearchParam, load
from hoso.fhir.path import compile
from hoso.fhir.path.values import Node

MODEL = load()


def resolver(reference: str) -> dict[str, Any] | None:
    parts = reference.split("/")
    name = next((part for part in parts if part in MODEL.type_number), None)
    return {"resourceType": name} if name else None


@cache
def expression(text: str) -> Any:
    return compile(text)


def found_by_engine(param: SearchParam, resource: dict[str, Any]) -> list[Node]:
    return [item for item in expression(param.expression).items(resource, resolver=resolver) if isinstance(item, Node)]


def by_engine(param: SearchParam, resource: dict[str, Any]) -> set[Any]:
    return {
        _comparable(param.type, value)
        for node in found_by_engine(param, resource)
        if node.value is not None
        for value in VALUES.get((param.type, node.shape.name), lambda _: ())(node.value)
    }


def _comparable(kind: str, value: Any) -> Any:
    """Without the system that a `code` owes to its element; references and uris apart by their form."""
    if kind == "token":
        return value[1]
    return tuple(value) if isinstance(value, tuple) else value


def by_extraction(param: SearchParam, out: Indexed) -> set[Any]:
    name = param.code
    if param.type == "token":
        return {code for n, _, code in out.tokens if n == name}
    if param.type == "string":
        return {text for n, text in out.strings if n == name}
    if param.type == "date":
        return {(low, high) for n, low, high in out.dates if n == name}
    if param.type == "special":
        return {(latitude, longitude) for n, latitude, longitude, *_ in out.quantities if n == name}
    if param.type in ("quantity", "number"):
        return {tuple(rest) for n, *rest in out.quantities if n == name}
    references = {(type, id) for n, type, id in out.references if n == name}
    return references | {(None, uri) for n, uri in out.uris if n == name}


def composite_by_engine(type: str, param: SearchParam, resource: dict[str, Any]) -> set[Any]:
    params = MODEL.search_params[type]
    described = CORRECTED.get((type, param.code), param.components)
    found: set[Any] = set()
    for context in found_by_engine(param, resource):
        parts = [_parts(params[code], text, resource, context) for code, text in described]
        found.update(product(*parts))
    return found


def _parts(param: SearchParam, text: str, resource: dict[str, Any], context: Node) -> list[Any]:
    nodes = expression(text).items(resource, context=context)
    return [
        _comparable(param.type, value)
        for node in nodes
        if node.value is not None
        for value in VALUES.get((param.type, node.shape.name), lambda _: ())(node.value)
    ]


def _comparable_part(part: tuple[Any, ...]) -> Any:
    if part[0] == "token":
        return part[2]
    if part[0] == "string":
        return part[1]
    return (None, part[1]) if part[0] == "uri" else tuple(part[1:])


@pytest.mark.parametrize("type", MODEL.resource_types)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_parameter_of(type: str, seed: int) -> None:
    resource = random_resource(type, seed)
    out = extract(resource)
    for param in MODEL.search_params[type].values():
        if param.special or param.code in KNOWN_BY_STORE or param.code == "deceased":
            continue
        if param.type == "composite":
            wanted = composite_by_engine(type, param, resource)
            got = {tuple(map(_comparable_part, parts)) for name, parts in out.composites if name == param.code}
        else:
            wanted, got = by_engine(param, resource), by_extraction(param, out)
        assert got == wanted, param.code
        assert not got or out.present >> param.bit & 1, param.code
