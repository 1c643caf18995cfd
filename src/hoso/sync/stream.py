"""What travels: records in streams. A stream is what one node wrote in one epoch, numbered densely, chained by hashes.

The hash goes over the bytes as they were written; nothing is ever written anew to be hashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, NamedTuple

import msgspec

Op = Literal["put", "delete"]
MOST_GROUP = 10_000
"""Changes that can be shown together."""


class StreamId(msgspec.Struct, frozen=True, array_like=True, order=True):
    """`epoch` is random and new after every restore. `branch` names a tail that departed from it (see `branch_of`)."""

    node: str
    epoch: str
    branch: str = ""

    @property
    def trunk(self) -> StreamId:
        return StreamId(self.node, self.epoch) if self.branch else self


class Header(msgspec.Struct, frozen=True, array_like=True):
    """All of a change but its body and its place in a stream.

    A version is known by its `change`, for every node counts versions for itself; `bases` are the changes it was built
    on: none for a first version, several when it settles a conflict. Changes of one `group` are shown together or not
    at all: this is number `place` of `places`, counted from 1.
    """

    change: bytes
    group: bytes
    place: int
    places: int
    op: Op
    type: str
    id: str
    version: str
    bases: tuple[bytes, ...]
    patient: str
    actor: str
    reason: str
    time: int


class Record(NamedTuple):
    """A change as its writer wrote it: the bytes of its header, and of its body (empty for a deletion)."""

    header: bytes
    body: bytes


class Unreadable(Exception):
    """The bytes of a header are none."""


_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(Header).decode


def write(header: Header, body: bytes) -> Record:
    return Record(_write(header), body)


def read(record: Record) -> Header:
    """The header of a record. Raises Unreadable."""
    try:
        header = _read(record.header)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Unreadable(str(fault)) from fault
    if not (
        len(header.change) == 16
        and 1 <= header.place <= header.places <= MOST_GROUP
        and (header.group or header.places == 1)
    ):
        raise Unreadable("change, group and place do not fit together")
    return header


def digest(record: Record) -> bytes:
    """Header and body apart, so that an erased body can be stood for by its hash."""
    return sha256(sha256(record.header).digest() + sha256(record.body).digest()).digest()


def start(stream: StreamId) -> bytes:
    """The chain before the first record of a stream."""
    return sha256(f"{stream.node}/{stream.epoch}".encode()).digest()


def link(chain: bytes, number: int, record: Record) -> bytes:
    """The chain once the record took this number."""
    return sha256(chain + number.to_bytes(8, "big") + digest(record)).digest()


def branch_of(stream: StreamId, chain: bytes) -> StreamId:
    """The name of the tail whose first batch ends with `chain`: whoever finds it gives it the same name."""
    return StreamId(stream.node, stream.epoch, chain.hex()[:16])


@dataclass(frozen=True, slots=True)
class Place:
    """How far a stream goes: its last number and the chain there."""

    number: int
    chain: bytes
