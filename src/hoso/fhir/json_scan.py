"""The slow, exact reading of JSON text: walks the tokens once and names the place of the first thing refused.

It runs only when the fast reading is in doubt, and it is linear in the text, without recursion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hoso.core.errors import Refused

DEPTH_LIMIT = 254
"""Levels of objects and arrays; the fast writer knows the same limit, so that no tree need be measured."""

NUMBER_LIMIT = 40
"""Digits in a row in one number; R4 asks for 18 significant ones."""

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)
_HIGH, _LOW = rb"\\ud[89ab][0-9a-f]{2}", rb"\\ud[c-f][0-9a-f]{2}"
_STRING_FAULT = re.compile(rb"(?:%b%b)++|\\u(?:(0000)|(d[89a-f][0-9a-f]{2}))" % (_HIGH, _LOW), re.I)
_DIGIT_RUN = re.compile(rb"[0-9]{%d}" % (NUMBER_LIMIT + 1))


@dataclass(slots=True)
class _Level:
    """One open object or array: the names seen so far, and where we are in it."""

    is_object: bool
    seen: set[bytes] = field(default_factory=set)
    name: str = ""
    index: int = 0
    wants_name: bool = True


def check(body: bytes) -> None:
    """Raises Refused(400) at the first duplicate name, NUL, lone surrogate, over-long number or too deep level."""
    levels: list[_Level] = []
    for match in _TOKEN.finditer(body):
        token, at = match.group(), match.start()
        top = levels[-1] if levels else None
        if token[:1] == b'"':
            _string(body, at, token, levels)
            if top is not None and top.is_object and top.wants_name:
                _name(body, at, token, levels)
        elif token in b"{[":
            levels.append(_Level(token == b"{"))
            if len(levels) > DEPTH_LIMIT:
                raise _refused(body, at, "json.too-deep", limit=str(DEPTH_LIMIT))
        elif token in b"}]":
            if levels:
                levels.pop()
        elif token == b"," and top is not None:
            top.wants_name, top.index = True, top.index + 1
        elif _DIGIT_RUN.search(token):
            raise _refused(body, at, "json.number-too-long", _path(levels), limit=str(NUMBER_LIMIT))


def first_nul(body: bytes) -> None:
    """Raises Refused(400) at an escaped NUL: at once, wherever it stands in a large text, but without its path."""
    at = _without_pairs(body).find(b"\\u0000") if b"\\u0000" in body else -1
    if at >= 0:
        raise _refused(body, at, "json.nul-character")


def _without_pairs(text: bytes) -> bytes:
    """Escaped backslashes overwritten, so that every backslash left begins an escape; all places stay."""
    return text.replace(b"\\\\", b"__") if b"\\\\" in text else text


def place(body: bytes, at: int) -> dict[str, str]:
    """Line and column (in characters, both from 1) of a byte offset."""
    start = body.rfind(b"\n", 0, at) + 1
    return {
        "line": str(body.count(b"\n", 0, at) + 1),
        "column": str(len(body[start:at].decode(errors="replace")) + 1),
    }


def _name(body: bytes, at: int, token: bytes, levels: list[_Level]) -> None:
    top = levels[-1]
    name = _unescaped(token)
    if name in top.seen:
        raise _refused(body, at, "json.duplicate-name", _path(levels[:-1]), name=name.decode(errors="replace"))
    top.seen.add(name)
    top.name, top.wants_name = name.decode(errors="replace"), False


def _string(body: bytes, at: int, token: bytes, levels: list[_Level]) -> None:
    if b"\\u" not in token:
        return
    for match in _STRING_FAULT.finditer(_without_pairs(token)):
        if match.group(1):
            raise _refused(body, at + match.start(), "json.nul-character", _path(levels))
        if match.group(2):
            raise _refused(body, at + match.start(), "json.lone-surrogate", _path(levels))


_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|(.))", re.S)
_PLAIN = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def _unescaped(token: bytes) -> bytes:
    """The name's UTF-8 bytes. Halves of a surrogate pair stay apart, alike for equal names."""

    def plain(match: re.Match[bytes]) -> bytes:
        if match.group(1):
            return chr(int(match.group(1), 16)).encode(errors="surrogatepass")
        return _PLAIN.get(match.group(2), match.group(2))

    return _ESCAPE.sub(plain, token[1:-1]) if b"\\" in token else token[1:-1]


def _path(levels: list[_Level]) -> str:
    """Where the open levels stand, as far as names and indexes tell: entry[0].resource.name[1]."""
    parts: list[str] = []
    for level in levels:
        if not level.is_object:
            parts.append(f"[{level.index}]")
        elif level.name:
            parts.append(f".{level.name}" if parts else level.name)
    return "".join(parts)


def _refused(body: bytes, at: int, key: str, path: str | None = None, **values: str) -> Refused:
    return Refused.because(400, "structure", key, path or None, **place(body, at), **values)
