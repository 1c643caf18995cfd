"""From which other records a record inherits labels, and to which files it passes its own on.

Where R4 has a search parameter for the element, its index row tells; of the other elements the index gets rows of two
parameters that nobody can search by.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from hoso.fhir.labels.names import table

TAKES, GIVES, NAMES = "~takes", "~gives", "~names"
RESERVED = {TAKES: 62, GIVES: 61, NAMES: 60}
"""Bits that no search parameter of R4 has. The last is of what a Consent names anywhere."""


@cache
def params() -> frozenset[tuple[str, str]]:
    """(type, parameter) of the references by which a record takes."""
    own = {(type, TAKES) for type, entry in table()["inherit"].items() if "elements" in entry}
    return frozenset(
        own | {(type, param) for type, entry in table()["inherit"].items() for param in entry.get("params", ())}
    )


@cache
def givers() -> frozenset[tuple[str, str]]:
    return frozenset((type, GIVES) for type, entry in table()["inherit"].items() if "gives" in entry)


@cache
def types() -> frozenset[str]:
    """Types with elements that have no parameter of their own."""
    return frozenset(type for type, entry in table()["inherit"].items() if "elements" in entry or "gives" in entry)


def edges(resource: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(parameter, type, id) of what has no search parameter."""
    entry = table()["inherit"][resource["resourceType"]]
    for path in entry.get("elements", ()):
        for value in _at(resource, path.split(".")):
            yield from _named(TAKES, value.get("reference") if isinstance(value, dict) else None)
    for path in entry.get("gives", ()):
        for value in _at(resource, path.split(".")):
            yield from ((GIVES, type, id) for _, type, id in _named(GIVES, value) if type == "Binary")


def _at(node: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(node, list):
        for one in node:
            yield from _at(one, path)
    elif not path:
        yield node
    elif isinstance(node, dict) and path[0] in node:
        yield from _at(node[path[0]], path[1:])


def _named(param: str, text: Any) -> Iterator[tuple[str, str, str]]:
    parts = text.split("/") if isinstance(text, str) else []
    if len(parts) == 4 and parts[2] == "_history":
        parts = parts[:2]
    if len(parts) == 2 and all(parts):
        yield param, parts[0], parts[1]
