"""R4's error invariants as tests of a node: by hand where they are frequent, by shape where simple, else by FHIRPath.

All three ways must agree; the tests hold them against the FHIRPath engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from hoso.fhir.model import Invariant, TypeDef
from hoso.fhir.outcome import messages
from hoso.fhir.path import PathError, invariant
from hoso.fhir.rules.faults import Context, Test
from hoso.fhir.rules.invariants_native import NATIVE
from hoso.fhir.rules.invariants_simple import simple, vacuous

BUILT_IN = frozenset(
    {"ele-1", "ref-1", "txt-1", "txt-2", *(f"dom-{n}" for n in range(2, 6)), *(f"bdl-{n}" for n in range(1, 13))}
)
"""Kept by the compiler itself, by `containers`, `references`, `narrative` and `bundles`."""


class Named(NamedTuple):
    key: str
    expression: str
    message: str
    test: Test


def invariant_tests(
    found: Iterable[Invariant], owner: str, type: str, definition: TypeDef | None = None
) -> tuple[Named, ...]:
    """Tests for nodes of `type`. `owner` is that type, or the element the rules stand at; `definition` helps the
    simple shapes to know choices."""
    return tuple(
        Named(each.key, each.expression, _message(each.key, owner), _test(each, owner, type, definition))
        for each in found
        if each.severity == "error" and each.key not in BUILT_IN
    )


def decided(named: Named, definition: TypeDef, names: Iterable[str]) -> bool | None:
    """Whether a rule of the type itself holds for every node with these members; None when their values decide."""
    if NATIVE.get(f"{definition.name}.{named.key}") or NATIVE.get(named.key):
        return None
    node = dict.fromkeys(names)
    test = simple(named.expression, definition)
    if test is not None:
        return test(node, Context(node, node))
    return True if any(group.isdisjoint(node) for group in vacuous(named.expression, definition)) else None


def _message(key: str, owner: str) -> str:
    """A sentence of its own where one is written, else one that quotes the rule."""
    for name in (f"invariant.{owner}.{key}", f"invariant.{key}"):
        if name in messages():
            return name
    return "validate.invariant"


def _test(each: Invariant, owner: str, type: str, definition: TypeDef | None) -> Test:
    by_hand = NATIVE.get(f"{owner}.{each.key}") or NATIVE.get(each.key)
    if by_hand is not None:
        return by_hand
    if definition is None:
        return by_path(each.expression, type)
    return simple(each.expression, definition) or _unless_vacuous(each.expression, definition)


def _unless_vacuous(expression: str, definition: TypeDef) -> Test:
    whole = by_path(expression, definition.name)
    groups = vacuous(expression, definition)

    def test(node: Any, context: Context) -> bool:
        for group in groups:
            if group.isdisjoint(node):
                return True
        return whole(node, context)

    return test if groups else whole


def by_path(expression: str, type: str) -> Test:
    """Compiled when it is first needed: most invariants of most types never are.

    A rule whose evaluation stops on the content (several values where one is meant, a limit) is not kept.
    """

    def test(node: Any, context: Context) -> bool:
        try:
            return invariant(expression, type)(context.resource, node)
        except PathError:
            return False

    return test
