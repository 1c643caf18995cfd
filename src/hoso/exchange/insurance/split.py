"""A file of insurance XML cut into files of one visit each, byte by byte as it came, so that each is read on its own.

What a piece holds is not looked at, only where it begins and ends; memory is bounded by the largest visit.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import IO, NamedTuple
from xml.sax.saxutils import escape

from hoso.core import Issue, Refused
from hoso.exchange.insurance.parsing import Parser
from hoso.exchange.insurance.shape import Shape, insurance
from hoso.exchange.insurance.text import utf8

PIECE_LIMIT = 64 << 20
"""Bytes of one visit; base64 takes a third more than what is in it."""
_KEPT = frozenset({"MACSKCB", "NGAYLAP", "SOLUONGHOSO"})
_SHORT = 100
_OPENED = re.compile(r"<(?:\w+:)?(\w+)[\s/>]")


class Piece(NamedTuple):
    """`number` counts from 1. Without data, the visit is larger than any can be."""

    number: int
    data: bytes | None


def is_insurance(head: bytes) -> bool:
    """Whether a text that begins so is insurance XML, in whatever encoding."""
    shape = insurance()
    return any(name == shape.root or name in shape.records or shape.begins(name) for name in opened(head))


def opened(head: bytes) -> set[str]:
    """The elements that a text begins with, in capital letters; none when it is no XML."""
    text = head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n")
    if text[:1] != b"<":
        return set()
    return {name.upper() for name in _OPENED.findall(text.decode("latin-1"))}


class Splitting:
    """Iterates over the pieces, once. Raises Refused(400) where the file cannot be read any further.

    `stated` is the number of visits the file says it has, `number` how many it has, both known at the end.
    """

    def __init__(self, stream: IO[bytes], shape: Shape | None = None) -> None:
        self._stream = stream
        self._shape = shape or insurance()
        self.number = 0
        self._head = dict.fromkeys(_KEPT, "")
        self._open: list[str] = []
        self._record = self._from = self._base = 0
        self._text: list[str] | None = None
        self._buffer = bytearray()
        self._ready: deque[Piece] = deque()
        self._parser = Parser(self._start, self._characters, self._end)

    @property
    def stated(self) -> int | None:
        text = self._head["SOLUONGHOSO"]
        return int(text) if text.isascii() and text.isdigit() else None

    def __iter__(self) -> Iterator[Piece]:
        try:
            for data in utf8(self._stream):
                self._buffer += data
                self._parser.feed(data)
                self._forget()
                while self._ready:
                    yield self._ready.popleft()
            self._parser.close()
        except Refused as refused:
            yield from self._ready
            raise Refused(400, *(self._placed(issue) for issue in refused.issues)) from None
        finally:
            self._parser.release()

    def _placed(self, issue: Issue) -> Issue:
        place = f"HOSO[{self.number + 1}]" if self._record or self.number else self._shape.root
        return Issue(issue.code, issue.key, {"place": place, **issue.values}, place)

    def _forget(self) -> None:
        """Lets go of what no piece needs any more."""
        if self._record and self._parser.index - self._from > PIECE_LIMIT:
            self._from = -1
        needed = self._from if self._record and self._from >= 0 else max(self._base, self._parser.index)
        del self._buffer[: needed - self._base]
        self._base = needed

    def _start(self, name: str) -> None:
        self._open.append(name)
        depth = len(self._open)
        shape = self._shape
        if depth == 1 and name != shape.root and name not in shape.records and not shape.begins(name):
            raise Refused.because(400, "structure", shape.refusal, name=name[:40])
        if self._begins(name, depth):
            self._record, self._from = depth, self._parser.index
        elif name in _KEPT and not self._record:
            self._text = []

    def _begins(self, name: str, depth: int) -> bool:
        """Whether a visit begins here. An HS around HOSO is only a wrapper."""
        if not self._record:
            return name in self._shape.records or self._shape.begins(name)
        return name == "HOSO" and self._open[self._record - 1] == "HS" and depth == self._record + 1

    def _characters(self, text: str) -> None:
        if self._text is not None and sum(map(len, self._text)) < _SHORT:
            self._text.append(text[:_SHORT])

    def _end(self, name: str) -> None:
        if len(self._open) == self._record:
            self._finish()
        elif self._text is not None:
            self._head[name] = "".join(self._text).strip()
            self._text = None
        self._open.pop()

    def _finish(self) -> None:
        self.number += 1
        if self._from < 0:
            self._ready.append(Piece(self.number, None))
        else:
            end = self._buffer.index(b">", self._parser.index - self._base) + 1
            self._ready.append(Piece(self.number, self._whole(bytes(self._buffer[self._from - self._base : end]))))
        self._record = 0

    def _whole(self, record: bytes) -> bytes:
        facility, made = (escape(self._head[name]).encode() for name in ("MACSKCB", "NGAYLAP"))
        root = self._shape.root.encode()
        return (
            b"<%s><THONGTINDONVI><MACSKCB>%s</MACSKCB></THONGTINDONVI><THONGTINHOSO><NGAYLAP>%s</NGAYLAP>"
            b"<DANHSACHHOSO>%s</DANHSACHHOSO></THONGTINHOSO></%s>" % (root, facility, made, record, root)
        )
