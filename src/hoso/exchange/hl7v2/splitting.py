"""A file of HL7 v2 messages, with or without the envelope of a batch (FHS, BHS), cut into messages as they came.

A message begins with MSH at the beginning of a line; memory is bounded by the largest message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from hoso.core import Refused
from hoso.exchange.insurance.split import Piece

LIMIT = 64 << 20
"""Bytes of one message."""
_CHUNK = 1 << 16
_BEGIN = re.compile(rb"(?:\A|(?<=[\r\n]))(?:\x0b)?(MSH|FHS|BHS|BTS|FTS)(?=[^\w\r\n])")
_ENVELOPE = (b"FHS", b"BHS", b"BTS", b"FTS")
_LONGEST_MARK = 8


def is_messages(head: bytes) -> bool:
    """Whether a file that begins so holds HL7 v2 messages."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x0b \t\r\n")
    return bool(re.match(rb"(MSH|FHS|BHS)[^\w\s]", text))


class Splitting:
    """Iterates over the messages, once. Raises Refused(400) where a file has text that belongs to none."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.number = 0

    @property
    def stated(self) -> int | None:
        return None

    def __iter__(self) -> Iterator[Piece]:
        for line in self._parts():
            text = line.strip(b"\x0b\x1c \t\r\n")
            if not text or text.startswith(_ENVELOPE):
                continue
            if not text.startswith(b"MSH"):
                raise Refused.because(400, "structure", "hl7v2-map.no-header")
            self.number += 1
            yield Piece(self.number, text + b"\r" if len(text) <= LIMIT else None)

    def _parts(self) -> Iterator[bytes]:
        """What stands from one beginning to the next; of what is too large only as much as shows it."""
        buffer = bytearray()
        while chunk := self._stream.read(_CHUNK):
            if not self.number and not buffer:
                chunk = chunk.removeprefix(b"\xef\xbb\xbf")
            searched = max(len(buffer) - _LONGEST_MARK, 0)
            buffer += chunk
            yield from self._whole(buffer, searched)
            if len(buffer) > LIMIT + _CHUNK:
                del buffer[LIMIT + 1 : -_LONGEST_MARK]
        if buffer:
            yield bytes(buffer)

    def _whole(self, buffer: bytearray, searched: int) -> Iterator[bytes]:
        begin = 0
        for match in _BEGIN.finditer(buffer, max(searched, 1)):
            yield bytes(buffer[begin : match.start(1)])
            begin = match.start(1)
        del buffer[:begin]
