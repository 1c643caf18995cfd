"""Where a change is: only here, at the hub above, or at the centre. Never said without a receipt for these bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from hoso.sync.heads import heads
from hoso.sync.kept import StoreLedger
from hoso.sync.ledger import Ledger
from hoso.sync.receipts import Level
from hoso.sync.stream import StreamId, Unreadable, read

Where = Literal["saved", "held", "province", "national", "received"]


class Placed(NamedTuple):
    """A version of a record; `received`: somebody else wrote it."""

    version: str
    time: int
    where: Where


class Summary(NamedTuple):
    """Changes whose only copies are here, those at the hub above, and of these those at the centre; held above; when
    the oldest was written that is only here."""

    here: int
    hub: int
    centre: int
    held: int
    oldest: int | None


def delivered(ledger: Ledger, stream: StreamId, level: Level) -> int:
    """Up to which number a stream is durable above: at the next hub ("here"), or at the centre."""
    receipts = (ledger.receipt(stream, centre=True), ledger.receipt(stream, centre=False) if level == "here" else None)
    proved = (r.number for r in receipts if r is not None and ledger.chain(stream, r.number) == r.chain)
    return max(proved, default=0)


def waiting(ledger: Ledger) -> int:
    """How many changes have their only copies on this node."""
    return sum(
        max(0, ledger.end(stream).number - max(ledger.base(stream), delivered(ledger, stream, "here")))
        for stream in ledger.streams()
    )


def summary(ledger: Ledger) -> Summary:
    here = hub = centre = 0
    oldest: list[int] = []
    for stream in ledger.streams():
        base, end = ledger.base(stream), ledger.end(stream).number
        at_hub, at_centre = (max(base, delivered(ledger, stream, level)) for level in ("here", "centre"))
        here, hub, centre = here + end - at_hub, hub + at_hub - base, centre + at_centre - base
        oldest += [time for time in _times(ledger, stream, at_hub) if time]
    return Summary(here, hub, centre, len(ledger.held_above()), min(oldest, default=None))


def places(ledger: Ledger, type: str, id: str) -> Sequence[Placed]:
    """Each version of a record, and where it is."""
    own, held = set(ledger.streams()), set(ledger.held_above())
    found = []
    for version in ledger.versions(type, id):
        header, where = version.header, "received"
        if version.stream in own:
            where = "saved"
            for level, word in (("here", "province"), ("centre", "national")):
                if version.number <= delivered(ledger, version.stream, level):  # type: ignore[arg-type]
                    where = word
        if header.change in held:
            where = "held"
        found.append(Placed(header.version, header.time, where))  # type: ignore[arg-type]
    return found


def conflicts(ledger: StoreLedger) -> list[tuple[str, str]]:
    """Records of which there are several current versions."""
    return [name for name in ledger.repeated() if len(heads(ledger.versions(*name))) > 1]


def _times(ledger: Ledger, stream: StreamId, after: int) -> list[int]:
    times = []
    for record in ledger.records(stream, after, 1):
        try:
            times.append(read(record).time)
        except Unreadable:
            times.append(0)
    return times
