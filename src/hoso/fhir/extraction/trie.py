"""All paths of a resource type as one tree, compiled to closures: an element is visited once for all its parameters.

Only properties that a resource has are looked at, so the cost follows the resource and not the number of parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hoso.fhir.extraction.emit import Emit, Values, emitters
from hoso.fhir.extraction.plan import Equals, Key, Path, Resolves, Step
from hoso.fhir.extraction.values import target_type
from hoso.fhir.indexed import Indexed

Leaf = tuple[str, str, Values | None]
"""Search type, data type, and how to read it where the element's own definition decides (codes)."""


@dataclass(slots=True)
class Spot:
    """A place in the tree, with the parameters whose value stands here."""

    children: dict[Step, Spot] = field(default_factory=dict)
    leaves: dict[Leaf, list[str]] = field(default_factory=dict)
    present: int = 0

    def add(self, path: Path, search_type: str, name: str, bit: int, read: Values | None) -> None:
        spot = self
        for step in path.steps:
            spot = spot.children.setdefault(step, Spot())
        names = spot.leaves.setdefault((search_type, path.type, read), [])
        if name not in names:
            names.append(name)
        spot.present |= 1 << bit


def compile_spot(spot: Spot) -> Emit:
    """One closure for everything below a place and at it; who calls it has marked the place as present."""
    emits = [
        emit
        for (search_type, data_type, read), names in spot.leaves.items()
        for emit in emitters(search_type, data_type, tuple(names), read)
    ]
    emits.extend(_filtered(step, child) for step, child in spot.children.items() if not isinstance(step, Key))
    emits.extend(_below({k: c for k, c in spot.children.items() if isinstance(k, Key)}))
    return _together(emits)


def _together(emits: list[Emit]) -> Emit:
    if len(emits) == 1:
        return emits[0]
    every = tuple(emits)

    def visit(out: Indexed, value: Any) -> None:
        for emit in every:
            emit(out, value)

    return visit


def _filtered(step: Step, child: Spot) -> Emit:
    keeps, inner, bits = _keeps(step), compile_spot(child), child.present

    def emit(out: Indexed, value: Any) -> None:
        if keeps(value):
            out.present |= bits
            inner(out, value)

    return emit


def _keeps(step: Step) -> Callable[[Any], bool]:
    if isinstance(step, Resolves):
        wanted = step.type
        return lambda value: target_type(value) == wanted
    assert isinstance(step, Equals)
    name, text = step.name, step.text
    return lambda value: value.get(name) == text


def _below(children: dict[Key, Spot]) -> list[Emit]:
    """Nothing or one closure that runs over the properties an element has."""
    by_name: dict[str, tuple[int, list[Emit]]] = {}
    for key, child in children.items():
        bits, emits = by_name.get(key.name, (0, []))
        by_name[key.name] = (bits | child.present, [*emits, _followed(key, compile_spot(child))])
    handlers = {name: (bits, _together(emits)) for name, (bits, emits) in by_name.items()}
    if not handlers:
        return []
    find = handlers.get

    def dispatch(out: Indexed, value: Any) -> None:
        for name in value:
            handler = find(name)
            if handler is not None:
                bits, inner = handler
                out.present |= bits
                inner(out, value[name])

    return [dispatch]


def _followed(key: Key, inner: Emit) -> Emit:
    if not key.many:
        return inner
    if key.first:

        def first(out: Indexed, value: Any) -> None:
            if value[0] is not None:
                inner(out, value[0])

        return first

    def each(out: Indexed, value: Any) -> None:
        for item in value:
            if item is not None:
                inner(out, item)

    return each
