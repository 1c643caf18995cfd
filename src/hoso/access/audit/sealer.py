"""Gives committed events their place: number, patient's number, leaf, subtrees; then signs what the tree has become.

It works from the rows alone, all of a batch or nothing, and one process at a time: killed anywhere, it goes on where
the rows end. Once a day it publishes how many events each patient has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hoso.access.audit import leaf
from hoso.access.audit.event import SALT, Event, legible, row
from hoso.access.audit.note import Checkpoint, Note, Signer
from hoso.access.audit.tree import fold, resumed, root
from hoso.core.clock import Clock, to_ms
from hoso.store import audit
from hoso.store.audit import Seal
from hoso.store.connection import Connection
from hoso.store.contract import Unavailable
from hoso.store.engine import Engine

BATCH = 1_000
KEPT_LEVEL = 8
"""Hashes of subtrees are kept at every eighth level; those between are folded anew from at most 128 others."""
DAY_MS = 86_400_000


class StoredTree:
    """The tree as its rows have it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def subtree(self, level: int, place: int) -> bytes:
        kept = level - level % KEPT_LEVEL
        count = 1 << level - kept
        if kept:
            found = audit.nodes(self._connection, kept, place * count, count)
        else:
            found = audit.leaves(self._connection, place * count, count)
        if len(found) != count:
            raise Unavailable(f"the audit log lacks hashes of level {kept} from {place * count} on")
        return fold(found)


class Sealer:
    def __init__(self, engine: Engine, signer: Signer, clock: Clock, random: Callable[[int], bytes]) -> None:
        self._engine, self._signer, self._clock, self._random = engine, signer, clock, random
        self._key = audit.secret(engine.reader())

    @property
    def origin(self) -> str:
        return self._signer.name

    def seal(self) -> int:
        """Gives places to some of the events that wait; answers to how many."""
        return self._engine.transact(self._seal)

    def settle(self) -> int:
        """Until none waits, then signs. Answers how many leaves the tree has. Takes nobody's turn without need."""
        reader = self._engine.reader()
        self._engine.gather()
        if not audit.idle(reader):
            while self.seal():
                pass
            self.sign()
        return audit.size(reader)

    def sign(self) -> bool:
        """Signs the tree when it has grown since it was signed last."""

        def work(connection: Connection) -> bool:
            audit.lock(connection)
            size, last = audit.size(connection), audit.checkpoint(connection)
            if size == 0 or (last and last[0] >= size):
                return False
            text = str(Checkpoint(self.origin, size, root(StoredTree(connection), size)))
            audit.add_checkpoint(connection, size, str(Note(text, (self._signer.sign(text),))))
            return True

        return self._engine.transact(work)

    def publish(self, *, again: bool = False) -> bool:
        """Tells the map of the day as an event; once, unless `again` because a proof needs the newest counts."""
        now = to_ms(self._clock())
        reader = self._engine.reader()
        last, size = audit.last_map(reader), audit.size(reader)
        if size == 0 or (not again and last and last[1] >= now // DAY_MS):
            return False
        told = map_event(self._key, audit.heads(reader, size), size, self.origin, now)

        def work(connection: Connection) -> bool:
            audit.lock(connection)
            if audit.last_map(connection) != last:
                return False
            audit.insert(connection, [row(told, self._random(SALT))])
            while self._batch(connection):  # in the same transaction, so that a day has one map
                pass
            return True

        return self._engine.transact(work)

    def _seal(self, connection: Connection) -> int:
        audit.lock(connection)
        return self._batch(connection)

    def _batch(self, connection: Connection) -> int:
        waiting = audit.waiting(connection, BATCH)
        if not waiting:
            return 0
        size = audit.size(connection)
        growth = resumed(StoredTree(connection), size)
        events = [legible(one.bytes) for one in waiting]  # None gets its place, and `verify` says what it is
        ends = audit.ends(connection, sorted({event.patient for event in events if event and event.patient}))
        seals, nodes = [], []
        for seq, (one, event) in enumerate(zip(waiting, events, strict=True), size):
            patient = event.patient if event else 0
            number, before = ends.get(patient, (0, leaf.FIRST)) if patient else (-1, leaf.FIRST)
            hash = leaf.leaf(leaf.subject(self._key, patient), number + 1, before, one.salt, one.bytes)
            if patient:
                ends[patient] = (number + 1, hash)
            seals.append(Seal(seq, one.event, patient, number + 1, hash))
            nodes += [made for made in growth.append(hash) if made[0] % KEPT_LEVEL == 0]
        audit.seal(connection, seals, nodes)
        for seal, event in zip(seals, events, strict=True):
            if event is not None and is_map(event, self.origin):
                audit.publish(connection, seal.seq, event.time // DAY_MS)
        return len(seals)


def map_event(key: bytes, heads: Sequence[tuple[int, int, bytes]], size: int, origin: str, now: int) -> Event:
    """What publishes the counts of all patients among the first `size` leaves."""
    entries = [(leaf.subject(key, patient), number, head) for patient, number, head in heads]
    what = f"{size} {len(entries)} {leaf.map_root(entries).hex()}"
    return Event(time=now, actor=origin, action="E", kind="audit-map", channel="automatic", what=what)


def is_map(event: Event, origin: str) -> bool:
    return event.kind == "audit-map" and event.actor == origin
