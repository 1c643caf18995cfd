"""Identifiers made on this node without asking anyone: UUIDv7 (RFC 9562), from the system's random source."""

from __future__ import annotations

import os
import time
from uuid import UUID

_FREE = ~(0xF << 76 | 0x3 << 62)
_MARKED = 0x7 << 76 | 0x2 << 62
"""The bits of the version and the variant."""


def uuid7() -> UUID:
    """A time-ordered UUID: neighbours in time are neighbours in an index."""
    return UUID(int=_number())


def _number() -> int:
    ms = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    return (ms & 0xFFFF_FFFF_FFFF) << 80 | random & _FREE | _MARKED


def new_id() -> str:
    """A FHIR `id` for a resource created here (36 of the 64 characters allowed)."""
    text = f"{_number():032x}"  # by way of a UUID it takes twice as long, and each request has two
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
