"""Composite parameters: the parts of one element stay together, so a code is paired with its own value only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

from hoso.fhir.extraction.emit import VALUES, Values
from hoso.fhir.extraction.plan import Equals, Key, Path, Resolves, paths
from hoso.fhir.extraction.values import target_type
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import Model, SearchParam
from hoso.fhir.path.parser import parse

Select = Callable[[Any], Iterable[Any]]
Part = tuple[object, ...]

# R4 has the two expressions of this composite the wrong way round: its parameter `relatesto` is the reference.
CORRECTED = {("DocumentReference", "relationship"): (("relatesto", "target"), ("relation", "code"))}

_LABEL = {"number": "quantity"}


@dataclass(frozen=True, slots=True)
class Component:
    """Reads one part of a composite from its context or from the resource."""

    sources: tuple[tuple[bool, Select, str, Values], ...]

    def parts(self, context: Any, resource: Any) -> list[Part]:
        found: list[Part] = []
        for rooted, select, kind, read in self.sources:
            for value in select(resource if rooted else context):
                found.extend(_part(kind, item) for item in read(value))
        return found


@dataclass(frozen=True, slots=True)
class Composite:
    name: str
    bit: int
    context: Select
    components: tuple[Component, ...]

    def write(self, out: Indexed, resource: Any) -> None:
        for context in self.context(resource):
            # The value comes last and is what is most often missing.
            parts = [component.parts(context, resource) for component in reversed(self.components)]
            for combined in product(*reversed(parts)):
                out.composites.append((self.name, combined))
                out.present |= 1 << self.bit


def composites(type: str, params: dict[str, SearchParam], model: Model) -> list[Composite]:
    return [
        Composite(param.code, param.bit, select(path), _components(type, param, path.type, params, model))
        for param in params.values()
        if param.type == "composite"
        for path in paths(parse(param.expression), type, type, model)
    ]


def _components(
    type: str, param: SearchParam, context: str, params: dict[str, SearchParam], model: Model
) -> tuple[Component, ...]:
    described = CORRECTED.get((type, param.code), param.components)
    return tuple(_component(type, params[code].type, text, context, model) for code, text in described)


def _component(type: str, search_type: str, text: str, context: str, model: Model) -> Component:
    kind = _LABEL.get(search_type, search_type)
    return Component(
        tuple(
            (path.rooted, select(path), kind, VALUES[search_type, path.type])
            for path in paths(parse(text), context, type, model)
            if (search_type, path.type) in VALUES
        )
    )


def _part(kind: str, item: Any) -> Part:
    if kind == "string":
        return (kind, item)
    if kind in ("reference", "uri"):
        return ("uri", item[1]) if item[0] is None else ("reference", *item)
    return (kind, *item)


def select(path: Path) -> Select:
    """All elements at the end of a path, as a plain function of where it starts."""
    found: Select = _itself
    for step in path.steps:
        found = _step(found, step)
    return found


def _itself(value: Any) -> Iterable[Any]:
    return (value,)


def _step(before: Select, step: Key | Equals | Resolves) -> Select:
    if isinstance(step, Equals):
        return lambda value: [v for v in before(value) if v.get(step.name) == step.text]
    if isinstance(step, Resolves):
        return lambda value: [v for v in before(value) if target_type(v) == step.type]
    name = step.name
    if not step.many:
        return lambda value: [v[name] for v in before(value) if name in v]
    stop = 1 if step.first else None
    return lambda value: [i for v in before(value) if name in v for i in v[name][:stop] if i is not None]
