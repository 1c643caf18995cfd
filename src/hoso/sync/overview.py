"""What people are told about agreeing: this node and its hub, the nodes below, and records changed on two sides.

Nothing here is said to have arrived without a receipt, and of a node below only what it has handed in is known.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hoso.access import Errand
from hoso.core.clock import to_ms
from hoso.store.contract import Origin
from hoso.store.sync_nodes import NodeRow
from hoso.sync import keyfile, status
from hoso.sync.above import Above
from hoso.sync.conflicts import settle
from hoso.sync.heads import heads
from hoso.sync.kept import StoreLedger
from hoso.sync.ledger import Version
from hoso.sync.nodes import Hub, Said, Standing, said
from hoso.sync.receipts import Level
from hoso.sync.stream import Record, StreamId, Unreadable, read

ORDER: tuple[status.Where, ...] = ("held", "saved", "province", "received", "national")
"""From what worries most to what is safest: a visit is where the part of it is that came least far."""
_LEVELS: tuple[Level, Level] = ("here", "centre")
UNTOUCHED = frozenset({"Linkage", "Provenance", "AuditEvent"})
"""What happened, of which there is nothing to choose."""


class HeldRecord(NamedTuple):
    type: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Own:
    """This node. `hub` is None for one that is at the top; `ahead`: its clock less its hub's, in milliseconds."""

    node: str
    hub: str | None
    addresses: tuple[str, ...]
    certificate: int | None
    last: int | None
    ahead: int | None
    equal: bool
    sent: status.Summary
    held: Sequence[HeldRecord]
    free: int
    disk: int


@dataclass(frozen=True, slots=True)
class Station:
    """A node below. `unseen` of its changes were not looked at yet, `newest` is when the last that came was written."""

    row: NodeRow
    standing: Standing
    arrived: int
    unseen: int
    beyond: int
    """How many of them are not known to be further up; 0 at the centre."""
    newest: int | None
    held: Sequence[HeldRecord]
    waits: int | None = None
    """How many changes it has not handed in: those it spoke of, less what came since; None: it never said."""

    @property
    def said(self) -> Said:
        return said(self.row)


@dataclass(frozen=True, slots=True)
class Side:
    """One version of a record changed apart: `version` is that of the store, "" when this node cannot read it."""

    change: str
    version: str
    time: int
    actor: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Apart:
    """A record with several current versions; the one that is shown comes first."""

    type: str
    id: str
    patient: str
    sides: tuple[Side, ...]
    review: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    node: str
    folder: Path
    ledger: StoreLedger
    hub: Hub
    write_as: Callable[[Errand], StoreLedger]
    """The ledger as somebody writes in it: the audit log then names them."""

    def above(self) -> Above | None:
        return Above.read(self.folder / "sync")

    def agrees(self) -> bool:
        """Whether this node exchanges records with any other."""
        return self.above() is not None or bool(self.hub.table.all())

    def waiting(self) -> status.Summary | None:
        """What waits for the line, as it was gathered last; None without a hub."""
        return status.summary(self.ledger) if self.above() is not None else None

    def own(self) -> Own:
        self.ledger.gather()
        above, disk = self.above(), shutil.disk_usage(self.folder)
        last, offset = self.ledger.noted("last"), self.ledger.noted("offset")
        return Own(
            self.node, above.hub if above else None, above.addresses if above else (),
            to_ms(keyfile.ends(above.certificate)) if above else None, int(last) if last else None,
            -int(offset) if offset else None, self.ledger.noted("equal") == "1", status.summary(self.ledger),
            self._named(self.ledger.why_held().items()), disk.free, disk.total,
        )  # fmt: skip

    def stations(self, first: int, count: int) -> tuple[list[Station], int]:
        """Some of the nodes below, and how many there are. Those that do not count come first, then the silent."""
        rows = sorted(self.hub.table.all(), key=lambda row: (self.hub.standing(row) == "good", row.seen or 0, row.name))
        streams: dict[str, list[StreamId]] = defaultdict(list)
        for stream in self.ledger.streams():
            streams[stream.node].append(stream)
        top = self.above() is None
        return [self._station(row, streams[row.id], top) for row in rows[first : first + count]], len(rows)

    def _station(self, row: NodeRow, streams: Sequence[StreamId], top: bool) -> Station:
        ledger = self.ledger
        arrived = unseen = beyond = 0
        times: list[int] = []
        told, reached = said(row), 0
        held: list[HeldRecord] = []
        for stream in streams:
            base, end = ledger.base(stream), ledger.end(stream).number
            reached += end
            arrived, unseen = arrived + end - base, unseen + end - ledger.judged(stream)
            if not top:
                beyond += end - max(base, status.delivered(ledger, stream, "here"))
            times += _times(ledger.records(stream, end - 1, 1) if end > base else ())
            held += self._named((one.change, one.reason) for one in ledger.held(stream))
        waits = None if told.waits is None else max(0, told.waits - max(0, reached - told.arrived))
        newest = max(times, default=None)
        return Station(row, self.hub.standing(row), arrived, unseen, beyond, newest, held, waits)

    def _named(self, held: Iterable[tuple[bytes, str]]) -> list[HeldRecord]:
        """What was held of others was never admitted, and has no name here."""
        found = []
        for change, reason in held:
            version = self.ledger.version(change)
            found.append(HeldRecord(*((version.header.type, version.header.id) if version else ("", "")), reason))
        return found

    def where(self, records: Iterable[tuple[str, str]]) -> status.Where | None:
        """How far the last versions of these records have come, all of them; None without a hub."""
        if self.above() is None:
            return None
        ledger = self.ledger
        reached = {s: [status.delivered(ledger, s, level) for level in _LEVELS] for s in ledger.streams()}
        held = set(ledger.held_above())

        def place(version: Version) -> status.Where:
            if version.header.change in held:
                return "held"
            if version.stream not in reached:
                return "received"
            hub, centre = reached[version.stream]
            return "national" if version.number <= centre else "province" if version.number <= hub else "saved"

        places: list[status.Where] = []
        for type, id in records:  # what was written a moment ago stands in no stream yet, and is here alone
            places += [place(one) for one in heads(ledger.versions(type, id))] or ["saved"]
        return min(places, key=ORDER.index, default="saved")

    def conflicts(self) -> list[Apart]:
        names = [name for name in status.conflicts(self.ledger) if name[0] not in UNTOUCHED]
        return [found for name in names if (found := self.conflict(*name))]

    def conflict(self, type: str, id: str) -> Apart | None:
        standing = heads(self.ledger.versions(type, id))
        if type in UNTOUCHED or len(standing) < 2:
            return None
        settled = settle(standing)
        sides = []
        for version in (settled.shown, *settled.others):
            header = version.header
            here = self.ledger.version_here(header.change)
            sides.append(Side(header.change.hex(), here, header.time, header.actor, header.op == "delete"))
        return Apart(type, id, standing[0].header.patient, tuple(sides), settled.review)

    def settle(self, errand: Errand, type: str, id: str, keep: str) -> bool:
        """Makes one side the only one, as the doing of whoever runs the errand; False if that is decided already.

        Whether they may is for the caller to ask of `access` first.
        """
        self.ledger.gather()
        origin = Origin(errand.actor.id, errand.purpose)
        return self.write_as(errand).settle(type, id, bytes.fromhex(keep), origin)


def _times(records: Iterable[Record]) -> list[int]:
    times = []
    for record in records:
        try:
            times.append(read(record).time)
        except Unreadable:
            continue
    return times
