"""References among arriving resources: their order, and conditional ones ("Practitioner?identifier=…") as they arrive.

A conditional reference by identifier that finds nobody becomes a logical reference with that identifier: it says the
same, can be searched, and names its target again as soon as that is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl


class Addressed(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def resource(self) -> dict[str, Any]: ...


Item = TypeVar("Item", bound=Addressed)


def references(node: Any) -> Iterator[dict[str, Any]]:
    """Every Reference in a resource that has a literal `reference`."""
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if isinstance(node.get("reference"), str):
                yield node
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def ordered(items: Sequence[Item]) -> list[Item]:
    """Targets before what refers to them, as far as there is no circle; else the order they came in."""
    index = {f"{item.type}/{item.id}": item for item in items}
    done: dict[int, Item] = {}
    for item in items:
        if id(item) not in done:
            _visit(item, index, done, set())
    return list(done.values())


def _visit(start: Item, index: Mapping[str, Item], done: dict[int, Item], open_: set[int]) -> None:
    stack: list[tuple[Item, Iterator[dict[str, Any]]]] = [(start, references(start.resource))]
    open_.add(id(start))
    while stack:
        item, rest = stack[-1]
        target = next((index[r["reference"]] for r in rest if r["reference"] in index), None)
        if target is None:
            stack.pop()
            done.setdefault(id(item), item)
        elif id(target) not in done and id(target) not in open_:
            open_.add(id(target))
            stack.append((target, references(target.resource)))


def made_logical(tree: Any, unknown: Collection[str]) -> None:
    """Turns those conditional references that find nobody into logical ones, where their criteria allow it."""
    for node in references(tree):
        identified = as_logical(node["reference"]) if node["reference"] in unknown else None
        if identified:
            del node["reference"]
            node.update({key: value for key, value in identified.items() if key not in node})


def as_logical(reference: str) -> dict[str, Any] | None:
    """The logical reference for "Type?identifier=system|value"; None when the criteria are anything else."""
    type, _, query = reference.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(pairs) != 1 or pairs[0][0] != "identifier":
        return None
    system, bar, value = pairs[0][1].rpartition("|")
    if not value or "," in value or "\\" in pairs[0][1]:
        return None
    identifier = {"system": system, "value": value} if bar and system else {"value": value}
    return {"type": type, "identifier": identifier}
