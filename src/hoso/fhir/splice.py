"""Sets id, meta.versionId and meta.lastUpdated in a resource's text and leaves every other byte as it came."""

from __future__ import annotations

import re

import msgspec

Members = dict[str, msgspec.Raw]
Span = tuple[int, int]
Edit = tuple[int, int, bytes]
"""(start, end, text): the bytes from start to end become text."""

_members = msgspec.json.Decoder(Members).decode
_opening = re.compile(
    rb'\s*+\{\s*+"resourceType"\s*+:\s*+"\w++"\s*+,\s*+"id"\s*+:\s*+("[A-Za-z0-9.\-]*+")(\s*+,\s*+"meta"\s*+:\s*+\{(?=\s*+"))?+',
    re.ASCII,
).match
_name = re.compile(rb'[\s,]*+"(?:[^"\\]++|\\.)*+"\s*+:\s*+').match


def splice(body: bytes, *, id: str, version: str, updated: str) -> bytes:
    """For a body that `parse` and `validate` accept; an absent member is put in front of its siblings."""
    usual = _as_usual(body, id, version, updated)
    if usual is not None:
        return usual
    members = _members(body)
    brace = body.index(b"{")
    has_id, has_meta = "id" in members, "meta" in members
    edits: list[Edit] = []
    fresh = b"" if has_id else b'"id":"%b",' % id.encode()
    if not has_meta:
        fresh += b'"meta":{"versionId":"%b","lastUpdated":"%b"},' % (version.encode(), updated.encode())
    if fresh:
        edits.append((brace + 1, brace + 1, fresh))
    if has_id or has_meta:
        found = _spans(body, (brace, len(body)), members, ("id", "meta"))
        if has_id:
            edits.append((*found["id"], b'"%b"' % id.encode()))
        if has_meta:
            edits += _in_meta(body, found["meta"], members["meta"], version, updated)
    return _applied(body, edits)


def meta_member(body: bytes, name: str) -> bytes | None:
    """The text of one member of `meta`."""
    raw = _members(body).get("meta")
    found = _members(raw).get(name) if raw is not None else None
    return None if found is None else bytes(found)


def with_meta_member(body: bytes, name: str, text: bytes | None) -> bytes:
    """A stored body, which has a meta with other members, with one member set, or without it."""
    members = _members(body)
    span = _spans(body, (body.index(b"{"), len(body)), members, ("meta", "meta"))["meta"]
    inside = _members(members["meta"])
    there = name in inside
    rest = b",".join(b"%b:%b" % (msgspec.json.encode(key), bytes(raw)) for key, raw in inside.items() if key != name)
    if text is None:
        return _applied(body, [(*span, b"{%b}" % rest)]) if there else body
    return _applied(body, [(*span, b'{%b,"%b":%b}' % (rest, name.encode(), text))])


def _as_usual(body: bytes, id: str, version: str, updated: str) -> bytes | None:
    """For a resource that begins with its type, its id and perhaps a meta without version and time; None for others.

    Names do not come twice, and without an escaped letter none is written in another way: what is not there to be
    found anywhere is no member.
    """
    match = None if b"\\u" in body else _opening(body)
    if match is None:
        return None
    (at, end), values = match.span(1), b'"versionId":"%b","lastUpdated":"%b"' % (version.encode(), updated.encode())
    if match[2]:
        if b'"versionId"' in body or b'"lastUpdated"' in body:
            return None
        inside = match.end(2)
        return b'%b"%b"%b%b,%b' % (body[:at], id.encode(), body[end:inside], values, body[inside:])
    if b'"meta"' in body:
        return None
    start = body.index(b"{") + 1
    return b'%b"meta":{%b},%b"%b"%b' % (body[:start], values, body[start:at], id.encode(), body[end:])


def _spans(body: bytes, span: Span, members: Members, wanted: tuple[str, str]) -> dict[str, Span]:
    """Where the wanted values stand in the object at `span`.

    A member cannot be shorter than its name and value with two quotation marks, a colon and a comma or brace. When
    these add up to the whole object, nothing else is in it and every place is known by adding; else it is walked.
    """
    found: dict[str, Span] = {}
    at = span[0] + 1
    for name, raw in members.items():
        at += len(name) + 3
        end = at + len(memoryview(raw))
        if name in wanted:
            found[name] = (at, end)
        at = end + 1
    return found if at == span[1] else _walked(body, span[0] + 1, members, wanted)


def _walked(body: bytes, at: int, members: Members, wanted: tuple[str, str]) -> dict[str, Span]:
    found: dict[str, Span] = {}
    for name, raw in members.items():
        match = _name(body, at)
        assert match is not None
        at = match.end() + len(memoryview(raw))
        if name in wanted:
            found[name] = (match.end(), at)
    return found


def _in_meta(body: bytes, span: Span, raw: msgspec.Raw, version: str, updated: str) -> list[Edit]:
    members = _members(raw)
    values = {"versionId": b'"%b"' % version.encode(), "lastUpdated": b'"%b"' % updated.encode()}
    found = _spans(body, span, members, ("versionId", "lastUpdated"))
    edits: list[Edit] = [(*place, values[name]) for name, place in found.items()]
    if len(found) < 2:
        start = span[0] + 1
        fresh = b",".join(b'"%b":%b' % (name.encode(), text) for name, text in values.items() if name not in found)
        edits.append((start, start, fresh + b"," if members else fresh))
    return edits


def _applied(body: bytes, edits: list[Edit]) -> bytes:
    parts: list[bytes] = []
    at = 0
    for start, end, text in sorted(edits):
        parts += (body[at:start], text)
        at = end
    parts.append(body[at:])
    return b"".join(parts)
