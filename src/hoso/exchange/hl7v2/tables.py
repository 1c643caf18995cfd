"""The tables of the mapping: what becomes of a field (data/fields.csv), codes (codes.toml), messages (messages.toml).

A line says: this field, at that element, read in such a way. A field without a line is kept in the raw message alone.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

Resource = dict[str, Any]
OWN = "own"
"""The way of a field that the code of its segment reads, since it says more than one thing."""


@dataclass(frozen=True, slots=True)
class Line:
    """`target` is a resource or a part of one (Contact, Dosage, Timing, Order); a step `name[]` appends."""

    segment: str
    field: int
    target: str
    path: tuple[tuple[str, bool], ...]
    way: str
    argument: str


@cache
def lines() -> tuple[Line, ...]:
    found = []
    for row in _rows("fields.csv"):
        if row["as"] == OWN:
            continue
        target, _, path = row["to"].partition(".")
        way, _, argument = row["as"].partition(":")
        steps = tuple((step.removesuffix("[]"), step.endswith("[]")) for step in path.split("."))
        found.append(Line(row["segment"], int(row["field"]), target, steps, way, argument))
    return tuple(found)


@cache
def told() -> Mapping[tuple[str, int], tuple[str, tuple[str, ...]]]:
    """What becomes of a field, for people: its name, and where it is found then."""
    found: dict[tuple[str, int], tuple[str, tuple[str, ...]]] = {}
    for row in _rows("fields.csv"):
        key = (row["segment"], int(row["field"]))
        name, targets = found.get(key, (row["name"], ()))
        target = row["to"].replace("[]", "")
        found[key] = (name, targets if target in targets else (*targets, target))
    return found


@cache
def lines_of(segment: str, target: str) -> tuple[Line, ...]:
    return tuple(line for line in lines() if line.segment == segment and line.target == target)


@cache
def codes(table: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = tomllib.loads(_text("codes.toml"))[table]
    return found


@cache
def listed(table: str, name: str = "codes") -> frozenset[str]:
    return frozenset(codes(table)[name])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message that is read: its segments by what they become are the same for all."""

    name: str
    title: str


@cache
def kinds() -> Mapping[str, Kind]:
    """By type and event ("ADT^A01")."""
    return {name: Kind(name, title) for name, title in tomllib.loads(_text("messages.toml"))["messages"].items()}


@dataclass(frozen=True, slots=True)
class Shape:
    """A segment that is read, with the number of fields it has."""

    name: str
    title: str
    fields: int


@cache
def shapes() -> tuple[Shape, ...]:
    return tuple(Shape(row["segment"], row["title"], int(row["fields"])) for row in _rows("segments.csv"))


def put(resource: Resource, path: tuple[tuple[str, bool], ...], value: Any) -> None:
    """An appended list is taken member by member; what is there already is not put twice."""
    here = resource
    for name, _ in path[:-1]:
        here = here.setdefault(name, {})
    name, append = path[-1]
    if not append:
        here[name] = value
        return
    held = here.setdefault(name, [])
    for one in value if isinstance(value, list) else [value]:
        if one not in held:
            held.append(one)


def _rows(name: str) -> csv.DictReader[str]:
    """Of a table whose first lines say where it is from."""
    written = (line for line in io.StringIO(_text(name)) if not line.startswith("#"))
    return csv.DictReader(written)


def _text(name: str) -> str:
    return (files("hoso.exchange.hl7v2") / "data" / name).read_text("utf-8")
