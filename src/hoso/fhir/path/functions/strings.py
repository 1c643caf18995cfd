"""Text: substring, matches, replace, split, encode and their kin; patterns are kept from running away."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable
from typing import Any

from hoso.fhir.path.errors import execution
from hoso.fhir.path.frame import Frame, short
from hoso.fhir.path.patterns import pattern
from hoso.fhir.path.registry import function, one
from hoso.fhir.path.values import Collection, integer, string, system


def _text_function(name: str, work: Callable[..., Any], arguments: int = 0) -> None:
    """A function of one text and other texts; empty when any of them is."""

    @function(name, arguments, takes_string=True)
    def applied(frame: Frame, items: Collection, *others: Collection) -> Collection:
        texts = [string(items), *(string(other) for other in others)]
        return [] if None in texts else one(work(*texts))


_text_function("length", len)
_text_function("upper", str.upper)
_text_function("lower", str.lower)
_text_function("trim", str.strip)
_text_function("startsWith", str.startswith, 1)
_text_function("endsWith", str.endswith, 1)
_text_function("contains", str.__contains__, 1)
_text_function("indexOf", str.find, 1)
_text_function("lastIndexOf", str.rfind, 1)


def _match_function(name: str, work: Callable[[re.Pattern[str], str], object]) -> None:
    @function(name, 1, 2, takes_string=True)
    def applied(frame: Frame, items: Collection, regex: Collection, flags: Collection | None = None) -> Collection:
        text, expression = string(items), string(regex)
        if text is None or expression is None:
            return []
        compiled = pattern(_flagged(expression, flags), text, frame.run.spend)
        return [work(compiled, text) is not None]


def _flagged(expression: str, flags: Collection | None) -> str:
    """`i` passes over upper and lower case, `m` lets ^ and $ stand for ends of lines."""
    marks = (string(flags) or "") if flags is not None else ""
    if set(marks) - {"i", "m"}:
        raise execution(f"Unknown flags {marks!r} of a regular expression")
    return f"(?{marks}){expression}" if marks else expression


_match_function("matches", re.Pattern.search)
_match_function("matchesFull", re.Pattern.fullmatch)


@function("toChars", takes_string=True)
def to_chars(frame: Frame, items: Collection) -> Collection:
    return list(string(items) or "")


@function("substring", 1, 2, takes_string=True)
def substring(frame: Frame, items: Collection, start: Collection, length: Collection | None = None) -> Collection:
    text, first = string(items), integer(start)
    if text is None or first is None or not 0 <= first < len(text):
        return []
    count = integer(length) if length is not None else None
    return [text[first:] if count is None else text[first : first + max(count, 0)]]


@function("replace", 2, takes_string=True)
def replace(frame: Frame, items: Collection, old: Collection, new: Collection) -> Collection:
    text, before, after = string(items), string(old), string(new)
    if text is None or before is None or after is None:
        return []
    if (text.count(before) if before else len(text) + 1) * len(after) > 2_000_000:
        short(" " * 2_000_001)
    return [text.replace(before, after)]


@function("replaceMatches", 2, takes_string=True)
def replace_matches(frame: Frame, items: Collection, regex: Collection, new: Collection) -> Collection:
    text, expression, after = string(items), string(regex), string(new)
    if text is None or expression is None or after is None:
        return []
    if not expression:
        return [text]
    try:
        changed = pattern(expression, text, frame.run.spend).sub(_substitution(after), text)
    except (re.error, IndexError) as fault:
        raise execution(f"The replacement cannot be used: {fault}") from fault
    return [short(changed)]


def _substitution(text: str) -> str:
    """$1 and ${name}, as FHIRPath writes them, in Python's spelling."""
    escaped = text.replace("\\", r"\\")
    named = re.sub(r"\$\{(\w+)\}", r"\\g<\1>", escaped)
    return re.sub(r"\$(\d+)", r"\\g<\1>", named)


@function("split", 1, takes_string=True)
def split(frame: Frame, items: Collection, separator: Collection) -> Collection:
    text, mark = string(items), string(separator)
    if text is None or mark is None:
        return []
    return list(text.split(mark)) if mark else list(text)


@function("join", 0, 1)
def join(frame: Frame, items: Collection, separator: Collection | None = None) -> Collection:
    texts = [system(item) for item in items]
    if not all(isinstance(text, str) for text in texts):
        raise execution("Only strings can be joined")
    mark = (string(separator) if separator is not None else "") or ""
    return [short(mark.join(texts))] if texts else []


def _decoded(data: str, decode: Callable[[str], bytes]) -> str | None:
    try:
        return decode(data).decode()
    except (binascii.Error, ValueError):
        return None


_ENCODE: dict[str, Callable[[str], str]] = {
    "hex": lambda text: text.encode().hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "urlbase64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}
_DECODE: dict[str, Callable[[str], str | None]] = {
    "hex": lambda text: _decoded(text, bytes.fromhex),
    "base64": lambda text: _decoded(text, lambda data: base64.b64decode(data, validate=True)),
    "urlbase64": lambda text: _decoded(text, base64.urlsafe_b64decode),
}
_ESCAPE: dict[str, Callable[[str], str]] = {
    "html": lambda text: html.escape(text, quote=True).replace("&#x27;", "&#39;"),
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
}


def _unescape_json(text: str) -> str | None:
    try:
        found = json.loads('"' + re.sub(r'(?<!\\)"', r"\"", text) + '"', strict=False)
    except ValueError:
        return None
    return str(found)


_UNESCAPE: dict[str, Callable[[str], str | None]] = {"html": html.unescape, "json": _unescape_json}


def _coded(name: str, table: dict[str, Any]) -> None:
    @function(name, 1, takes_string=True)
    def applied(frame: Frame, items: Collection, kind: Collection) -> Collection:
        text, chosen = string(items), string(kind)
        work = table.get(chosen or "")
        return [] if text is None or work is None else one(work(text))


_coded("encode", _ENCODE)
_coded("decode", _DECODE)
_coded("escape", _ESCAPE)
_coded("unescape", _UNESCAPE)
