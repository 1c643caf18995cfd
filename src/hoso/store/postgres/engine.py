"""The store's engine on PostgreSQL: a connection per thread; races are run again, lost connections mended."""

from __future__ import annotations

import random
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import blake2b
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from hoso.store import audit, facts, migrate
from hoso.store.audit import AuditRow
from hoso.store.connection import Connection, Race
from hoso.store.contract import Unavailable
from hoso.store.facts import Facts
from hoso.store.plan import Head, Name, Plan
from hoso.store.postgres.alone import Alone
from hoso.store.postgres.batch import encode
from hoso.store.postgres.brief import BriefConnection
from hoso.store.postgres.connection import OLDEST, Lost, PostgresConnection
from hoso.store.postgres.sequencer import Sequencer
from hoso.store.seal import Keyring, RecordKey

T = TypeVar("T")
P = ParamSpec("P")

MIGRATION_LOCK, CONTENDED_LOCK = 4_847_001, 4_847_002
HOPEFUL_TRIES, TRIES = 3, 30
BLOCK = 256
"""Numbers for names are taken from the sequence by the block; a gap means nothing."""

# Each name by itself through the key's index: the planner cannot know that a list of names is short.
_KEY = "(SELECT rid, patient FROM key WHERE type = w.t AND id = w.i LIMIT 1) k"
_KEYS = f"""SELECT w.t, w.i, k.rid, k.patient
  FROM jsonb_to_recordset(CAST(? AS jsonb)) AS w (t smallint, i text COLLATE "C") CROSS JOIN LATERAL {_KEY}"""  # noqa: S608
_HEADS = f"""SELECT w.t, w.i, k.rid, k.patient, r.version, r.updated, r.deleted, r.dict, r.bytes
  FROM jsonb_to_recordset(CAST(? AS jsonb)) AS w (t smallint, i text COLLATE "C") CROSS JOIN LATERAL {_KEY}
  LEFT JOIN LATERAL (
    SELECT h.version, h.updated, h.deleted, b.dict, b.bytes FROM resource h
    LEFT JOIN LATERAL (SELECT dict, bytes FROM body WHERE patient = h.patient AND seq = h.seq LIMIT 1) b ON true
    WHERE h.patient = k.patient AND h.rid = k.rid LIMIT 1) r ON true"""  # noqa: S608
_LOCK = """INSERT INTO business_key SELECT decode(w.k, 'hex'), CAST(? AS bigint)
  FROM jsonb_array_elements_text(CAST(? AS jsonb)) AS w (k) ORDER BY w.k
  ON CONFLICT (key) DO UPDATE SET time = excluded.time"""

_EVENTS = "hoso_audit(CAST(? AS bytea[]), CAST(? AS bytea[]))"
"""In the same statement, and so in its transaction."""


_NEW_KEYS = """WITH fresh AS (INSERT INTO record_key (id, rid, wrapped, made)
  SELECT decode(i, 'hex'), r, decode(w, 'hex'), m
  FROM jsonb_to_recordset(CAST(? AS jsonb)) AS k (i text, r bigint, w text, m bigint)) """


def _listed(keys: Sequence[RecordKey]) -> str:
    rows = [{"i": key.id.hex(), "r": key.rid, "w": key.wrapped.hex(), "m": key.made} for key in keys]
    return msgspec.json.encode(rows).decode()


def create(url: str, node: str) -> None:
    """Makes the schema in an existing, empty database, or brings the one there to this release."""
    _prepare(url, node)


def _prepare(url: str, node: str) -> Facts:
    connection = PostgresConnection(url)
    try:
        if connection.handle.info.server_version < OLDEST:
            raise Unavailable(f"PostgreSQL {connection.handle.info.server_version} is older than 15")
        connection.script("BEGIN")
        connection.rows("SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))
        migrate.migrate(connection, migrate.shipped("postgresql"))
        facts.create(connection, node)
        found = facts.load(connection)
        connection.script("COMMIT")
        return found
    finally:
        connection.close()


class PostgresEngine:
    def __init__(self, url: str, node: str, keyring: Keyring | None = None) -> None:
        self.url = url
        self.facts = replace(_prepare(url, node), keyring=keyring)
        self._local = threading.local()
        self._open: weakref.WeakSet[PostgresConnection] = weakref.WeakSet()
        self._closed = False
        self._shared: BriefConnection | None = None
        self._teller: BriefConnection | None = None
        self._idle: list[PostgresConnection] = []
        self._turn, self._telling = threading.Lock(), threading.Lock()
        self._rids: Iterator[int] = iter(())
        self._rid_lock = threading.Lock()
        self._sequencer = Sequencer(url)
        self._held: list[Alone] = []

    def reader(self) -> PostgresConnection:
        try:
            return self._local.connection  # type: ignore[no-any-return]
        except AttributeError:
            connection = self._local.connection = self._connect()
            return connection

    def _connect(self) -> PostgresConnection:
        if self._closed:
            raise Unavailable("the store is closed")
        connection = PostgresConnection(self.url, self.facts.codec, self.facts.keyring)
        self._open.add(connection)
        return connection

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def brief(self, ask: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One thread after the other, as on SQLite: reads side by side would only fight for the interpreter."""
        with self._turn:
            if self._shared is None:
                self._shared = self._connect_brief()
            return ask(self._shared, *args, **kwargs)

    def _connect_brief(self) -> BriefConnection:
        if self._closed:
            raise Unavailable("the store is closed")
        connection = BriefConnection(self.url, self.facts.codec, self.facts.keyring)
        self._open.add(connection)
        return connection

    def _writer(self) -> PostgresConnection:
        connection = self.reader()
        if connection.inside:
            raise RuntimeError("a write inside a write: use the transaction at hand")
        return connection

    def once(self, work: Callable[[Connection], T]) -> T:
        """Hopeful at first: the work's last statement is its commit. Who keeps losing races queues for its turn."""
        connection = self._writer()
        for _ in range(HOPEFUL_TRIES):
            try:
                result = work(connection)
            except Race:
                continue
            except Lost:
                connection.mend()
                continue
            self._sequencer.wake()
            return result
        return self._transact(work, queue=True)

    def aside(self, work: Callable[[Connection], T]) -> T:
        """The statement is its own transaction, and there is nothing to number after it. It must bear being sent twice,
        for a connection that breaks says not whether it took place."""
        connection = self._writer()
        for _ in range(TRIES):
            with suppress(Race):
                return work(connection)
        raise Unavailable("too many others write the same rows")

    def record(self, rows: Sequence[AuditRow]) -> None:
        """The statement is its own transaction, on a connection that many threads use in turn, and is sent again when
        the connection broke: told twice after a lost answer is better than not told."""
        with self._telling:
            if self._teller is None:
                self._teller = self._connect_brief()
            audit.insert(self._teller, rows)

    def gather(self) -> None:
        """They are there."""

    def transact(self, work: Callable[[Connection], T]) -> T:
        return self._transact(work, queue=False)

    def _transact(self, work: Callable[[Connection], T], *, queue: bool) -> T:
        connection = self._writer()
        for attempt in range(TRIES):
            try:
                result = self._attempt(connection, work, queue or attempt >= HOPEFUL_TRIES)
            except Race:
                time.sleep(random.uniform(0, 0.002 * (attempt + 1)))
                continue
            except Lost:
                if attempt >= HOPEFUL_TRIES:
                    raise
                connection.mend()
                continue
            self._sequencer.wake()
            return result
        raise Unavailable("too many others write the same records")

    def _attempt(self, connection: PostgresConnection, work: Callable[[Connection], T], queue: bool) -> T:
        connection.rows("BEGIN")
        connection.inside = True
        transaction = None
        try:
            if queue:
                connection.rows("SELECT pg_advisory_xact_lock(?)", (CONTENDED_LOCK,))
            result = work(connection)
            ((transaction,),) = connection.rows("SELECT CAST(pg_current_xact_id_if_assigned() AS text)")
            connection.send("COMMIT")
            return result
        except Lost:
            connection.inside = False
            if transaction is not None and self._committed(connection, transaction):
                return result
            raise
        except BaseException:
            if not connection.handle.closed:
                connection.send("ROLLBACK")
            raise
        finally:
            connection.inside = False

    def _committed(self, connection: PostgresConnection, transaction: str) -> bool:
        """Whether a transaction whose COMMIT was not answered took place. Raises Unavailable when nobody can say."""
        while True:
            connection.mend()
            ((status,),) = connection.rows("SELECT pg_xact_status(CAST(CAST(? AS text) AS xid8))", (transaction,))
            if status != "in progress":
                return bool(status == "committed")
            time.sleep(0.01)

    def rids(self, connection: Connection) -> Iterator[int]:
        while True:
            with self._rid_lock:
                rid = next(self._rids, None)
                if rid is None:
                    ((block,),) = connection.rows("SELECT nextval('rid_block')")
                    self._rids = iter(range(block * BLOCK, (block + 1) * BLOCK))
                    continue
            yield rid

    def lookup(self, connection: Connection, names: Collection[Name], bodies: bool) -> dict[Name, Head]:
        if not names:
            return {}
        wanted = msgspec.json.encode([{"t": type, "i": id} for type, id in names]).decode()
        found = {}
        for type, id, rid, patient, *rest in connection.rows(_HEADS if bodies else _KEYS, (wanted,)):
            if rest and rest[0] is not None:
                version, updated, deleted, dictionary, packed = rest
                found[type, id] = Head(rid, patient, version, updated, bool(deleted), dictionary or 0, packed)
            else:
                found[type, id] = Head(rid, patient)
        return found

    def apply(self, connection: Connection, plan: Plan) -> None:
        assert isinstance(connection, PostgresConnection)
        keys, values = (_NEW_KEYS, [_listed(plan.record_keys)]) if plan.record_keys else ("", [])
        events = ([row.salt for row in plan.events], [row.bytes for row in plan.events])
        if not plan.events:
            connection.send(f"{keys}SELECT hoso_commit(CAST(? AS jsonb))", (*values, encode(plan)))
        elif plan.changes:
            connection.send(f"{keys}SELECT hoso_commit(CAST(? AS jsonb)), {_EVENTS}", (*values, encode(plan), *events))
        else:
            connection.send(f"SELECT {_EVENTS}", events)

    def lock(self, connection: Connection, criteria: Sequence[str]) -> None:
        keys = sorted({blake2b(text.encode(), digest_size=16).hexdigest() for text in criteria})
        if keys:
            connection.rows(_LOCK, (time.time_ns() // 1_000_000, msgspec.json.encode(keys).decode()))

    def alone(self, lock: int) -> Callable[[], bool]:
        held = Alone(self.url, lock)
        self._held.append(held)
        return held

    def close(self) -> None:
        self._closed = True
        self._sequencer.close()
        for held in self._held:
            held.close()
        for connection in list(self._open):
            connection.close()
