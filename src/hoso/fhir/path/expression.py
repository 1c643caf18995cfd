"""The public face of the engine: a `Compiled` expression, to be run over any number of resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from hoso.fhir.path.ast import Node as Tree
from hoso.fhir.path.check import check
from hoso.fhir.path.compile import Compiler
from hoso.fhir.path.errors import PathError
from hoso.fhir.path.frame import OWN, Closure, Frame, Resolver, Run
from hoso.fhir.path.knowledge import Knowledge
from hoso.fhir.path.locate import Locator
from hoso.fhir.path.parser import parse
from hoso.fhir.path.quantity import Quantity
from hoso.fhir.path.shapes import Shape, shape
from hoso.fhir.path.temporal import Temporal
from hoso.fhir.path.values import Collection, Node, TypeInfo, resource_node, type_info

_PLACED = ("elementDefinition", "slice")
"""Functions that ask where an element stands."""


class Typed(NamedTuple):
    """One result: its type in FHIR's spelling ("code", "HumanName", "integer") and the value as JSON would have it.

    Dates and times are text, decimals `Decimal` with their precision; a quantity that the expression made is written
    as in FHIRPath, "4 'mg'".
    """

    type: str
    value: Any


class Compiled:
    """`strict` also refuses what can never have a value: unknown elements, another type's root."""

    def __init__(self, expression: str, strict: bool, placed: bool = False) -> None:
        self.expression = expression
        try:
            self._tree: Tree = parse(expression)
            placed = placed or any(f".{name}(" in expression for name in _PLACED)
            self._run: Closure = Compiler(strict, placed).closure(self._tree)
        except RecursionError as fault:
            raise PathError("limit", "The expression nests too deep") from fault
        self._strict = strict
        self._checked: set[str] = set()

    def evaluate(
        self,
        resource: dict[str, Any] | None,
        *,
        context: Node | None = None,
        environment: Mapping[str, Any] | None = None,
        now: datetime | None = None,
        resolver: Resolver | None = None,
        knowledge: Knowledge = OWN,
    ) -> list[Typed]:
        """The values found. `context` is an element of the resource to start from; raises `PathError`."""
        items = self.items(
            resource, context=context, environment=environment, now=now, resolver=resolver, knowledge=knowledge
        )
        return [typed(item) for item in items]

    def items(
        self,
        resource: dict[str, Any] | None,
        *,
        context: Node | None = None,
        environment: Mapping[str, Any] | None = None,
        now: datetime | None = None,
        resolver: Resolver | None = None,
        knowledge: Knowledge = OWN,
    ) -> Collection:
        """As `evaluate`, with elements as `Node`s, to go on from."""
        root = resource_node(resource) if resource is not None else None
        start = context or root
        if start is not None:
            self._check(start)
        return self._found(start, Run(root, root, environment or {}, now, resolver, knowledge=knowledge))

    def places(self, resource: dict[str, Any], steps: int) -> tuple[Collection, int]:
        """The elements found with their places, and what is left of the steps it may take; for `placed` ones."""
        root = resource_node(resource)
        if root is not None:
            self._check(root)
        run = Run(root, root, {}, None, None, steps)
        return self._found(root, run), run.left

    def _check(self, start: Node) -> None:
        if self._strict and start.shape.name not in self._checked:
            check(self._tree, start.shape)
            self._checked.add(start.shape.name)

    def _found(self, start: Node | None, run: Run) -> Collection:
        focus = [] if start is None else [start]
        try:
            return self._run(Frame(run, focus, focus, {}))
        except RecursionError as fault:
            raise PathError("limit", "The expression nests too deep") from fault


@lru_cache(maxsize=2048)
def compile(expression: str, *, strict: bool = False) -> Compiled:
    """Raises `PathError` for what is no FHIRPath, or is too long or too deep to be run."""
    return Compiled(expression, strict)


@lru_cache(maxsize=512)
def placed(expression: str) -> Compiled:
    """As a strict `compile`, for `Compiled.places`."""
    return Compiled(expression, strict=True, placed=True)


def typed(item: Any) -> Typed:
    if item.__class__ is Node:
        return Typed(item.shape.public_name, item.value)
    name = type_info(item).name
    if isinstance(item, Temporal | Quantity):
        return Typed(_FHIR_SPELLING.get(name, name), str(item))
    if isinstance(item, TypeInfo):
        return Typed(name, {"namespace": item.namespace, "name": item.name})
    return Typed(_FHIR_SPELLING[name], item)


_FHIR_SPELLING = {
    "Boolean": "boolean", "Integer": "integer", "Long": "Long", "Decimal": "decimal", "String": "string",
    "Date": "date", "DateTime": "dateTime", "Time": "time", "TerminologyService": "TerminologyService",
}  # fmt: skip

Invariant = Callable[[dict[str, Any], Any], bool]


@lru_cache(maxsize=2048)
def invariant(expression: str, type: str | None = None) -> Invariant:
    """A rule of the definitions: is it kept by this element of this resource?

    `type` is the element's type ("Observation.component"); without it the type is found by where the element stands.
    Only `true` keeps a rule: an empty answer breaks it, and so does one that cannot be worked out.
    """
    run = compile(expression)._run
    of = shape(type) if type is not None else None
    locator = Locator()

    def kept(resource: dict[str, Any], element: Any) -> bool:
        root = Node(resource, _root_shape(resource))
        node = root if element is resource else Node(element, of or locator.shape(resource, element))
        focus = [node]
        try:
            answer = run(Frame(Run(root, root, {}, None, None), focus, focus, {}))
        except (PathError, RecursionError):
            return False
        return len(answer) == 1 and answer[0] is True

    return kept


def _root_shape(resource: dict[str, Any]) -> Shape:
    return shape(resource["resourceType"])
