"""The table of what becomes of each field (data/mapping.csv), and how a value is put at its place in a resource.

A line says: this field, at that element, read in such a way. A field without a line, and one whose text cannot be
read in the way its line says, is kept as it was written on the resource of its row.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hoso.exchange.insurance.definitions import fields

Resource = dict[str, Any]
KEPT = "https://hoso.vn/StructureDefinition/insurance-field"
KEYS = frozenset({"MA_LK", "STT"})
"""Fields that name the visit and the row: they are in the ids of what is made of them."""
HOMES = {
    "XML0": "Encounter",
    "XML1": "Encounter",
    "XML2": "MedicationRequest",
    "XML3": "Item",
    "XML4": "Observation",
    "XML14": "Appointment",
}
"""The resource of a row, on which everything else of it is kept; of the other tables it is a document."""

_STEP = re.compile(r"(\w+)(\[\]|\[0\])?\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """`resource` is a name of resources.toml; `each` that every member of a list makes one of its own."""

    table: str
    field: str
    resource: str
    each: bool
    path: tuple[str, ...]
    way: str
    argument: str

    @property
    def target(self) -> str:
        """As the page shows it."""
        return ".".join([self.resource.partition(":")[0].replace("Item", "Claim.item"), *self.path])


@cache
def lines() -> Mapping[str, Mapping[str, tuple[Line, ...]]]:
    """By table and field."""
    found: dict[str, dict[str, tuple[Line, ...]]] = {}
    for row in csv.DictReader(io.StringIO(_text("mapping.csv"))):
        name, _, path = row["to"].partition(".")
        way, _, argument = row["as"].partition(":")
        steps = tuple(path.split(".")) if path else ()
        line = Line(row["table"], row["field"], name.rstrip("*"), name.endswith("*"), steps, way, argument)
        table = found.setdefault(line.table, {})
        table[line.field] = (*table.get(line.field, ()), line)
    return found


def home(table: str) -> str:
    return HOMES.get(table, "DocumentReference")


@cache
def present_names(decision: str) -> Mapping[tuple[str, str], str]:
    """The names that fields of a decision have today, where they differ."""
    return {(one.table, one.name): one.now for one in fields(decision).values() if one.now != one.name}


@cache
def templates() -> Mapping[str, Resource]:
    return tomllib.loads(_text("resources.toml"))


def template(name: str) -> Resource:
    """What a resource of that name begins with: one's own."""
    return {key: copied(value) for key, value in templates().get(name, {}).items()}


def copied(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: copied(value) for name, value in tree.items()}
    return [copied(one) for one in tree] if isinstance(tree, list) else tree


@cache
def codes() -> Mapping[str, Any]:
    return tomllib.loads(_text("codes.toml"))


def put(resource: Resource, path: tuple[str, ...], value: Any) -> None:
    """`name[]` appends (a list: all of it), `name[0]` is the first; an object is added to the one that is there."""
    if not path:
        resource.update(value)
        return
    here: Any = resource
    for step in path[:-1]:
        name, index = _parsed(step)
        if index == "[0]":
            here = here.setdefault(name, [{}])[0]
        elif index == "[]":
            here.setdefault(name, []).append({})
            here = here[name][-1]
        else:
            here = here.setdefault(name, {})
    name, index = _parsed(path[-1])
    if index == "[]":
        here.setdefault(name, []).extend(value if isinstance(value, list) else [value])
    elif index == "[0]":
        here.setdefault(name, [{}])[0].update(value)
    elif isinstance(value, dict) and isinstance(here.get(name), dict):
        here[name].update(value)
    else:
        here[name] = value


def kept(name: str, text: str, *, as_it_came: bool = False) -> Resource:
    """A field as it was written, on whatever it belongs to."""
    what = "original" if as_it_came else "value"
    return {"url": KEPT, "extension": [{"url": "name", "valueString": name}, {"url": what, "valueString": text}]}


def kept_in(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """Table, field and text of what stands on a resource as it was written."""
    for extension in resource.get("extension", ()):
        if extension.get("url") == KEPT:
            said = {part["url"]: part.get("valueString", "") for part in extension.get("extension", ())}
            table, _, name = said.get("name", "").partition(".")
            if name and "value" in said:
                yield table, name, said["value"]


@cache
def makes(table: str) -> frozenset[str]:
    """The names of the resources that a row of the table may make."""
    return frozenset(line.resource for of in lines().get(table, {}).values() for line in of)


@cache
def _parsed(step: str) -> tuple[str, str]:
    match = _STEP.match(step)
    assert match, step
    return match[1], match[2] or ""


def _text(name: str) -> str:
    return (files("hoso.exchange.insurance") / "data" / name).read_text("utf-8")
