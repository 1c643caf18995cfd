"""Expression text → tokens, in one linear pass; an expression longer than `MAX_LENGTH` is refused unread."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hoso.fhir.path.errors import PathError

MAX_LENGTH = 20_000

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\r\n]*|/\*.*?\*/)
  | (?P<datetime>@\d{4}(?:-\d\d(?:-\d\d)?)?T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)
  | (?P<date>@\d{4}(?:-\d\d(?:-\d\d)?)?)
  | (?P<time>@T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)
  | (?P<long>\d+L\b)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<quoted>`(?:[^`\\]|\\.)*`)
  | (?P<external>%(?:[A-Za-z_]\w*|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'))
  | (?P<special>\$(?:this|index|total)\b)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<symbol><=|>=|!=|!~|[.,()\[\]{}+\-*/&|<>=~])
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", **{mark: mark for mark in "\\/'\"`"}}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    position: int


def tokens(expression: str) -> list[Token]:
    """All tokens and an `end` token; strings, names and externals already unquoted."""
    if len(expression) > MAX_LENGTH:
        raise PathError("limit", f"The expression is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    found: list[Token] = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise PathError("syntax", f"Unexpected {expression[at]!r}", at)
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(_token(kind, match.group(), at))
        at = match.end()
    found.append(Token("end", "", at))
    return found


def _token(kind: str, text: str, at: int) -> Token:
    if kind == "quoted":
        return Token("name", unescape(text[1:-1], at), at)
    if kind == "string":
        return Token("string", unescape(text[1:-1], at), at)
    if kind == "external":
        name = text[1:]
        return Token("external", unescape(name[1:-1], at) if name[0] in "`'" else name, at)
    return Token(kind, text, at)


def unescape(text: str, position: int = 0) -> str:
    if "\\" not in text:
        return text

    def plain(match: re.Match[str]) -> str:
        code = match.group(1)
        if len(code) == 5:
            return chr(int(code[1:], 16))
        if code not in _PLAIN:
            raise PathError("syntax", f"Unknown escape \\{code}", position)
        return _PLAIN[code]

    return _ESCAPE.sub(plain, text)
