"""Tokens → document (October 2021, section 2). Own, because what is needed is a page, and every limit stands in it."""

from __future__ import annotations

from decimal import Decimal

from hoso.fhir.graphql.document import (
    Declared,
    Directive,
    Document,
    Field,
    Fragment,
    Inline,
    Operation,
    Selection,
    Spread,
    Value,
    Variable,
)
from hoso.fhir.graphql.faults import Fault
from hoso.fhir.graphql.lexer import Token, tokens

MOST_DEPTH = 20
"""Of selections in each other, and of lists in values."""


def parse(text: str) -> Document:
    """Raises Fault."""
    return _Parser(tokens(text)).document()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens, self._at, self._depth = found, 0, 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def document(self) -> Document:
        found = Document()
        while self._next.kind != "end":
            at = self._next
            if at.text == "fragment" and at.kind == "name":
                name, fragment = self._fragment()
                if name in found.fragments:
                    raise Fault("graphql.twice", at.place, "duplicate", name=name)
                found.fragments[name] = fragment
                continue
            operation = self._operation()
            if any(one.name == operation.name for one in found.operations):
                raise Fault("graphql.twice", at.place, "duplicate", name=operation.name or "query")
            found.operations.append(operation)
        if not found.operations:
            raise Fault("graphql.nothing", self._next.place, "required")
        return found

    def _operation(self) -> Operation:
        at = self._next
        if self._is("{"):
            return Operation(None, {}, self._selections(), at.place)
        kind = self._name()
        if kind.text in ("mutation", "subscription"):
            raise Fault("graphql.only-queries", kind.place, "not-supported", name=kind.text)
        if kind.text != "query":
            raise self._unexpected(kind)
        name = self._name().text if self._next.kind == "name" else None
        variables = self._variables() if self._is("(") else {}
        if self._directives():
            raise Fault("graphql.directive-place", at.place, "not-supported", name="query")
        return Operation(name, variables, self._selections(), at.place)

    def _variables(self) -> dict[str, Declared]:
        self._take("(")
        found: dict[str, Declared] = {}
        while not self._is(")"):
            at = self._take("$")
            name = self._name().text
            self._take(":")
            needed = self._type()
            default: Value = None
            if self._skips("="):
                default, needed = self._value(constant=True), False
            if name in found:
                raise Fault("graphql.twice", at.place, "duplicate", name=f"${name}")
            found[name] = Declared(needed, default, at.place)
        self._take(")")
        return found

    def _type(self) -> bool:
        """Whether a value must be there. What kind of value it is, the field says for which it is used."""
        if self._skips("["):
            with_depth = self._deeper()
            self._type()
            self._depth = with_depth
            self._take("]")
        else:
            self._name()
        return self._skips("!")

    def _fragment(self) -> tuple[str, Fragment]:
        self._name()
        name = self._name()
        if name.text == "on":
            raise self._unexpected(name)
        self._word("on")
        type = self._name().text
        if self._directives():
            raise Fault("graphql.directive-place", name.place, "not-supported", name=name.text)
        return name.text, Fragment(type, self._selections())

    def _selections(self) -> tuple[Selection, ...]:
        before = self._deeper()
        self._take("{")
        found: list[Selection] = []
        while not self._is("}"):
            found.append(self._selection())
        if not found:
            raise self._unexpected(self._next)
        self._take("}")
        self._depth = before
        return tuple(found)

    def _selection(self) -> Selection:
        if not self._is("..."):
            return self._field()
        at = self._take("...")
        if self._next.kind == "name" and self._next.text != "on":
            return Spread(self._name().text, self._directives(), at.place)
        type = None
        if self._next.kind == "name":
            self._word("on")
            type = self._name().text
        directives = self._directives()
        return Inline(type, directives, self._selections(), at.place)

    def _field(self) -> Field:
        at = self._name()
        name = self._name().text if self._skips(":") else at.text
        arguments = self._arguments()
        directives = self._directives()
        selections = self._selections() if self._is("{") else None
        return Field(at.text, name, arguments, directives, selections, at.place)

    def _arguments(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        if not self._skips("("):
            return found
        while not self._is(")"):
            name = self._name()
            self._take(":")
            if name.text in found:
                raise Fault("graphql.twice", name.place, "duplicate", name=name.text)
            found[name.text] = self._value()
        self._take(")")
        return found

    def _directives(self) -> tuple[Directive, ...]:
        found: list[Directive] = []
        while self._is("@"):
            at = self._take("@")
            name = self._name().text
            if any(one.name == name for one in found):
                raise Fault("graphql.twice", at.place, "duplicate", name=f"@{name}")
            found.append(Directive(name, self._arguments(), at.place))
        return tuple(found)

    def _value(self, *, constant: bool = False) -> Value:
        token = self._next
        self._at += 1
        if token.kind == "string":
            return token.text
        if token.kind == "int":
            return int(token.text)
        if token.kind == "float":
            return Decimal(token.text)
        if token.kind == "name":
            words: dict[str, Value] = {"true": True, "false": False, "null": None}
            return words.get(token.text, token.text)
        if token.text == "$" and token.kind == "mark" and not constant:
            return Variable(self._name().text)
        if token.text == "[":
            before = self._deeper()
            found: list[Value] = []
            while not self._skips("]"):
                found.append(self._value(constant=constant))
            self._depth = before
            return found
        raise self._unexpected(token)

    def _deeper(self) -> int:
        before = self._depth
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Fault("graphql.deep", self._next.place, "too-costly", limit=str(MOST_DEPTH))
        return before

    def _is(self, mark: str) -> bool:
        return self._next.kind == "mark" and self._next.text == mark

    def _skips(self, mark: str) -> bool:
        found = self._is(mark)
        self._at += found
        return found

    def _take(self, mark: str) -> Token:
        token = self._next
        if not self._skips(mark):
            raise self._unexpected(token)
        return token

    def _name(self) -> Token:
        token = self._next
        if token.kind != "name":
            raise self._unexpected(token)
        self._at += 1
        return token

    def _word(self, text: str) -> None:
        token = self._name()
        if token.text != text:
            raise self._unexpected(token)

    @staticmethod
    def _unexpected(token: Token) -> Fault:
        if token.kind == "end":
            return Fault("graphql.ends", token.place)
        return Fault("graphql.unexpected", token.place, found=token.text[:40])
