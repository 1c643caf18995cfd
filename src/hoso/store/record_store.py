"""The `Store` and `Transaction` of the contract, written once over both engines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from hoso.core.clock import Clock, to_ms
from hoso.fhir.added import Definition
from hoso.fhir.search import Query
from hoso.store import audit, history, jobs, reading, sealing, search, writer
from hoso.store.added import AddedTable, Parameter, Snapshot, share
from hoso.store.audit import AuditRow
from hoso.store.connection import Connection
from hoso.store.contract import Change, Draft, HistoryPage, Origin, Page, Saved, Stretch, Unavailable, Version
from hoso.store.engine import Engine
from hoso.store.facts import Facts
from hoso.store.people import PeopleRows, SettledRows
from hoso.store.reach import Codes
from hoso.store.relations import RelationRows
from hoso.store.subscriptions import SubscriptionRows
from hoso.store.upkeep import snapshot
from hoso.store.visible import Visible

log = logging.getLogger(__name__)

T = TypeVar("T")
Told = Callable[[Sequence[Saved]], Sequence[AuditRow]]


class RecordReading:
    """What `Store.look` hands to its work: everything on one connection, at one moment."""

    def __init__(self, store: RecordStore, connection: Connection) -> None:
        self._store, self.connection = store, connection
        self.people: PeopleRows = SettledRows(connection)
        self.relations = RelationRows(connection, store.facts.keys)

    def read(self, type: str, id: str) -> Version | None:
        return reading.read(self.connection, type, id)

    def heads(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        return reading.heads(self.connection, list(keys))

    def search(self, query: Query, visible: Visible, cursor: str | None = None) -> Page:
        return self._store.search_on(self.connection, query, visible, cursor)


class RecordTransaction(RecordReading):
    """What `Store.write` hands to its work: everything on one connection, inside one transaction."""

    def __init__(self, store: RecordStore, connection: Connection, origin: Origin) -> None:
        super().__init__(store, connection)
        self.people, self._origin = PeopleRows(connection), origin
        self.subscriptions = SubscriptionRows(connection)
        self._numbers = writer.Numbers(store.engine.rids(connection))
        self.saved: list[Saved] = []
        self.older: set[int] = set()
        """Records with versions that are to be sealed once this has committed."""

    def lock(self, criteria: Sequence[str]) -> None:
        self._store.engine.lock(self.connection, criteria)

    def fresh(self, type: str, id: str) -> int:
        return self._numbers.of((reading.NUMBER[type], id))

    def save(self, drafts: Sequence[Draft]) -> list[Saved]:
        added = self._store.added
        prepared = [writer.prepare(self._store.facts.keys, draft, added=added) for draft in drafts]
        saved = self._store.plan_and_apply(self.connection, prepared, self._origin, self._numbers, older=self.older)
        self.saved += saved
        return saved

    def take(self, drafts: Sequence[Draft], changes: Sequence[UUID], origin: Origin) -> list[Saved]:
        """Versions that were made elsewhere, under the ids of their changes and with those who made them."""
        added, keys = self._store.added, self._store.facts.keys
        prepared = [writer.prepare(keys, draft, change, added) for draft, change in zip(drafts, changes, strict=True)]
        saved = self._store.plan_and_apply(self.connection, prepared, origin, self._numbers, older=self.older)
        self.saved += saved
        return saved

    def record(self, events: Sequence[AuditRow]) -> None:
        audit.insert(self.connection, events)

    def told(self, patients: Collection[int]) -> Iterator[bytes]:
        return audit.concerning(self.connection, patients)

    def enqueue(self, kind: str, argument: str, due: int = 0) -> None:
        jobs.enqueue(self.connection, kind, argument, due or self._store.now())


class RecordStore:
    """`engine` and `facts` are for the store's own upkeep (doctor, backup); nobody else reaches past the contract."""

    def __init__(self, engine: Engine, facts: Facts, clock: Clock) -> None:
        self.engine, self.facts, self._clock = engine, facts, clock

    def now(self) -> int:
        return to_ms(self._clock())

    @property
    def people(self) -> PeopleRows:
        return PeopleRows(self.engine.reader())

    @property
    def relations(self) -> RelationRows:
        return RelationRows(self.engine.reader(), self.facts.keys)

    @property
    def added(self) -> Snapshot:
        """The search parameters that R4 does not have."""
        return self.facts.added.current(self.engine)

    def settle_added(self, wanted: Mapping[str, Sequence[Definition]]) -> bool:
        return AddedTable(self.engine, self.facts.added).settle(wanted, self.now())

    def share(self, one: Parameter) -> int:
        return share(self.engine.reader(), one)

    def read(self, type: str, id: str) -> Version | None:
        return self.engine.brief(reading.read, type, id)

    def heads(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        return reading.heads(self.engine.reader(), list(keys))

    def vread(self, type: str, id: str, version: str) -> Version | None:
        return reading.vread(self.engine.reader(), type, id, version)

    def history(
        self,
        type: str | None = None,
        id: str | None = None,
        *,
        since: int | None = None,
        at: tuple[int, int] | None = None,
        count: int = 100,
        cursor: str | None = None,
        types: Sequence[str] | None = None,
        visible: Visible | None = None,
    ) -> HistoryPage:
        return history.history(
            self.engine.reader(), type, id,
            since=since, at=at, count=count, cursor=cursor, types=types, visible=visible,
        )  # fmt: skip

    def search(self, query: Query, visible: Visible, cursor: str | None = None) -> Page:
        with self.engine.lent() as connection:
            return self.search_on(connection, query, visible, cursor)

    def search_on(self, connection: Connection, query: Query, visible: Visible, cursor: str | None) -> Page:
        return search.run(connection, self.facts.keys, connection.dialect, query, visible, cursor)

    def codes(self, type: str, param: str, codes: Sequence[tuple[str | None, str]]) -> Codes:
        keys = self.facts.keys
        return tuple(
            (keys.token(type, param, code), None if system is None else keys.small(system or None))
            for system, code in codes
        )

    def scan(self, query: Query, visible: Visible) -> Iterator[Version]:
        connection = self.engine.reader()
        return search.scan(connection, self.facts.keys, connection.dialect, query, visible)

    def everything(
        self, patient: str, visible: Visible, *, since: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[Version]:
        connection, keys = self.engine.reader(), self.facts.keys
        return search.everything(connection, keys, connection.dialect, patient, visible, since=since, types=types)

    def feed(self, after: int = 0, limit: int = 1000) -> Sequence[Change]:
        return reading.feed(self.engine.reader(), after, limit)

    def feed_of(self, types: Collection[str], after: int = 0, limit: int = 1000) -> Stretch:
        return reading.feed_of(self.engine.reader(), types, after, limit)

    def feed_end(self) -> int:
        return reading.feed_end(self.engine.reader())

    def record(self, events: Sequence[AuditRow]) -> None:
        self.engine.record(events)

    def told(self, patients: Collection[int]) -> Iterator[bytes]:
        self.engine.gather()
        return audit.concerning(self.engine.reader(), patients)

    def save(
        self,
        drafts: Sequence[Draft],
        origin: Origin,
        *,
        changes: Sequence[UUID] | None = None,
        told: Told | None = None,
    ) -> list[Saved]:
        ids: Sequence[UUID | None] = changes or [None] * len(drafts)
        added, keys = self.added, self.facts.keys
        prepared = [writer.prepare(keys, draft, change, added) for draft, change in zip(drafts, ids, strict=True)]
        seen, older = changes is not None, set[int]()

        def work(connection: Connection) -> list[Saved]:
            nonlocal seen
            again, seen = seen, True  # a second run may follow a commit whose answer was lost
            return self._save(connection, prepared, origin, again, told, older)

        saved = self.engine.once(work)
        self.seal(older)
        return saved

    def _save(
        self,
        connection: Connection,
        prepared: Sequence[writer.Prepared],
        origin: Origin,
        again: bool,
        told: Told | None,
        older: set[int],
    ) -> list[Saved]:
        if not again:
            return self.plan_and_apply(connection, prepared, origin, told=told, older=older)
        before = [reading.stored(connection, p.change) for p in prepared]
        fresh = [p for p, saved in zip(prepared, before, strict=True) if saved is None]
        new = iter(self.plan_and_apply(connection, fresh, origin, told=told, older=older) if fresh else ())
        return [saved or next(new) for saved in before]

    def plan_and_apply(
        self,
        connection: Connection,
        prepared: Sequence[writer.Prepared],
        origin: Origin,
        numbers: writer.Numbers | None = None,
        told: Told | None = None,
        older: set[int] | None = None,
    ) -> list[Saved]:
        """`older` is added records whose older versions are to be sealed after the commit."""
        planner = writer.Planner(self.engine, self.facts, connection, origin, self.now(), numbers)
        plan, saved = planner.make(prepared)
        plan.events = told(saved) if told else ()
        if plan.changes or plan.events:
            self.engine.apply(connection, plan)
        if older is not None:
            older |= plan.older
        return saved

    def write(self, work: Callable[[RecordTransaction], T], origin: Origin) -> T:
        older: set[int] = set()

        def run(connection: Connection) -> T:
            transaction = RecordTransaction(self, connection, origin)
            result = work(transaction)
            older.update(transaction.older)
            return result

        result = self.engine.transact(run)
        self.seal(older)
        return result

    def seal(self, rids: Collection[int]) -> None:
        """Seals the versions of some records that are not yet. What cannot be done now is done by the next start."""
        if rids and self.facts.keyring is not None:
            try:
                sealing.seal(self.engine, self.facts.keyring, rids, self.now())
            except Unavailable:
                log.warning("%s records are to be sealed at the next start", len(rids))

    def seal_rest(self) -> int:
        """Seals what a stop in between, a label by hand or an older release left in clear; answers how many records."""
        if self.facts.keyring is None:
            return 0
        return sealing.seal_rest(self.engine, self.facts.keyring, self.now())

    def look(self, work: Callable[[RecordReading], T]) -> T:
        with self.engine.lent() as connection, snapshot(connection):
            return work(RecordReading(self, connection))

    def close(self) -> None:
        self.engine.close()
