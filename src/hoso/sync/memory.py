"""A ledger in memory, for the simulation and for tests; `copy` is the disk image that is put back or cloned."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy as shallow
from dataclasses import dataclass, field
from hashlib import sha256

from hoso.sync.batches import Batch, Closed
from hoso.sync.ledger import (
    Append,
    Branch,
    Entry,
    Judged,
    NewEpoch,
    Offered,
    Opened,
    Pulled,
    Released,
    Settled,
    Step,
    Told,
    Version,
    Vouch,
    Write,
)
from hoso.sync.messages import Cursor, Held
from hoso.sync.proof import total as proof_total
from hoso.sync.proof import weight
from hoso.sync.receipts import Receipt
from hoso.sync.scope import Joined, Wants, concerned, families, former, lengthened, node_claim
from hoso.sync.stream import Place, Record, StreamId, link, read, start

NOTHING = Record(b"", b"")


@dataclass(slots=True)
class Line:
    """One stream as it is kept. `chains[i]` is the chain at `base + i`."""

    base: int
    chains: list[bytes]
    records: list[Record] = field(default_factory=list)
    batches: list[tuple[int, bytes]] = field(default_factory=list)
    """The last number of each batch, and its bytes."""
    judged: int = 0
    held: list[Held] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    """For their records stand NOTHING, and no chain within."""

    @property
    def last(self) -> int:
        return self.base + len(self.records)

    def add(self, record: Record) -> None:
        self.records.append(record)
        self.chains.append(link(self.chains[-1], self.last, record))

    def cut(self, after: int) -> list[Record]:
        keep = after - self.base
        gone = self.records[keep:]
        del self.records[keep:], self.chains[keep + 1 :]
        self.batches = [batch for batch in self.batches if batch[0] <= after]
        self.closed = [one for one in self.closed if one.last <= after]
        self.judged = min(self.judged, after)
        return gone

    def copy(self) -> Line:
        return Line(
            self.base, self.chains[:], self.records[:], self.batches[:], self.judged, self.held[:], self.closed[:]
        )


class MemoryLedger:
    """Implements `Ledger`; it never is full. `claims`: who cares for the patient of a record by what it says."""

    def __init__(
        self, node: str, epoch: str, claims: Callable[[Version], Collection[str]] = lambda version: ()
    ) -> None:
        self._claims = claims
        self._claimed: dict[str, frozenset[str]] = {}
        self._settled: dict[str, int] = {}
        self._lanes: dict[str, list[Joined]] = {}
        self._scopes: dict[str, dict[str, int]] = {}
        self._own = StreamId(node, epoch)
        self._lines: dict[StreamId, Line] = {self._own: Line(0, [start(self._own)])}
        self._versions: dict[bytes, Version] = {}
        self._resources: dict[tuple[str, str], list[Version]] = {}
        self._patients: dict[str, dict[tuple[str, str], None]] = {}
        self._sums: dict[str, int] = {}
        self._feed: list[Entry] = []
        self._places: dict[bytes, int] = {}
        self._held: set[bytes] = set()
        self._cursors: dict[str, tuple[Cursor, ...]] = {}
        self._receipts: dict[tuple[StreamId, bool], Receipt] = {}
        self._held_above: dict[bytes, None] = {}
        self._held_total = 0

    def copy(self) -> MemoryLedger:
        twin = shallow(self)
        twin._lines = {stream: line.copy() for stream, line in self._lines.items()}
        twin._versions, twin._sums = dict(self._versions), dict(self._sums)
        twin._resources = {name: versions[:] for name, versions in self._resources.items()}
        twin._patients = {patient: dict(names) for patient, names in self._patients.items()}
        twin._claimed, twin._settled = dict(self._claimed), dict(self._settled)
        twin._lanes = {node: lane[:] for node, lane in self._lanes.items()}
        twin._scopes = {node: dict(scope) for node, scope in self._scopes.items()}
        twin._feed, twin._held, twin._cursors = self._feed[:], set(self._held), dict(self._cursors)
        twin._places = dict(self._places)
        twin._receipts, twin._held_above = dict(self._receipts), dict(self._held_above)
        return twin

    def commit(self, *steps: Step) -> None:
        for step in steps:
            self._do(step)

    def _do(self, step: Step) -> None:
        match step:
            case Write(records):
                line = self._lines[self._own]
                for record in records:
                    line.add(record)
                    self._admit(Version(self._own, line.last, read(record), record))
                line.judged = line.last
            case Vouch(records):
                line = self._lines[self._own]
                for record in records:
                    line.add(record)
                line.judged = line.last
            case Append(stream, batch):
                self._append(stream, batch)
            case Judged(stream, number, admitted, held):
                self._lines[stream].judged = number
                self._lines[stream].held += held
                self._held.update(h.change for h in held)
                for version in admitted:
                    self._admit(version)
            case Opened(stream, closed, batch, admitted, held):
                self._open(self._lines[stream], closed, batch, held)
                for version in admitted:
                    self._admit(version)
            case Released(stream, admitted):
                gone = {version.header.change for version in admitted}
                self._lines[stream].held = [one for one in self._lines[stream].held if one.change not in gone]
                for version in admitted:
                    self._admit(version)
            case Pulled(admitted, cursor, lane):
                for version in admitted:
                    self._admit(version)
                if lane is not None:
                    after, joined = lane
                    cut = {one.patient for one in self._lanes.get(self._own.node, ())[after:]}
                    self._lengthen(self._own.node, after, joined)
                    name = former(self._own.node)
                    end = self.lane_end(name)
                    lost = sorted(cut - self.scope(name).keys() - self.scope(self._own.node).keys())
                    self._lengthen(name, end[0], lengthened(end, lost))
                if cursor is not None:
                    self._cursors[cursor.hub] = thin((cursor, *self._cursors.get(cursor.hub, ())))
            case Offered():
                self._lengthen(former(self._own.node), 0, ())
            case Settled(node, number, patients):
                self._settled[node] = number
                end = self.lane_end(node)
                self._lengthen(node, end[0], lengthened(end, patients, number))
            case NewEpoch(stream, after, into):
                line = self._lines[into] = Line(0, [start(into)])
                judged = max(0, self._lines[stream].judged - after)
                for record in self._lines[stream].cut(after):
                    line.add(record)
                line.judged = judged
                self._own = into
            case Branch(stream, after, into):
                self._branch(stream, after, into)
            case Told(receipts, held, total):
                for receipt in receipts:
                    self._receipts[receipt.stream, receipt.level == "centre"] = receipt
                if held is not None:
                    self._held_above = {h.change: None for h in held}
                    self._held_total = proof_total(h.change for h in held) if total is None else total

    def _append(self, stream: StreamId, batch: Batch | Closed) -> None:
        line = self._lines.get(stream)
        if line is None:
            base = batch.first - 1
            line = self._lines[stream] = Line(base, [batch.before], judged=base)
        if isinstance(batch, Closed):
            line.closed.append(batch)
            count = batch.last - batch.first + 1
            line.records += [NOTHING] * count
            line.chains += [*[b""] * (count - 1), batch.after]
        else:
            for record in batch.records[line.last + 1 - batch.first :]:
                line.add(record)
        line.batches.append((batch.last, batch.sealed))

    def _open(self, line: Line, closed: Closed, batch: Batch | None, held: tuple[Held, ...]) -> None:
        line.closed.remove(closed)
        line.held = [*(one for one in line.held if one.change != closed.change), *held]
        self._held.update(h.change for h in held)
        if batch is not None:
            at = batch.first - line.base
            line.records[at - 1 : at - 1 + len(batch.records)] = batch.records
            line.chains[at : at + len(batch.chains)] = batch.chains

    def _branch(self, stream: StreamId, after: int, into: StreamId) -> None:
        line = self._lines[stream]
        judged, batches = line.judged, [batch for batch in line.batches if batch[0] > after]
        before, chains = line.chains[after - line.base], line.chains[after - line.base + 1 :]
        closed = [one for one in line.closed if one.last > after]
        moved = line.cut(after)
        if into in self._lines:
            return  # the same tail was put aside before
        branch = self._lines[into] = Line(after, [before, *chains], moved, batches, max(judged, after))
        branch.closed = closed

    def _lengthen(self, node: str, after: int, joined: Sequence[Joined]) -> None:
        lane = self._lanes.setdefault(node, [])
        lane[after:] = joined
        self._scopes[node] = {one.patient: one.line for one in lane}

    def _admit(self, version: Version) -> None:
        header = version.header
        claims = {node_claim(version.stream.node), *self._claims(version)}
        self._claimed[header.patient] = self._claimed.get(header.patient, frozenset()) | claims
        name = (header.type, header.id)
        self._versions[header.change] = version
        self._resources.setdefault(name, []).append(version)
        self._patients.setdefault(header.patient, {})[name] = None
        self._sums[header.patient] = self.fingerprint(header.patient) + weight(header.change)
        number = len(self._feed) + 1
        chain = sha256(self.feed_end()[1] + header.change).digest()
        self._feed.append(Entry(number, chain, version))
        self._places[header.change] = number

    def current(self) -> StreamId:
        return self._own

    def streams(self) -> Collection[StreamId]:
        return list(self._lines)

    def base(self, stream: StreamId) -> int:
        return self._lines[stream].base

    def end(self, stream: StreamId) -> Place:
        line = self._lines.get(stream)
        return Place(0, start(stream)) if line is None else Place(line.last, line.chains[-1])

    def chain(self, stream: StreamId, number: int) -> bytes | None:
        line = self._lines.get(stream)
        return (line.chains[number - line.base] or None) if line and line.base <= number <= line.last else None

    def records(self, stream: StreamId, after: int, limit: int) -> Sequence[Record]:
        line = self._lines[stream]
        return line.records[after - line.base : after - line.base + limit]

    def sealed(self, stream: StreamId, after: int) -> Iterable[bytes]:
        batches = self._lines[stream].batches
        return (data for _, data in batches[bisect_right(batches, after, key=lambda batch: batch[0]) :])

    def boundary(self, stream: StreamId, number: int) -> int:
        line = self._lines[stream]
        return max((last for last, _ in line.batches if last <= number), default=line.base)

    def closed(self, stream: StreamId) -> Sequence[Closed]:
        return self._lines[stream].closed

    def judged(self, stream: StreamId) -> int:
        return self._lines[stream].judged

    def has(self, change: bytes) -> bool:
        return change in self._versions

    def is_held(self, change: bytes) -> bool:
        return change in self._held

    def held(self, stream: StreamId) -> Sequence[Held]:
        return self._lines[stream].held

    def versions(self, type: str, id: str) -> Sequence[Version]:
        return self._resources.get((type, id), ())

    def version(self, change: bytes) -> Version | None:
        return self._versions.get(change)

    def resources(self, patient: str) -> Collection[tuple[str, str]]:
        return self._patients.get(patient, {})

    def patients(self) -> Collection[str]:
        return self._patients

    def fingerprint(self, patient: str) -> int:
        return self._sums.get(patient, 0)

    def feed(self, after: int, limit: int) -> Sequence[Entry]:
        return self._feed[after : after + limit]

    def feed_end(self) -> tuple[int, bytes]:
        return (len(self._feed), self._feed[-1].chain) if self._feed else (0, b"")

    def feed_chain(self, number: int) -> bytes | None:
        if number == 0:
            return b""
        return self._feed[number - 1].chain if 0 < number <= len(self._feed) else None

    def place(self, change: bytes) -> int:
        return self._places[change]

    def settled(self, node: str) -> int:
        return self._settled.get(node, 0)

    def concerned(self, after: int, limit: int, wants: Wants) -> tuple[int, Sequence[str]]:
        lines = self._feed[after : after + limit]
        patients = dict.fromkeys(line.version.header.patient for line in lines)
        found = concerned(families(patients, lambda one: ()), lambda one: self._claimed.get(one, ()), wants)
        return after + len(lines), [one for family in found for one in family]

    def scope(self, node: str) -> Mapping[str, int]:
        return self._scopes.get(node, {})

    def lane(self, node: str, after: int, limit: int) -> Sequence[Joined]:
        return self._lanes.get(node, [])[after : after + limit]

    def lane_end(self, node: str) -> tuple[int, bytes]:
        lane = self._lanes.get(node)
        return (lane[-1].number, lane[-1].chain) if lane else (0, b"")

    def lane_chain(self, node: str, number: int) -> bytes | None:
        lane = self._lanes.get(node, [])
        return b"" if number == 0 else lane[number - 1].chain if 0 < number <= len(lane) else None

    def cursors(self, hub: str) -> Sequence[Cursor]:
        return self._cursors.get(hub, ())

    def receipt(self, stream: StreamId, centre: bool) -> Receipt | None:
        return self._receipts.get((stream, centre))

    def held_above(self) -> Collection[bytes]:
        return self._held_above

    def held_total(self) -> int:
        return self._held_total


def thin(cursors: tuple[Cursor, ...]) -> tuple[Cursor, ...]:
    """The newest cursor and one for each doubling of the distance to it, so that few tell of a long past."""
    newest, kept = cursors[0], [cursors[0]]
    for cursor in cursors[1:]:
        if cursor.hub == newest.hub and cursor.number < newest.number:
            reach = (newest.number - cursor.number).bit_length()
            if kept[-1] is newest or (newest.number - kept[-1].number).bit_length() < reach:
                kept.append(cursor)
    return tuple(kept)
