"""Accept first, judge later: what was taken durably is looked at group by group and admitted to the record, or held.

A group is admitted whole or held whole. What is held blocks nothing, not even what was built on it: a version says all
of its resource, and if it waited, what a node shows would depend on the order in which streams came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hoso.sync.ledger import Judged, Ledger, Version
from hoso.sync.messages import Held
from hoso.sync.stream import MOST_GROUP, Header, Record, StreamId, Unreadable, digest, read

Judge = Callable[[Header, bytes], str | None]
"""Says why a change may not be in the record, or None."""

Group = list[tuple[int, Record, Header]]


def judge_all(
    ledger: Ledger, judge: Judge, waits: Callable[[StreamId], bool], late: Callable[[], bool] = lambda: False
) -> None:
    """Looks at all that was accepted and not judged, but for streams that wait, until it is `late`.

    Raises Full; can be called again.
    """
    for stream in ledger.streams():
        if waits(stream):
            continue
        while not late() and ledger.judged(stream) < ledger.end(stream).number and _step(ledger, stream, judge):
            pass


def _step(ledger: Ledger, stream: StreamId, judge: Judge) -> bool:
    """Judges the next group of a stream; False while it is not all here."""
    after = ledger.judged(stream)
    records = ledger.records(stream, after, MOST_GROUP)
    try:
        first = read(records[0])
    except Unreadable:
        ledger.commit(Judged(stream, after + 1, (), (Held(digest_id(records[0]), "unreadable"),)))
        return True
    places = first.places - first.place + 1
    if places > len(records):
        return False
    group = _group(first, records[:places], after)
    until = after + len(group)
    reason = _reason(ledger, group, first, judge)
    if reason is not None:
        ledger.commit(Judged(stream, until, (), tuple(Held(h.change, reason) for _, _, h in group)))
        return True
    fresh = tuple(
        Version(stream, number, header, record) for number, record, header in group if not ledger.has(header.change)
    )
    ledger.commit(Judged(stream, until, fresh))
    return True


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
