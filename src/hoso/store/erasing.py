"""Erasing for ever: the key of a record goes, its bodies go, and a deletion in the log says that it was there.

All in one transaction, so a stop in between leaves either everything or nothing erased.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from hoso.store.connection import Connection
from hoso.store.contract import Draft, Origin
from hoso.store.reading import TYPES
from hoso.store.record_store import RecordStore, RecordTransaction
from hoso.store.seal import NEVER
from hoso.store.search.sql import among

FOREVER = (1 << 62) - 1
REASON = "erased"
"""Of the deletion in the log."""
_NEVER = ", ".join(map(str, sorted(NEVER)))


class Record(NamedTuple):
    rid: int
    type: int
    id: str
    patient: int


class Request(NamedTuple):
    """A row of `erasure_request`; `approved` None: nobody has decided yet."""

    id: str
    patient: str
    labels: int
    words: str
    asker: str
    asked: int
    decider: str | None = None
    decided: int | None = None
    approved: int | None = None
    case_id: str = ""
    """Of the citizen's case that asks for it."""


_REQUEST = ", ".join(Request._fields)


def ask(connection: Connection, request: Request) -> None:
    marks = ", ".join("?" * len(request))
    connection.rows(f"INSERT INTO erasure_request ({_REQUEST}) VALUES ({marks})", request)  # noqa: S608


def requests(connection: Connection, id: str | None = None) -> list[Request]:
    where, params = ("WHERE id = ?", (id,)) if id is not None else ("", ())
    return [Request(*row) for row in connection.rows(f"SELECT {_REQUEST} FROM erasure_request {where}", params)]  # noqa: S608


def decide(connection: Connection, id: str, decider: str, now: int, *, approved: bool) -> bool:
    """False when somebody else decided meanwhile."""
    return bool(
        connection.rows(
            """UPDATE erasure_request SET decider = ?, decided = ?, approved = ? WHERE id = ? AND approved IS NULL
               RETURNING id""",
            (decider, now, int(approved), id),
        )
    )


def records(connection: Connection, patients: Collection[int], labels: int) -> list[Record]:
    """What carries one of the labels in the records of these Patients, and is not erased yet."""
    where = among(connection.dialect, "r.patient", sorted(patients))
    rows = connection.rows(
        f"""SELECT r.rid, r.type, r.id, r.patient FROM resource r JOIN label y ON y.rid = r.rid
            WHERE {where.text} AND (y.mask & ?) <> 0 AND r.type NOT IN ({_NEVER})
            AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.rid = r.rid) ORDER BY r.rid""",  # noqa: S608
        (*where.params, labels),
    )
    return [Record(*row) for row in rows]


def erase(
    transaction: RecordTransaction, found: Sequence[Record], request: str, now: int, until: int = FOREVER
) -> None:
    """Inside the transaction that also approves the request and tells the audit log.

    `until`: what was written under the name after this moment is another record's and stays.
    """
    connection = transaction.connection
    living = [one for one in found if _lives(connection, one, until)]
    transaction.save([Draft("DELETE", TYPES[one.type], one.id, b"", None) for one in living])
    for one in found:
        bodies = "SELECT c.seq FROM change c WHERE c.rid = ? AND c.time <= ?"
        connection.rows(f"DELETE FROM body WHERE seq IN ({bodies})", (one.rid, until))  # noqa: S608
        connection.rows("DELETE FROM record_key WHERE rid = ? AND made <= ?", (one.rid, until))
        connection.rows(
            "INSERT INTO erasure (rid, type, id, request, time) VALUES (?, ?, ?, ?, ?) ON CONFLICT (rid) DO NOTHING",
            (one.rid, one.type, one.id, request, now),
        )


def _lives(connection: Connection, one: Record, until: int) -> bool:
    """By its head alone: a backup may have brought it back without the key to read it."""
    sql = "SELECT 1 FROM resource WHERE patient = ? AND rid = ? AND deleted = 0 AND updated <= ?"
    return bool(connection.rows(sql, (one.patient, one.rid, until)))


def bury(store: RecordStore, actor: str) -> int:
    """After a restore: what was erased since the backup was made is so again. Answers how many records."""

    def work(transaction: RecordTransaction) -> int:
        rows = transaction.connection.rows(
            """SELECT e.rid, e.type, e.id, k.patient, e.request, e.time FROM erasure e JOIN key k ON k.rid = e.rid
               WHERE EXISTS (SELECT 1 FROM change c JOIN body b ON b.patient = c.patient AND b.seq = c.seq
                 WHERE c.rid = e.rid AND c.time <= e.time)"""
        )
        for *one, request, time in rows:
            erase(transaction, [Record(*one)], request, store.now(), time)
        return len(rows)

    return store.write(work, Origin(actor, REASON))


def decided(store: RecordStore) -> list[tuple[frozenset[int], int, str]]:
    """The Patients of each person of whom something was erased, when that was decided, by which request.

    Requests are of the database, what was erased comes with a newer file of keys than the backup's too.
    """
    people, reader = store.people, store.engine.reader()
    known = [(people.whole(one.patient), one.decided, one.id) for one in requests(reader) if one.approved]
    rows = reader.rows(
        "SELECT k.patient, MAX(e.time), MAX(e.request) FROM erasure e JOIN key k ON k.rid = e.rid GROUP BY k.patient"
    )
    ids = people.ids({row[0] for row in rows})
    erased = [(people.whole(ids[rid]), time, request) for rid, time, request in rows if rid in ids]
    return [(whose, time, request) for whose, time, request in [*known, *erased] if time is not None]


def scrub(connection: Connection) -> None:
    """What the database itself keeps of rows that went: dead rows of PostgreSQL. Outside any transaction."""
    if connection.dialect == "postgresql":
        connection.rows("SET statement_timeout = 0")
        for table in ("record_key", "body", "string", "token"):
            connection.rows(f"VACUUM {table}")
        connection.rows("RESET statement_timeout")
