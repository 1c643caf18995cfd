"""Case 5: what a visible record refers to is not fetched along with it, unless it could be read by itself."""

from __future__ import annotations

import json

import pytest
from tests.security.scene import Scene

HIDDEN = {"s-far", "s-far-1", "s-far-2", "s-visit-far", "s-hiv-1"}
INCLUDES = [
    "List?_id=s-list&_include=List:item",
    "List?_id=s-list&_include=List:item:Observation",
    "List?_id=s-list&_include=List:item:Patient",
    "List?_id=s-list&_include=*",
    "List?_id=s-list&_include=List:item&_include:iterate=Observation:has-member",
    "List?_id=s-list&_include=List:item&_revinclude:iterate=Observation:patient",
    "List?_id=s-list&_include=*&_include:iterate=Observation:patient&_revinclude:iterate=Encounter:patient",
    "Observation?_id=s-own-2&_include=Observation:has-member",
    "Observation?_id=s-own-2&_include=*",
    "Encounter?_id=s-visit-own&_include=*&_revinclude=*",
    "Patient?_id=s-own&_revinclude=Observation:patient",
    "Patient?_id=s-own&_revinclude=*",
    "Patient?_id=s-own&_revinclude=List:subject&_include:iterate=List:item",
]


@pytest.mark.parametrize("query", INCLUDES)
def test_case_05_nothing_hidden_comes_along(scene: Scene, query: str) -> None:
    shown = scene.ids(query)
    assert shown and not shown & HIDDEN
    scene.unmoved([query, f"{query}&_count=1", f"{query}&_total=accurate"], control=False)


def test_case_05_an_operator_gets_them_so_the_questions_mean_something(scene: Scene) -> None:
    found = set().union(*(scene.ids(query, scene.site.token) for query in INCLUDES))
    assert found >= {"s-far", "s-far-1", "s-hiv-1"}


def test_case_05_an_outcome_says_no_more_than_the_reference_that_is_seen(scene: Scene) -> None:
    answer = scene.get("List?_id=s-list&_include=List:item")
    text = json.dumps([entry for entry in answer.json["entry"] if entry["resource"]["id"] != "s-list"])
    assert not any(f'"{id}"' in text.replace("/", '"') for id in HIDDEN)
    one = [entry for entry in answer.json["entry"] if entry["resource"]["resourceType"] == "OperationOutcome"]
    assert not one
