from __future__ import annotations

import json
from typing import Any

import pytest

from hoso.core import Refused
from hoso.fhir.patch import apply_patch, read_patch

BODY = b'{"resourceType":"Observation","id":"o","valueQuantity":{"value":1.10},"note":[{"text":"a"},{"text":"b"}]}'


def patched(*operations: dict[str, Any]) -> Any:
    return json.loads(apply_patch(BODY, read_patch(json.dumps(operations).encode())))


def refused(*operations: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        apply_patch(BODY, read_patch(json.dumps(operations).encode()))
    return caught.value


@pytest.mark.parametrize(
    ("operation", "notes"),
    [
        ({"op": "add", "path": "/note/-", "value": {"text": "c"}}, "abc"),
        ({"op": "add", "path": "/note/0", "value": {"text": "c"}}, "cab"),
        ({"op": "add", "path": "/note/2", "value": {"text": "c"}}, "abc"),
        ({"op": "remove", "path": "/note/0"}, "b"),
        ({"op": "replace", "path": "/note/1/text", "value": "z"}, "az"),
        ({"op": "move", "from": "/note/0", "path": "/note/-"}, "ba"),
        ({"op": "copy", "from": "/note/0", "path": "/note/-"}, "aba"),
        ({"op": "test", "path": "/note/0", "value": {"text": "a"}}, "ab"),
    ],
)
def test_each_operation_does_what_rfc_6902_says(operation: dict[str, Any], notes: str) -> None:
    assert "".join(note["text"] for note in patched(operation)["note"]) == notes


def test_digits_survive() -> None:
    text = apply_patch(BODY, read_patch(b'[{"op":"add","path":"/valueQuantity/unit","value":"mg"}]'))
    assert b'"value":1.10' in text
    text = apply_patch(BODY, read_patch(b'[{"op":"replace","path":"/valueQuantity/value","value":2.500}]'))
    assert b'"value":2.500' in text


def test_a_test_compares_values_not_spellings() -> None:
    assert patched({"op": "test", "path": "/valueQuantity/value", "value": 1.1})
    assert refused({"op": "test", "path": "/valueQuantity/value", "value": "1.10"}).issues[0].key == "patch.test-failed"
    assert refused({"op": "test", "path": "/valueQuantity", "value": {"value": True}}).status == 422


def test_pointers_unescape() -> None:
    body = b'{"resourceType":"Basic","a/b":{"m~n":1}}'
    patch = read_patch(b'[{"op":"replace","path":"/a~1b/m~0n","value":2}]')
    assert json.loads(apply_patch(body, patch))["a/b"]["m~n"] == 2


@pytest.mark.parametrize(
    ("operation", "key"),
    [
        ({"op": "add", "path": "/note/3", "value": {}}, "patch.no-such-place"),
        ({"op": "add", "path": "/note/01", "value": {}}, "patch.no-such-place"),
        ({"op": "remove", "path": "/note/-"}, "patch.no-such-place"),
        ({"op": "replace", "path": "/pony", "value": 1}, "patch.no-such-place"),
        ({"op": "add", "path": "/a/b", "value": 1}, "patch.no-such-place"),
        ({"op": "move", "from": "/note", "path": "/note/0"}, "patch.into-itself"),
        ({"op": "remove", "path": ""}, "patch.frozen"),
        ({"op": "replace", "path": "/id", "value": "x"}, "patch.frozen"),
        ({"op": "add", "path": "/meta/versionId", "value": "9"}, "patch.frozen"),
        ({"op": "move", "from": "/resourceType", "path": "/x"}, "patch.frozen"),
        ({"op": "add", "path": "note", "value": 1}, "patch.bad-pointer"),
        ({"op": "add", "path": "/a~2", "value": 1}, "patch.bad-pointer"),
        ({"op": "add", "path": "/x"}, "patch.member-missing"),
        ({"op": "copy", "path": "/x"}, "patch.member-missing"),
        ({"op": "pony", "path": "/x"}, "patch.unknown-operation"),
        ("pony", "patch.not-an-operation"),
    ],
)
def test_a_fault_names_its_operation(operation: Any, key: str) -> None:
    issue = refused({"op": "test", "path": "/id", "value": "o"}, operation).issues[0]
    assert (issue.key, issue.values["operation"]) == (key, "1")


def test_a_patch_cannot_grow_without_bound() -> None:
    doubling = [{"op": "copy", "from": "/note", "path": "/note/-"} for _ in range(200)]
    assert refused(*doubling).issues[0].key == "patch.too-large"
    assert refused(*[{"op": "test", "path": "/id", "value": "o"}] * 1001).issues[0].key == "patch.too-many"
    for text in (b"[]", b"{}", b'"x"', b"[", b"[{]"):
        with pytest.raises(Refused):
            read_patch(text)
