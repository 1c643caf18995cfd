"""Where a change is: only here, at the hub above, or at the centre. Never said without a receipt for these bytes."""

from __future__ import annotations

from hoso.sync.ledger import Ledger
from hoso.sync.receipts import Level
from hoso.sync.stream import StreamId


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
