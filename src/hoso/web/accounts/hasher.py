"""Argon2id with RFC 9106's memory for small machines: 3 passes over 64 MiB, one lane.

Each verification costs 64 MiB and about a tenth of a second, so one runs at a time in a worker and a few wait; more
are sent away at once, or sign-in becomes a lever to stop the machine and to keep others from reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

WAITING = 4
"""With the one that runs this stays well below the threads of a worker, so that most of them can always read."""

_running = BoundedSemaphore(1)
_places = BoundedSemaphore(1 + WAITING)


class Busy(Exception):
    """Too many are signing in at this moment."""


@contextmanager
def _turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise Busy
    try:
        with _running:
            yield
    finally:
        _places.release()


class Argon2(Argon2PasswordHasher):
    time_cost = 3
    memory_cost = 65_536
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turn():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turn():
            return super().verify(password, encoded)
