"""Takes a request's body within bounds of size and of waiting senders, before anything looks at it.

A sender that stalls holds a thread until `patience` ends its wait, so the number of threads that senders may hold is
bounded too.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hoso.api.patience import Patience, Wait
from hoso.core.errors import Refused
from hoso.transit.edge import PEER

PIECE = 4_096
"""The server hands a piece over when it is whole, so a small one shows early that a slow sender goes on."""

AT_ONCE = 8
"""Bodies one worker reads at a time; the server has more threads than this, so reads always find one free."""

PLACE_SECONDS = 2.0
"""How long a place is waited for: a burst of quick senders is over before."""

STALLED_SECONDS = 1.0
STALLED = 4
STALLED_PER_CALLER = 2


class Bodies:
    """Reads bodies for one worker process. `limit` is the most bytes a body may have, also after decompression."""

    def __init__(self, limit: int, patience: Patience | None = None) -> None:
        self._limit = limit
        self._patience = patience or Patience()
        self._free = threading.Condition()
        self._senders: dict[object, tuple[str, float]] = {}

    def read(self, environ: dict[str, Any], caller: str) -> bytes:
        """The body, decompressed. Raises Refused: 400, 408, 413, 415 or 503."""
        length = self._announced(environ)
        if length == 0:
            return b""
        expects = "HTTP_EXPECT" in environ
        peer = environ.get(PEER) or environ.get("REMOTE_ADDR", "")
        with self._place(caller), self._patience.with_sender(peer, expects=expects) as wait:
            body = self._receive(environ["wsgi.input"], length, wait)
        if length is not None and len(body) != length:
            raise Refused.because(400, "incomplete", "rest.body-cut", sent=str(len(body)), announced=str(length))
        return self._decoded(body, environ.get("HTTP_CONTENT_ENCODING") or "")

    def _announced(self, environ: dict[str, Any]) -> int | None:
        """The length the sender promises; None for a chunked body."""
        text = environ.get("CONTENT_LENGTH") or environ.get("HTTP_CONTENT_LENGTH") or ""
        if not text:
            return None if environ.get("HTTP_TRANSFER_ENCODING") else 0
        if not text.isascii() or not text.isdigit():
            raise Refused.because(400, "value", "rest.bad-length")
        if len(text) > 12 or int(text) > self._limit:
            raise self._too_large()
        return int(text)

    def _receive(self, source: Any, length: int | None, wait: Wait) -> bytes:
        pieces: list[bytes] = []
        while length is None or wait.size < length:
            piece = source.read(PIECE if length is None else min(PIECE, length - wait.size))
            if not piece:
                break
            wait.got(len(piece))
            if wait.size > self._limit:
                raise self._too_large()
            pieces.append(piece)
        if wait.ended and wait.size != length:
            raise Refused.because(408, "timeout", "rest.body-late", sent=str(wait.size))
        return b"".join(pieces)

    @contextmanager
    def _place(self, caller: str) -> Iterator[None]:
        """One of the few places for senders, waited for while others are quick; who stalls already gets no more."""
        key, ends = object(), time.monotonic() + PLACE_SECONDS
        with self._free:
            while self._full(caller):
                if not self._free.wait(ends - time.monotonic()):
                    raise busy()
            self._senders[key] = (caller, time.monotonic())
        try:
            yield
        finally:
            with self._free:
                del self._senders[key]
                self._free.notify()

    def _full(self, caller: str) -> bool:
        """Whether all places are taken. Raises Refused when it is by senders that stall: they are not waited for."""
        now = time.monotonic()
        stalled = [who for who, since in self._senders.values() if now - since > STALLED_SECONDS]
        if len(stalled) >= STALLED or stalled.count(caller) >= STALLED_PER_CALLER:
            raise busy()
        return len(self._senders) >= AT_ONCE

    def _decoded(self, body: bytes, encoding: str) -> bytes:
        encoding = encoding.strip().lower()
        if encoding in ("", "identity"):
            return body
        if encoding not in ("gzip", "x-gzip"):
            raise Refused.because(415, "not-supported", "rest.encoding", encoding=encoding[:40])
        return gunzip(body, self._limit)

    def _too_large(self) -> Refused:
        return Refused.because(413, "too-long", "rest.too-large", limit=str(self._limit // 1_000_000))


def gunzip(body: bytes, limit: int) -> bytes:
    """Decompresses piece by piece and stops at the limit, however small the text was."""
    inflater = zlib.decompressobj(31)
    try:
        plain = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refused.because(400, "structure", "rest.bad-gzip") from error
    if len(plain) > limit:
        raise Refused.because(413, "too-long", "rest.too-large", limit=str(limit // 1_000_000))
    if not inflater.eof or inflater.unused_data:
        raise Refused.because(400, "structure", "rest.bad-gzip")
    return plain


def busy() -> Refused:
    return Refused.because(503, "throttled", "rest.busy")
