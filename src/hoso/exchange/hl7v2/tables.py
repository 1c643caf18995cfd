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


@dataclass(frozen=True, slots=True)
class Line:
    """`target` is a resource or a part of one (Contact, Dosage, Timing, Order); a step `name[]` appends."""

    segment: str
    field: int
    name: str
    target: str
    path: tuple[tuple[str, bool], ...]
    way: str
    argument: str

    @property
    def shown(self) -> str:
        return ".".join([self.target, *(name for name, _ in self.path)])


@cache
def lines() -> tuple[Line, ...]:
    found = []
    for row in csv.DictReader(io.StringIO(_text("fields.csv"))):
        target, _, path = row["to"].partition(".")
        way, _, argument = row["as"].partition(":")
        steps = tuple((step.removesuffix("[]"), step.endswith("[]")) for step in path.split("."))
        found.append(Line(row["segment"], int(row["field"]), row["name"], target, steps, way, argument))
    return tuple(found)


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


def _text(name: str) -> str:
    return (files("hoso.exchange.hl7v2") / "data" / name).read_text("utf-8")
