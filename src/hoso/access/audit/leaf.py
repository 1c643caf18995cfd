"""What stands at one place of the tree: an event, bound to its patient, its number and that patient's event before.

Patients appear as keyed hashes, which mean nothing to who does not hold the node's secret.
"""

from __future__ import annotations

from hashlib import blake2b

from hoso.access.audit.tree import EMPTY, Growth, leaf_hash

FORM = b"\x01"
NOBODY = bytes(16)
FIRST = bytes(32)
"""What stands for the event before a patient's first."""


def subject(key: bytes, patient: int) -> bytes:
    """The patient as others may see it."""
    if not patient:
        return NOBODY
    return blake2b(patient.to_bytes(8, "big", signed=True), digest_size=16, key=key, person=b"hoso audit").digest()


def leaf(subject: bytes, number: int, before: bytes, salt: bytes, text: bytes) -> bytes:
    return leaf_hash(FORM + subject + number.to_bytes(8, "big") + before + salt + text)


def entry(subject: bytes, count: int, head: bytes) -> bytes:
    """The leaf of a map: how many events a patient has, and the leaf of the last one."""
    return leaf_hash(subject + count.to_bytes(8, "big") + head)


def map_root(entries: list[tuple[bytes, int, bytes]]) -> bytes:
    """Over (subject, count, head), sorted by subject."""
    growth = Growth()
    for one in sorted(entries):
        growth.append(entry(*one))
    return growth.root() if entries else EMPTY
