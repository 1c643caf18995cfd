"""JSON is read strictly: ambiguous or unstorable text is refused with its place, quickly, whatever its size."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.core.errors import Refused
from hoso.fhir.json import encode, exact, parse, strict
from hoso.fhir.json_scan import DEPTH_LIMIT, check

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12) | st.sampled_from(
    ['"', '\\"', "\\u0000", '":', "{", "]", "Hoà", "1" * 50]
)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)
STYLES: list[dict[str, Any]] = [
    {"separators": (",", ":"), "ensure_ascii": False},
    {"ensure_ascii": True},
    {"indent": 2, "ensure_ascii": False},
]

REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "json.empty"),
    "white space": (b" \n", "json.empty"),
    "a word": (b"hello", "json.malformed"),
    "half a body": (b'{"resourceType":"Patient"', "json.malformed"),
    "a trailing comma": (b'{"a":1,}', "json.malformed"),
    "two values": (b"{} {}", "json.malformed"),
    "a comment": (b'{"a":1 /* b */}', "json.malformed"),
    "NaN": (b'{"a":NaN}', "json.malformed"),
    "Infinity": (b'{"a":-Infinity}', "json.malformed"),
    "a number beyond all": (b'{"a":1e999}', "json.malformed"),
    "a leading zero": (b'{"a":01}', "json.malformed"),
    "a raw control character": (b'{"a":"\x01"}', "json.malformed"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "json.byte-order-mark"),
    "UTF-16": ('{"a":"é"}'.encode("utf-16"), "json.byte-order-mark"),
    "Latin-1": (b'{"a":"\xe9"}', "json.not-utf8"),
    "an overlong encoding": (b'{"a":"\xc0\xaf"}', "json.not-utf8"),
    "a surrogate in bytes": (b'{"a":"\xed\xa0\x80"}', "json.not-utf8"),
    "a lone surrogate behind pairs": (b'{"a":"\\ud83d\\ude00\\ud83d\\ude00\\ud83d"}', "json.lone-surrogate"),
    "an escaped lone surrogate": (b'{"a":"\\ud800x"}', "json.lone-surrogate"),
    "a surrogate of the wrong half first": (b'{"a":"\\udc00\\ud800"}', "json.lone-surrogate"),
    "NUL in text": (b'{"a":"x\\u0000"}', "json.nul-character"),
    "NUL at the end of a large text": (b'{"a":"' + b"x" * 1_000_001 + b'\\u0000"}', "json.nul-character"),
    "NUL behind an escaped backslash": (b'{"a":"' + b"x" * 1_000_001 + b'\\\\\\u0000"}', "json.nul-character"),
    "NUL in a name": (b'{"\\u0000":1}', "json.nul-character"),
    "a name twice": (b'{"a":1,"b":2,"a":3}', "json.duplicate-name"),
    "a name twice, spelt differently": (b'{"ab":1,"\\u0061b":3}', "json.duplicate-name"),
    "a name twice, deep inside": (b'{"x":[[{"a":1},{"a":1,"a":1}]]}', "json.duplicate-name"),
    "a name twice beside escaped quotation marks": (
        b'{"a":1,"a":"\\u0022\\u0022\\u0022\\u0022"}',
        "json.duplicate-name",
    ),
    "a number of 100,000 digits": (b'{"a":' + b"1" * 100_000 + b"}", "json.number-too-long"),
    "a fraction of 100,000 digits": (b'{"a":0.' + b"1" * 100_000 + b"}", "json.number-too-long"),
    "an exponent of 100,000 digits": (b'{"a":1e-' + b"1" * 100_000 + b"}", "json.number-too-long"),
    "arrays 100,000 deep": (b"[" * 100_000, "json.too-deep"),
    "objects 100,000 deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json.too-deep"),
    "a level too many": (b"[" * 255 + b"]" * 255, "json.too-deep"),
}


@pytest.mark.parametrize(("body", "key"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_text_is_refused(body: bytes, key: str) -> None:
    with pytest.raises(Refused) as refused:
        strict(body)
    assert refused.value.status == 400
    assert [issue.key for issue in refused.value.issues] == [key]


def test_a_refusal_names_line_column_and_path() -> None:
    body = '{\n "name": [{"text": "Hoà", "text": "x"}]\n}'.encode()
    with pytest.raises(Refused) as refused:
        strict(body)
    (issue,) = refused.value.issues
    assert (issue.values["line"], issue.values["column"], issue.expression) == ("2", "27", "name[0]")


@pytest.mark.parametrize(
    ("body", "key"),
    [(b"[]", "json.not-an-object"), (b"{}", "json.no-resource-type"), (b'{"resourceType":1}', "json.no-resource-type")],
)
def test_a_resource_is_an_object_that_says_its_type(body: bytes, key: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(body)
    assert refused.value.issues[0].key == key


@pytest.mark.parametrize(
    "text",
    [
        '{"a":"\\\\u0000"}',
        '{"a":"' + "x" * 1_000_001 + '\\\\u0000"}',
        '{"a":"\\ud83d\\ude00"}',
        '{"a":"\\""}',
        '{"a":"' + "1" * 99 + '"}',
        "[" * DEPTH_LIMIT + "]" * DEPTH_LIMIT,
    ],
)
def test_what_only_looks_bad_is_read(text: str) -> None:
    assert strict(text.encode()) == json.loads(text)


@given(tree=TREES, style=st.sampled_from(STYLES))
def test_valid_text_reads_as_the_standard_library_reads_it(tree: Any, style: dict[str, Any]) -> None:
    body = json.dumps(tree, **style).encode()
    assert strict(body) == json.loads(body)


@given(tree=st.dictionaries(TEXT, TREES, min_size=1, max_size=4), data=st.data(), style=st.sampled_from(STYLES))
def test_any_name_given_twice_is_found(tree: dict[str, Any], data: st.DataObject, style: dict[str, Any]) -> None:
    name = data.draw(st.sampled_from(sorted(tree)))
    once = json.dumps(tree, **style)
    again = json.dumps(name, **style) + ":" + json.dumps(data.draw(TREES), **style)
    body = (once[: once.rindex("}")] + "," + again + "}").encode()
    with pytest.raises(Refused) as refused:
        strict(body)
    assert refused.value.issues[0].key in ("json.duplicate-name", "json.number-too-long")


@given(tree=TREES, style=st.sampled_from(STYLES))
def test_the_slow_reading_finds_no_fault_in_valid_text(tree: Any, style: dict[str, Any]) -> None:
    check(json.dumps(tree, **style).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert strict(body) == json.loads(body)
    except Refused as refused:
        assert refused.status == 400


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6).map(lambda d: d.normalize()))
def test_decimals_keep_their_digits(value: Decimal) -> None:
    text = format(value, "f") if "." in format(value, "f") else format(value, "f") + ".0"
    assert encode(exact(f'{{"a":{text}}}'.encode())) == f'{{"a":{text}}}'.encode()


def test_trailing_zeros_are_kept() -> None:
    assert encode(exact(b'{"value":1.10}')) == b'{"value":1.10}'
