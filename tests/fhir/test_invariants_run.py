"""R4's own invariants run on the FHIRPath engine: all are understood, none fails on any shape of content."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_resources import random_resource

from hoso.fhir.model import load
from hoso.fhir.path import compile, invariant
from hoso.fhir.path.values import Node, children, resource_node

MODEL = load()


def rules_of(type: str) -> list[tuple[str, str]]:
    definition = MODEL.types[type]
    return [(each.key, each.expression) for each in definition.invariants if each.key != "ele-1"]


def test_every_invariant_of_the_definitions_is_understood() -> None:
    texts = {
        each.expression
        for definition in MODEL.types.values()
        for holder in (definition, *definition.elements)
        for each in holder.invariants
    }
    assert len(texts) > 190
    for text in texts:
        compile(text)


@pytest.mark.parametrize("type", MODEL.resource_types)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_rules_of_any_content_give_a_verdict_for(type: str, seed: int) -> None:
    resource = random_resource(type, seed)
    root = resource_node(resource)
    assert root is not None
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        for key, expression in rules_of(node.shape.name):
            assert invariant(expression, node.shape.name)(resource, node.value) in (True, False), key
        waiting.extend(child for child in children(node) if isinstance(child.value, dict))


@pytest.mark.parametrize(
    ("expression", "resource", "kept"),
    [
        ("value.empty() or dataAbsentReason.empty()", {"valueString": "a", "dataAbsentReason": {}}, False),
        ("value.empty() or dataAbsentReason.empty()", {"valueString": "a"}, True),
        ("code.where(coding.code = 'x').exists().not()", {"code": {"coding": [{"code": "x"}]}}, False),
        ("value is Boolean", {"valueBoolean": True}, True),
        ("nobody", {}, False),
        ("status + 1", {"status": "final"}, False),
    ],
)  # fmt: skip
def test_only_true_keeps_a_rule(expression: str, resource: dict[str, Any], kept: bool) -> None:
    whole = {"resourceType": "Observation", **resource}
    assert invariant(expression)(whole, whole) is kept


def test_an_element_without_a_named_type_is_known_by_its_place() -> None:
    period = {"start": "2026-02-01", "end": "2026-01"}
    resource = {"resourceType": "Patient", "identifier": [{"value": "1", "period": period}]}
    rule = invariant("start.hasValue().not() or end.hasValue().not() or (start <= end)")
    assert rule(resource, period) is False
    period["end"] = "2026-03"
    assert rule(resource, period) is True
