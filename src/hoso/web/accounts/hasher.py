"""Argon2id with RFC 9106's memory for small machines: 3 passes over 64 MiB, one lane.

Each verification costs 64 MiB and about a tenth of a second, so few may run at once, or sign-in becomes a lever to
stop the machine.
"""

from __future__ import annotations

from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

_AT_ONCE = BoundedSemaphore(2)


class Argon2(Argon2PasswordHasher):
    time_cost = 3
    memory_cost = 65_536
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _AT_ONCE:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _AT_ONCE:
            return super().verify(password, encoded)
