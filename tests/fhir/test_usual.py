"""The quick way of validation says of no resource that it is right unless the rules say so too."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest
from tests.fhir.random_resources import random_resource
from tests.fhir.test_validate import INVALID, VALID

from hoso.fhir.model import load
from hoso.fhir.rules import usual
from hoso.fhir.rules.compiler import rule_of
from hoso.fhir.rules.containers import check_resource
from hoso.fhir.rules.faults import Context
from hoso.fhir.validate import validate
from hoso.synth.population import population

TYPES = tuple(name for name in load().resource_types if name != "Bundle")
ODD = (
    None,
    "",
    [],
    {},
    [None],
    0,
    -1,
    1.5,
    True,
    "a",
    "#a",
    "urn:uuid:1",
    "x" * 3000,
    {"id": "a"},
    {"a": 1},
    "2023-02-30",
)


@pytest.fixture(autouse=True)
def at_first_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "SEEN_BEFORE", 0)


def surely(resource: dict[str, Any]) -> bool:
    return usual.sure(resource["resourceType"], resource, Context(resource, resource))


def wrong(resource: dict[str, Any]) -> bool:
    return check_resource(rule_of, resource, {}) is not None


@pytest.mark.parametrize("name", [*VALID, *INVALID])
def test_the_answer_does_not_change_when_a_form_becomes_usual(name: str) -> None:
    resource = VALID[name] if name in VALID else INVALID[name][0]
    first = validate(copy.deepcopy(resource))
    assert [validate(copy.deepcopy(resource)) for _ in range(3)] == [first] * 3


@pytest.mark.parametrize("type", TYPES)
def test_what_is_surely_right_is_right(type: str) -> None:
    for seed in range(12):
        resource = random_resource(type, seed)
        assert not (surely(resource) and wrong(resource))


def test_one_odd_value_anywhere_is_not_passed_over() -> None:
    random = Random(7)
    records = [entry["resource"] for bundle in population(3, 1) for entry in bundle["entry"]]
    assert sum(map(surely, records)) > len(records) * 0.9
    for resource in random.choices(records, k=4_000):
        changed = copy.deepcopy(resource)
        holder, key = random.choice(_places(changed))
        holder[key] = copy.deepcopy(random.choice(ODD))
        if isinstance(changed.get("resourceType"), str) and changed["resourceType"] in TYPES:
            assert not (surely(changed) and wrong(changed)), (key, holder[key])


def test_members_left_out_or_added_are_noticed() -> None:
    random = Random(8)
    records = [entry["resource"] for bundle in population(3, 2) for entry in bundle["entry"]]
    for resource in random.choices(records, k=2_000):
        changed = copy.deepcopy(resource)
        objects = [changed, *(holder[key] for holder, key in _places(changed) if isinstance(holder[key], dict))]
        chosen = random.choice(objects)
        for name in random.sample(sorted(chosen.keys() - {"resourceType"}), k=min(1, len(chosen) - 1)):
            del chosen[name]
        if random.random() < 0.5:
            chosen[random.choice(("id", "code", "_code", "valueString", "valueInteger", "unheard", "extension"))] = "a"
        assert not (surely(changed) and wrong(changed))


def test_ever_new_forms_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "MADE_LIMIT", 20)
    names = ["id", "language", "status", "code", "issued", "method", "device", "subject"]
    for seed in range(200):
        Random(seed).shuffle(names)
        surely({"resourceType": "Observation"} | dict.fromkeys(names, "a"))
        assert sum(map(len, usual._forms.values())) <= 20


def _places(node: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        found.append((node, key))
        if isinstance(value, dict | list):
            found += _places(value)
    return found
