"""The hub's side: answers one request. Every answer stands alone, so that a lost or doubled one does no harm.

Nothing in the content of a record is a reason to refuse it; what is refused is what is not proved, or not the sender's.
"""

from __future__ import annotations

from collections.abc import Iterator

from hoso.sync import joining, proof
from hoso.sync.batches import Batch, Closed, Unsealable, take
from hoso.sync.judging import judge_all
from hoso.sync.ledger import Append, Entry, Full, of_patient
from hoso.sync.messages import (
    Answer,
    Batches,
    Buckets,
    Chains,
    Cursor,
    Have,
    Having,
    Held,
    Item,
    Listing,
    Page,
    Past,
    Probe,
    Pull,
    Push,
    Refusal,
    Repair,
    Request,
    Sums,
    Taken,
    Why,
)
from hoso.sync.outgoing import sealed
from hoso.sync.peer import Peer
from hoso.sync.receipts import Receipt, sign
from hoso.sync.stream import Place, StreamId, branch_of

LOOK = 500
"""Lines of the feed looked through at a time."""
MOST_PROBES = 64
MOST_STREAMS = 5_000
MOST_CURSORS = 64


class Refused(Exception):
    """The request is refused; nothing was done."""

    def __init__(self, why: Why, fault: str = "") -> None:
        super().__init__(why, fault)
        self.why, self.fault = why, fault


def answer(me: Peer, sender: str, request: Request) -> Answer:
    """Never raises for what the request says."""
    try:
        match request:
            case Have():
                return _have(me, sender, request)
            case Push():
                return _push(me, sender, request)
            case Probe():
                return _probe(me, sender, request)
            case Past():
                return _past(me, sender, request)
            case Pull():
                judge_all(me.ledger, me.judge, me.waits, me.late, me.belongs)
                joining.settle(me, sender)
                return _pull(me, sender, request)
            case Buckets():
                _at_end(me, request.cursor)
                return Sums(proof.sums(me.ledger, scope(me, sender)))
            case Listing():
                return _repair(me, sender, request)
    except Refused as refused:
        return Refusal(refused.why, refused.fault)
    except Full:
        return Refusal("full")


def scope(me: Peer, node: str) -> Iterator[str]:
    patients, held = me.ledger.patients(), joining.of(me, node)
    return (patient for patient in patients if held.covers(patient))


def receipt(me: Peer, stream: StreamId, place: Place) -> Receipt:
    return sign(me.signer, "centre" if me.hub is None else "here", stream, place, me.now())


def _have(me: Peer, sender: str, request: Have) -> Having:
    if len(request.streams) > MOST_STREAMS:
        raise Refused("too-much")
    judge_all(me.ledger, me.judge, me.waits, me.late, me.belongs)
    known = [stream for stream in me.ledger.streams() if me.tree.carries(sender, stream.node)]
    asked = dict.fromkeys((*request.streams, *known))
    _may(me, sender, *asked)
    receipts = tuple(receipt(me, stream, me.ledger.end(stream)) for stream in asked)
    centre = (me.ledger.receipt(stream, centre=True) for stream in asked)
    held = tuple(one for stream in known for one in _held(me, stream) if not me.ledger.has(one.change))
    news = held if proof.total(one.change for one in held) != request.held else None
    return Having(receipts, tuple(r for r in centre if r is not None), news, me.now())


def _held(me: Peer, stream: StreamId) -> Iterator[Held]:
    """What is held of a stream; of a batch that cannot be read here its writer is told where it stands."""
    closed = {one.change: one for one in me.ledger.closed(stream)}
    for one in me.ledger.held(stream):
        batch = closed.get(one.change)
        yield Held(one.change, one.reason, stream, batch.first, batch.last) if batch else one


def _may(me: Peer, sender: str, *streams: StreamId) -> None:
    if not all(me.tree.carries(sender, stream.node) for stream in streams):
        raise Refused("not-yours")


def _push(me: Peer, sender: str, request: Push) -> Taken:
    _may(me, sender, request.stream)
    if request.stream.node == me.name:
        raise Refused("not-yours")
    end = me.ledger.end(request.stream)
    steps = []
    known = request.stream in me.ledger.streams()
    chains: dict[int, bytes] = {}
    for data in request.batches:
        batch = _opened(me, request.stream, data)
        if not known and request.stream.branch:
            _begins(request.stream, batch)
            end, known = Place(batch.first - 1, batch.before), True
            chains[end.number] = end.chain
        _fits(me, request.stream, batch, end, chains)
        if batch.last > end.number:
            steps.append(Append(request.stream, batch))
            end = Place(batch.last, _after(batch))
            chains.update((number, at) for number in range(batch.first, batch.last + 1) if (at := batch.at(number)))
    me.ledger.commit(*steps)
    return Taken(receipt(me, request.stream, me.ledger.end(request.stream)))


def _after(batch: Batch | Closed) -> bytes:
    after = batch.at(batch.last)
    assert after is not None
    return after


def _opened(me: Peer, stream: StreamId, data: bytes) -> Batch | Closed:
    """What cannot be read here is taken as well: it is looked at later, and nothing waits for it."""
    try:
        batch = take(data, me.keys)
    except Unsealable as fault:
        raise Refused("unsealable", fault.fault) from fault
    if batch.stream != stream.trunk:
        raise Refused("unsealable", "other-stream")
    return batch


def _begins(stream: StreamId, batch: Batch | Closed) -> None:
    if branch_of(stream, _after(batch)) != stream:
        raise Refused("gap")


def _fits(me: Peer, stream: StreamId, batch: Batch | Closed, end: Place, chains: dict[int, bytes]) -> None:
    """Refuses a batch that leaves a gap, or that says something else than what is kept."""
    if batch.first > end.number + 1:
        raise Refused("gap")
    for number in range(batch.first - 1, min(batch.last, end.number) + 1):
        kept = chains.get(number) or me.ledger.chain(stream, number)
        if kept is None and number == end.number:
            kept = end.chain
        at = batch.at(number)
        if kept is not None and at is not None and kept != at:
            raise Refused("forked")
    if isinstance(batch, Closed) and batch.first - 1 < end.number < batch.last:
        raise Refused("gap")  # a part of it is here, and nobody can say that it is the same


def _probe(me: Peer, sender: str, request: Probe) -> Chains:
    _may(me, sender, request.stream)
    if len(request.numbers) > MOST_PROBES:
        raise Refused("too-much")
    return Chains(tuple(me.ledger.chain(request.stream, number) or b"" for number in request.numbers))


def _past(me: Peer, sender: str, request: Past) -> Batches:
    _may(me, sender, request.stream)
    if request.stream not in me.ledger.streams():
        raise Refused("unknown")
    given: list[bytes] = []
    for data in sealed(me, request.stream, request.after):
        if sum(map(len, given)) >= me.sizes.page:
            return Batches(tuple(given), more=True)
        given.append(data)
    return Batches(tuple(given), more=False)


def _pull(me: Peer, sender: str, request: Pull) -> Page:
    if len(request.cursors) > MOST_CURSORS or len(request.lane) > MOST_CURSORS:
        raise Refused("too-much")
    number = max((cursor.number for cursor in request.cursors if _mine(me, cursor)), default=0)
    held = joining.of(me, sender)
    lane, joined, size = 0, None, 0
    items: list[Item] = []
    if held.patients is not None:
        lane = joining.place(me, sender, request.lane)
        joined, items, whole = _joined(me, sender, lane)
        size = sum(map(_size, items))
        if not whole:
            return Page(tuple(items), _cursor(me, number), more=True, root=b"", lane=lane, joined=joined)
    while entries := me.ledger.feed(number, LOOK):
        for entry in entries:
            if size >= me.sizes.page and entry.version.header.place == 1:
                return Page(tuple(items), _cursor(me, number), more=True, root=b"", lane=lane, joined=joined)
            number = entry.number
            if _goes_to(me, sender, entry, held):
                version = entry.version
                items.append(Item(version.stream, version.number, version.record))
                size += _size(items[-1])
    root = proof.root(proof.sums(me.ledger, scope(me, sender)))
    return Page(tuple(items), _cursor(me, number), more=False, root=root, lane=lane, joined=joined)


def _joined(me: Peer, sender: str, lane: int) -> tuple[tuple[str, ...], list[Item], bool]:
    """Who joined behind a place, with all there is of them, as far as a page goes; whether that is everybody."""
    joined: list[str] = []
    items: list[Item] = []
    size = 0
    while places := me.ledger.lane(sender, lane + len(joined), LOOK):
        for one in places:
            if size >= me.sizes.page:
                return tuple(joined), items, False
            joined.append(one.patient)
            found = [Item(v.stream, v.number, v.record) for v in joining.whole(me, sender, one)]
            items += found
            size += sum(map(_size, found))
    return tuple(joined), items, True


def _size(item: Item) -> int:
    return len(item.record.header) + len(item.record.body)


def _goes_to(me: Peer, sender: str, entry: Entry, held: joining.Scope) -> bool:
    version = entry.version
    return not me.tree.carries(sender, version.stream.node) and held.follows(version.header.patient, entry.number)


def _mine(me: Peer, cursor: Cursor) -> bool:
    return cursor.hub == me.name and me.ledger.feed_chain(cursor.number) == cursor.chain


def _cursor(me: Peer, number: int) -> Cursor:
    return Cursor(me.name, number, me.ledger.feed_chain(number) or b"")


def _at_end(me: Peer, cursor: Cursor) -> None:
    """Two nodes are compared only when the one has read all of the other."""
    judge_all(me.ledger, me.judge, me.waits, me.late, me.belongs)
    if not _mine(me, cursor) or cursor.number != me.ledger.feed_end()[0]:
        raise Refused("behind")


def _repair(me: Peer, sender: str, request: Listing) -> Repair:
    if len(request.buckets) > proof.BUCKETS:
        raise Refused("too-much")
    buckets, have = set(request.buckets), set(request.have)
    patients = (patient for patient in scope(me, sender) if proof.bucket(patient) in buckets)
    items: list[Item] = []
    size = 0
    for patient in patients:
        missing = [item for change, item in _items(me, patient) if change not in have]
        items += missing
        size += sum(map(_size, missing))
        if size >= me.sizes.page:
            break  # the next contact goes on
    unheard = (change for change in request.have if not me.ledger.has(change) and not me.ledger.is_held(change))
    return Repair(tuple(items), tuple(unheard))


def _items(me: Peer, patient: str) -> Iterator[tuple[bytes, Item]]:
    """All changes of a patient, each with its id."""
    for version in of_patient(me.ledger, patient):
        yield version.header.change, Item(version.stream, version.number, version.record)
