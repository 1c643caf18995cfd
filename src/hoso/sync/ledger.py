"""What the protocol asks of a node's storage: a few questions, and one `commit` that does all of its steps or none.

When `commit` returns, the steps are durable. Nothing here takes anything away: a stream is cut only to be put aside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hoso.sync.batches import Batch, Closed
from hoso.sync.messages import Cursor, Held
from hoso.sync.receipts import Receipt
from hoso.sync.scope import Joined, Wants
from hoso.sync.stream import Header, Place, Record, StreamId


class Full(Exception):
    """There is no room: none of the steps was done, and all that was stored is as it was."""


@dataclass(frozen=True, slots=True)
class Version:
    """A change that was taken into the record: what it is, and where it stands in which stream."""

    stream: StreamId
    number: int
    header: Header
    record: Record


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of this node's feed; `chain` ties it to all before."""

    number: int
    chain: bytes
    version: Version


# The steps of a commit.


@dataclass(frozen=True, slots=True)
class Write:
    """Records of this node, at the end of its current stream."""

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Vouch:
    """Records of others, which are in the record here, into this node's stream: the hub lost them and has no other."""

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Append:
    """The part of a batch behind the end of its stream, which begins with it if it is new; a closed one as a whole."""

    stream: StreamId
    batch: Batch | Closed


@dataclass(frozen=True, slots=True)
class Opened:
    """A batch that was held since it could not be read is read now; None: it holds something else than it says."""

    stream: StreamId
    closed: Closed
    batch: Batch | None
    admitted: tuple[Version, ...]
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """The stream was looked at up to `number`: these versions are in the record now, these were held."""

    stream: StreamId
    number: int
    admitted: tuple[Version, ...]
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Released:
    """These versions were held, and are in the record now."""

    stream: StreamId
    admitted: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Pulled:
    """A page of a hub's feed, and the cursor behind it (None: a repair).

    `lane`: who joined the scope of this node behind a place of its lane, whose end is cut off first, and kept as
    `scope.former`. None: as before.
    """

    admitted: tuple[Version, ...]
    cursor: Cursor | None
    lane: tuple[int, tuple[Joined, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """The hub was told of all that is here of those who were cut off this node's lane: there are none any more."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The scope of a node below was worked out up to a line of the feed here; these join it."""

    node: str
    number: int
    patients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewEpoch:
    """From here on this node writes the stream `into`; what it wrote of `stream` behind `after` moves there."""

    stream: StreamId
    after: int
    into: StreamId


@dataclass(frozen=True, slots=True)
class Branch:
    """The batches of `stream` behind `after` (where one ends) move to the branch `into`; its line is free to go on."""

    stream: StreamId
    after: int
    into: StreamId


@dataclass(frozen=True, slots=True)
class Told:
    """What a hub said of the streams: its receipts, those of the centre, all that is held there (None: as before)."""

    receipts: tuple[Receipt, ...]
    held: tuple[Held, ...] | None = None
    total: int | None = None
    """The sum over what the hub told, where `held` names each change of a batch that the hub cannot read."""


Step = Write | Vouch | Append | Opened | Released | Judged | Pulled | Offered | Settled | NewEpoch | Branch | Told


class Ledger(Protocol):
    """What a node keeps. All questions are about what was committed."""

    def commit(self, *steps: Step) -> None:
        """Does all steps, durably, or raises Full having done none."""
        ...

    def current(self) -> StreamId:
        """The stream this node writes."""
        ...

    def streams(self) -> Collection[StreamId]:
        """All that are kept whole: those of this node, and those that came from below."""
        ...

    def base(self, stream: StreamId) -> int:
        """The number behind which a stream begins: 0, or where a branch departed."""
        ...

    def end(self, stream: StreamId) -> Place:
        """The last number of a stream and the chain there; number 0 and the start if it is not kept."""
        ...

    def chain(self, stream: StreamId, number: int) -> bytes | None:
        """The chain at a number; None if the stream does not go there."""
        ...

    def records(self, stream: StreamId, after: int, limit: int) -> Sequence[Record]: ...

    def sealed(self, stream: StreamId, after: int) -> Iterable[bytes]:
        """The batches kept of a stream, in order, from the one that holds the number behind `after`."""
        ...

    def boundary(self, stream: StreamId, number: int) -> int:
        """The end of the last kept batch that ends at `number` or before; the base if none does."""
        ...

    def closed(self, stream: StreamId) -> Sequence[Closed]:
        """The batches of a stream that could not be read here so far, in order. `records` has nothing of them."""
        ...

    def judged(self, stream: StreamId) -> int:
        """Up to which number a stream was judged."""
        ...

    def has(self, change: bytes) -> bool:
        """Whether a change is in the record."""
        ...

    def is_held(self, change: bytes) -> bool:
        """Whether a change was held here, whatever became of it since."""
        ...

    def held(self, stream: StreamId) -> Sequence[Held]:
        """The records of a stream that are held here."""
        ...

    def versions(self, type: str, id: str) -> Sequence[Version]:
        """All versions of a resource, in no order."""
        ...

    def version(self, change: bytes) -> Version | None: ...

    def resources(self, patient: str) -> Collection[tuple[str, str]]: ...

    def patients(self) -> Collection[str]: ...

    def fingerprint(self, patient: str) -> int:
        """The sum of the weights (see proof.py) of all changes in the record of a patient."""
        ...

    def feed(self, after: int, limit: int) -> Sequence[Entry]: ...

    def feed_end(self) -> tuple[int, bytes]: ...

    def feed_chain(self, number: int) -> bytes | None:
        """The chain of the feed at a number; None if it does not go there."""
        ...

    def place(self, change: bytes) -> int:
        """Where a change that is in the record stands in the feed here."""
        ...

    def settled(self, node: str) -> int:
        """Up to which line of the feed the scope of a node was worked out."""
        ...

    def concerned(self, after: int, limit: int, wants: Wants) -> tuple[int, Sequence[str]]:
        """Of the lines of the feed behind a number: the last that was looked at, and the patients they touch who are
        wanted, each with all who are the same person."""
        ...

    def scope(self, node: str) -> Mapping[str, int]:
        """Who joined the scope of a node, or was said by the hub to have joined that of this node; each with the
        line of the feed up to which the join stands for all there is."""
        ...

    def lane(self, node: str, after: int, limit: int) -> Sequence[Joined]: ...

    def lane_end(self, node: str) -> tuple[int, bytes]: ...

    def lane_chain(self, node: str, number: int) -> bytes | None:
        """The chain of a lane at a number; None if it does not go there."""
        ...

    def cursors(self, hub: str) -> Sequence[Cursor]:
        """Where pages of this hub's feed ended: the last first, then ever rarer ones before."""
        ...

    def receipt(self, stream: StreamId, centre: bool) -> Receipt | None:
        """The last word about a stream from the hub above, or from the centre."""
        ...

    def held_above(self) -> Collection[bytes]:
        """The changes written here or below that are held upstream."""
        ...

    def held_total(self) -> int:
        """The sum over what the hub told of them."""
        ...


def of_patient(ledger: Ledger, patient: str) -> Iterator[Version]:
    """All that was written of a patient; a record of theirs may have been another's before."""
    for name in ledger.resources(patient):
        for version in ledger.versions(*name):
            if version.header.patient == patient:
                yield version
