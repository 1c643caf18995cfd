"""Accept first, judge later: what was taken durably is looked at group by group and admitted to the record, or held.

A group is admitted whole or held whole. What is held blocks nothing, not even what was built on it: a version says all
of its resource, and if it waited, what a node shows would depend on the order in which streams came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hoso.sync.batches import Closed, Unsealable, reopen
from hoso.sync.ledger import Judged, Ledger, Opened, Released, Version
from hoso.sync.messages import Held
from hoso.sync.stream import MOST_GROUP, Header, Record, StreamId, Unreadable, digest, read

Judge = Callable[[Header, bytes], str | None]
"""Says why a change may not be in the record, or None."""

Group = list[tuple[int, Record, Header]]


def judge_all(
    ledger: Ledger,
    judge: Judge,
    waits: Callable[[StreamId], bool],
    late: Callable[[], bool] = lambda: False,
    belongs: Callable[[str, str], str | None] = lambda node, actor: None,
) -> None:
    """Looks at all that was accepted and not judged, but for streams that wait, until it is `late`.

    Raises Full; can be called again.
    """
    for stream in ledger.streams():
        if waits(stream):
            continue
        theirs = _also(stream.node, judge, belongs)
        for closed in ledger.closed(stream):
            if not late() and closed.last <= ledger.judged(stream):
                _again(ledger, stream, closed, theirs)
        while not late() and ledger.judged(stream) < ledger.end(stream).number and _step(ledger, stream, theirs):
            pass


def _also(node: str, judge: Judge, belongs: Callable[[str, str], str | None]) -> Judge:
    return lambda header, body: belongs(node, header.actor) or judge(header, body)


def release(ledger: Ledger, node: str, judge: Judge, reason: str) -> int:
    """Somebody has looked at what is held of a node for reasons that begin so: all of it that is sound is admitted."""
    number = 0
    for stream in ledger.streams():
        held = {one.change for one in ledger.held(stream) if one.reason.startswith(reason)}
        after = ledger.base(stream) if stream.node == node and held else ledger.judged(stream)
        while after < ledger.judged(stream):
            closed = _closed_after(ledger, stream, after)
            if closed is not None and closed.first == after + 1:
                after = closed.last
                continue
            most = min(MOST_GROUP, (closed.first if closed else ledger.judged(stream) + 1) - after - 1)
            looked = _look(ledger, stream, ledger.records(stream, after, most), after, judge, whole=True)
            assert looked is not None
            after, fresh, _ = looked
            if sound := tuple(version for version in fresh if version.header.change in held):
                ledger.commit(Released(stream, sound))
                number += len(sound)
    return number


def _step(ledger: Ledger, stream: StreamId, judge: Judge) -> bool:
    """Judges the next group of a stream; False while it is not all here."""
    after = ledger.judged(stream)
    closed = _closed_after(ledger, stream, after)
    if closed is not None and closed.first == after + 1:
        ledger.commit(Judged(stream, closed.last, (), (Held(closed.change, closed.reason),)))
        return True
    most = MOST_GROUP if closed is None else min(MOST_GROUP, closed.first - after - 1)
    records = ledger.records(stream, after, most)
    if not records:
        return False  # another worker of this node was quicker
    looked = _look(ledger, stream, records, after, judge, whole=closed is not None and len(records) == most)
    if looked is None:
        return False
    until, admitted, held = looked
    ledger.commit(Judged(stream, until, admitted, held))
    return True


def _closed_after(ledger: Ledger, stream: StreamId, after: int) -> Closed | None:
    return next((one for one in ledger.closed(stream) if one.first > after), None)


def _again(ledger: Ledger, stream: StreamId, closed: Closed, judge: Judge) -> None:
    """A batch that this release may be able to read, unlike the one that took it."""
    try:
        batch = reopen(closed)
    except Unsealable as fault:
        ledger.commit(Opened(stream, closed, None, (), (Held(closed.change, fault.fault),)))
        return
    if batch is None:
        return
    admitted: dict[bytes, Version] = {}
    held: list[Held] = []
    after = batch.first - 1
    while after < batch.last:
        records = batch.records[after + 1 - batch.first :]
        looked = _look(ledger, stream, records, after, judge, whole=True)
        assert looked is not None
        after, fresh, faulty = looked
        admitted |= {version.header.change: version for version in fresh}
        held += faulty
    ledger.commit(Opened(stream, closed, batch, tuple(admitted.values()), tuple(held)))


def _look(
    ledger: Ledger, stream: StreamId, records: Sequence[Record], after: int, judge: Judge, *, whole: bool
) -> tuple[int, tuple[Version, ...], tuple[Held, ...]] | None:
    """The next group: up to where it goes, what of it is admitted, what is held; None while it is not all here.

    `whole`: no more of it will come.
    """
    try:
        first = read(records[0])
    except Unreadable:
        return after + 1, (), (Held(digest_id(records[0]), "unreadable"),)
    places = first.places - first.place + 1
    if places > len(records) and not whole:
        return None
    group = _group(first, records[:places], after)
    until = after + len(group)
    reason = _reason(ledger, group, first, judge)
    if reason is not None:
        return until, (), tuple(Held(header.change, reason) for _, _, header in group)
    fresh = tuple(
        Version(stream, number, header, record) for number, record, header in group if not ledger.has(header.change)
    )
    return until, fresh, ()


def _group(first: Header, records: Sequence[Record], after: int) -> Group:
    """The records that follow each other as one group; fewer than it should have if another comes in between."""
    group: Group = []
    for number, record in enumerate(records, after + 1):
        try:
            header = read(record)
        except Unreadable:
            break
        if group and (header.group != first.group or header.place != len(group) + first.place):
            break
        group.append((number, record, header))
    return group


def _reason(ledger: Ledger, group: Group, first: Header, judge: Judge) -> str | None:
    if first.place != 1 or len(group) != first.places:
        return "broken group"
    for _, record, header in group:
        if _another(ledger, header, record):
            return "another change has its id"
        fault = judge(header, record.body)
        if fault is not None:
            return fault
    return None


def _another(ledger: Ledger, header: Header, record: Record) -> bool:
    known = ledger.version(header.change)
    return known is not None and known.record != record


def digest_id(record: Record) -> bytes:
    """Stands for the id of a change that cannot be read."""
    return digest(record)[:16]
