"""The filters of `compose`: which codes of a system are meant by a property."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hoso.core.errors import Refused
from hoso.fhir.path import PathError
from hoso.fhir.path.patterns import pattern
from hoso.fhir.terminology.codesystem import CodeSystem, Concept

T = TypeVar("T")
Test = Callable[[Concept], bool]
OPERATORS = ("=", "is-a", "descendent-of", "is-not-a", "in", "not-in", "generalizes", "exists", "regex")
MOST_STEPS = 5_000_000
"""Of all the matching of one pattern in one question."""


def tests(system: CodeSystem, filters: Iterable[dict[str, Any]]) -> list[Test]:
    """Raises Refused for what is not understood."""
    return [_test(system, one.get("property", ""), one.get("op", ""), one.get("value", "")) for one in filters]


def _test(system: CodeSystem, name: str, op: str, value: str) -> Test:
    if op not in OPERATORS:
        raise Refused.because(422, "not-supported", "terminology.filter", filter=f"{name} {op} {value}"[:120])
    if name in ("concept", "code", "inactive", "status") or op in ("is-a", "descendent-of", "is-not-a", "generalizes"):
        return _of_code(system, name, op, value)
    if name == "parent":
        return _of_parents(op, value)
    if name == "display":
        return _compared(lambda one: one.vi if value == one.vi else one.en, op, value)
    return _compared(lambda one: _written(one.property(name)), op, value)


def _of_code(system: CodeSystem, name: str, op: str, value: str) -> Test:
    if name not in ("concept", "code"):
        raise Refused.because(422, "not-supported", "terminology.filter", filter=f"{name} {op} {value}"[:120])
    if op in ("=", "in", "not-in", "exists", "regex"):
        return _compared(lambda one: one.code, op, value)
    if system.find(value) is None:
        raise Refused.because(422, "not-found", "terminology.filter-code", concept=value[:80], url=system.head.url)
    if op == "generalizes":
        above = frozenset(system.above(value))
        return lambda one: one.code in above
    below = frozenset(one.code for one in system.below(value))
    if op == "is-not-a":
        return lambda one: one.code not in below
    if op == "descendent-of":
        return lambda one: one.code in below and one.code != value
    return lambda one: one.code in below


def _of_parents(op: str, value: str) -> Test:
    """Of several parents one is enough; `not-in` is about all of them."""
    if op == "exists":
        return lambda one: bool(one.parents) == (value == "true")
    if op == "not-in":
        held = _compared(str, "in", value)
        return lambda one: not any(map(held, one.parents))
    held = _compared(str, op, value)
    return lambda one: any(map(held, one.parents))


def _compared(of: Callable[[T], str], op: str, value: str) -> Callable[[T], bool]:
    if op == "regex":
        return _matching(of, value)
    if op == "exists":
        wanted = value == "true"
        return lambda one: bool(of(one)) == wanted
    if op == "=":
        return lambda one: of(one) == value
    several = frozenset(part.strip() for part in value.split(","))
    return (lambda one: of(one) in several) if op == "in" else (lambda one: of(one) not in several)


def _matching(of: Callable[[T], str], expression: str) -> Callable[[T], bool]:
    """The whole of the text must match. Within the bounds that FHIRPath sets to patterns, else refused."""
    left = MOST_STEPS

    def spend(steps: int) -> None:
        nonlocal left
        left -= steps
        if left < 0:
            raise PathError("limit", "The regular expression does too much work on this code system")

    def matches(text: str) -> bool:
        try:
            return pattern(expression, text, spend).fullmatch(text) is not None
        except PathError as error:
            raise Refused.because(422, "too-costly", "terminology.regex", pattern=expression[:120],
                                  reason=error.message) from error  # fmt: skip

    matches("")  # what is no pattern is refused at once
    return lambda one: matches(of(one))


def _written(value: str | bool | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value or ""
