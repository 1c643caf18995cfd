"""Cuts a GraphQL document into tokens (October 2021, section 2.1); so many and no more."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from hoso.fhir.graphql.faults import Fault, Place

MOST_TEXT, MOST_TOKENS = 64_000, 5_000
Kind = Literal["mark", "name", "int", "float", "string", "end"]

_TOKEN = re.compile(
    r"(?P<skip>(?:[ \t\n\r,\ufeff]|#[^\n\r]*)+)"
    r"|(?P<mark>\.\.\.|[!$&()\[\]{}:=@|])"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<float>-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,3})?)(?![\w.])"
    r'|(?P<block>"""(?:[^"\\]|\\(?:""")?|"(?!""))*""")'
    r'|(?P<string>"(?:[^"\\\n\r]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")',
    re.ASCII,
)
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|(["\\/bfnrt]))')
_PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Token(NamedTuple):
    kind: Kind
    text: str
    place: Place


def tokens(text: str) -> list[Token]:
    """Raises Fault where the text is no GraphQL, or too long."""
    if len(text) > MOST_TEXT:
        raise Fault("graphql.long", Place(1, 1), "too-long", limit=str(MOST_TEXT))
    found: list[Token] = []
    at, line, begins = 0, 1, 0
    while at < len(text):
        place = Place(line, at - begins + 1)
        match = _TOKEN.match(text, at)
        if match is None:
            raise Fault("graphql.unexpected", place, found=repr(text[at])[1:-1])
        piece = match.group()
        if match.lastgroup != "skip":
            found.append(_token(str(match.lastgroup), piece, place))
            if len(found) > MOST_TOKENS:
                raise Fault("graphql.long", place, "too-long", limit=str(MOST_TOKENS))
        if lines := piece.count("\n"):
            line, begins = line + lines, at + piece.rindex("\n") + 1
        at = match.end()
    return [*found, Token("end", "", Place(line, at - begins + 1))]


def _token(group: str, piece: str, place: Place) -> Token:
    if group == "float":
        return Token("int" if piece.lstrip("-").isdigit() else "float", piece, place)
    if group == "block":
        return Token("string", _block(piece[3:-3].replace('\\"""', '"""')), place)
    if group == "string":
        return Token("string", _ESCAPE.sub(_plain, piece[1:-1]), place)
    return Token("name" if group == "name" else "mark", piece, place)


def _plain(match: re.Match[str]) -> str:
    code, letter = match.groups()
    text = chr(int(code, 16)) if code else _PLAIN.get(letter, letter)
    return "\ufffd" if "\ud800" <= text <= "\udfff" else text


def _block(text: str) -> str:
    """Without the indentation that its lines share, and without empty lines at both ends."""
    lines = text.splitlines()
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    shared = min(indents, default=0)
    lines = [line if number == 0 else line[shared:] for number, line in enumerate(lines)]
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    return "\n".join(lines)
