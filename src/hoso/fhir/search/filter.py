"""`_filter`: R4's filter expressions, `birthdate ge 2014-10-10 and (name co "hoa" or gender eq male)` → a condition.

Each comparison becomes what a plain parameter with its modifier or prefix would be, so that both mean the same and are
refused alike. `and` binds tighter than `or`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from hoso.core import Refused
from hoso.fhir.search.conditions import Reader
from hoso.fhir.search.limits import MAX_FILTER_DEPTH, MAX_FILTER_TERMS
from hoso.fhir.search.query import Chain, Condition, Group, Has, Match, Missing
from hoso.fhir.search.values import escape, refuse

NAME = "_filter"
Types = tuple[str, ...]

_TOKEN = re.compile(r'\s*(?:(?P<mark>[()\[\]])|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()\[\]"]+))', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?::[A-Z][A-Za-z]*)?(?:\.[A-Za-z_][A-Za-z0-9_-]*(?::[A-Z][A-Za-z]*)?)*\Z")
_ORDERED = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb"})
_SUITED: Mapping[str, frozenset[str]] = {
    "string": frozenset({"eq", "ne", "co", "sw", "ew"}),
    "token": frozenset({"eq", "ne", "in", "ni", "ss", "sb"}),
    "date": _ORDERED | {"po"},
    "number": _ORDERED,
    "quantity": _ORDERED,
    "reference": frozenset({"eq", "ne", "re"}),
    "uri": frozenset({"eq", "ne", "ss", "sb"}),
}
_MODIFIER = {"co": ":contains", "in": ":in", "ni": ":not-in", "ss": ":above", "sb": ":below"}
_OPERATORS = frozenset({"pr", *_MODIFIER, *(op for suited in _SUITED.values() for op in suited)})


class Word(NamedTuple):
    """`kind`: mark, text (it stood in quotes), word or end."""

    kind: str
    text: str
    at: int


def read(reader: Reader, types: Types, expression: str) -> Condition:
    """Raises Refused(400) with the character where the expression cannot be understood."""
    parser = _Parser(reader, types, _words(expression))
    found = parser.either()
    if parser.now.kind != "end":
        raise parser.fault()
    return found


def _words(expression: str) -> list[Word]:
    found: list[Word] = []
    at = 0
    end = len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None:
            raise refuse("search.filter-syntax", NAME, at=str(at + 1), found=expression[at : at + 20])
        kind = match.lastgroup or ""
        text = match.group(kind)
        found.append(Word(kind, _ESCAPED.sub(r"\1", text) if kind == "text" else text, match.start(kind)))
        at = match.end()
    found.append(Word("end", "", end))
    return found


class _Parser:
    def __init__(self, reader: Reader, types: Types, words: list[Word]) -> None:
        self.reader, self.types, self.words = reader, types, words
        self.at = self.depth = self.terms = 0

    @property
    def now(self) -> Word:
        return self.words[self.at]

    def take(self) -> Word:
        self.at += 1
        return self.words[self.at - 1]

    def fault(self) -> Exception:
        return refuse("search.filter-syntax", NAME, at=str(self.now.at + 1), found=self.now.text[:40] or "–")

    def accept(self, kind: str, text: str) -> bool:
        if (self.now.kind, self.now.text) != (kind, text):
            return False
        self.at += 1
        return True

    def either(self) -> Condition:
        return self._joined("or", self.all)

    def all(self) -> Condition:
        return self._joined("and", self.one)

    def _joined(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self.accept("word", word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Group("and" if word == "and" else "or", tuple(parts))

    def one(self) -> Condition:
        negated = (self.now.kind, self.now.text) == ("word", "not") and self.words[self.at + 1].text == "("
        if negated:
            self.at += 1
        if not self.accept("mark", "("):
            return self.comparison()
        self.depth += 1
        if self.depth > MAX_FILTER_DEPTH:
            raise refuse("search.filter-large", NAME, "too-costly", limit=str(MAX_FILTER_DEPTH))
        inner = self.either()
        if not self.accept("mark", ")"):
            raise self.fault()
        self.depth -= 1
        return Group("not", (inner,)) if negated else inner

    def comparison(self) -> Condition:
        self.terms += 1
        if self.terms > MAX_FILTER_TERMS:
            raise refuse("search.filter-large", NAME, "too-costly", limit=str(MAX_FILTER_TERMS))
        if self.now.kind != "word" or not _PATH.match(self.now.text):
            raise self.fault()
        path = self.take()
        if self.now.kind == "mark" and self.now.text == "[":
            raise refuse("search.filter-brackets", NAME, "not-supported", at=str(self.now.at + 1))
        if self.now.kind != "word" or self.now.text not in _OPERATORS:
            raise self.fault()
        operator = self.take()
        if self.now.kind not in ("word", "text"):
            raise self.fault()
        value = self.take()
        if not value.text:
            raise refuse("search.empty", NAME)
        return _compared(self.reader, self.types, path.text, operator.text, value)


def _compared(reader: Reader, types: Types, path: str, operator: str, value: Word) -> Condition:
    if operator == "pr":
        if value.text not in ("true", "false"):
            raise refuse("search.filter-present", NAME, value=value.text)
        return reader.condition(types, f"{path}:missing", "false" if value.text == "true" else "true")
    kind = _kind(reader, types, path)
    if operator not in _SUITED.get(kind, ()):
        raise refuse("search.filter-operator", NAME, "not-supported", operator=operator, name=path, kind=kind)
    text = escape(value.text) if kind == "string" else _listless(value.text)
    if kind in ("date", "number", "quantity"):
        if operator == "po":  # overlaps: it ends after the other begins, and begins before the other ends
            return Group("and", tuple(reader.condition(types, path, f"{way}{text}") for way in ("ge", "le")))
        return reader.condition(types, path, f"{operator}{text}")
    if operator == "ne":
        equal = _compared(reader, types, path, "eq", value)
        return Group("and", (reader.condition(types, f"{path}:missing", "false"), Group("not", (equal,))))
    found = reader.condition(types, path + _MODIFIER.get(operator, ""), text)
    if kind == "string" and operator in ("eq", "ew"):
        return _at_leaf(found, lambda leaf: replace(leaf, modifier="equals" if operator == "eq" else "ends"))
    return found


def _listless(text: str) -> str:
    """A comma is part of the value here, not the border of two; a bar keeps its meaning."""
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$")


def _kind(reader: Reader, types: Types, path: str) -> str:
    """The kind of what stands at the end of the path, which must be one for all types that it may lead to."""
    try:
        found = reader.condition(types, f"{path}:missing", "true")
    except Refused as refused:
        (issue,) = refused.issues
        values = {name: value for name, value in issue.values.items() if name != "parameter"}
        raise refuse(issue.key, path, issue.code, **values) from refused
    kinds = {reader.kind(type, code) for type, code in _leaves(found, types)}
    if len(kinds) != 1:
        raise refuse("search.differs", NAME, "not-supported", name=path)
    return kinds.pop()


def _leaves(condition: Condition, types: Types) -> list[tuple[str, str]]:
    match condition:
        case Chain(_, branches):
            return [leaf for inner_types, inner in branches for leaf in _leaves(inner, inner_types)]
        case Has(type, _, inner):
            return _leaves(inner, (type,))
        case Missing(code):
            return [(type, code) for type in types]
    return []


def _at_leaf(condition: Condition, change: Callable[[Match], Match]) -> Condition:
    match condition:
        case Chain(code, branches):
            return Chain(code, tuple((types, _at_leaf(inner, change)) for types, inner in branches))
        case Match():
            return change(condition)
    return condition
