"""Do two nodes have the same? Fingerprints of buckets of patients, so that only what differs has to be talked about.

A fingerprint is a sum over all changes in the record, also those built on since: history may not differ either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256
from struct import pack

from hoso.sync.ledger import Ledger

BUCKETS = 256
_WHOLE = (1 << 64) - 1


def weight(change: bytes) -> int:
    """What a change adds to the fingerprint of its patient, modulo 2^64."""
    return int.from_bytes(sha256(change).digest()[:8], "big")


def total(changes: Iterable[bytes]) -> int:
    """The fingerprint of a set of changes."""
    return sum(map(weight, set(changes))) & _WHOLE


def bucket(patient: str) -> int:
    return sha256(patient.encode()).digest()[0]


def sums(ledger: Ledger, patients: Iterable[str], without: Collection[bytes] = ()) -> tuple[int, ...]:
    """The fingerprints of the buckets these patients fall into, `without` some changes."""
    scope = set(patients)
    found = [0] * BUCKETS
    for patient in scope:
        found[bucket(patient)] += ledger.fingerprint(patient)
    for change in without:
        version = ledger.version(change)
        if version is not None and version.header.patient in scope:
            found[bucket(version.header.patient)] -= weight(change)
    return tuple(number & _WHOLE for number in found)


def root(sums: Iterable[int]) -> bytes:
    return sha256(pack(f">{BUCKETS}Q", *sums)).digest()[:16]
