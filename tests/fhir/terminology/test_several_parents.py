"""Hierarchies in which a code stands under several others: told by nesting, by `parent` and by `child`."""

from __future__ import annotations

from typing import Any

import pytest

from hoso.fhir.json import encode
from hoso.fhir.terminology import CodeSystem, Library, select
from hoso.fhir.terminology.codesystem import Broken
from hoso.fhir.terminology.hierarchy import above, below
from hoso.fhir.terminology.reading import known

URL = "urn:test:organs"


def system(*concepts: dict[str, Any], content: str = "complete") -> CodeSystem:
    tree = {"resourceType": "CodeSystem", "url": URL, "status": "active", "content": content, "concept": [*concepts]}
    found = known(encode(tree))
    assert isinstance(found, CodeSystem)
    return found


def code(name: str, *below: dict[str, Any], **properties: str) -> dict[str, Any]:
    found: dict[str, Any] = {"code": name, "concept": [*below]} if below else {"code": name}
    if properties:
        found["property"] = [{"code": key, "valueCode": value} for key, value in properties.items()]
    return found


ORGANS = (
    code("tim", code("viem-mang-tim", parent="viem", other="x")),
    code("viem", code("viem-gan"), code("viem-cap", child="viem-gan")),
    code("gan", child="viem-gan"),
)


def test_a_code_is_under_each_of_its_parents_and_met_once() -> None:
    organs = system(*ORGANS)
    assert list(organs.above("viem-mang-tim")) == ["viem-mang-tim", "tim", "viem"]
    assert sorted(organs.above("viem-gan")) == ["gan", "viem", "viem-cap", "viem-gan"]
    assert sorted(one.code for one in organs.below("viem")) == ["viem", "viem-cap", "viem-gan", "viem-mang-tim"]
    assert [one.code for one in organs.children("gan")] == ["viem-gan"]
    assert organs.relation("tim", "viem-mang-tim") == organs.relation("viem", "viem-mang-tim") == "subsumes"
    assert organs.relation("tim", "viem-gan") == "not-subsumed"
    assert below([organs], "viem") == {"viem", "viem-cap", "viem-gan", "viem-mang-tim"}
    assert above([organs], "viem-gan") == {"viem-gan", "viem", "viem-cap", "gan"}


@pytest.mark.parametrize(
    ("op", "value", "held"),
    [
        ("=", "tim", {"viem-mang-tim"}),
        ("=", "viem", {"viem-mang-tim", "viem-gan", "viem-cap"}),
        ("in", "tim,gan", {"viem-mang-tim", "viem-gan"}),
        ("not-in", "tim,gan", {"tim", "viem", "gan", "viem-cap"}),
        ("exists", "false", {"tim", "viem", "gan"}),
        ("regex", "g.*", {"viem-gan"}),
    ],
)
def test_a_filter_on_parents_asks_each(op: str, value: str, held: set[str]) -> None:
    library = Library()
    library.add(system(*ORGANS))
    include = {"system": URL, "filter": [{"property": "parent", "op": op, "value": value}]}
    selection = select(library, {"compose": {"include": [include]}}, "2026-11-27")
    assert {one.concept.code for one in selection.members()} == held


def test_what_is_no_hierarchy_is_refused() -> None:
    with pytest.raises(Broken, match="circle"):
        _ = system(code("a", parent="b"), code("b", parent="a")).concepts
    with pytest.raises(Broken, match="no-parent"):
        _ = system(code("a", parent="c")).concepts
    assert [one.parents for one in system(code("a", parent="c"), content="fragment").concepts.values()] == [()]
    deep = [code("0"), *(code(str(n), parent=str(n - 1)) for n in range(1, 200))]
    with pytest.raises(Broken, match="circle"):
        _ = system(*reversed(deep)).concepts
