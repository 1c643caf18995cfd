"""Receipts: a hub's signed word that it keeps a stream durably up to a number. A station can prove delivery with it."""

from __future__ import annotations

from typing import Literal

import msgspec

from hoso.sync.keys import Keys, Signer
from hoso.sync.stream import Place, StreamId

Level = Literal["here", "centre"]
"""Durable at the hub that signs, or at the centre: the hub that signs has nothing above it."""


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    hub: str
    level: Level
    stream: StreamId
    number: int
    chain: bytes
    time: int
    signature: bytes = b""

    def signed(self) -> bytes:
        return b"hoso receipt\0" + _write(msgspec.structs.replace(self, signature=b""))

    @property
    def place(self) -> Place:
        return Place(self.number, self.chain)


_write = msgspec.msgpack.Encoder().encode


def sign(signer: Signer, level: Level, stream: StreamId, place: Place, time: int) -> Receipt:
    blank = Receipt(signer.node, level, stream, place.number, place.chain, time)
    return msgspec.structs.replace(blank, signature=signer.sign(blank.signed()))


def good(receipt: Receipt, keys: Keys) -> bool:
    return keys.good(receipt.hub, receipt.signed(), receipt.signature)
