"""The table of permissions, matrix.toml, in the form the rules ask it; read once, the same while we run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

Activity = Literal["view", "print", "export", "send", "write"]
ACTIVITIES: tuple[Activity, ...] = get_args(Activity)
Reach = Literal["tied", "visited", "all", "own", "none"]

OPEN_KINDS = frozenset({"facility", "catalogue", "ledger", "log"})
"""Kinds of records that are about no one patient: the cell alone decides."""


@dataclass(frozen=True, slots=True)
class Role:
    """One row. `types`: which resource types each activity covers. `masks`: the elements of a type not shown.

    `treating`: labels that only those are cleared for who treat the person.
    """

    name: str
    title: str
    reach: Reach
    types: Mapping[Activity, frozenset[str]]
    masks: Mapping[str, tuple[str, ...]]
    labels: frozenset[str]
    treating: frozenset[str]
    purposes: frozenset[str]
    assurance: str
    identify: bool
    emergency: bool
    administers: bool
    relabels: bool = False
    """Whether it raises and lowers labels by hand, of records that it may write."""

    def covers(self, activity: Activity, type: str) -> bool:
        return type in self.types[activity]


@cache
def role(name: str) -> Role | None:
    """The row under a name of today or an older one; None for a role that the table does not have."""
    table = _table()
    alias = table["alias"].get(name)
    entry = table["role"].get(alias["as"] if alias else name)
    return _role(name, entry, alias["title"] if alias else entry["title"]) if entry else None


def usual_purpose(name: str) -> str:
    """What somebody in a role asks for when nothing else was said: treatment where that is theirs to give."""
    row = role(name)
    if row is None or "TREAT" in row.purposes:
        return "TREAT"
    return min(row.purposes)


def roles() -> tuple[str, ...]:
    """The rows in their order, without older names."""
    return tuple(_table()["role"])


def aliases() -> tuple[str, ...]:
    """Older names of rows, which accounts may still have."""
    return tuple(_table()["alias"])


def gives(kind: str, name: str) -> bool:
    """Whether the administrator of such an organisation gives others this role."""
    row, table = role(name), _table()["gives"]
    return row is not None and row.name in (*table["every"], *table.get(kind, ()))


@cache
def kinds() -> dict[str, tuple[str, ...]]:
    return {kind: tuple(types) for kind, types in _table()["kinds"].items()}


@cache
def kind_of(type: str) -> str | None:
    return next((kind for kind, types in kinds().items() if type in types), None)


@dataclass(frozen=True, slots=True)
class Representation:
    """What those who act for somebody see: ages in years, and what needs the child's own consent."""

    summary: frozenset[str]
    child_until: int
    shared_until: int
    adult: int
    private: frozenset[str]


@cache
def representation() -> Representation:
    table = _table()["representative"]
    return Representation(
        _spread(table["summary"]),
        table["child_until"],
        table["shared_until"],
        table["adult"],
        frozenset(table["private"]),
    )


def _role(name: str, entry: dict[str, Any], title: str) -> Role:
    closed = _spread(entry.get("closed", ()))
    types: dict[Activity, frozenset[str]] = {}
    for activity in ACTIVITIES:
        types[activity] = _spread(entry[activity]) - closed
    types["view"] |= frozenset(entry.get("types", ()))
    return Role(
        name,
        title,
        entry["reach"],
        types,
        {type: tuple(names) for type, names in _table()["masks"].get(entry.get("mask", ""), {}).items()},
        frozenset(entry["labels"]),
        frozenset(entry.get("treating", ())),
        frozenset(entry["purposes"]),
        entry["assurance"],
        entry["identify"],
        entry["emergency"],
        entry.get("administers", False),
        entry.get("relabels", False),
    )


def _spread(named: Any) -> frozenset[str]:
    every = kinds() if "*" in named else named
    return frozenset(type for kind in every for type in kinds()[kind])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("hoso.access.policy") / "matrix.toml").read_text("utf-8"))
