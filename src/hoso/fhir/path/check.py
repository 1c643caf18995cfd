"""Static check of an expression against a type: a step that no element can ever take is an error, not an empty answer.

Types are followed as far as they are certain; where anything may come (descendants, variables), nothing is claimed.
"""

from __future__ import annotations

from hoso.fhir.path.ast import Binary, Call, Index, Literal, Member, Node, SortKey, Special, TypeTest, Unary, type_name
from hoso.fhir.path.errors import PathError
from hoso.fhir.path.registry import FUNCTIONS
from hoso.fhir.path.shapes import Shape, known, shape

Types = frozenset[Shape] | None
"""The types an expression may give; None when anything may come."""

_SAME = frozenset(
    {"where", "first", "last", "tail", "skip", "take", "single", "distinct", "trace", "exclude", "sort", "intersect"}
)
_ORDERED = frozenset({"first", "last", "tail", "skip", "take"})
_UNORDERED = frozenset({"children", "descendants"})
_PER_ITEM = frozenset({"where", "select", "all", "exists", "repeat", "repeatAll", "sort", "iif"})


def check(tree: Node, root: Shape) -> None:
    """Raises a semantic `PathError` at the first impossible step."""
    _Checker(frozenset({root})).types(tree)


class _Checker:
    def __init__(self, this: Types) -> None:
        self.this = this

    def types(self, node: Node) -> Types:
        match node:
            case Member():
                return self._member(node)
            case Call():
                return self._call(node)
            case Index():
                self.types(node.index)
                return self.types(node.target)
            case Special(name="this"):
                return self.this
            case TypeTest():
                return self._narrowed(self.types(node.operand), node.type, node.operator)
            case Binary():
                return self._binary(node)
            case Unary():
                self.types(node.operand)
            case SortKey():
                self.types(node.key)
        return None

    def _binary(self, node: Binary) -> Types:
        left, right = self.types(node.left), self.types(node.right)
        return left | right if node.operator == "|" and left is not None and right is not None else None

    def _member(self, node: Member) -> Types:
        if node.target is not None:
            return _stepped(self.types(node.target), node)
        this = self.this
        if this is not None and node.name[:1].isupper() and any(s.is_a(node.name) for s in this):
            return this
        return _stepped(this, node)

    def _call(self, node: Call) -> Types:
        target = self.types(node.target) if node.target is not None else self.this
        if node.name in ("is", "as", "ofType"):
            name = type_name(node.arguments[0])
            return self._narrowed(target, name or "", node.name)
        function = FUNCTIONS[node.name]
        if node.name in _ORDERED and isinstance(node.target, Call) and node.target.name in _UNORDERED:
            raise PathError("semantic", f"{node.name}() needs an order, {node.target.name}() has none", node.position)
        if function.takes_string and target and not any(s.system == "String" for s in target):
            raise PathError("semantic", f"{node.name}() works on text only", node.position)
        inner = _Checker(target) if node.name in _PER_ITEM else self
        if function.lazy and node.name not in _PER_ITEM:
            inner = _Checker(None if node.name == "aggregate" else target)
        found = [inner.types(argument) for argument in node.arguments]
        if node.name in ("select",):
            return found[0]
        if node.name == "extension" and target is not None:
            return frozenset({shape("Extension")})
        if node.name in ("union", "combine") and target is not None and found[0] is not None:
            return target | found[0]
        return target if node.name in _SAME else None

    @staticmethod
    def _narrowed(types: Types, name: str, operator: str) -> Types:
        plain = name.rpartition(".")[2]
        if operator == "is" or not known(plain):
            return None
        return frozenset({shape(plain)})


def _stepped(types: Types, node: Member) -> Types:
    if types is None or not types:
        return None
    found: set[Shape] = set()
    possible = False
    for kind in types:
        fields = kind.fields.get(node.name)
        if fields is None:
            continue
        possible = True
        for field in fields:
            if field.shape is None:
                return None
            found.add(field.shape)
    if not possible:
        if any(kind.abstract for kind in types):
            return None
        raise PathError("semantic", f"No element {node.name!r} here", node.position)
    return frozenset(found)


__all__ = ["Literal", "check"]
