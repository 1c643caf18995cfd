"""Sealed batches: consecutive records of one stream, packed with zstd and signed once by the node that wrote them.

Nothing is unpacked before its signature is good, and nothing grows beyond what is allowed, whoever signed it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import msgspec

from hoso.store.codec import CURRENT
from hoso.sync.keys import Keys, Signer
from hoso.sync.packing import SLOWLY, Bomb, NotPacked, known, pack, unpack
from hoso.sync.stream import MOST_GROUP, Place, Record, StreamId, Unreadable, link, read

PROTOCOL = 1
"""In which this release seals."""
RECORDS = 2_000
"""A batch is closed once it has so many records."""
RAW = 2 * 1024 * 1024
"""A batch is closed once its records are this long, unpacked: about 256 kB packed."""
MOST_SEALED = 40 * 1024 * 1024
MOST_RAW = 64 * 1024 * 1024
"""One record may be as long as the largest request a node takes, and may hardly be packable."""
MOST_RECORDS = 2 * MOST_GROUP
Fault = Literal[
    "too-large", "not-a-batch", "other-protocol", "bad-signature", "bomb", "not-packed", "broken-chain", "other-stream"
]


class Unsealable(Exception):
    """The batch is refused whole and has no effect."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """A batch as it travels and is kept, byte for byte: whoever passes it on leaves it as it is."""

    protocol: int
    stream: StreamId
    first: int
    count: int
    before: bytes
    after: bytes
    dictionary: int
    packed: bytes
    signature: bytes

    def signed(self) -> bytes:
        """What the signature is over."""
        stream = self.stream
        named = (self.protocol, stream.node, stream.epoch, self.first, self.count, self.before, self.after)
        return b"hoso batch\0" + _write((*named, self.dictionary, sha256(self.packed).digest()))

    @property
    def last(self) -> int:
        return self.first + self.count - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that was opened: its bytes, its records, and the chain at each of them."""

    sealed: bytes
    stream: StreamId
    first: int
    before: bytes
    records: tuple[Record, ...]
    chains: tuple[bytes, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.records) - 1

    def at(self, number: int) -> bytes:
        """The chain at a number within the batch, or just before it."""
        return self.before if number == self.first - 1 else self.chains[number - self.first]


@dataclass(frozen=True, slots=True)
class Closed:
    """A batch that cannot be read here: how its records are laid out, or packed, is of another release.

    Its envelope (`Sealed`) is the same in every release, so whose it is and where it stands are proved all the same.
    """

    sealed: bytes
    stream: StreamId
    first: int
    last: int
    before: bytes
    after: bytes
    reason: str

    def at(self, number: int) -> bytes | None:
        """The chain at its ends; nobody here knows it within."""
        return {self.first - 1: self.before, self.last: self.after}.get(number)

    @property
    def change(self) -> bytes:
        """Stands for the changes in it, whose ids are not known."""
        return sha256(self.sealed).digest()[:16]


_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(Sealed).decode
LAYOUTS: dict[int, Callable[[bytes], tuple[Record, ...]]] = {
    PROTOCOL: msgspec.msgpack.Decoder(tuple[Record, ...]).decode,
}
"""How records are laid out in each protocol that is read: this release's, and those of the three before it."""


def cut(records: Sequence[Record], most: int = RECORDS) -> int:
    """How many of the records go into the next batch: it ends where a group ends."""
    size = count = 0
    for number, record in enumerate(records, 1):
        size += len(record.header) + len(record.body)
        if not _ends_group(record):
            continue
        if count and size > RAW:
            break
        count = number
        if number >= most:
            break
    return count or len(records)


def seal(signer: Signer, stream: StreamId, before: Place, records: Sequence[Record], level: int = SLOWLY) -> bytes:
    """The batch of the records that follow `before`."""
    chain = before.chain
    for number, record in enumerate(records, before.number + 1):
        chain = link(chain, number, record)
    raw = _write(records)
    packed = pack(raw, level)
    blank = Sealed(PROTOCOL, stream.trunk, before.number + 1, len(records), before.chain, chain, CURRENT, packed, b"")
    return _write(msgspec.structs.replace(blank, signature=signer.sign(blank.signed())))


def look(data: bytes) -> Sealed:
    """What a batch says of itself, unproved. Raises Unsealable."""
    if len(data) > MOST_SEALED:
        raise Unsealable("too-large")
    try:
        sealed = _read(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Unsealable("not-a-batch") from fault
    if sealed.stream.branch or sealed.first < 1 or not 1 <= sealed.count <= MOST_RECORDS:
        raise Unsealable("not-a-batch")
    return sealed


def take(data: bytes, keys: Keys) -> Batch | Closed:
    """A batch that is proved to be its writer's, opened if it can be read here. Raises Unsealable."""
    sealed = look(data)
    if not keys.good(sealed.stream.node, sealed.signed(), sealed.signature):
        raise Unsealable("bad-signature")
    return _opened(data, sealed) if _is_readable(sealed) else closed(data)


def unseal(data: bytes, keys: Keys) -> Batch:
    """Opens a batch and proves it: size, signature, unpacked size, then every link. Raises Unsealable."""
    batch = take(data, keys)
    if isinstance(batch, Closed):
        raise Unsealable("other-protocol")
    return batch


def closed(data: bytes) -> Closed:
    """A batch that was taken before and could not be read then."""
    sealed = look(data)
    reason = f"protocol {sealed.protocol}" if sealed.protocol not in LAYOUTS else f"dictionary {sealed.dictionary}"
    return Closed(data, sealed.stream, sealed.first, sealed.last, sealed.before, sealed.after, reason)


def reopen(batch: Closed) -> Batch | None:
    """The same once this release can read it, else None. Raises Unsealable: it holds something else than it says."""
    sealed = look(batch.sealed)
    return _opened(batch.sealed, sealed) if _is_readable(sealed) else None


def _is_readable(sealed: Sealed) -> bool:
    return sealed.protocol in LAYOUTS and known(sealed.dictionary)


def _opened(data: bytes, sealed: Sealed) -> Batch:
    try:
        raw = unpack(sealed.dictionary, sealed.packed, MOST_RAW)
        if _length(raw) != sealed.count:
            raise Unsealable("broken-chain")
        records = LAYOUTS[sealed.protocol](raw)
    except Bomb as fault:
        raise Unsealable("bomb") from fault
    except (NotPacked, msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Unsealable("not-packed") from fault
    chain, chains = sealed.before, []
    for number, record in enumerate(records, sealed.first):
        chain = link(chain, number, record)
        chains.append(chain)
    if chain != sealed.after:
        raise Unsealable("broken-chain")
    return Batch(data, sealed.stream, sealed.first, sealed.before, records, tuple(chains))


def _length(raw: bytes) -> int:
    """How many elements an array says it has, before any of them is made."""
    kind, more = raw[:1], {b"\xdc": 3, b"\xdd": 5}.get(raw[:1])
    if more:
        return int.from_bytes(raw[1:more], "big")
    return kind[0] & 0x0F if kind and kind[0] & 0xF0 == 0x90 else -1


def _ends_group(record: Record) -> bool:
    try:
        header = read(record)
    except Unreadable:
        return True
    return header.place == header.places
