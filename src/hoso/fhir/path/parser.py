"""Tokens → AST by recursive descent over FHIRPath's precedence table; nesting beyond `MAX_DEPTH` is refused."""

from __future__ import annotations

from decimal import Decimal

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
)
from hoso.fhir.path.errors import PathError
from hoso.fhir.path.lexer import Token, tokens
from hoso.fhir.path.quantity import CALENDAR, Quantity
from hoso.fhir.path.temporal import Temporal
from hoso.fhir.path.values import Long

MAX_DEPTH = 60
MAX_CHAIN = 200
MAX_DIGITS = 100

# Loosest first; every level is left-associative.
LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"implies"}),
    frozenset({"or", "xor"}),
    frozenset({"and"}),
    frozenset({"in", "contains"}),
    frozenset({"=", "~", "!=", "!~"}),
    frozenset({"<=", "<", ">", ">="}),
    frozenset({"|"}),
    frozenset({"is", "as"}),
    frozenset({"+", "-", "&"}),
    frozenset({"*", "/", "div", "mod"}),
)
_RANK = {operator: rank for rank, operators in enumerate(LEVELS) for operator in operators}
_TYPE_RANK = _RANK["is"]


def parse(expression: str) -> Node:
    return _Parser(tokens(expression)).whole()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.found = found
        self.at = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        return self.found[self.at]

    def take(self) -> Token:
        token = self.found[self.at]
        self.at += 1
        return token

    def fault(self) -> PathError:
        text = self.now.text
        return PathError(
            "syntax", f"Unexpected {text!r}" if text else "Unexpected end of expression", self.now.position
        )

    def sees(self, symbol: str) -> bool:
        return self.now.kind == "symbol" and self.now.text == symbol

    def accept(self, symbol: str) -> bool:
        if self.sees(symbol):
            self.at += 1
            return True
        return False

    def expect(self, symbol: str) -> None:
        if not self.accept(symbol):
            raise self.fault()

    def whole(self) -> Node:
        node = self.expression()
        if self.now.kind != "end":
            raise self.fault()
        return node

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise PathError("limit", f"The expression nests deeper than {MAX_DEPTH}", self.now.position)
        node = self.level(0)
        self.depth -= 1
        return node

    def level(self, lowest: int) -> Node:
        """Operators of rank `lowest` and tighter, by precedence climbing."""
        node = self.unary()
        steps = 0
        while (rank := self.rank()) >= lowest:
            steps += 1
            if steps > MAX_CHAIN:
                raise PathError("limit", "Too many operators in a row", self.now.position)
            operator = self.take()
            if rank == _TYPE_RANK:
                node = TypeTest(operator.text, node, self.type_specifier(), operator.position)
            else:
                node = Binary(operator.text, node, self.level(rank + 1), operator.position)
        return node

    def rank(self) -> int:
        token = self.now
        return _RANK.get(token.text, -1) if token.kind in ("symbol", "name") else -1

    def type_specifier(self) -> str:
        name = self.name()
        return f"{name}.{self.name()}" if self.accept(".") else name

    def name(self) -> str:
        if self.now.kind != "name":
            raise self.fault()
        return self.take().text

    def unary(self) -> Node:
        if self.sees("-") or self.sees("+"):
            sign = self.take()
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise PathError("limit", f"The expression nests deeper than {MAX_DEPTH}", sign.position)
            operand = self.unary()
            self.depth -= 1
            return Unary(sign.text, operand, sign.position)
        return self.postfix(self.term())

    def postfix(self, node: Node) -> Node:
        steps = 0
        while True:
            position = self.now.position
            if self.accept("."):
                node = self.invocation(node)
            elif self.accept("["):
                node = Index(node, self.expression(), position)
                self.expect("]")
            else:
                return node
            steps += 1
            if steps > MAX_CHAIN:
                raise PathError("limit", "The path has too many steps", position)

    def invocation(self, target: Node | None) -> Node:
        token = self.now
        if token.kind == "special":
            raise self.fault()
        name = self.name()
        if not self.accept("("):
            return Member(target, name, token.position)
        arguments: list[Node] = []
        if not self.sees(")"):
            arguments.append(self.argument(name))
            while self.accept(","):
                arguments.append(self.argument(name))
        self.expect(")")
        return Call(target, name, tuple(arguments), token.position)

    def argument(self, function: str) -> Node:
        node = self.expression()
        if function != "sort":
            return node
        if self.now.kind == "name" and self.now.text in ("asc", "desc"):
            return SortKey(node, self.take().text == "desc", node.position)
        if isinstance(node, Unary) and node.operator == "-":
            return SortKey(node.operand, True, node.position)
        return SortKey(node, False, node.position)

    def term(self) -> Node:
        token = self.now
        if token.kind == "name":
            return self.named(token)
        if token.kind == "symbol":
            return self.grouped(token)
        self.at += 1
        if token.kind == "number":
            return Literal(self.number(token), token.position)
        if token.kind == "long" and len(token.text) <= MAX_DIGITS:
            return Literal(Long(token.text[:-1]), token.position)
        if token.kind == "string":
            return Literal(token.text, token.position)
        if token.kind in ("date", "datetime", "time"):
            return Literal(_temporal(token), token.position)
        if token.kind == "special":
            return Special(token.text[1:], token.position)  # type: ignore[arg-type]
        if token.kind == "external":
            return External(token.text, token.position)
        self.at -= 1
        raise self.fault()

    def named(self, token: Token) -> Node:
        following = self.found[self.at + 1]
        called = following.kind == "symbol" and following.text == "("
        if token.text in ("true", "false") and not called:
            self.at += 1
            return Literal(token.text == "true", token.position)
        return self.invocation(None)

    def grouped(self, token: Token) -> Node:
        if self.accept("{"):
            self.expect("}")
            return Literal(None, token.position)
        self.expect("(")
        node = self.expression()
        self.expect(")")
        return node

    def number(self, token: Token) -> object:
        """An integer, a decimal, or a quantity when a unit follows."""
        if len(token.text) > MAX_DIGITS:
            raise PathError("limit", f"The number has more than {MAX_DIGITS} digits", token.position)
        following = self.now
        if following.kind == "string":
            self.at += 1
            return Quantity(Decimal(token.text), following.text)
        if following.kind == "name" and following.text in CALENDAR:
            self.at += 1
            return Quantity(Decimal(token.text), CALENDAR[following.text], calendar=True)
        return Decimal(token.text) if "." in token.text else int(token.text)


def _temporal(token: Token) -> Temporal:
    kind = {"date": "Date", "datetime": "DateTime", "time": "Time"}[token.kind]
    value = Temporal.parse(kind, token.text[1:].removeprefix("T") if kind == "Time" else token.text[1:])
    if value is None:
        raise PathError("syntax", f"{token.text} is no {kind}", token.position)
    return value
