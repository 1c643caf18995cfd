"""A sealed log to look at and to spoil, on either engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.access.audit.events import NOON, event, rows, salted

from hoso.access.audit.note import Signer
from hoso.access.audit.sealer import Sealer
from hoso.store import audit
from hoso.store.record_store import RecordStore

SIGNER = Signer.of("hoso.audit/test-node", bytes(range(32)))


def clock(days: float = 0) -> Callable[[], datetime]:
    return lambda: datetime.fromtimestamp(NOON / 1000 + days * 86_400, UTC)


def sealer(store: RecordStore, days: float = 0) -> Sealer:
    return Sealer(store.engine, SIGNER, clock(days), lambda size: salted(7)[:size])


def fill(store: RecordStore, count: int, patients: int = 9, start: int = 0) -> None:
    """Events of some patients and of nobody, sealed and signed in two sittings, with a map."""
    told = rows([event(n, n % patients) for n in range(start, start + count)])
    store.record(told[: count // 2])
    sealer(store).settle()
    sealer(store, start).publish()
    store.record(told[count // 2 :])
    sealer(store).settle()


TABLES = {
    "audit_event": ("id", "salt", "bytes"),
    "audit_seal": ("seq", "event", "patient", "number", "leaf"),
    "audit_node": ("level", "place", "hash"),
    "audit_map": ("seq", "day"),
    "audit_checkpoint": ("size", "note"),
}


def unguarded(connection: Any) -> None:
    """Without triggers, until the transaction ends (PostgreSQL) or is committed (SQLite)."""
    if connection.dialect == "postgresql":
        connection.rows("SET LOCAL session_replication_role = replica")
        return
    for (name,) in connection.rows("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit_%'"):
        connection.rows(f"DROP TRIGGER {name}")


def spoil(store: RecordStore, *statements: tuple[str, tuple[Any, ...]]) -> None:
    """What somebody with the database in his hands can do; triggers do not stop him."""

    def work(connection: Any) -> None:
        unguarded(connection)
        for sql, values in statements:
            connection.rows(sql, values)

    store.engine.transact(work)


def size(store: RecordStore) -> int:
    return audit.size(store.engine.reader())
