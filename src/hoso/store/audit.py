"""Rows of the audit log. What an event says is for `access` to know; here it is a salt and bytes, never changed.

Events come in the transaction of what they tell; the sealer's rows stand apart, so that writers wait for nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hoso.store.connection import Connection

LOCK = 4_847_005
"""Of the one sealer among all processes that share a PostgreSQL; on SQLite there is one writer anyway."""


class AuditRow(NamedTuple):
    salt: bytes
    bytes: bytes


class Waiting(NamedTuple):
    """An event that was told and has no place in the tree yet."""

    event: int
    salt: bytes
    bytes: bytes


class Seal(NamedTuple):
    """A leaf at its place; the `number`th event of a patient (0 and 0: of nobody)."""

    seq: int
    event: int
    patient: int
    number: int
    leaf: bytes


class Sealed(NamedTuple):
    """A leaf with the event it stands for; empty `salt` and `bytes`: erased; None: the row is gone."""

    seq: int
    event: int
    patient: int
    number: int
    leaf: bytes
    salt: bytes | None
    bytes: bytes | None


def insert(connection: Connection, rows: Sequence[AuditRow]) -> None:
    """Inside the caller's transaction, in the order given."""
    if not rows:
        return
    if connection.dialect == "postgresql":
        connection.rows(
            "SELECT hoso_audit(CAST(? AS bytea[]), CAST(? AS bytea[]))",
            ([row.salt for row in rows], [row.bytes for row in rows]),
        )
        return
    for row in rows:
        connection.rows("INSERT INTO audit_event (salt, bytes) VALUES (?, ?)", row)


def alone(connection: Connection) -> bool:
    """Whether this transaction is the sealer's until it ends."""
    if connection.dialect == "sqlite":
        return True
    return bool(connection.rows("SELECT pg_try_advisory_xact_lock(?)", (LOCK,))[0][0])


def waiting(connection: Connection, limit: int) -> list[Waiting]:
    """Committed events without a place, oldest first."""
    if connection.dialect == "sqlite":
        rows = connection.rows(
            """SELECT id, salt, bytes FROM audit_event
               WHERE id > (SELECT coalesce(max(event), 0) FROM audit_seal WHERE seq = (SELECT max(seq) FROM audit_seal))
               ORDER BY id LIMIT ?""",
            (limit,),
        )
    else:
        rows = connection.rows(
            """SELECT e.id, e.salt, e.bytes FROM (SELECT event FROM audit_pending ORDER BY event LIMIT ?) p
               JOIN audit_event e ON e.id = p.event ORDER BY e.id""",
            (limit,),
        )
    return [Waiting(id, bytes(salt), bytes(text)) for id, salt, text in rows]


def seal(connection: Connection, seals: Sequence[Seal], nodes: Sequence[tuple[int, int, bytes]]) -> None:
    """Adds leaves and the hashes of subtrees that they fill."""
    for start in range(0, len(seals), 200):
        some = seals[start : start + 200]
        marks = ", ".join(["(?, ?, ?, ?, ?)"] * len(some))
        connection.rows(
            f"INSERT INTO audit_seal (seq, event, patient, number, leaf) VALUES {marks}",  # noqa: S608
            [value for one in some for value in one],
        )
    for node in nodes:
        connection.rows("INSERT INTO audit_node (level, place, hash) VALUES (?, ?, ?)", node)
    if connection.dialect == "postgresql" and seals:
        connection.rows(
            "DELETE FROM audit_pending WHERE event = ANY(CAST(? AS bigint[]))", ([one.event for one in seals],)
        )


def size(connection: Connection) -> int:
    """How many leaves the tree has."""
    return int(connection.rows("SELECT coalesce(max(seq) + 1, 0) FROM audit_seal")[0][0])


def ends(connection: Connection, patients: Sequence[int]) -> dict[int, tuple[int, bytes]]:
    """Number and leaf of each patient's last event; those without one are left out."""
    found = {}
    for patient in patients:
        rows = connection.rows(
            "SELECT number, leaf FROM audit_seal WHERE patient = ? AND patient <> 0 ORDER BY number DESC LIMIT 1",
            (patient,),
        )
        if rows:
            found[patient] = (int(rows[0][0]), bytes(rows[0][1]))
    return found


def leaves(connection: Connection, first: int, count: int) -> list[bytes]:
    rows = connection.rows(
        "SELECT leaf FROM audit_seal WHERE seq >= ? AND seq < ? ORDER BY seq", (first, first + count)
    )
    return [bytes(leaf) for (leaf,) in rows]


def nodes(connection: Connection, level: int, first: int, count: int) -> list[bytes]:
    rows = connection.rows(
        "SELECT hash FROM audit_node WHERE level = ? AND place >= ? AND place < ? ORDER BY place",
        (level, first, first + count),
    )
    return [bytes(hash) for (hash,) in rows]


def sealed(connection: Connection, first: int, limit: int) -> list[Sealed]:
    """Leaves with their events from a place on."""
    rows = connection.rows(
        """SELECT s.seq, s.event, s.patient, s.number, s.leaf, e.salt, e.bytes FROM audit_seal s
           LEFT JOIN audit_event e ON e.id = s.event WHERE s.seq >= ? ORDER BY s.seq LIMIT ?""",
        (first, limit),
    )
    return [_sealed(row) for row in rows]


def of_patient(connection: Connection, patient: int, after: int, limit: int) -> list[Sealed]:
    """A patient's leaves with their events, oldest first, behind a number."""
    rows = connection.rows(
        """SELECT s.seq, s.event, s.patient, s.number, s.leaf, e.salt, e.bytes FROM audit_seal s
           LEFT JOIN audit_event e ON e.id = s.event
           WHERE s.patient = ? AND s.patient <> 0 AND s.number > ? ORDER BY s.number LIMIT ?""",
        (patient, after, limit),
    )
    return [_sealed(row) for row in rows]


def _sealed(row: tuple[object, ...]) -> Sealed:
    seq, event, patient, number, leaf, salt, text = row
    return Sealed(seq, event, patient, number, _bytes(leaf) or b"", _bytes(salt), _bytes(text))  # type: ignore[arg-type]


def _bytes(value: object) -> bytes | None:
    return None if value is None else bytes(value)  # type: ignore[call-overload]
