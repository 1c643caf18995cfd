"""JSON as FHIR needs it: what is ambiguous or unstorable is refused with its place; received bytes stay as they are.

Reading is strict and linear in the size of the text; the usual text pays for one fast parse and one comparison.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import orjson

from hoso.core.errors import Refused
from hoso.fhir.json_scan import NUMBER_LIMIT, check, first_nul, place
from hoso.fhir.splice import splice

__all__ = ["encode", "exact", "parse", "splice", "strict"]

_LARGE = 1_000_000
_PARTS_LIMIT = 2_500_000
"""Objects, arrays and commas of one text from a million bytes on: in memory each takes many times its few bytes."""

_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x78 for byte in range(256))
_LONG_DIGITS = b"0" * (NUMBER_LIMIT + 1)

_exact = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def parse(body: bytes) -> dict[str, Any]:
    """The resource in `body`; numbers with a point become floats (see `exact`). Raises Refused(400)."""
    tree = strict(body)
    if not isinstance(tree, dict):
        raise Refused.because(400, "structure", "json.not-an-object")
    if not isinstance(tree.get("resourceType"), str):
        raise Refused.because(400, "structure", "json.no-resource-type")
    return tree


def strict(body: bytes) -> Any:
    """Any JSON value, read strictly: for bodies that are no resource, such as a JSON Patch. Raises Refused(400)."""
    if len(body) > _LARGE:
        if body.count(b"{") + body.count(b"[") + body.count(b",") > _PARTS_LIMIT:
            raise Refused.because(400, "too-costly", "json.too-many-parts", limit=str(_PARTS_LIMIT))
        first_nul(body)
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise _unreadable(body, fault) from None
    if _doubtful(body, tree):
        check(body)
    return tree


def exact(body: bytes) -> Any:
    """The same tree, decimals as `Decimal` with their precision (1.10 is not 1.1). For text that `parse` accepted."""
    return _exact(body)


def encode(tree: Any) -> bytes:
    """JSON text of a tree; decimals are written with the digits they came with."""
    return _encode(tree)


def _doubtful(body: bytes, tree: Any) -> bool:
    """True unless the text certainly has no duplicate name, NUL, over-long number or excessive depth.

    Text that comes out the same when written again is beyond doubt. Else: a duplicate that was dropped took its
    quotation marks with it, so that there are fewer; only an escape `\\u0022` in the text could make up for it.
    """
    escaped = b"\\" in body
    if escaped and (b"\\u0000" in body or b"\\u0022" in body):
        return True
    try:
        again = orjson.dumps(tree)
    except orjson.JSONEncodeError:  # nested deeper than DEPTH_LIMIT
        return True
    if again == body:
        return False
    return body.count(b'"') != again.count(b'"') or _LONG_DIGITS in body.translate(_DIGITS)


def _unreadable(body: bytes, fault: orjson.JSONDecodeError) -> Refused:
    if body[:3] == b"\xef\xbb\xbf" or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Refused.because(400, "structure", "json.byte-order-mark")
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return Refused.because(400, "structure", "json.not-utf8", **place(body, wrong.start))
    if not body.strip():
        return Refused.because(400, "structure", "json.empty")
    check(body)
    return Refused.because(400, "structure", "json.malformed", line=str(fault.lineno), column=str(fault.colno))
