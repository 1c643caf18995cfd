"""Changes that are in the record as rows: the feed of this node, sums to be compared, and where agreeing with others
stands. Also finds in the change log what was written here and stands in no stream yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from hoso.store.connection import Connection, Row
from hoso.store.plan import DELETE
from hoso.store.reading import NUMBER, TYPES
from hoso.store.sync_lines import LineName, LineRows, Text, insert

LOCK = "hoso sync"
"""Held by every transaction that writes these tables, so that the feed has no gap and nobody works on what was."""
_WHOLE, _HALF = 1 << 64, 1 << 63


class VersionRow(NamedTuple):
    """`number` and `chain` are those of the feed here, `position` is that in the stream."""

    number: int
    chain: bytes
    change: bytes
    line: LineName
    position: int
    text: Text


class Admitted(NamedTuple):
    """A change that is about to be in the record; the text with this digest is kept already."""

    change: bytes
    line: LineName
    position: int
    type: str
    id: str
    patient: str
    digest: bytes


class Written(NamedTuple):
    """A row of the change log. `bases` are changes it was built on, `number` is its place in the feed of the store."""

    number: int
    change: bytes
    bundle: bytes | None
    place: int
    places: int
    deleted: bool
    type: str
    id: str
    version: str
    bases: tuple[bytes, ...]
    patient: str
    actor: str
    reason: str
    time: int
    body: bytes


_VERSION = """SELECT v.number, v.chain, v.change, v.node, v.epoch, v.branch, v.position, t.dict, t.bytes
  FROM sync_version v JOIN sync_text t ON t.digest = v.digest"""

_WRITTEN = """SELECT {number}, c.id, c.bundle, c.place, c.places, c.op, c.type, k.id, c.version, c.rid, c.base, p.type,
    p.id, c.actor, c.reason, c.time, b.dict, b.bytes
  FROM {source} JOIN change c ON c.seq = f.seq JOIN key k ON k.rid = c.rid JOIN key p ON p.rid = c.patient
  LEFT JOIN body b ON b.patient = c.patient AND b.seq = c.seq
  WHERE NOT EXISTS (SELECT 1 FROM sync_version v WHERE v.change = c.id)
    AND NOT EXISTS (SELECT 1 FROM sync_again a WHERE a.id = c.id) AND {where} ORDER BY {number}, c.seq"""
_OF_FEED = _WRITTEN.format(number="f.number", source="feed f", where="f.number > ? AND f.number <= ?")
_UNNUMBERED = _WRITTEN.format(number="CAST(0 AS bigint)", source="pending f", where="1 = 1")


@dataclass(frozen=True, slots=True)
class SyncRows:
    """On one connection, inside a write transaction or outside."""

    connection: Connection
    lines: LineRows

    # The state of this node

    def state(self, name: str) -> str:
        rows = self.connection.rows("SELECT value FROM sync_state WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def set_state(self, name: str, value: str) -> None:
        self.connection.rows("DELETE FROM sync_state WHERE name = ?", (name,))
        insert(self.connection, "sync_state", [(name, value)])

    # What was written here

    def written(self, after: int, until: int) -> list[Written]:
        """What the change log has between two numbers of its feed that came from nowhere else."""
        return [self._written(row) for row in self.connection.rows(_OF_FEED, (after, until))]

    def unnumbered(self) -> list[Written]:
        """What was committed and has no number yet; on SQLite that cannot be."""
        if self.connection.dialect == "sqlite":
            return []
        return [self._written(row) for row in self.connection.rows(_UNNUMBERED)]

    def _written(self, row: Row) -> Written:
        number, change, bundle, place, places, op, type, id, version, rid, base, of, patient, *told = row
        actor, reason, time, dictionary, packed = told
        body = b"" if packed is None else self.connection.text(dictionary, bytes(packed), rid, version)
        return Written(
            number, bytes(change), bytes(bundle) if bundle else None, place, places, op == DELETE, TYPES[type], id,
            version, self._bases(bytes(change), rid, base), patient if TYPES[of] == "Patient" else "", actor, reason,
            time, body,
        )  # fmt: skip

    def _bases(self, change: bytes, rid: int, version: str | None) -> tuple[bytes, ...]:
        joined = self.connection.rows("SELECT base FROM sync_joined WHERE change = ? ORDER BY base", (change,))
        if joined:
            return tuple(bytes(base) for (base,) in joined)
        base = None if version is None else self._change_of(rid, version)
        return () if base is None else (base,)

    def join(self, change: bytes, bases: Collection[bytes]) -> None:
        """The change, which is about to be written here, is built on all of these."""
        insert(self.connection, "sync_joined", [(change, base) for base in sorted(bases)])

    def _change_of(self, rid: int, version: str) -> bytes | None:
        """Which change a version of this node is."""
        rows = self.connection.rows(
            """SELECT c.id, a.change FROM change c LEFT JOIN sync_again a ON a.id = c.id
               WHERE c.rid = ? AND c.version = ?""",
            (rid, version),
        )
        return bytes(rows[0][1] or rows[0][0]) if rows else None

    def version_here(self, change: bytes) -> str:
        """Under which version id this node's store has a change; "" when it could not be stored."""
        rows = self.connection.rows("SELECT version FROM change WHERE id = ?", (change,))
        return str(rows[0][0]) if rows else ""

    def shown(self, type: str, id: str) -> tuple[bytes, bool] | None:
        """The change that is shown as the current version here, and whether it bears the tag of a conflict."""
        rows = self.connection.rows(
            """SELECT c.id, a.change, a.tagged FROM key k JOIN resource r ON r.patient = k.patient AND r.rid = k.rid
               JOIN change c ON c.seq = r.seq LEFT JOIN sync_again a ON a.id = c.id WHERE k.type = ? AND k.id = ?""",
            (NUMBER[type], id),
        )
        return (bytes(rows[0][1] or rows[0][0]), bool(rows[0][2])) if rows else None

    def again(self, id: bytes, change: bytes, tagged: bool) -> None:
        insert(self.connection, "sync_again", [(id, change, int(tagged))])

    def repeated(self) -> list[tuple[str, str]]:
        """Records of which there ever were several heads."""
        rows = self.connection.rows(
            """SELECT DISTINCT v.type, v.id FROM sync_again a JOIN sync_version v ON v.change = a.change
               ORDER BY v.type, v.id"""
        )
        return [(type, id) for type, id in rows]

    # What is in the record

    def has(self, change: bytes) -> bool:
        return bool(self.connection.rows("SELECT 1 FROM sync_version WHERE change = ?", (change,)))

    def admit(self, admitted: Sequence[Admitted]) -> None:
        """The next of the feed."""
        number, chain = self.feed_end()
        rows, sums = [], Counter[str]()
        for number, one in enumerate(admitted, number + 1):  # noqa: B020
            chain = sha256(chain + one.change).digest()
            rows.append((number, chain, one.change, *one.line, one.position, one.type, one.id, one.patient, one.digest))
            sums[one.patient] += int.from_bytes(sha256(one.change).digest()[:8], "big")
        insert(self.connection, "sync_version", rows)
        for patient, added in sums.items():
            total = self.sum(patient) + added
            self.connection.rows("DELETE FROM sync_patient WHERE patient = ?", (patient,))
            insert(self.connection, "sync_patient", [(patient, (total + _HALF) % _WHOLE - _HALF)])

    def version(self, change: bytes) -> VersionRow | None:
        rows = self._versions("WHERE v.change = ?", (change,))
        return rows[0] if rows else None

    def versions(self, type: str, id: str) -> list[VersionRow]:
        return self._versions("WHERE v.type = ? AND v.id = ? ORDER BY v.number", (type, id))

    def feed(self, after: int, limit: int) -> list[VersionRow]:
        return self._versions("WHERE v.number > ? ORDER BY v.number LIMIT ?", (after, limit))

    def feed_end(self) -> tuple[int, bytes]:
        rows = self.connection.rows("SELECT number, chain FROM sync_version ORDER BY number DESC LIMIT 1")
        return (int(rows[0][0]), bytes(rows[0][1])) if rows else (0, b"")

    def feed_chain(self, number: int) -> bytes | None:
        rows = self.connection.rows("SELECT chain FROM sync_version WHERE number = ?", (number,))
        return bytes(rows[0][0]) if rows else b"" if number == 0 else None

    def resources(self, patient: str) -> list[tuple[str, str]]:
        rows = self.connection.rows("SELECT DISTINCT type, id FROM sync_version WHERE patient = ?", (patient,))
        return [(type, id) for type, id in rows]

    def patients(self) -> dict[str, int]:
        """The sum of the changes of each."""
        rows = self.connection.rows("SELECT patient, sum FROM sync_patient")
        return {patient: total % _WHOLE for patient, total in rows}

    def sum(self, patient: str) -> int:
        rows = self.connection.rows("SELECT sum FROM sync_patient WHERE patient = ?", (patient,))
        return int(rows[0][0]) % _WHOLE if rows else 0

    def _versions(self, where: str, params: Sequence[object]) -> list[VersionRow]:
        rows = self.connection.rows(f"{_VERSION} {where}", params)
        return [
            VersionRow(
                number,
                bytes(chain),
                bytes(change),
                LineName(node, epoch, branch),
                position,
                self.lines.text(tuple(text)),
            )
            for number, chain, change, node, epoch, branch, position, *text in rows
        ]

    # What the hub said

    def cursors(self, hub: str) -> list[tuple[int, bytes]]:
        sql = "SELECT number, chain FROM sync_cursor WHERE hub = ? ORDER BY number DESC"
        return [(number, bytes(chain)) for number, chain in self.connection.rows(sql, (hub,))]

    def set_cursors(self, hub: str, cursors: Iterable[tuple[int, bytes]]) -> None:
        self.connection.rows("DELETE FROM sync_cursor WHERE hub = ?", (hub,))
        insert(self.connection, "sync_cursor", [(hub, *cursor) for cursor in cursors])

    def receipt(self, line: LineName, centre: bool) -> bytes | None:
        sql = "SELECT bytes FROM sync_receipt WHERE node = ? AND epoch = ? AND branch = ? AND centre = ?"
        rows = self.connection.rows(sql, (*line, int(centre)))
        return bytes(rows[0][0]) if rows else None

    def set_receipt(self, line: LineName, centre: bool, data: bytes) -> None:
        sql = "DELETE FROM sync_receipt WHERE node = ? AND epoch = ? AND branch = ? AND centre = ?"
        self.connection.rows(sql, (*line, int(centre)))
        insert(self.connection, "sync_receipt", [(*line, int(centre), data)])

    def above(self) -> list[bytes]:
        return [bytes(change) for (change,) in self.connection.rows("SELECT change FROM sync_above")]

    def set_above(self, changes: Collection[bytes]) -> None:
        self.connection.rows("DELETE FROM sync_above")
        insert(self.connection, "sync_above", [(change,) for change in sorted(changes)])
