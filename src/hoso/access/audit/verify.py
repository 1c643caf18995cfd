"""Looks through the whole log and finds the first thing that is not as it was told, with its place.

It trusts nothing but the public keys: every leaf is worked out again from the event, every subtree from the leaves,
every root that was signed, and every count that was published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from hoso.access.audit import leaf
from hoso.access.audit.event import SALT, Event, Unreadable, read
from hoso.access.audit.note import BadNote, Note, Verifier, opened
from hoso.access.audit.sealer import DAY_MS, KEPT_LEVEL, StoredTree, is_map
from hoso.access.audit.tree import Growth, root
from hoso.store import audit
from hoso.store.audit import Sealed
from hoso.store.connection import Connection
from hoso.store.upkeep import snapshot

PAGE = 2_000
ERASED = "audit/"
"""With the place of an event: what the event of its erasure names."""


class Fault(Exception):
    """The first thing that is wrong. `place` is "event 17", "checkpoint 40", …; `reason` an English fact."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place, self.reason = place, reason


@dataclass(frozen=True, slots=True)
class Verified:
    """What a sound log is."""

    size: int
    root: bytes
    patients: int
    erased: int
    waiting: int
    maps: int
    checkpoints: int
    cosignatures: int


@dataclass(slots=True)
class _State:
    """What is known when the first `growth.size` leaves have been looked at."""

    growth: Growth = field(default_factory=Growth)
    ends: dict[int, tuple[bytes, int, bytes]] = field(default_factory=dict)
    """Subject, number and leaf of each patient's last event."""
    erased: set[tuple[int, int]] = field(default_factory=set)
    admitted: set[tuple[int, int]] = field(default_factory=set)
    """Places, with their patients, whose erasure the log tells itself."""
    nodes: int = 0
    maps: int = 0


def verify(
    connection: Connection,
    verifier: Verifier,
    witnesses: Sequence[Verifier] = (),
    seen: Callable[[int], None] = lambda number: None,
) -> Verified:
    """Raises Fault. `seen` is called with the number of events just looked at."""
    with snapshot(connection):
        return _Examination(connection, verifier, witnesses).run(seen)


def quick(connection: Connection, verifier: Verifier) -> int:
    """Whether the log has the root that was signed last, and its last events are there. Raises Fault."""
    with snapshot(connection):
        size, signed = audit.size(connection), audit.checkpoint(connection)
        if signed is None:
            return 0
        at, note = signed
        try:
            point = opened(note, verifier)[1]
        except BadNote as bad:
            raise Fault(f"checkpoint {at}", str(bad)) from bad
        if at > size:
            raise Fault(f"event {size}", f"the log ends here, but {at} events were signed")
        if point.size != at or point.root != root(StoredTree(connection), at):
            raise Fault(f"checkpoint {at}", "the events before it are not those that were signed")
        rows = audit.sealed(connection, max(0, size - PAGE), PAGE)
        for row in rows:
            if row.salt is None or row.bytes is None:
                raise Fault(f"event {row.seq}", f"its row ({row.event}) is missing")
        return len(rows)


class _Examination:
    def __init__(self, connection: Connection, verifier: Verifier, witnesses: Sequence[Verifier]) -> None:
        self._connection, self._verifier = connection, verifier
        self._witnesses = {witness.name: witness for witness in witnesses}
        self._key = audit.secret(connection)
        self._state = _State()

    def run(self, seen: Callable[[int], None]) -> Verified:
        connection, state = self._connection, self._state
        self._roots = self._signed()
        self._nodes = audit.all_nodes(connection)
        self._published = dict(audit.maps(connection))
        self._counted = self._due()
        self._at_size()
        while rows := audit.sealed(connection, state.growth.size, PAGE):
            for row in rows:
                self._leaf(row)
            seen(len(rows))
        waiting = self._complete()
        cosigned = self._cosignatures()
        return Verified(
            state.growth.size, state.growth.root(), len(state.ends), len(state.erased), waiting,
            state.maps, len(self._roots), cosigned,
        )  # fmt: skip

    def _signed(self) -> Mapping[int, bytes]:
        roots = {}
        for size, note in audit.checkpoints(self._connection):
            try:
                found, point = opened(note, self._verifier)
            except BadNote as bad:
                raise Fault(f"checkpoint {size}", str(bad)) from bad
            if point.size != size or note != str(found) or len(found.signatures) != 1:
                raise Fault(f"checkpoint {size}", "it is not what was signed")
            roots[size] = point.root
        return roots

    def _due(self) -> dict[int, list[tuple[int, int, bytes]]]:
        """At which size of the tree which map counted: {size: [(place of the map, patients, root)]}."""
        due: dict[int, list[tuple[int, int, bytes]]] = {}
        for seq in self._published:
            rows = [row for row in audit.sealed(self._connection, seq, 1) if row.seq == seq and row.bytes]
            if not rows:
                raise Fault(f"map {seq}", "there is no such event")
            try:
                size, patients, over = counted(read(rows[0].bytes or b""))
            except (Unreadable, ValueError) as error:
                raise Fault(f"map {seq}", "the event is no map") from error
            due.setdefault(size, []).append((seq, patients, over))
        return due

    def _leaf(self, row: Sealed) -> None:
        state = self._state
        seq = state.growth.size
        place = f"event {seq}"
        if row.seq != seq:
            raise Fault(place, f"its leaf is missing; the next one is {row.seq}")
        if row.salt is None or row.bytes is None:
            raise Fault(place, f"its row ({row.event}) is missing")
        subject, number, before = self._before(row.patient)
        if row.number != number + 1:
            raise Fault(place, f"it has number {row.number} of its patient instead of {number + 1}")
        if row.salt or row.bytes:
            event = self._event(row, place)
            if leaf.leaf(subject, row.number, before, row.salt, row.bytes) != row.leaf:
                raise Fault(place, "event and leaf do not belong together")
            if event is not None:
                self._special(event, seq)
        else:
            state.erased.add((seq, row.patient))
            if len(row.leaf) != 32:
                raise Fault(place, "its leaf is no hash")
        if row.patient:
            state.ends[row.patient] = (subject, row.number, row.leaf)
        for level, at, hash in state.growth.append(row.leaf):
            if level % KEPT_LEVEL == 0:
                self._node(level, at, hash)
        self._at_size()

    def _before(self, patient: int) -> tuple[bytes, int, bytes]:
        if not patient:
            return leaf.NOBODY, -1, leaf.FIRST
        return self._state.ends.get(patient) or (leaf.subject(self._key, patient), 0, leaf.FIRST)

    def _event(self, row: Sealed, place: str) -> Event | None:
        """Reads closely only the few events that say something of the log itself."""
        assert row.salt is not None and row.bytes is not None
        if len(row.salt) != SALT:
            raise Fault(place, "its salt has another length")
        try:
            patient = _head(row.bytes).patient
            if patient != row.patient:
                raise Fault(place, f"it tells of patient {patient}, its leaf of {row.patient}")
            return read(row.bytes) if b'"audit-' in row.bytes else None
        except (Unreadable, msgspec.MsgspecError, ValueError) as error:
            raise Fault(place, "it cannot be read") from error

    def _special(self, event: Event, seq: int) -> None:
        state = self._state
        if is_map(event, self._verifier.name):
            if self._published.get(seq) != event.time // DAY_MS:
                raise Fault(f"map {seq}", "it is not listed under its day")
            state.maps += 1
        elif event.kind == "audit-erase" and event.what.startswith(ERASED) and event.outcome == "ok":
            number = event.what.removeprefix(ERASED)
            if number.isascii() and number.isdigit():
                state.admitted.add((int(number), event.patient))

    def _node(self, level: int, place: int, hash: bytes) -> None:
        if self._nodes.get((level, place)) != hash:
            raise Fault(f"node {level}/{place}", "it is not the hash of its leaves")
        self._state.nodes += 1

    def _at_size(self) -> None:
        """What was signed or counted when the tree had the size it has now."""
        state, size = self._state, self._state.growth.size
        signed = self._roots.get(size)
        if signed is not None and signed != state.growth.root():
            raise Fault(f"checkpoint {size}", "the events before it are not those that were signed")
        for seq, patients, over in self._counted.pop(size, ()):
            if (patients, over) != (len(state.ends), leaf.map_root(list(state.ends.values()))):
                raise Fault(f"map {seq}", "the counts it publishes are not those of the log")

    def _complete(self) -> int:
        """What is only known at the end. Answers how many events wait for a place."""
        state, connection = self._state, self._connection
        size = state.growth.size
        for seq, _ in sorted(state.erased - state.admitted):
            raise Fault(f"event {seq}", "it was erased without an event that says so")
        if len(self._nodes) != state.nodes:
            raise Fault("node", f"there are {len(self._nodes) - state.nodes} too many")
        beyond = max(self._roots, default=0)
        if beyond > size:
            raise Fault(f"event {size}", f"the log ends here, but {beyond} events were signed")
        if len(self._published) != state.maps or self._counted:
            raise Fault("map", "more maps are listed than were published")
        for event in audit.waiting(connection, 1_000_000):
            try:
                read(event.bytes)
            except Unreadable as error:
                raise Fault(f"row {event.event}", "an event that has no place yet cannot be read") from error
        events, sealed, waiting = audit.told(connection)
        if events != sealed + waiting or sealed != size:
            stray = audit.stray(connection)
            raise Fault(f"row {stray}" if stray else "rows", "there are events that have no place in the log")
        return waiting

    def _cosignatures(self) -> int:
        notes = dict(audit.checkpoints(self._connection))
        lines = audit.cosignatures(self._connection)
        for size, name, line in lines:
            place = f"cosignature {size} of {name}"
            witness = self._witnesses.get(name)
            if witness is None or size not in notes:
                raise Fault(place, "of an unknown witness" if witness is None else "of no checkpoint")
            try:
                note = Note(Note.parse(notes[size]).text, (line,))
                if note.signed_by(witness) is None:
                    raise Fault(place, "it is not signed by that witness")
            except BadNote as bad:
                raise Fault(place, str(bad)) from bad
        return len(lines)


def counted(event: Event) -> tuple[int, int, bytes]:
    """Leaves, patients and root of a map. Raises ValueError."""
    size, patients, over = event.what.split(" ")
    return int(size), int(patients), bytes.fromhex(over)


class _Head(msgspec.Struct, array_like=True):
    """Of canonical bytes only what every leaf needs: reading all of it would double the time of a large log."""

    form: int
    time: int
    actor: str
    action: str
    kind: str
    request: str
    role: str
    facility: str
    purpose: str
    channel: str
    activity: str
    outcome: str
    types: list[str]
    what: str
    patient: int


_head = msgspec.json.Decoder(_Head).decode
