"""Composite parameters: the parts of one element stay together, so a code is paired with its own value only.

Composites with the same parts are read once, and only where the property of their last part, the value, is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from hoso.fhir.extraction.codes import code_reader
from hoso.fhir.extraction.kinds import VALUES, Values
from hoso.fhir.extraction.plan import Equals, Key, Path, Resolves, paths
from hoso.fhir.extraction.values import target_type
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import Model, SearchParam
from hoso.fhir.path.parser import parse

Select = Callable[[Any], Iterable[Any]]
Part = tuple[object, ...]
Parts = Callable[[Any, Any], list[Part]]
"""The parts that a context and its resource give for one component."""
Write = Callable[[Indexed, Any], None]
Source = tuple[Path, str]
Component = tuple[Source, ...]

# R4 has the two expressions of this composite the wrong way round: its parameter `relatesto` is the reference.
CORRECTED = {("DocumentReference", "relationship"): (("relatesto", "target"), ("relation", "code"))}

_LABEL = {"number": "quantity"}


def composites(type: str, params: dict[str, SearchParam], model: Model) -> list[Write]:
    """One writer for each kind of element that composites of this type start from."""
    contexts: dict[Path, dict[tuple[Component, ...], list[SearchParam]]] = {}
    for param in params.values():
        if param.type == "composite":
            for path in paths(parse(param.expression), type, type, model):
                components = _components(type, param, path.type, params, model)
                contexts.setdefault(path, {}).setdefault(components, []).append(param)
    return [_writer(path, members) for path, members in contexts.items()]


def _components(
    type: str, param: SearchParam, context: str, params: dict[str, SearchParam], model: Model
) -> tuple[Component, ...]:
    described = CORRECTED.get((type, param.code), param.components)
    return tuple(
        tuple(
            (path, params[code].type)
            for path in paths(parse(text), context, type, model)
            if (params[code].type, path.type) in VALUES
        )
        for code, text in described
    )


def _writer(context: Path, members: dict[tuple[Component, ...], list[SearchParam]]) -> Write:
    triggers: dict[str, list[Callable[[Indexed, Any, Any], None]]] = {}
    for components, params in members.items():
        write = _combined(components, params)
        for path, _ in components[-1]:
            first = path.steps[0]
            assert isinstance(first, Key)
            triggers.setdefault(first.name, []).append(write)
    elements, by_key = select(context), tuple((key, tuple(writes)) for key, writes in triggers.items())

    def run(out: Indexed, resource: Any) -> None:
        for element in elements(resource):
            for key, writes in by_key:
                if key in element:
                    for write in writes:
                        write(out, element, resource)

    return run


def _combined(components: tuple[Component, ...], params: list[SearchParam]) -> Callable[[Indexed, Any, Any], None]:
    readers = tuple(_reader(component) for component in components)
    names = tuple(param.code for param in params)
    bits = sum(1 << param.bit for param in params)

    def write(out: Indexed, element: Any, resource: Any) -> None:
        for combined in product(*[read(element, resource) for read in readers]):
            out.present |= bits
            for name in names:
                out.composites.append((name, combined))

    def pair(out: Indexed, element: Any, resource: Any) -> None:
        values = second(element, resource)
        for code in first(element, resource) if values else ():
            for value in values:
                out.present |= bits
                for name in names:
                    out.composites.append((name, (code, value)))

    if len(readers) != 2:
        return write
    first, second = readers
    return pair


def _reader(component: Component) -> Parts:
    sources = [
        (path.rooted, select(path), _LABEL.get(kind, kind), code_reader(kind, path) or VALUES[kind, path.type])
        for path, kind in component
    ]
    if len(sources) == 1 and not sources[0][0]:
        _, only, label, read = sources[0]
        if label in ("token", "date", "quantity"):
            return lambda element, resource: [(label, *item) for value in only(element) for item in read(value)]
        return lambda element, resource: _parts(label, read, only(element))
    return lambda element, resource: [
        part
        for rooted, values, label, read in sources
        for part in _parts(label, read, values(resource if rooted else element))
    ]


def _parts(label: str, read: Values, values: Iterable[Any]) -> list[Part]:
    items = [item for value in values for item in read(value)]
    if label == "string":
        return [(label, item) for item in items]
    if label in ("reference", "uri"):
        return [("uri", item[1]) if item[0] is None else ("reference", *item) for item in items]
    return [(label, *item) for item in items]


def select(path: Path) -> Select:
    """All elements at the end of a path, as a plain function of where it starts."""
    if len(path.steps) == 1 and isinstance(path.steps[0], Key) and not path.steps[0].many:
        name = path.steps[0].name
        return lambda value: (value[name],) if name in value else ()
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
