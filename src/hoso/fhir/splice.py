"""Sets id, meta.versionId and meta.lastUpdated in a resource's text and leaves every other byte as it came."""

from __future__ import annotations

import re

import msgspec

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NAME = re.compile(rb'[\s,{]*+"(?:[^"\\]++|\\.)*+"\s*+:\s*+')

Edit = tuple[int, int, bytes]
"""(start, end, text): the bytes from start to end become text."""


def splice(body: bytes, *, id: str, version: str, updated: str) -> bytes:
    """For a body that `parse` has accepted; an absent member is put in front of its siblings."""
    start = body.index(b"{") + 1
    edits: list[Edit] = []
    found = _spans(body, start, ("id", "meta"))
    id_text = b'"%b"' % id.encode()
    fresh = b""
    if "id" in found:
        edits.append((*found["id"], id_text))
    else:
        fresh = b'"id":%b,' % id_text
    pairs = (("versionId", b'"%b"' % version.encode()), ("lastUpdated", b'"%b"' % updated.encode()))
    if "meta" in found:
        edits += _within_meta(body, found["meta"], pairs)
    else:
        fresh += b'"meta":{"versionId":%b,"lastUpdated":%b},' % (pairs[0][1], pairs[1][1])
    if fresh:
        edits.append((start, start, fresh))
    return _apply(body, edits)


def _spans(body: bytes, start: int, wanted: tuple[str, ...], end: int | None = None) -> dict[str, tuple[int, int]]:
    """Where the values of the wanted members stand, walking the members only as far as the last of them."""
    members = _members(body if end is None else body[start - 1 : end])
    missing = sum(name in members for name in wanted)
    found: dict[str, tuple[int, int]] = {}
    at = start
    for name, raw in members.items():
        if not missing:
            break
        match = _NAME.match(body, at)
        assert match is not None
        value = match.end()
        at = value + len(memoryview(raw))
        if name in wanted:
            found[name] = (value, at)
            missing -= 1
    return found


def _within_meta(body: bytes, span: tuple[int, int], pairs: tuple[tuple[str, bytes], ...]) -> list[Edit]:
    start, end = span[0] + 1, span[1]
    found = _spans(body, start, ("versionId", "lastUpdated"), end)
    edits = [(*found[name], text) for name, text in pairs if name in found]
    fresh = b",".join(b'"%b":%b' % (name.encode(), text) for name, text in pairs if name not in found)
    if fresh:
        alone = body[start : end - 1].isspace() or start == end - 1
        edits.append((start, start, fresh if alone else fresh + b","))
    return edits


def _apply(body: bytes, edits: list[Edit]) -> bytes:
    parts: list[bytes] = []
    at = 0
    for start, end, text in sorted(edits):
        parts += (body[at:start], text)
        at = end
    parts.append(body[at:])
    return b"".join(parts)
