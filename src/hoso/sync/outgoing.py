"""Batches on their way: another node's as they were sealed, this node's own sealed when they are sent."""

from __future__ import annotations

from collections.abc import Iterator

from hoso.sync.batches import cut, seal
from hoso.sync.peer import Peer
from hoso.sync.stream import MOST_GROUP, Place, StreamId


def sealed(me: Peer, stream: StreamId, after: int) -> Iterator[bytes]:
    """The batches of a stream behind a number."""
    if stream.node != me.name:
        yield from me.ledger.sealed(stream, after)
        return
    while records := me.ledger.records(stream, after, MOST_GROUP + 1):
        count = cut(records, me.sizes.batch)
        chain = me.ledger.chain(stream, after)
        assert chain is not None
        yield seal(me.signer, stream, Place(after, chain), records[:count], me.sizes.level)
        after += count
