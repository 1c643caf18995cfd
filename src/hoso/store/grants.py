"""What people give each other as rows: grants, the emergencies behind some of them, and a citizen's one-time codes.

A grant names a patient's number and reaches the person through `member`, so linking rewrites nothing. Rows are never
taken away: a grant ends, an emergency is decided, a code is used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from hoso.store import audit
from hoso.store.audit import AuditRow
from hoso.store.connection import Connection
from hoso.store.engine import Engine


class GrantRow(NamedTuple):
    """`kind`: "emergency", "grant", "delegation", "representative" or "summary". `ended` None: it runs to `until`.

    `facility`: it holds for who acts there; empty: wherever.
    """

    id: str
    kind: str
    patient: int
    grantee: str
    giver: str
    since: int
    until: int
    ended: int | None = None
    facility: str = ""

    @property
    def over(self) -> int:
        """When it ends, or did: before its time when somebody ended it."""
        return self.ended if self.ended is not None else self.until


class EmergencyRow(NamedTuple):
    """`told`: when the citizen was notified; `delay`: the coded reason why not yet."""

    id: str
    facility: str
    code: str
    words: str
    score: int
    deadline: int
    told: int | None = None
    delay: str | None = None
    officer: str | None = None
    decided: int | None = None
    outcome: str | None = None
    finding: str | None = None


_GRANT = ", ".join(f"g.{name}" for name in GrantRow._fields)
_EMERGENCY = ", ".join(f"e.{name}" for name in EmergencyRow._fields)


class GrantTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def give(self, grant: GrantRow, emergency: EmergencyRow | None = None, told: Sequence[AuditRow] = ()) -> None:
        def work(connection: Connection) -> None:
            _insert(connection, "access_grant", grant)
            audit.insert(connection, told)
            if emergency is not None:
                _insert(connection, "emergency", emergency)

        self._engine.transact(work)

    def end(self, id: str, now: int, told: Sequence[AuditRow] = ()) -> bool:
        """False when it had ended already, or never was."""

        def work(connection: Connection) -> bool:
            sql = "UPDATE access_grant SET ended = ? WHERE id = ? AND ended IS NULL AND until > ? RETURNING id"
            ended = bool(connection.rows(sql, (now, id, now)))
            if ended:
                audit.insert(connection, told)
            return ended

        return self._engine.transact(work)

    def grant(self, id: str) -> GrantRow | None:
        if not id.isprintable():  # PostgreSQL has no text with a NUL, so nobody has such an id
            return None
        rows = self._engine.reader().rows(f"SELECT {_GRANT} FROM access_grant g WHERE g.id = ?", (id,))  # noqa: S608
        return GrantRow(*rows[0]) if rows else None

    def emergency(self, id: str) -> EmergencyRow | None:
        if not id.isprintable():
            return None
        rows = self._engine.reader().rows(f"SELECT {_EMERGENCY} FROM emergency e WHERE e.id = ?", (id,))  # noqa: S608
        return EmergencyRow(*rows[0]) if rows else None

    def used(self, id: str, time: int, request: str, type: str) -> None:
        """One use of an emergency; the same said twice is one."""

        def work(connection: Connection) -> None:
            connection.rows("INSERT INTO emergency_use VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                            (id, time, request, type))  # fmt: skip

        self._engine.transact(work)

    def uses(self, id: str) -> list[tuple[int, str, str]]:
        sql = "SELECT time, request, type FROM emergency_use WHERE emergency = ? ORDER BY time, request, type"
        return [(time, request, type) for time, request, type in self._engine.reader().rows(sql, (id,))]

    def undecided(self) -> list[str]:
        """Facilities of which an emergency waits for a decision."""
        return self._facilities("decided IS NULL")

    def untold(self) -> list[str]:
        """Facilities of whose emergencies a citizen is to be told later."""
        return self._facilities("told IS NULL AND delay IS NOT NULL")

    def waiting(self, facilities: Collection[str]) -> list[tuple[GrantRow, EmergencyRow]]:
        """What a privacy officer has to decide about, the gravest and then the most urgent first."""
        return self._at(facilities, "e.decided IS NULL ORDER BY e.score DESC, e.deadline, e.id")

    def of_month(self, since: int, until: int) -> list[tuple[GrantRow, EmergencyRow]]:
        return self._both("g.since >= ? AND g.since < ? ORDER BY g.since, g.id", since, until)

    def emergencies_of(self, patients: Collection[int]) -> list[tuple[GrantRow, EmergencyRow]]:
        """Those about any of these Patients, newest first."""
        return self._about(patients, "1 = 1")

    def delayed(self, patients: Collection[int]) -> list[tuple[GrantRow, EmergencyRow]]:
        """Emergencies of which the citizen is to be told later."""
        return self._about(patients, "e.told IS NULL AND e.delay IS NOT NULL")

    def unread(self, patients: Collection[int]) -> list[tuple[GrantRow, EmergencyRow]]:
        """Emergencies of which the citizen has to be told now."""
        return self._about(patients, "e.told IS NULL AND e.delay IS NULL")

    def delayed_at(self, facilities: Collection[str]) -> list[tuple[GrantRow, EmergencyRow]]:
        """What citizens are to be told of later."""
        return self._at(facilities, "e.told IS NULL AND e.delay IS NOT NULL ORDER BY g.since, g.id")

    def _facilities(self, where: str) -> list[str]:
        sql = f"SELECT DISTINCT facility FROM emergency WHERE {where} ORDER BY facility"  # noqa: S608
        return [facility for (facility,) in self._engine.reader().rows(sql)]

    def _at(self, facilities: Collection[str], where: str) -> list[tuple[GrantRow, EmergencyRow]]:
        if not facilities:
            return []
        marks = ", ".join("?" * len(facilities))
        return self._both(f"e.facility IN ({marks}) AND {where}", *sorted(facilities))

    def _about(self, patients: Collection[int], where: str) -> list[tuple[GrantRow, EmergencyRow]]:
        if not patients:
            return []
        marks = ", ".join("?" * len(patients))
        return self._both(f"g.patient IN ({marks}) AND {where} ORDER BY g.since DESC, g.id", *sorted(patients))

    def of_patients(self, patients: Collection[int], now: int) -> list[GrantRow]:
        """What was given about any of these Patients and has not ended, but for emergencies."""
        marks = ", ".join("?" * len(patients))
        return self._grants(
            f"g.patient IN ({marks}) AND g.kind <> 'emergency' AND g.ended IS NULL AND g.until > ?"
            " ORDER BY g.since DESC, g.id",
            *sorted(patients),
            now,
        ) if patients else []  # fmt: skip

    def held_by(self, grantee: str, now: int) -> list[GrantRow]:
        """What somebody was given and still has, but for emergencies."""
        where = (
            "g.grantee = ? AND g.kind <> 'emergency' AND g.ended IS NULL AND g.until > ? ORDER BY g.since DESC, g.id"
        )
        return self._grants(where, grantee, now)

    def _grants(self, where: str, *params: object) -> list[GrantRow]:
        sql = f"SELECT {_GRANT} FROM access_grant g WHERE {where}"  # noqa: S608
        return [GrantRow(*row) for row in self._engine.reader().rows(sql, params)]

    def _both(self, where: str, *params: object) -> list[tuple[GrantRow, EmergencyRow]]:
        sql = f"SELECT {_GRANT}, {_EMERGENCY} FROM emergency e JOIN access_grant g ON g.id = e.id WHERE {where}"  # noqa: S608
        width = len(GrantRow._fields)
        return [(GrantRow(*row[:width]), EmergencyRow(*row[width:])) for row in self._engine.reader().rows(sql, params)]

    def often(self, grantee: str, since: int) -> int:
        """How many emergencies somebody has declared since a moment."""
        sql = "SELECT count(*) FROM access_grant WHERE kind = 'emergency' AND grantee = ? AND since >= ?"
        return int(self._engine.reader().rows(sql, (grantee, since))[0][0])

    def decide(self, id: str, officer: str, now: int, outcome: str, finding: str, told: Sequence[AuditRow]) -> bool:
        """False when somebody else decided before."""
        change = "officer = ?, decided = ?, outcome = ?, finding = ?"
        return self._mark(id, change, "decided IS NULL", (officer, now, outcome, finding), told)

    def tell(self, id: str, now: int, told: Sequence[AuditRow]) -> bool:
        """The citizen has read of it; False when they had, or are to be told later."""
        return self._mark(id, "told = ?", "told IS NULL AND delay IS NULL", (now,), told)

    def delay(self, id: str, reason: str | None, told: Sequence[AuditRow]) -> bool:
        """Until it is put back to None; False for what the citizen has read already."""
        return self._mark(id, "delay = ?", "told IS NULL", (reason,), told)

    def _mark(self, id: str, change: str, when: str, values: tuple[object, ...], told: Sequence[AuditRow]) -> bool:
        def work(connection: Connection) -> bool:
            sql = f"UPDATE emergency SET {change} WHERE id = ? AND {when} RETURNING id"  # noqa: S608
            changed = bool(connection.rows(sql, (*values, id)))
            if changed:
                audit.insert(connection, told)
            return changed

        return self._engine.transact(work)

    def offer(
        self,
        digest: bytes,
        patient: int,
        kind: str,
        made: int,
        expires: int,
        lasts: int,
        told: Sequence[AuditRow] = (),
    ) -> None:
        """A code that a citizen may hand to somebody."""

        def work(connection: Connection) -> None:
            row = (digest, patient, kind, made, expires, lasts, None)
            connection.rows("INSERT INTO access_code VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            audit.insert(connection, told)

        self._engine.transact(work)

    def redeem(
        self,
        digest: bytes,
        id: str,
        grantee: str,
        now: int,
        kinds: Collection[str],
        told: Callable[[GrantRow], Sequence[AuditRow]],
        not_of: Collection[int] = (),
    ) -> GrantRow | None:
        """Uses a code up and gives what it stands for; None for one that is used, expired or unknown, of another kind

        or of these patients, and such a one stays good for whom it is meant.
        """

        def work(connection: Connection) -> GrantRow | None:
            lock = " FOR UPDATE" if connection.dialect == "postgresql" else ""
            sql = "SELECT patient, kind, lasts FROM access_code WHERE digest = ? AND used IS NULL AND expires > ?"
            rows = connection.rows(sql + lock, (digest, now))
            if not rows:
                return None
            patient, kind, lasts = rows[0]
            if kind not in kinds or patient in not_of:
                return None
            connection.rows("UPDATE access_code SET used = ? WHERE digest = ?", (now, digest))
            grant = GrantRow(id, kind, patient, grantee, f"patient/{patient}", now, now + lasts)
            _insert(connection, "access_grant", grant)
            audit.insert(connection, told(grant))
            return grant

        return self._engine.transact(work)


def _insert(connection: Connection, table: str, row: GrantRow | EmergencyRow) -> None:
    marks = ", ".join("?" * len(row))
    connection.rows(f"INSERT INTO {table} ({', '.join(row._fields)}) VALUES ({marks})", row)  # noqa: S608
