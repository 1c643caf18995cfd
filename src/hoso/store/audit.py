"""Rows of the audit log. What an event says is for `access` to know; here it is a salt and bytes, never changed.

Events come in the transaction of what they tell; the sealer's rows stand apart, so that writers wait for nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from hoso.store.connection import Connection

LOCK = 4_847_005
"""Of the one sealer among all processes that share a PostgreSQL; on SQLite there is one writer anyway."""
PAGE = 1_000


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


_BEHIND = "id > (SELECT coalesce(max(event), 0) FROM audit_seal WHERE seq = (SELECT max(seq) FROM audit_seal))"
"""On SQLite, where events are committed in the order of their ids: what has no place yet."""


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
    for start in range(0, len(rows), 200):
        some = rows[start : start + 200]
        marks = ", ".join(["(?, ?)"] * len(some))
        connection.rows(
            f"INSERT INTO audit_event (salt, bytes) VALUES {marks}",  # noqa: S608
            [value for row in some for value in row],
        )


def lock(connection: Connection) -> None:
    """This transaction is the sealer's until it ends; another one waits."""
    if connection.dialect == "postgresql":
        connection.rows("SELECT CAST(pg_advisory_xact_lock(?) AS text)", (LOCK,))


def waiting(connection: Connection, limit: int, after: int = 0) -> list[Waiting]:
    """Committed events without a place, oldest first, behind an id."""
    if connection.dialect == "sqlite":
        rows = connection.rows(
            f"SELECT id, salt, bytes FROM audit_event WHERE {_BEHIND} AND id > ? ORDER BY id LIMIT ?",  # noqa: S608
            (after, limit),
        )
    else:
        rows = connection.rows(
            """SELECT e.id, e.salt, e.bytes
               FROM (SELECT event FROM audit_pending WHERE event > ? ORDER BY event LIMIT ?) p
               JOIN audit_event e ON e.id = p.event ORDER BY e.id""",
            (after, limit),
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


def newest(connection: Connection, patient: int | None, before: int | None, limit: int) -> list[Sealed]:
    """Leaves with their events, newest first, before a place; of one patient, or all for None."""
    where, order = ("s.patient = ? AND s.patient <> 0", "s.number") if patient is not None else ("1 = 1", "s.seq")
    values = [patient] if patient is not None else []
    if before is not None:
        where, values = f"{where} AND s.seq < ?", [*values, before]
    rows = connection.rows(
        f"""SELECT s.seq, s.event, s.patient, s.number, s.leaf, e.salt, e.bytes FROM audit_seal s
            LEFT JOIN audit_event e ON e.id = s.event WHERE {where} ORDER BY {order} DESC LIMIT ?""",  # noqa: S608
        (*values, limit),
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


def concerning(connection: Connection, patients: Collection[int]) -> Iterator[bytes]:
    """Events that may concern some patients: all of theirs, and those without a place yet."""
    for patient in patients:
        number = 0
        while rows := of_patient(connection, patient, number, PAGE):
            yield from (row.bytes for row in rows if row.bytes)
            number = rows[-1].number
    after = 0
    while behind := waiting(connection, PAGE, after):
        yield from (one.bytes for one in behind)
        after = behind[-1].event


def _sealed(row: tuple[object, ...]) -> Sealed:
    seq, event, patient, number, leaf, salt, text = row
    return Sealed(seq, event, patient, number, _bytes(leaf) or b"", _bytes(salt), _bytes(text))  # type: ignore[arg-type]


def _bytes(value: object) -> bytes | None:
    return None if value is None else bytes(value)  # type: ignore[call-overload]


def secret(connection: Connection) -> bytes:
    """What patients' hashes are keyed with: it stays with the database, also in a backup."""
    return bytes(connection.rows("SELECT value FROM node WHERE name = 'secret'")[0][0])


def publish(connection: Connection, seq: int, day: int) -> None:
    connection.rows("INSERT INTO audit_map (seq, day) VALUES (?, ?)", (seq, day))


def maps(connection: Connection) -> list[tuple[int, int]]:
    """Places of the published maps with their days, oldest first."""
    return [(seq, day) for seq, day in connection.rows("SELECT seq, day FROM audit_map ORDER BY seq")]


def last_map(connection: Connection) -> tuple[int, int] | None:
    rows = connection.rows("SELECT seq, day FROM audit_map ORDER BY seq DESC LIMIT 1")
    return (rows[0][0], rows[0][1]) if rows else None


def heads(connection: Connection, size: int) -> list[tuple[int, int, bytes]]:
    """Patient, number and leaf of each patient's last event among the first `size` leaves."""
    rows = connection.rows(
        """SELECT s.patient, s.number, s.leaf FROM
           (SELECT patient, max(number) AS number FROM audit_seal WHERE patient <> 0 AND seq < ? GROUP BY patient) m
           JOIN audit_seal s ON s.patient = m.patient AND s.number = m.number AND s.patient <> 0""",
        (size,),
    )
    return [(patient, number, bytes(leaf)) for patient, number, leaf in rows]


def checkpoint(connection: Connection) -> tuple[int, str] | None:
    """The last one: size and note."""
    rows = connection.rows("SELECT size, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1")
    return (rows[0][0], rows[0][1]) if rows else None


def checkpoints(connection: Connection) -> list[tuple[int, str]]:
    return [(size, note) for size, note in connection.rows("SELECT size, note FROM audit_checkpoint ORDER BY size")]


def add_checkpoint(connection: Connection, size: int, note: str) -> None:
    """In place of those since the last map that no witness signed: a later one says all that they said."""
    kept = last_map(connection)
    connection.rows(
        "DELETE FROM audit_checkpoint WHERE size > ? AND size NOT IN (SELECT size FROM audit_cosignature)",
        (kept[0] + 1 if kept else 0,),
    )
    connection.rows("INSERT INTO audit_checkpoint (size, note) VALUES (?, ?)", (size, note))


def cosignatures(connection: Connection) -> list[tuple[int, str, str]]:
    rows = connection.rows("SELECT size, name, line FROM audit_cosignature ORDER BY size, name")
    return [(size, name, line) for size, name, line in rows]


def cosigned_upto(connection: Connection, name: str) -> int:
    """How many leaves the largest checkpoint has that a witness signed."""
    rows = connection.rows("SELECT coalesce(max(size), 0) FROM audit_cosignature WHERE name = ?", (name,))
    return int(rows[0][0])


def cosign(connection: Connection, size: int, note: str, name: str, line: str) -> None:
    """Keeps what a witness signed, with the checkpoint; in place of what it signed since the last map."""
    kept = last_map(connection)
    connection.rows(
        "DELETE FROM audit_cosignature WHERE name = ? AND size > ? AND size < ?",
        (name, kept[0] + 1 if kept else 0, size),
    )
    connection.rows(
        "INSERT INTO audit_checkpoint (size, note) VALUES (?, ?) ON CONFLICT (size) DO NOTHING", (size, note)
    )
    connection.rows(
        """INSERT INTO audit_cosignature (size, name, line) VALUES (?, ?, ?)
           ON CONFLICT (size, name) DO UPDATE SET line = excluded.line""",
        (size, name, line),
    )


def cosigned(connection: Connection) -> tuple[int, str] | None:
    """The last checkpoint that a witness signed."""
    rows = connection.rows(
        """SELECT size, note FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_cosignature)"""
    )
    return (rows[0][0], rows[0][1]) if rows else None


def idle(connection: Connection) -> bool:
    """Whether every event has its place and the tree is signed as it is. Asks without a turn to write."""
    if waiting(connection, 1):
        return False
    last = checkpoint(connection)
    return size(connection) == (last[0] if last else 0)


def erase(connection: Connection, event: int) -> None:
    connection.rows("UPDATE audit_event SET salt = ?, bytes = ? WHERE id = ?", (b"", b"", event))


def told(connection: Connection) -> tuple[int, int, int]:
    """How many events there are, how many have a place, and how many wait for one."""
    ((events,),) = connection.rows("SELECT count(*) FROM audit_event")
    ((sealed,),) = connection.rows("SELECT count(*) FROM audit_seal")
    if connection.dialect == "sqlite":
        sql = f"SELECT count(*) FROM audit_event WHERE {_BEHIND}"  # noqa: S608
    else:
        sql = "SELECT count(*) FROM audit_pending p JOIN audit_event e ON e.id = p.event"
    ((waits,),) = connection.rows(sql)
    return events, sealed, waits


def stray(connection: Connection) -> int | None:
    """An event that has no place and does not wait for one."""
    if connection.dialect == "sqlite":
        waits = " EXCEPT SELECT id FROM audit_event WHERE id > (SELECT coalesce(max(event), 0) FROM audit_seal)"
    else:
        waits = " EXCEPT SELECT event FROM audit_pending"
    rows = connection.rows(
        f"SELECT id FROM audit_event EXCEPT SELECT event FROM audit_seal{waits} ORDER BY 1 LIMIT 1"  # noqa: S608
    )
    return rows[0][0] if rows else None


def all_nodes(connection: Connection) -> dict[tuple[int, int], bytes]:
    rows = connection.rows("SELECT level, place, hash FROM audit_node")
    return {(level, place): bytes(hash) for level, place, hash in rows}
