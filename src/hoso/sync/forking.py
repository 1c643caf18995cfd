"""What to do when two nodes keep different things under one number: an image was put back, or a node runs twice.

Both tails are kept. A node writes its own on in a new epoch and takes the hub's as its past; of another node's stream
the tail is put aside as a branch, under a name that everybody gives it.
"""

from __future__ import annotations

from collections.abc import Generator

from hoso.sync.asking import Broken, ask
from hoso.sync.batches import Unsealable, look, unseal
from hoso.sync.ledger import Append, Branch, NewEpoch
from hoso.sync.messages import Answer, Batches, Chains, Past, Probe, Request
from hoso.sync.peer import Peer
from hoso.sync.stream import Place, StreamId, branch_of

PROBES = 32


def agree(me: Peer, places: dict[StreamId, Place]) -> Generator[Request, Answer, bool]:
    """Makes this node's streams continue what the hub has of them. True if a tail had to be moved."""
    forked = False
    for stream, theirs in places.items():
        if theirs.number == 0 or me.ledger.chain(stream, theirs.number) == theirs.chain:
            continue
        if stream in me.ledger.streams():
            common = yield from _common(me, stream, theirs)
            forked = _part(me, stream, common) or forked
        yield from _take_back(me, stream)
    return forked


def _common(me: Peer, stream: StreamId, theirs: Place) -> Generator[Request, Answer, int]:
    """The last number up to which both keep the same."""
    low, high = me.ledger.base(stream), min(me.ledger.end(stream).number, theirs.number)
    while low < high:
        step = max(1, (high - low + PROBES - 1) // PROBES)
        numbers = sorted({*range(low + step, high, step), high})
        answer = yield from ask(Probe(stream, tuple(numbers)), Chains)
        same = [n for n, chain in zip(numbers, answer.chains, strict=False) if me.ledger.chain(stream, n) == chain]
        other = [n for n in numbers if n not in same]
        low = max(same, default=low)
        high = min((n - 1 for n in other if n > low), default=low)
    return low


def _part(me: Peer, stream: StreamId, common: int) -> bool:
    """Moves what this node has behind `common` out of the way; a stream the hub knows more of is written no more."""
    ledger = me.ledger
    end = ledger.end(stream).number
    if stream.node == me.name:
        if common == end and stream != ledger.current():
            return False
        ledger.commit(NewEpoch(stream, common, StreamId(me.name, me.random(8).hex())))
        return True
    if common == end:
        return False
    after = ledger.boundary(stream, common)
    first = look(next(iter(ledger.sealed(stream, after))))
    ledger.commit(Branch(stream, after, branch_of(stream, first.after)))
    return True


def _take_back(me: Peer, stream: StreamId) -> Generator[Request, Answer, None]:
    """Reads back what the hub has of a stream behind its end here."""
    while True:
        known = stream in me.ledger.streams()
        after = me.ledger.end(stream).number if known else 0
        past = yield from ask(Past(stream, after), Batches)
        for data in past.batches:
            _append(me, stream, data)
        if not past.more:
            return
        if stream not in me.ledger.streams() or me.ledger.end(stream).number <= after:
            raise Broken("our past leads nowhere")


def _append(me: Peer, stream: StreamId, data: bytes) -> None:
    try:
        batch = unseal(data, me.keys)
    except Unsealable as fault:
        raise Broken(f"our past is {fault.fault}") from fault
    end = me.ledger.end(stream)
    begins = stream.branch and stream not in me.ledger.streams()
    if batch.stream != stream.trunk or (begins and branch_of(stream, batch.at(batch.last)) != stream):
        raise Broken("our past is of another stream")
    if not begins and (batch.first > end.number + 1 or batch.last < end.number or batch.at(end.number) != end.chain):
        raise Broken("our past does not continue what we have")
    if begins or batch.last > end.number:
        me.ledger.commit(Append(stream, batch))
