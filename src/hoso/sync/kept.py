"""The ledger of a node in its record store: what travels is kept word for word, and what is admitted is stored.

One commit is one transaction of the store, with its versions, their audit events and who belongs to whom. What was
written here is gathered before anything from elsewhere is stored, so nothing is stored over what nobody else has yet.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from hoso.core.ids import uuid7
from hoso.store.connection import Connection, Race
from hoso.store.contract import Origin, Unavailable
from hoso.store.reading import feed_end
from hoso.store.record_store import RecordStore, RecordTransaction
from hoso.store.sync_lines import Line, LineName, LineRows, Text
from hoso.store.sync_scope import ScopeRows
from hoso.store.sync_versions import LOCK, Admitted, SyncRows, VersionRow
from hoso.sync import proof
from hoso.sync.batches import Closed, closed
from hoso.sync.gathering import gather
from hoso.sync.heads import heads
from hoso.sync.ledger import (
    Append,
    Branch,
    Entry,
    Full,
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
from hoso.sync.memory import thin
from hoso.sync.messages import Cursor, Held
from hoso.sync.receipts import Receipt
from hoso.sync.scope import Joined, Wants, concerned, facility_claim, families, former, key, lengthened, node_claim
from hoso.sync.showing import Name, Shown, show, untagged
from hoso.sync.stream import Place, Record, StreamId, read, start

T = TypeVar("T")
Door = Callable[[Callable[[RecordTransaction], None]], None]
"""Runs a write of this node as itself, with the audit events of what is saved in it. Raises Unavailable."""
EPOCH, TOTAL = "epoch", "held-total"
SETTLED = "settled "
"""Before the name of a node."""
WHY, MOST_WHY = "held", 200
"""Of so many changes that are held above, the reason is kept as well."""


class StoreLedger:
    """Implements `Ledger`. Holds nothing itself: every worker of a node may have its own."""

    def __init__(
        self,
        store: RecordStore,
        node: str,
        door: Door,
        shown: Shown,
        random: Callable[[int], bytes],
        named: Callable[[str], str] = lambda actor: actor,
    ) -> None:
        """`named`: by which name other nodes know an actor of this one."""
        self._named = named
        self._store, self._node, self._door, self._shown, self._random = store, node, door, shown, random
        self._sums = threading.local()
        """What this thread was told last of all patients, until it commits: a comparison asks for each of them."""

    def gather(self) -> None:
        """Takes what was written here since the last time into this node's stream. Raises Full."""
        while self._behind():
            more = False

            def work(transaction: RecordTransaction) -> None:
                nonlocal more
                rows = self._begun(transaction)
                more = self._gather(transaction, rows)

            self._write(work)
            if not more:
                return

    def note(self, name: str, value: str) -> None:
        """Something about this node that is to be known after a restart."""
        self._write(lambda transaction: self._begun(transaction).set_state(name, value))

    def noted(self, name: str) -> str:
        with self._reading() as rows:
            return rows.state(name)

    def settle(self, type: str, id: str, keep: bytes, origin: Origin) -> bool:
        """Makes one of the heads of a record the only one, built on all of them; False if it is none, or alone."""
        done = False

        def work(transaction: RecordTransaction) -> None:
            nonlocal done
            rows = self._begun(transaction)
            while self._gather(transaction, rows):
                pass
            standing = {one.header.change: one for one in heads(self._versions_of(rows)(type, id))}
            done = keep in standing and len(standing) > 1
            if done:
                change = uuid7()
                rows.join(change.bytes, standing.keys())
                drafts = [untagged(standing[keep])]
                self._shown(transaction, list(zip(drafts, transaction.take(drafts, [change], origin), strict=True)))
                self._gather(transaction, rows)

        self._write(work)
        return done

    def repeated(self) -> list[tuple[str, str]]:
        """Records that say again which of their heads is shown."""
        with self._reading() as rows:
            return rows.repeated()

    def _behind(self) -> bool:
        with self._reading() as rows:
            new = not rows.state(EPOCH) or feed_end(rows.connection) > int(rows.state("gathered") or 0)
            return new or bool(rows.unnumbered())

    def commit(self, *steps: Step) -> None:
        def work(transaction: RecordTransaction) -> None:
            rows = self._begun(transaction)
            if any(isinstance(step, Judged | Pulled | Opened | Released) and step.admitted for step in steps):
                while self._gather(transaction, rows):
                    pass
            admitted = [version for step in steps for version in self._do(rows, step)]
            if admitted:
                show(transaction, rows, admitted, (), self._versions_of(rows), self._shown)

        self._write(work)

    def _write(self, work: Callable[[RecordTransaction], None]) -> None:
        self._sums.known = {}
        try:
            self._door(work)
        except (Unavailable, Race) as error:
            raise Full(str(error)) from error

    def _begun(self, transaction: RecordTransaction) -> SyncRows:
        """The rows, nobody else's until this transaction has ended; with a stream of this node."""
        transaction.lock([LOCK])
        rows = self._rows(transaction.connection)
        if not rows.state(EPOCH):
            rows.set_state(EPOCH, self._random(8).hex())
            own = self._own(rows)
            rows.lines.begin(own, 0, start(_stream(own)))
        return rows

    def _rows(self, connection: Connection) -> SyncRows:
        return SyncRows(connection, LineRows(connection, self._store.facts.codec))

    @contextmanager
    def _reading(self) -> Iterator[SyncRows]:
        with self._store.engine.lent() as connection:
            yield self._rows(connection)

    def _scope(self, connection: Connection) -> ScopeRows:
        return ScopeRows(connection, self._store.facts.keys)

    @contextmanager
    def _scoping(self) -> Iterator[ScopeRows]:
        with self._store.engine.lent() as connection:
            yield self._scope(connection)

    def _own(self, rows: SyncRows) -> LineName:
        return LineName(self._node, rows.state(EPOCH))

    def _gather(self, transaction: RecordTransaction, rows: SyncRows) -> bool:
        """Some of what was written here; whether there is more."""
        records, reached, more = gather(rows, feed_end(rows.connection), self._named)
        names: list[Name] = []
        for version in self._do(rows, Write(tuple(records))):
            names.append((version.header.type, version.header.id))
        if int(rows.state("gathered") or 0) != reached:
            rows.set_state("gathered", str(reached))
        if names:
            show(transaction, rows, (), names, self._versions_of(rows), self._shown)
        return more

    def _do(self, rows: SyncRows, step: Step) -> Sequence[Version]:
        """Does one step but for what is to be shown, which it answers."""
        match step:
            case Write(records):
                return self._written(rows, records)
            case Vouch(records):
                own = self._line(rows, self._own(rows))
                rows.lines.judge(own, rows.lines.append(own, _texts(records)).last)
            case Append(stream, batch):
                line = rows.lines.find(_name(stream))
                line = line or rows.lines.begin(_name(stream), batch.first - 1, batch.before)
                if batch.first - 1 <= line.last < batch.last:
                    if batch.at(line.last) != line.chain:
                        raise Race  # somebody else appended something else meanwhile
                    if isinstance(batch, Closed):
                        rows.lines.append_closed(line, batch.first, batch.last, batch.after, batch.change)
                    else:
                        rows.lines.append(line, _texts(batch.records[line.last + 1 - batch.first :]))
                    rows.lines.batch(line, batch.last, batch.sealed)
            case Judged(stream, number, admitted, held):
                line = self._line(rows, _name(stream))
                if line.judged < number:  # else somebody else was quicker
                    rows.lines.judge(line, number)
                    rows.lines.hold(line, [(one.change, one.reason) for one in held])
                    return self._admitted(rows, admitted)
            case Opened(stream, closed, batch, admitted, held):
                line = self._line(rows, _name(stream))
                texts, chains = (_texts(batch.records), batch.chains) if batch else (None, ())
                if rows.lines.open(line, closed.first, texts, chains):
                    rows.lines.hold(line, [(one.change, one.reason) for one in held])
                    return self._admitted(rows, admitted)
            case Released(stream, admitted):
                rows.lines.release(self._line(rows, _name(stream)), [version.header.change for version in admitted])
                return self._admitted(rows, admitted)
            case Pulled(admitted, cursor, lane):
                if lane is not None:
                    self._lane(self._scope(rows.connection), *lane)
                if cursor is not None:
                    known = tuple(Cursor(cursor.hub, *one) for one in rows.cursors(cursor.hub))
                    rows.set_cursors(cursor.hub, [(c.number, c.chain) for c in thin((cursor, *known))])
                return self._admitted(rows, admitted)
            case Offered():
                self._scope(rows.connection).lengthen(former(self._node), 0, ())
            case Settled(node, number, patients):
                if int(rows.state(SETTLED + node) or 0) < number:  # else somebody else was quicker
                    scope = self._scope(rows.connection)
                    end, there = scope.end(node), scope.scope(node)
                    new = [one for one in patients if one not in there]
                    scope.lengthen(node, end[0], lengthened(end, new, number))
                    rows.set_state(SETTLED + node, str(number))
            case NewEpoch(stream, after, into):
                line = self._line(rows, _name(stream))
                fresh = rows.lines.begin(_name(into), 0, start(into))
                rows.lines.move(line, after, fresh)
                rows.lines.judge(fresh, max(0, line.judged - after))
                rows.set_state(EPOCH, into.epoch)
            case Branch(stream, after, into):
                self._branch(rows, stream, after, into)
            case Told(receipts, held, total):
                for receipt in receipts:
                    data = msgspec.msgpack.encode(receipt)
                    rows.set_receipt(_name(receipt.stream), receipt.level == "centre", data)
                if held is not None:
                    rows.set_above({one.change for one in held})
                    sum = proof.total(one.change for one in held) if total is None else total
                    rows.set_state(TOTAL, str(sum))
                    rows.set_state(WHY, json.dumps({one.change.hex(): one.reason for one in held[:MOST_WHY]}))
        return ()

    def _lane(self, scope: ScopeRows, after: int, joined: Sequence[Joined]) -> None:
        name, before = former(self._node), scope.scope(self._node)
        scope.lengthen(self._node, after, joined)
        gone = before.keys() - scope.scope(self._node).keys() - scope.scope(name).keys()
        end = scope.end(name)
        scope.lengthen(name, end[0], lengthened(end, sorted(gone)))

    def _written(self, rows: SyncRows, records: Sequence[Record]) -> list[Version]:
        line = self._line(rows, self._own(rows))
        rows.lines.judge(line, rows.lines.append(line, _texts(records)).last)
        stream = _stream(line.name)
        found = [Version(stream, number, read(one), one) for number, one in enumerate(records, line.last + 1)]
        return self._admitted(rows, found)

    def _admitted(self, rows: SyncRows, versions: Sequence[Version]) -> list[Version]:
        named = {version.header.change: version for version in versions if not rows.has(version.header.change)}
        fresh = list(named.values())
        texts = _texts([version.record for version in fresh])
        rows.lines.keep(texts)
        rows.admit(
            [
                Admitted(h.change, _name(version.stream), version.number, h.type, h.id, h.patient, text.digest())
                for version, text in zip(fresh, texts, strict=True)
                for h in (version.header,)
            ]
        )
        return fresh

    def _branch(self, rows: SyncRows, stream: StreamId, after: int, into: StreamId) -> None:
        line = self._line(rows, _name(stream))
        if rows.lines.find(_name(into)) is not None:
            rows.lines.forget(line, after)  # the same tail was put aside before
            return
        before = rows.lines.chain(line, after)
        assert before is not None
        branch = rows.lines.begin(_name(into), after, before)
        rows.lines.move(line, after, branch)
        rows.lines.judge(branch, max(line.judged, after))

    def _line(self, rows: SyncRows, name: LineName) -> Line:
        line = rows.lines.find(name)
        assert line is not None
        return line

    def _versions_of(self, rows: SyncRows) -> Callable[[str, str], Sequence[Version]]:
        return lambda type, id: [_version(row) for row in rows.versions(type, id)]

    # Questions

    def current(self) -> StreamId:
        with self._reading() as rows:
            return _stream(self._own(rows))

    def streams(self) -> Collection[StreamId]:
        with self._reading() as rows:
            return [_stream(line.name) for line in rows.lines.all()]

    def base(self, stream: StreamId) -> int:
        return self._of(stream, lambda rows, line: line.base, 0)

    def end(self, stream: StreamId) -> Place:
        return self._of(stream, lambda rows, line: Place(line.last, line.chain), Place(0, start(stream)))

    def chain(self, stream: StreamId, number: int) -> bytes | None:
        return self._of(stream, lambda rows, line: rows.lines.chain(line, number), None)

    def records(self, stream: StreamId, after: int, limit: int) -> Sequence[Record]:
        return self._of(stream, lambda rows, line: [Record(*t) for t in rows.lines.texts(line, after, limit)], [])

    def sealed(self, stream: StreamId, after: int) -> Iterable[bytes]:
        with self._reading() as rows:
            line = rows.lines.find(_name(stream))
            if line is not None:
                yield from rows.lines.batches(line, after)

    def boundary(self, stream: StreamId, number: int) -> int:
        return self._of(stream, lambda rows, line: rows.lines.boundary(line, number), 0)

    def closed(self, stream: StreamId) -> Sequence[Closed]:
        return self._of(stream, lambda rows, line: [closed(data) for data in rows.lines.closed(line)], [])

    def judged(self, stream: StreamId) -> int:
        return self._of(stream, lambda rows, line: line.judged, 0)

    def has(self, change: bytes) -> bool:
        with self._reading() as rows:
            return rows.has(change)

    def is_held(self, change: bytes) -> bool:
        with self._reading() as rows:
            return rows.lines.is_held(change)

    def held(self, stream: StreamId) -> Sequence[Held]:
        return self._of(stream, lambda rows, line: [Held(*one) for one in rows.lines.held(line)], [])

    def versions(self, type: str, id: str) -> Sequence[Version]:
        with self._reading() as rows:
            return self._versions_of(rows)(type, id)

    def version(self, change: bytes) -> Version | None:
        with self._reading() as rows:
            row = rows.version(change)
            return _version(row) if row else None

    def resources(self, patient: str) -> Collection[tuple[str, str]]:
        with self._reading() as rows:
            return rows.resources(patient)

    def patients(self) -> Collection[str]:
        with self._reading() as rows:
            self._sums.known = rows.patients()
            return list(self._sums.known)

    def fingerprint(self, patient: str) -> int:
        known: dict[str, int] = getattr(self._sums, "known", {})
        if patient in known:
            return known[patient]
        with self._reading() as rows:
            return rows.sum(patient)

    def feed(self, after: int, limit: int) -> Sequence[Entry]:
        with self._reading() as rows:
            return [Entry(row.number, row.chain, _version(row)) for row in rows.feed(after, limit)]

    def feed_end(self) -> tuple[int, bytes]:
        with self._reading() as rows:
            return rows.feed_end()

    def feed_chain(self, number: int) -> bytes | None:
        with self._reading() as rows:
            return rows.feed_chain(number)

    def place(self, change: bytes) -> int:
        with self._scoping() as scope:
            return scope.place(change)

    def settled(self, node: str) -> int:
        with self._reading() as rows:
            return int(rows.state(SETTLED + node) or 0)

    def concerned(self, after: int, limit: int, wants: Wants) -> tuple[int, Sequence[str]]:
        with self._scoping() as scope:
            until, touched = scope.touched(after, limit)
            same = scope.same(touched)
            found = families(sorted(touched), lambda one: same.get(one, ()))
            everyone = {one for family in found for one in family}
            claims: dict[str, set[str]] = defaultdict(set)
            for patient, node in scope.written(everyone, wants.nodes):
                claims[patient].add(node_claim(node))
            for patient, facility in scope.cared(everyone, wants.facilities):
                claims[patient].add(facility_claim(facility))
            joined = [one for family in concerned(found, lambda one: claims.get(one, ()), wants) for one in family]
            led = scope.known({key(type, id, "") for type, id in scope.led_to(joined)} - {""})
        return until, list(dict.fromkeys((*joined, *sorted(led))))

    def scope(self, node: str) -> Mapping[str, int]:
        with self._scoping() as scope:
            return scope.scope(node)

    def lane(self, node: str, after: int, limit: int) -> Sequence[Joined]:
        with self._scoping() as scope:
            return [Joined(*one) for one in scope.lane(node, after, limit)]

    def lane_end(self, node: str) -> tuple[int, bytes]:
        with self._scoping() as scope:
            return scope.end(node)

    def lane_chain(self, node: str, number: int) -> bytes | None:
        with self._scoping() as scope:
            return scope.chain(node, number)

    def cursors(self, hub: str) -> Sequence[Cursor]:
        with self._reading() as rows:
            return [Cursor(hub, number, chain) for number, chain in rows.cursors(hub)]

    def receipt(self, stream: StreamId, centre: bool) -> Receipt | None:
        with self._reading() as rows:
            data = rows.receipt(_name(stream), centre)
        return msgspec.msgpack.decode(data, type=Receipt) if data else None

    def held_above(self) -> Collection[bytes]:
        with self._reading() as rows:
            return rows.above()

    def held_total(self) -> int:
        with self._reading() as rows:
            told = rows.state(TOTAL)
            return int(told) if told else proof.total(rows.above())

    def why_held(self) -> dict[bytes, str]:
        """What the hub said of changes that it holds."""
        found = json.loads(self.noted(WHY) or "{}")
        return {bytes.fromhex(change): reason for change, reason in found.items()}

    def version_here(self, change: bytes) -> str:
        with self._reading() as rows:
            return rows.version_here(change)

    def _of(self, stream: StreamId, ask: Callable[[SyncRows, Line], T], otherwise: T) -> T:
        with self._reading() as rows:
            line = rows.lines.find(_name(stream))
            return otherwise if line is None else ask(rows, line)


def _name(stream: StreamId) -> LineName:
    return LineName(stream.node, stream.epoch, stream.branch)


def _stream(name: LineName) -> StreamId:
    return StreamId(*name)


def _texts(records: Sequence[Record]) -> list[Text]:
    return [Text(*record) for record in records]


def _version(row: VersionRow) -> Version:
    record = Record(*row.text)
    return Version(_stream(row.line), row.position, read(record), record)
