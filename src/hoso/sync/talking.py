"""One contact with the hub, seen from below: what to ask, one request after the other, as a generator of requests.

It believes nothing of an earlier contact: the hub says what it has, and all else follows. Whatever cuts it short does
no harm; the next contact begins anew.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass

from hoso.sync import joining, proof
from hoso.sync.asking import Broken, ask
from hoso.sync.forking import agree
from hoso.sync.joining import Scope
from hoso.sync.judging import judge_all
from hoso.sync.ledger import Offered, Pulled, Told, Version, Vouch, of_patient
from hoso.sync.messages import (
    Answer,
    Buckets,
    Have,
    Having,
    Held,
    Item,
    Listing,
    Page,
    Pull,
    Push,
    Repair,
    Request,
    Sums,
    Taken,
)
from hoso.sync.outgoing import sealed
from hoso.sync.peer import Peer
from hoso.sync.receipts import Receipt, good
from hoso.sync.scope import Joined, former, lengthened
from hoso.sync.stream import Place, Record, StreamId, Unreadable, read

Lane = tuple[int, tuple[Joined, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a contact came to. `equal`: both show the same, proved."""

    offset: int
    """The hub's clock less this node's, in milliseconds."""
    sent: int
    received: int
    repaired: int
    """What the feed should have brought and did not: an alarm."""
    equal: bool
    forked: bool


def contact(me: Peer) -> Generator[Request, Answer, Outcome]:
    """Agree on streams, push, pull, prove equality. Raises Broken, and Full when this node has no room."""
    having = yield from _have(me)
    offset = having.time - me.now()
    places = {receipt.stream: receipt.place for receipt in having.receipts}
    forked = yield from agree(me, places)
    sent = yield from _push(me, places)
    judge_all(me.ledger, me.judge, me.waits, me.late, me.belongs)
    page, received = yield from _pull(me)
    repaired, equal = yield from _prove(me, page)
    equal = not (yield from _offer(me)) and equal
    return Outcome(offset, sent, received, repaired, equal, forked)


def _have(me: Peer) -> Generator[Request, Answer, Having]:
    having = yield from ask(_question(me), Having)
    for receipt in having.receipts:
        _believe(me, receipt, from_hub=True)
    for receipt in having.centre:
        _believe(me, receipt, from_hub=False)
    if not all(me.tree.carries(me.name, receipt.stream.node) for receipt in (*having.receipts, *having.centre)):
        raise Broken("a receipt for a stream that does not come from here")
    held = None if having.held is None else tuple(_each(me, having.held))
    total = None if having.held is None else proof.total(one.change for one in having.held)
    me.ledger.commit(Told((*having.receipts, *having.centre), held, total))
    return having


def _each(me: Peer, held: tuple[Held, ...]) -> Iterator[Held]:
    """Also the changes of batches that the hub cannot read: this node knows what it sealed."""
    streams = set(me.ledger.streams())
    for one in held:
        yield one
        if one.stream in streams and not me.ledger.closed(one.stream):
            for record in me.ledger.records(one.stream, one.first - 1, one.last - one.first + 1):
                with suppress(Unreadable):
                    yield Held(read(record).change, one.reason)


def _question(me: Peer) -> Have:
    return Have(tuple(me.ledger.streams()), me.now(), me.ledger.held_total(), me.tells())


def _believe(me: Peer, receipt: Receipt, *, from_hub: bool) -> None:
    if (from_hub and receipt.hub != me.hub) or not good(receipt, me.keys):
        raise Broken("a receipt is not signed by its hub")
    if (receipt.level == "centre") != (receipt.hub == me.tree.centre) or not (from_hub or receipt.level == "centre"):
        raise Broken("a receipt says that it is of the centre and is not")


def _push(me: Peer, places: dict[StreamId, Place]) -> Generator[Request, Answer, int]:
    sent = 0
    for stream in me.ledger.streams():
        after = max(places.get(stream, Place(0, b"")).number, me.ledger.base(stream))
        if me.ledger.end(stream).number <= after:
            continue
        for batches in _loads(me, stream, after):
            taken = yield from ask(Push(stream, batches), Taken)
            _believe(me, taken.receipt, from_hub=True)
            if taken.receipt.stream != stream:
                raise Broken("a receipt for another stream")
            sent += max(0, taken.receipt.number - after)
            after = taken.receipt.number
            me.ledger.commit(Told((taken.receipt,)))
    return sent


def _loads(me: Peer, stream: StreamId, after: int) -> Iterator[tuple[bytes, ...]]:
    load: list[bytes] = []
    for data in sealed(me, stream, after):
        load.append(data)
        if sum(map(len, load)) >= me.sizes.push:
            yield tuple(load)
            load = []
    if load:
        yield tuple(load)


def _pull(me: Peer) -> Generator[Request, Answer, tuple[Page, int]]:
    """Pages until the last; each is applied together with its cursor."""
    assert me.hub is not None
    received, before = 0, None
    while True:
        page = yield from ask(Pull(tuple(me.ledger.cursors(me.hub)), joining.question(me)), Page)
        if page.cursor.hub != me.hub:
            raise Broken("a page of another hub")
        lane = _lane(me, page)
        if (page.cursor, lane) == before:
            raise Broken("a page that leads nowhere")
        before = page.cursor, lane
        fresh = admissible(me, page.items)
        if fresh or lane is not None or page.cursor not in me.ledger.cursors(me.hub)[:1]:
            me.ledger.commit(Pulled(fresh, page.cursor, lane))
        received += len(fresh)
        if not page.more:
            return page, received


def _lane(me: Peer, page: Page) -> Lane | None:
    """What a page adds to this node's lane, or takes from its end; None: it is as it was."""
    if page.joined is None or (page.lane == me.ledger.lane_end(me.name)[0] and not page.joined):
        return None
    chain = me.ledger.lane_chain(me.name, page.lane)
    if chain is None:
        raise Broken("a place of the lane that this node does not know")
    return page.lane, tuple(lengthened((page.lane, chain), page.joined))


def admissible(me: Peer, items: tuple[Item, ...]) -> tuple[Version, ...]:
    """What of the items is not in the record yet. The hub has judged them; what it cannot have judged is an error."""
    fresh: dict[bytes, Version] = {}
    for item in items:
        try:
            header = read(item.record)
        except Unreadable as fault:
            raise Broken("a change on a page cannot be read") from fault
        if not me.ledger.has(header.change):
            fresh.setdefault(header.change, Version(item.stream, item.number, header, item.record))
    return tuple(fresh.values())


def _prove(me: Peer, page: Page) -> Generator[Request, Answer, tuple[int, bool]]:
    """Compares fingerprints with the hub and mends only what differs. How much was missing; whether they are equal."""
    held = Scope(None if page.joined is None else me.ledger.scope(me.name))
    mine = own_sums(me, held)
    if proof.root(mine) == page.root:
        return 0, True
    theirs = yield from ask(Buckets(page.cursor), Sums)
    differ = tuple(number for number, (a, b) in enumerate(zip(mine, theirs.sums, strict=False)) if a != b)
    repair = yield from ask(Listing(differ, _changes(me, differ, held)), Repair)
    fresh = admissible(me, repair.items)
    if fresh:
        me.ledger.commit(Pulled(fresh, None))
    found = _only_here(me, repair.unheard)
    if found:
        me.ledger.commit(Vouch(found))
    return len(fresh), own_sums(me, held) == theirs.sums


def _offer(me: Peer) -> Generator[Request, Answer, bool]:
    """Tells the hub of what is here of those who are in the scope no longer: it lost them, and maybe their records.

    Whether it had; then they are in this node's stream now, and with them the scope comes again.
    """
    gone = me.ledger.scope(former(me.name))
    if not gone:
        return False
    have = tuple(
        version.header.change
        for patient in gone
        for name in me.ledger.resources(patient)
        for version in me.ledger.versions(*name)
    )
    repair = yield from ask(Listing((), have), Repair)
    found = _only_here(me, repair.unheard)
    me.ledger.commit(*([Vouch(found)] if found else []), Offered())
    return bool(found)


def _only_here(me: Peer, changes: tuple[bytes, ...]) -> tuple[Record, ...]:
    """What this node once had from the hub, which lost it since, with nobody left below to send it again."""
    streams = set(me.ledger.streams())
    versions = (version for change in changes if (version := me.ledger.version(change)) is not None)
    found = [version for version in versions if version.stream not in streams]
    return tuple(version.record for version in sorted(found, key=lambda v: (v.stream, v.header.group, v.header.place)))


def own_sums(me: Peer, held: Scope) -> tuple[int, ...]:
    """The fingerprints of what the hub should show as well: all within this node's scope that is not held there."""
    patients = filter(held.covers, me.ledger.patients())
    return proof.sums(me.ledger, patients, me.ledger.held_above())


def _changes(me: Peer, buckets: tuple[int, ...], held: Scope) -> tuple[bytes, ...]:
    wanted = set(buckets)
    return tuple(
        version.header.change
        for patient in me.ledger.patients()
        if proof.bucket(patient) in wanted and held.covers(patient)
        for version in of_patient(me.ledger, patient)
    )
