"""What makes the change log prove itself: a digest of every change, and a hash that ties each number to all before it.

Only SHA-256 over plain bytes, so that PostgreSQL's sequencer computes the very same in SQL.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

_encode = msgspec.json.Encoder().encode


class Envelope(msgspec.Struct, array_like=True, frozen=True):
    """All of a change but its place in a stream; names and ids only, nothing that is local to one database."""

    change: str
    bundle: str | None
    place: int
    places: int
    op: int
    method: int
    type: str
    id: str
    version: str
    base: str | None
    patient: str | None
    actor: str
    reason: str
    time: int
    body: str | None

    def digest(self) -> bytes:
        return sha256(_encode(self)).digest()


def body_hash(text: bytes) -> str:
    return sha256(text).hexdigest()


def start(node: str, epoch: str) -> bytes:
    """The chain before the first change of a stream."""
    return sha256(f"{node}/{epoch}".encode()).digest()


def link(chain: bytes, position: int, digest: bytes) -> bytes:
    """The chain after the change with this digest took this position."""
    return sha256(chain + position.to_bytes(8, "big") + digest).digest()
