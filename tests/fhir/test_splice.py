"""Setting id and version in a resource's text changes these and not one byte else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.fhir.json import splice

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(['"', "}", '{"id":1}', "\\"])
LEAVES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT
TREES = st.recursive(LEAVES, lambda t: st.lists(t, max_size=3) | st.dictionaries(TEXT, t, max_size=3), max_leaves=8)
METAS = st.fixed_dictionaries(
    {}, optional={"versionId": TEXT, "lastUpdated": TEXT, "tag": st.lists(TREES, max_size=2), "source": TEXT}
)
META = b'{"versionId":"7-x","lastUpdated":"2026-11-23T01:02:03.004Z"'
STYLES: list[dict[str, Any]] = [
    {"separators": (",", ":"), "ensure_ascii": False},
    {"separators": (" , ", " : ")},
    {"indent": 2},
]
NEW = {"id": "a-1", "version": "7-x", "updated": "2026-11-23T01:02:03.004Z"}


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, Any]]]:
    """A resource's text with members in any order, and the members."""
    members: dict[str, Any] = draw(st.dictionaries(TEXT.filter(lambda k: k not in ("id", "meta")), TREES, max_size=4))
    members["resourceType"] = "Basic"
    if draw(st.booleans()):
        members["id"] = draw(TEXT)
    if draw(st.booleans()):
        members["meta"] = draw(METAS)
    order = draw(st.permutations(sorted(members)))
    if draw(st.booleans()):  # as most senders write it
        members["id"] = draw(st.sampled_from(("x-1", "a.b")))
        order = [*dict.fromkeys(name for name in ("resourceType", "id", "meta", *order) if name in members)]
    style = draw(st.sampled_from(STYLES))
    return json.dumps({name: members[name] for name in order}, **style).encode(), [(n, members[n]) for n in order]


@given(bodies())
def test_splice_sets_three_values_and_keeps_the_rest_in_order(made: tuple[bytes, list[tuple[str, Any]]]) -> None:
    body, members = made
    done = json.loads(splice(body, **NEW))
    assert done["id"] == NEW["id"]
    assert (done["meta"]["versionId"], done["meta"]["lastUpdated"]) == (NEW["version"], NEW["updated"])
    rest = [(name, value) for name, value in done.items() if name not in ("id", "meta")]
    assert rest == [(name, value) for name, value in members if name not in ("id", "meta")]
    meta_before = {k: v for k, v in dict(members).get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    assert {k: v for k, v in done["meta"].items() if k not in ("versionId", "lastUpdated")} == meta_before


@given(bodies())
def test_splicing_again_changes_no_byte(made: tuple[bytes, list[tuple[str, Any]]]) -> None:
    once = splice(made[0], **NEW)
    assert splice(once, **NEW) == once


@given(bodies())
def test_the_new_text_differs_from_the_old_only_where_values_were_put(
    made: tuple[bytes, list[tuple[str, Any]]],
) -> None:
    """Splicing the old values back restores the old text, when it had all three."""
    old = {"id": "x", "version": "1", "updated": "2000-01-01T00:00:00.000Z"}
    before = splice(made[0], **old)
    assert splice(splice(before, **NEW), **old) == before


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"resourceType":"Patient","name":[{"id":"n"}]}',
            b'{"id":"a-1","meta":' + META + b'},"resourceType":"Patient","name":[{"id":"n"}]}',
        ),
        (
            b'\n{ "resourceType": "Patient",\n  "meta" : { } ,\t"id": "old",  "value": 1.10 }',
            b'\n{ "resourceType": "Patient",\n  "meta" : ' + META + b' } ,\t"id": "a-1",  "value": 1.10 }',
        ),
        (
            b'{"\\u0069d":"old","meta":{"lastUpdated":"x","tag":[{"code":"versionId"}],"versionId":"1"}}',
            b'{"\\u0069d":"a-1","meta":{"lastUpdated":"2026-11-23T01:02:03.004Z",'
            b'"tag":[{"code":"versionId"}],"versionId":"7-x"}}',
        ),
    ],
)
def test_examples_byte_for_byte(body: bytes, expected: bytes) -> None:
    assert splice(body, **NEW) == expected
