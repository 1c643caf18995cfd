"""The shapes an expression can have; each knows its place in the text, for errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as Choice


@dataclass(frozen=True, slots=True)
class Literal:
    """`value` is a System value; the empty collection `{}` is None."""

    value: object
    position: int


@dataclass(frozen=True, slots=True)
class Special:
    """$this, $index, $total."""

    name: Choice["this", "index", "total"]
    position: int


@dataclass(frozen=True, slots=True)
class External:
    """%name."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Member:
    """`target.name`; without a target a path's first step, which may also name a type."""

    target: Node | None
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    target: Node | None
    name: str
    arguments: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Index:
    target: Node
    index: Node
    position: int


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: Node
    position: int


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Node
    right: Node
    position: int


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`operand is Type` and `operand as Type`."""

    operator: str
    operand: Node
    type: str
    position: int


@dataclass(frozen=True, slots=True)
class SortKey:
    """An argument of sort(): the key and its direction."""

    key: Node
    descending: bool
    position: int


Node = Literal | Special | External | Member | Call | Index | Unary | Binary | TypeTest | SortKey


def defines(node: Node) -> bool:
    """Does it define a variable that could be seen after it? Arguments have a scope of their own."""
    at: Node | None = node
    while at is not None:
        match at:
            case Call():
                if at.name == "defineVariable":
                    return True
                at = at.target
            case Member() | Index():
                at = at.target
            case TypeTest():
                at = at.operand
            case SortKey():
                at = at.key
            case _:
                return False
    return False


def type_name(node: Node) -> str | None:
    """A type written as an argument, `Quantity` or `FHIR.Quantity`, as text; None when it is no such name."""
    if isinstance(node, Member):
        if node.target is None:
            return node.name
        if isinstance(node.target, Member) and node.target.target is None:
            return f"{node.target.name}.{node.name}"
    return None
