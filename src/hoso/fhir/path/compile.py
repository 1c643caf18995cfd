"""AST → closures: every part becomes a function from a frame to a collection; nothing is looked up twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hoso.fhir.path import functions
from hoso.fhir.path.ast import (
    Binary,
    Call,
    External,
    Index,
    Literal,
    Member,
    Node,
    SortKey,
    Special,
    TypeTest,
    Unary,
    defines,
    type_name,
)
from hoso.fhir.path.cost import MANY, of_operator, of_texts, small
from hoso.fhir.path.errors import PathError, execution
from hoso.fhir.path.frame import Closure, Frame, constant
from hoso.fhir.path.operators import BINARY, negated, positive
from hoso.fhir.path.registry import FUNCTIONS, Body, Function
from hoso.fhir.path.types import TypeName
from hoso.fhir.path.values import Collection, Service, integer, single, step, step_placed
from hoso.fhir.path.values import Node as Element

Step = Callable[[Collection, str], Collection]
_TYPE_FUNCTIONS = ("is", "as", "ofType")

functions.load()


class Compiler:
    """`strict` makes `as` on several items an error; without it, as in search parameters, it filters them.

    `placed` lets every element found by a step know its place.
    """

    def __init__(self, strict: bool, placed: bool = False) -> None:
        self.strict = strict
        self.step = step_placed if placed else step

    def scoped(self, node: Node) -> Closure:
        """An operand or argument: the variables it defines end with it."""
        body = self.closure(node)
        if not defines(node):
            return body

        def apart(frame: Frame) -> Collection:
            before = frame.variables
            try:
                return body(frame)
            finally:
                frame.variables = before

        return apart

    def closure(self, node: Node) -> Closure:
        match node:
            case Literal():
                return _constant([] if node.value is None else [node.value])
            case Special():
                return _special(node)
            case External():
                return _external(node)
            case Member():
                return self._member(node)
            case Index():
                return self._index(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case TypeTest():
                return self._type_test(node.operator, self.closure(node.operand), node.type, node.position)
            case Call():
                return self._call(node)
            case SortKey():
                return self.closure(node.key)

    def _member(self, node: Member) -> Closure:
        name, step = node.name, self.step
        if node.target is None:
            return _first_step(name, step)
        target = self.closure(node.target)

        def stepped(frame: Frame) -> Collection:
            items = target(frame)
            if len(items) > MANY:
                frame.run.spend(len(items))
            return step(items, name)

        return stepped

    def _index(self, node: Index) -> Closure:
        target, index, at = self.closure(node.target), self.scoped(node.index), node.position

        def indexed(frame: Frame) -> Collection:
            items, n = target(frame), integer(index(frame), at)
            return [items[n]] if n is not None and 0 <= n < len(items) else []

        return indexed

    def _unary(self, node: Unary) -> Closure:
        operand, at = self.closure(node.operand), node.position
        work = negated if node.operator == "-" else positive
        return lambda frame: work(operand(frame), at)

    def _binary(self, node: Binary) -> Closure:
        left, right, at = self.scoped(node.left), self.scoped(node.right), node.position
        work, cost = BINARY[node.operator], of_operator(node.operator)
        if cost is not None:

            def charged(frame: Frame) -> Collection:
                one, two = left(frame), right(frame)
                if not (small(one) and small(two)):
                    frame.run.spend(cost(one, two))
                return work(one, two, at)

            return charged
        decided = {"and": [False], "or": [True]}.get(node.operator)
        if decided is None:
            return lambda frame: work(left(frame), right(frame), at)

        def shortened(frame: Frame) -> Collection:
            first = left(frame)
            return first if first == decided else work(first, right(frame), at)

        return shortened

    def _type_test(self, operator: str, operand: Closure, name: str, at: int) -> Closure:
        wanted = TypeName(name, at, self.strict)
        if operator == "ofType" or (operator == "as" and not self.strict):
            return lambda frame: [item for item in operand(frame) if wanted.exactly(item)]
        if operator == "as":

            def cast(frame: Frame) -> Collection:
                item = single(operand(frame), at)
                return [item] if item is not None and wanted.exactly(item) else []

            return cast

        def tested(frame: Frame) -> Collection:
            item = single(operand(frame), at)
            return [] if item is None else [wanted.includes(item)]

        return tested

    def _call(self, node: Call) -> Closure:
        target = self.closure(node.target) if node.target is not None else _this
        if node.name in _TYPE_FUNCTIONS:
            return self._type_call(node, target)
        known = FUNCTIONS.get(node.name)
        if known is None:
            raise PathError("semantic", f"Unknown function {node.name}()", node.position)
        if not known.least <= len(node.arguments) <= known.most:
            raise PathError("semantic", f"{node.name}() has a wrong number of arguments", node.position)
        return _placed(self._applied(known, node, target), node.position)

    def _type_call(self, node: Call, target: Closure) -> Closure:
        name = type_name(node.arguments[0]) if len(node.arguments) == 1 else None
        if name is None:
            raise PathError("semantic", f"{node.name}() takes the name of a type", node.position)
        return self._type_test(node.name, target, name, node.position)

    def _applied(self, known: Function, node: Call, target: Closure) -> Closure:
        body = _weighed(known.body) if known.takes_string else known.body
        arguments = tuple(self.scoped(argument) for argument in node.arguments)
        if known.name == "sort":
            falling = tuple(isinstance(a, SortKey) and a.descending for a in node.arguments)
            return _called(body, target, (), (tuple(zip(arguments, falling, strict=True)),))
        if known.lazy:
            return _called(body, target, (), arguments)
        return _called(body, target, arguments)


def _placed(work: Closure, position: int) -> Closure:
    """Errors of a function carry the place where it is called."""

    def called(frame: Frame) -> Collection:
        try:
            return work(frame)
        except PathError as fault:
            if fault.position == 0 and position:
                raise PathError(fault.kind, fault.message, position) from fault
            raise

    return called


def _called(body: Body, target: Closure, arguments: tuple[Closure, ...], given: tuple[Any, ...] = ()) -> Closure:
    """The call; what a function is called on is paid for when it is much."""

    def called(frame: Frame) -> Collection:
        items = target(frame)
        if len(items) > MANY:
            frame.run.spend(len(items))
        return body(frame, items, *given, *[argument(frame) for argument in arguments])

    def bare(frame: Frame) -> Collection:
        items = target(frame)
        if len(items) > MANY:
            frame.run.spend(len(items))
        return body(frame, items, *given)

    return called if arguments else bare


def _weighed(body: Body) -> Body:
    """Work on text, paid by the length of what goes in and comes out."""

    def worked(frame: Frame, items: Collection, *arguments: Collection) -> Collection:
        frame.run.spend(of_texts(items))
        found = body(frame, items, *arguments)
        frame.run.spend(of_texts(found))
        return found

    return worked


def _constant(items: Collection) -> Closure:
    return lambda frame: items


def _this(frame: Frame) -> Collection:
    return frame.this


def _special(node: Special) -> Closure:
    if node.name == "this":
        return _this
    if node.name == "total":
        return lambda frame: frame.total
    return lambda frame: [frame.index]


def _first_step(name: str, step: Step) -> Closure:
    """A path's first step: the type of what it starts from, or a child of it."""
    typed = name[:1].isupper()

    def started(frame: Frame) -> Collection:
        this = frame.this
        if typed and len(this) == 1 and this[0].__class__ is Element and this[0].shape.is_a(name):
            return this
        return step(this, name)

    return started


def _external(node: External) -> Closure:
    name, at = node.name, node.position
    fixed = constant(name)
    if fixed is not None:
        return _constant([fixed])
    if name == "terminologies":
        return _constant([Service("%terminologies")])

    def looked_up(frame: Frame) -> Collection:
        if name == "context":
            return frame.context
        if name in ("resource", "rootResource"):
            found = frame.run.resource if name == "resource" else frame.run.root
            return [] if found is None else [found]
        if name in frame.variables:
            return frame.variables[name]
        if name not in frame.run.environment:
            raise execution(f"Unknown variable %{name}", at)
        value = frame.run.environment[name]
        return value if isinstance(value, list) else [value]

    return looked_up
