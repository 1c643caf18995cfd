"""Looks at all nodes after the healing and says what is wrong, in ten classes. It knows the truth and asks nobody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from hoso.sync.heads import heads
from hoso.sync.simulation.truth import Truth
from hoso.sync.simulation.world import Node, World
from hoso.sync.status import delivered
from hoso.sync.stream import Header, Record, Unreadable, read

Name = tuple[str, str]


def check(world: World) -> None:
    centre = world.nodes[0]
    for node in world.nodes:
        _copies(world, node)
        _order(world.truth, node)
        _receipts(world.truth, node, centre)
    taken = _taken(world.truth, centre)
    for node in world.nodes:
        _heads(world, node, taken)


def _taken(truth: Truth, centre: Node) -> dict[bytes, Header]:
    """What has to be in the record everywhere: all that was written, but for what is held or excused."""
    taken = {}
    for change, written in truth.written.items():
        if centre.ledger.has(change):
            taken[change] = written.header
        elif change not in truth.excused and not centre.ledger.is_held(change):
            truth.fail("lost", f"{change.hex()[:8]} of {written.header.type}/{written.header.id} is not at the centre")
    return taken


def _copies(world: World, node: Node) -> None:
    """Everything a node keeps was written by somebody, is as it was written, is there once, and may be there."""
    truth, ledger = world.truth, node.ledger
    counted = Counter(entry.version.header.change for entry in ledger.feed(0, 1 << 30))
    for change, times in counted.items():
        if times > 1:
            truth.fail("duplicate", f"{node.name} has {change.hex()[:8]} {times} times")
        version = ledger.version(change)
        assert version is not None
        _copy(truth, node, version.record)
        if not world.may_have(node.name, version.header.patient):
            truth.fail("leak", f"{node.name} keeps {version.header.patient}")
    for stream in ledger.streams():
        for record in ledger.records(stream, ledger.base(stream), 1 << 30):
            _copy(truth, node, record)


def _copy(truth: Truth, node: Node, record: Record) -> None:
    try:
        change = read(record).change
    except Unreadable:
        truth.fail("altered", f"{node.name} keeps what cannot be read")
        return
    written = truth.written.get(change)
    if written is None:
        truth.fail("unexpected", f"{node.name} keeps {change.hex()[:8]}, which nobody wrote")
    elif written.record != record:
        truth.fail("altered", f"{node.name} keeps {change.hex()[:8]} otherwise than it was written")


def _order(truth: Truth, node: Node) -> None:
    """Within a stream what one life wrote stands in its order and without a gap."""
    for stream in node.ledger.streams():
        last: dict[int, int] = {}
        for record in node.ledger.records(stream, node.ledger.base(stream), 1 << 30):
            try:
                written = truth.written.get(read(record).change)
            except Unreadable:
                continue
            if written is None or not _writer(truth, written.life, stream.node):
                continue
            if written.turn != last.get(written.life, written.turn - 1) + 1:
                truth.fail("order", f"{node.name}: after {last[written.life]} comes {written.turn} in {stream}")
            last[written.life] = written.turn


def _writer(truth: Truth, life: int, node: str) -> bool:
    return truth.lives.get(life) == node


def _receipts(truth: Truth, node: Node, centre: Node) -> None:
    for stream in node.ledger.streams():
        number = delivered(node.ledger, stream, "centre")
        if number and centre.ledger.chain(stream, number) != node.ledger.chain(stream, number):
            truth.fail("false_delivered", f"{node.name} says that {stream} is at the centre up to {number}")


def _heads(world: World, node: Node, taken: dict[bytes, Header]) -> None:
    """What a node shows of each resource in its scope is what the truth says, whatever way it came."""
    held = set(node.ledger.held_above())
    should: dict[Name, set[bytes]] = defaultdict(set)
    scope = _scope(world, node, taken)
    for change, header in taken.items():
        if header.patient in scope:
            should[header.type, header.id].add(change)
    for name, changes in should.items():
        missing = [change for change in changes if not node.ledger.has(change)]
        if missing:
            world.truth.fail("diverged", f"{node.name} lacks {len(missing)} of {'/'.join(name)}")
            continue
        shown = {
            version.header.change
            for version in heads([v for v in node.ledger.versions(*name) if v.header.change not in held])
        }
        expected = _unbuilt(taken[change] for change in changes)
        if expected - shown:
            world.truth.fail("dropped_head", f"{node.name} shows {len(shown)} of {len(expected)} of {'/'.join(name)}")
        elif shown != expected:
            world.truth.fail("diverged", f"{node.name} shows what is no head of {'/'.join(name)}")


def _scope(world: World, node: Node, taken: dict[bytes, Header]) -> set[str]:
    """Whom a node has to have: all of whom something was written below it, or for somebody below it.

    Who wrote is asked of its hub: of what only a reader gave back nobody else can know any more who wrote it.
    """
    if node.hub is None:
        return {header.patient for header in taken.values()}
    hub, below, scope = world.named(node.hub).ledger, world.tree.below(node.name), set()
    for change, header in taken.items():
        version = hub.version(change)
        if version is not None:
            concerned = {version.stream.node, *world.tree.cared(header, version.record)}
            scope |= set() if below.isdisjoint(concerned) else {header.patient}
    return scope


def _unbuilt(headers: Iterable[Header]) -> set[bytes]:
    """The changes no other builds on, found the long way."""
    left = {header.change: header for header in headers}
    return {change for change in left if not any(change in other.bases for other in left.values())}
