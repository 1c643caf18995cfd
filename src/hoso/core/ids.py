"""Identifiers made on this node without asking anyone: UUIDv7 (RFC 9562), from the system's random source."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """A time-ordered UUID: neighbours in time are neighbours in an index."""
    ms = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (ms & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def new_id() -> str:
    """A FHIR `id` for a resource created here (36 of the 64 characters allowed)."""
    return str(uuid7())
