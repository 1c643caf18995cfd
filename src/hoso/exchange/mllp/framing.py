"""The minimal lower layer protocol: a message between 0x0B and 0x1C 0x0D on a connection (HL7 v2 Implementation

Guide, Appendix C). What stands between two frames is skipped, within bounds.
"""

from __future__ import annotations

import socket
from time import monotonic

START, END, RETURN = b"\x0b", b"\x1c", b"\r"
CHUNK = 1 << 16
NOISE = 1 << 16
"""Bytes outside a frame after which the other side is taken for something that speaks no MLLP."""


class Unframed(Exception):
    """The other side sends something else, too much, or too slowly. `key` names the reason in the catalogue."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Frames:
    """Of one connection, one after the other.

    `limit`: bytes of a message; `idle`: seconds between two; `whole`: seconds from its first byte to its last.
    """

    def __init__(self, connection: socket.socket, limit: int, idle: float, whole: float) -> None:
        self._connection, self._limit, self._idle, self._whole = connection, limit, idle, whole
        self._held = bytearray()

    def next(self) -> bytes | None:
        """The next message; None when the other side has closed, or is silent. Raises Unframed and OSError."""
        noise = 0
        while START not in self._held:
            noise += len(self._held)
            self._held.clear()
            if noise > NOISE:
                raise Unframed("mllp.no-frame")
            if not self._more(self._idle):
                return None
        del self._held[: self._held.index(START) + 1]
        until, looked = monotonic() + self._whole, 0
        while END not in self._held[looked:]:
            looked = len(self._held)
            if looked > self._limit:
                raise Unframed("mllp.too-large")
            if monotonic() > until or not self._more(max(until - monotonic(), 0.001)):
                raise Unframed("mllp.half")
        end = self._held.index(END, looked)
        data = bytes(self._held[:end])
        del self._held[: end + 1]
        return data

    def _more(self, seconds: float) -> bool:
        self._connection.settimeout(seconds)
        try:
            data = self._connection.recv(CHUNK)
        except TimeoutError:
            return False
        self._held += data
        return bool(data)


def framed(message: bytes) -> bytes:
    return START + message + END + RETURN
