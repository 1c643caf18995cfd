"""The XML parser as the insurance reader uses it: no document type, no depth or name without bound, no look-ups."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn
from xml.parsers import expat

from hoso.core import Issue, Refused

DEPTH_LIMIT = 64
TOKEN_LIMIT = 1 << 20
"""Bytes of one tag or comment, which the parser has to hold until it ends."""


class Parser:
    """Feeds bytes of UTF-8 and calls back with local names in capital letters. Raises Refused(400)."""

    def __init__(self, start: Callable[[str], None], text: Callable[[str], None], end: Callable[[str], None]) -> None:
        self._start, self._end = start, end
        self._depth = self._fed = 0
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = text

    @property
    def index(self) -> int:
        """Where the event in hand begins, in bytes fed."""
        return self._parser.CurrentByteIndex

    def feed(self, data: bytes) -> None:
        self._fed += len(data)
        self._parse(data, False)
        if self._fed - self._parser.CurrentByteIndex > TOKEN_LIMIT + len(data):
            self._refuse("insurance.long-token", limit=str(TOKEN_LIMIT))

    def close(self) -> None:
        """Nothing more will come: whatever is open then is a fault."""
        self._parse(b"", True)

    def release(self) -> None:
        """The parser holds our methods, and so us: a circle."""
        del self._parser

    def _parse(self, data: bytes, last: bool) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            place = {"line": str(error.lineno), "column": str(error.offset + 1)}
            raise Refused(400, Issue("structure", "insurance.malformed", place)) from None

    def _doctype(self, *_: Any) -> None:
        self._refuse("insurance.doctype")

    def _open(self, name: str, _: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            self._refuse("insurance.too-deep", limit=str(DEPTH_LIMIT))
        self._start(local(name))

    def _close(self, name: str) -> None:
        self._depth -= 1
        self._end(local(name))

    def _refuse(self, key: str, **values: str) -> NoReturn:
        place = {"line": str(self._parser.CurrentLineNumber), "column": str(self._parser.CurrentColumnNumber + 1)}
        raise Refused(400, Issue("structure", key, {**place, **values}))


@lru_cache(1_024)
def local(name: str) -> str:
    return name.rpartition(":")[2].upper()
