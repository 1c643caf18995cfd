"""Invariants that only ask which children are there ("a.exists() or b.exists()"), compiled to look-ups in the node."""

from __future__ import annotations

import re
from typing import Any

from hoso.fhir.model import TypeDef
from hoso.fhir.rules.faults import Context, Test

_TERM = re.compile(r"\s*(\w+)\.(exists|empty)\(\)\s*")
_OPERATOR = re.compile(r"or|and|xor|implies|!=|=")


def simple(expression: str, definition: TypeDef) -> Test | None:
    """A test for `expression` on nodes of that type; None when it asks for more than presence."""
    terms, operators = _read(expression)
    if not terms or len(set(operators)) > 1 or any(name not in definition.by_name for name, _ in terms):
        return None
    keys = [_keys(definition, name) for name, _ in terms]
    wanted = [function == "exists" for _, function in terms]
    if not operators:
        return _all(keys, wanted)
    if operators[0] == "or":
        return _any(keys, wanted)
    if operators[0] == "and":
        return _all(keys, wanted)
    return _pair(keys, wanted, operators[0]) if len(terms) == 2 else None


_ABSENT = r"\w+\.empty\(\)(?: and \w+\.empty\(\))*"
_FIRST = re.compile(rf"(?:\((?P<inside>{_ABSENT})\)|(?P<bare>{_ABSENT})) or ")
_LAST = re.compile(rf" or (?:\((?P<inside>{_ABSENT})\)|(?P<bare>{_ABSENT}))$")
_PREMISE = re.compile(r"(?P<bare>\w+)(?:\.exists\(\)|\.count\(\) > \d+) implies ")


def vacuous(expression: str, definition: TypeDef) -> tuple[frozenset[str], ...]:
    """Groups of JSON names: where a node has none of one group, the rule holds without a look at the rest of it.

    Read off a first or last alternative ("a.empty() or …", "… or (a.empty() and b.empty())") or off a premise
    ("a.exists() implies …"); `xor` and a second `implies` bind differently and are left alone.
    """
    loose = "xor" in expression or "implies" in expression
    matches = [_PREMISE.match(expression)] if loose else [_FIRST.match(expression), _LAST.search(expression)]
    groups = [re.findall(r"\w+(?=\.empty|$)", m.groupdict().get("inside") or m["bare"]) for m in matches if m]
    return tuple(
        frozenset(key for name in names for key in _keys(definition, name))
        for names in groups
        if all(name in definition.by_name for name in names)
    )


def _read(expression: str) -> tuple[list[tuple[str, str]], list[str]]:
    terms: list[tuple[str, str]] = []
    operators: list[str] = []
    at = 0
    while match := _TERM.match(expression, at):
        terms.append((match.group(1), match.group(2)))
        at = match.end()
        operator = _OPERATOR.match(expression, at)
        if operator is None:
            break
        operators.append(operator.group())
        at = operator.end()
    whole = at == len(expression) and len(operators) == len(terms) - 1
    return (terms, operators) if whole else ([], [])


def _keys(definition: TypeDef, name: str) -> frozenset[str]:
    return frozenset(k for key, _ in definition.by_name[name].spellings() for k in (key, "_" + key))


def _any(keys: list[frozenset[str]], wanted: list[bool]) -> Test:
    pairs = tuple(zip(keys, wanted, strict=True))

    def test(node: Any, context: Context) -> bool:
        for group, there in pairs:  # noqa: SIM110  (a generator would cost more than the test)
            if group.isdisjoint(node) is not there:
                return True
        return False

    return test


def _all(keys: list[frozenset[str]], wanted: list[bool]) -> Test:
    pairs = tuple(zip(keys, wanted, strict=True))

    def test(node: Any, context: Context) -> bool:
        for group, there in pairs:  # noqa: SIM110
            if group.isdisjoint(node) is there:
                return False
        return True

    return test


def _pair(keys: list[frozenset[str]], wanted: list[bool], operator: str) -> Test:
    (left, right), (want_left, want_right) = keys, wanted
    if operator == "implies":
        return _any(keys, [not want_left, want_right])
    differ = operator in ("xor", "!=")

    def test(node: Any, context: Context) -> bool:
        is_left = left.isdisjoint(node) is not want_left
        return (is_left != (right.isdisjoint(node) is not want_right)) is differ

    return test
