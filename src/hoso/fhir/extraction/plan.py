"""Search parameter expressions → plain paths: which JSON properties to follow, which filters to keep, what type is met.

An expression outside the forms that search parameters use is refused here, when the type is first compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hoso.fhir.model import Element, Model
from hoso.fhir.path.ast import Binary, Call, External, Index, Literal, Member, Node, TypeTest, type_name


@dataclass(frozen=True, slots=True)
class Key:
    """Follow a JSON property; `many` takes each item of a list, `first` only its first."""

    name: str
    many: bool
    first: bool = False


@dataclass(frozen=True, slots=True)
class Equals:
    """Keep elements whose property has this text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Resolves:
    """Keep references to this resource type."""

    type: str


Step = Key | Equals | Resolves


@dataclass(frozen=True, slots=True)
class Path:
    """`type` is what stands at the end; `element` its definition; `rooted` starts at the resource, not the context."""

    steps: tuple[Step, ...]
    type: str
    element: Element | None = None
    rooted: bool = False

    def then(self, step: Step, type: str | None = None, element: Element | None = None) -> Path:
        return Path((*self.steps, step), type or self.type, element or self.element, self.rooted)


class Unplanned(Exception):
    """The expression has a form that no R4 search parameter uses."""


def paths(node: Node, context: str, resource: str, model: Model) -> Iterator[Path]:
    """All places a path expression can lead to from an element of type `context`."""
    if isinstance(node, Binary) and node.operator == "|":
        yield from paths(node.left, context, resource, model)
        yield from paths(node.right, context, resource, model)
    elif isinstance(node, Member):
        yield from _member(node, context, resource, model)
    elif isinstance(node, External) and node.name == "resource":
        yield Path((), resource, rooted=True)
    elif isinstance(node, Index) and isinstance(node.index, Literal) and node.index.value == 0:
        yield from (_first(path) for path in paths(node.target, context, resource, model))
    elif isinstance(node, TypeTest) and node.operator == "as":
        yield from _of_type(paths(node.operand, context, resource, model), node.type)
    elif isinstance(node, Call) and node.target is not None:
        yield from _call(node, node.target, context, resource, model)
    else:
        raise Unplanned(node)


def _member(node: Member, context: str, resource: str, model: Model) -> Iterator[Path]:
    if node.target is None:
        if node.name in (context, "Resource", "DomainResource"):
            yield Path((), context)
            return
        starts: Iterator[Path] = iter((Path((), context),))
    else:
        starts = paths(node.target, context, resource, model)
    for start in starts:
        element = model.types[start.type].by_name.get(node.name)
        if element is None:
            raise Unplanned(node)
        for key, ref in element.spellings():
            yield start.then(Key(key, element.max != 1), ref.code, element)


def _first(path: Path) -> Path:
    last = path.steps[-1]
    if not isinstance(last, Key):
        raise Unplanned(path)
    return Path((*path.steps[:-1], Key(last.name, last.many, first=True)), path.type, path.element, path.rooted)


def _call(node: Call, target: Node, context: str, resource: str, model: Model) -> Iterator[Path]:
    found = paths(target, context, resource, model)
    argument = node.arguments[0] if node.arguments else None
    if node.name in ("as", "ofType") and argument is not None:
        yield from _of_type(found, type_name(argument) or "")
    elif node.name == "where" and argument is not None:
        step = _filter(argument)
        yield from (path.then(step) for path in found)
    else:
        raise Unplanned(node)


def _of_type(found: Iterator[Path], name: str) -> Iterator[Path]:
    """R4 writes one of its types as `DateTime`; the element's own spelling decides."""
    wanted = name.rpartition(".")[2].lower()
    return (path for path in found if path.type.lower() == wanted)


def _filter(condition: Node) -> Step:
    if isinstance(condition, TypeTest) and condition.operator == "is":
        operand = condition.operand
        if isinstance(operand, Call) and operand.name == "resolve" and operand.target is None:
            return Resolves(condition.type)
    if isinstance(condition, Binary) and condition.operator == "=":
        left, right = condition.left, condition.right
        if isinstance(left, Member) and left.target is None and isinstance(right, Literal):
            return Equals(left.name, str(right.value))
    raise Unplanned(condition)


def present_and_not_false(node: Node) -> Node | None:
    """The path of `path.exists() and path != false`, the one computed token of R4 (Patient.deceased)."""
    if not (isinstance(node, Binary) and node.operator == "and" and isinstance(node.left, Call)):
        return None
    right = node.right
    if node.left.name == "exists" and isinstance(right, Binary) and right.operator == "!=":
        return right.left
    return None
