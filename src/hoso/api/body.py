"""Takes a request's body within bounds of size, time and waiting callers, before anything looks at it.

WSGI reads block without a deadline, so a reader thread does the waiting and a slow sender costs its request, not us.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hoso.core.errors import Refused

PIECE = 65_536
PIECE_SECONDS = 10.0
"""Every 64 KB must come within this time: a line of 6.5 KB/s passes, a sender that stalls does not."""
QUICK = 0.25
SLOW_SENDERS = 2
SLOW_PER_CALLER = 1
READERS = 64


class Bodies:
    """Reads bodies for one worker process. `limit` is the most bytes a body may have, also after decompression."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._slow = Counter[str]()
        self._lock = threading.Lock()
        self._readers = threading.BoundedSemaphore(READERS)

    def read(self, environ: dict[str, Any], caller: str) -> bytes:
        """The body, decompressed. Raises Refused: 400, 408, 411, 413, 415 or 503."""
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
        if not self._readers.acquire(blocking=False):
            raise busy()
        reading = _Reading(source, self._limit, length, self._readers)
        threading.Thread(target=reading.run, daemon=True).start()
        if not reading.done.wait(QUICK):
            with self._patience(caller):
                reading.wait()
        if reading.too_large:
            raise self._too_large()
        return b"".join(reading.pieces)

    @contextmanager
    def _patience(self, caller: str) -> Iterator[None]:
        """A place among the few slow senders a worker waits for, so that others are still served."""
        with self._lock:
            if self._slow.total() >= SLOW_SENDERS or self._slow[caller] >= SLOW_PER_CALLER:
                raise busy()
            self._slow[caller] += 1
        try:
            yield
        finally:
            with self._lock:
                self._slow[caller] -= 1
                self._slow += Counter()  # forget callers at zero

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


class _Reading:
    """One body on its way in, read by a thread that may be left waiting when the sender stalls."""

    def __init__(self, source: Any, limit: int, length: int | None, readers: threading.BoundedSemaphore) -> None:
        self.pieces: list[bytes] = []
        self.done = threading.Event()
        self.too_large = False
        self._source, self._limit, self._length, self._readers = source, limit, length, readers
        self._size, self._progress, self._abandoned = 0, time.monotonic(), False

    def run(self) -> None:
        try:
            while not self._abandoned and (self._length is None or self._size < self._length):
                piece = self._source.read(PIECE)
                if not piece:
                    break
                self._size += len(piece)
                if self._size > self._limit:
                    self.too_large = True
                    break
                self.pieces.append(piece)
                self._progress = time.monotonic()
        finally:
            self._readers.release()
            self.done.set()

    def wait(self) -> None:
        while not self.done.wait(0.5):
            if time.monotonic() - self._progress > PIECE_SECONDS:
                self._abandoned = True
                self.pieces.clear()
                raise Refused.because(408, "timeout", "rest.too-slow", seconds=str(int(PIECE_SECONDS)))
