"""Takes a request's body within bounds of size and of waiting senders, before anything looks at it.

The server gives a read no deadline, and an answer sent while one is waiting would freeze its worker. So a stalled
sender keeps its thread until it hangs up, and the number of threads that senders may hold is what is bounded.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hoso.core.errors import Refused

PIECE = 65_536
AT_ONCE = 8
"""Bodies one worker reads at a time; the server has more threads than this, so reads always find one free."""

STALLED_SECONDS = 1.0
STALLED = 4
STALLED_PER_CALLER = 2


class Bodies:
    """Reads bodies for one worker process. `limit` is the most bytes a body may have, also after decompression."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._senders: dict[object, tuple[str, float]] = {}

    def read(self, environ: dict[str, Any], caller: str) -> bytes:
        """The body, decompressed. Raises Refused: 400, 413, 415 or 503."""
        length = self._announced(environ)
        if length == 0:
            return b""
        body = self._receive(environ["wsgi.input"], length, caller)
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

    def _receive(self, source: Any, length: int | None, caller: str) -> bytes:
        pieces: list[bytes] = []
        size = 0
        with self._place(caller):
            while length is None or size < length:
                piece = source.read(PIECE if length is None else min(PIECE, length - size))
                if not piece:
                    break
                size += len(piece)
                if size > self._limit:
                    raise self._too_large()
                pieces.append(piece)
        return b"".join(pieces)

    @contextmanager
    def _place(self, caller: str) -> Iterator[None]:
        """One of the few places for senders; who already has senders that stall gets no more of them."""
        key, now = object(), time.monotonic()
        with self._lock:
            stalled = [who for who, since in self._senders.values() if now - since > STALLED_SECONDS]
            full = len(self._senders) >= AT_ONCE or len(stalled) >= STALLED
            if full or stalled.count(caller) >= STALLED_PER_CALLER:
                raise busy()
            self._senders[key] = (caller, now)
        try:
            yield
        finally:
            with self._lock:
                del self._senders[key]

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
