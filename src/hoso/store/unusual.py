"""Unusual reading as rows: what each worker's days were like, what the rules found, and what a privacy officer said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from hoso.store import audit
from hoso.store.audit import AuditRow
from hoso.store.connection import Connection
from hoso.store.engine import Engine


class DayRow(NamedTuple):
    """`day` is `date.toordinal()`, `people` how many somebody met on it."""

    day: int
    actor: str
    role: str
    facility: str
    measure: str
    people: int


class UnusualRow(NamedTuple):
    """Times are milliseconds."""

    id: str
    actor: str
    role: str
    facility: str
    day: int
    measure: str
    people: int
    usual: float | None
    peers: float | None
    found: int
    officer: str | None = None
    decided: int | None = None
    outcome: str | None = None
    words: str | None = None


_COLUMNS = ", ".join(UnusualRow._fields)


class UnusualTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def last_day(self) -> int | None:
        """The newest day of which anything was counted."""
        day: int | None = self._engine.reader().rows("SELECT max(day) FROM reading_day")[0][0]
        return day

    def days(self, since: int) -> list[DayRow]:
        sql = "SELECT day, actor, role, facility, measure, people FROM reading_day WHERE day >= ?"
        return [DayRow(*row) for row in self._engine.reader().rows(sql, (since,))]

    def keep(self, days: Iterable[DayRow], before: int) -> None:
        """A day that was counted again has the greater number; days before `before` are forgotten."""

        def work(connection: Connection) -> None:
            connection.rows("DELETE FROM reading_day WHERE day < ?", (before,))
            for row in days:
                connection.rows(
                    """INSERT INTO reading_day (day, actor, role, facility, measure, people) VALUES (?, ?, ?, ?, ?, ?)
                       ON CONFLICT (day, actor, role, facility, measure) DO UPDATE SET people = excluded.people
                       WHERE excluded.people > reading_day.people""",
                    row,
                )

        self._engine.transact(work)

    def find(self, row: UnusualRow, patients: Collection[int]) -> None:
        """A new finding; of one that is known and not decided the number grows with the day."""

        def work(connection: Connection) -> None:
            marks = ", ".join("?" * len(row))
            ((id,),) = connection.rows(
                f"""INSERT INTO unusual_reading ({_COLUMNS}) VALUES ({marks})
                    ON CONFLICT (actor, role, facility, day, measure) DO UPDATE SET people = CASE
                      WHEN unusual_reading.decided IS NULL AND excluded.people > unusual_reading.people
                      THEN excluded.people ELSE unusual_reading.people END
                    RETURNING id""",  # noqa: S608
                row,
            )
            for patient in sorted(patients):
                connection.rows("INSERT INTO unusual_person VALUES (?, ?) ON CONFLICT DO NOTHING", (id, patient))

        self._engine.transact(work)

    def finding(self, id: str) -> UnusualRow | None:
        if not id.isprintable():  # PostgreSQL has no text with a NUL, so nobody has such an id
            return None
        return next(iter(self._rows("id = ?", id)), None)

    def facilities(self) -> list[str]:
        sql = "SELECT DISTINCT facility FROM unusual_reading ORDER BY facility"
        return [facility for (facility,) in self._engine.reader().rows(sql)]

    def queue(self, facilities: Collection[str], limit: int, skip: int) -> list[UnusualRow]:
        """What is not decided first, then the newest day, then the most people."""
        if not facilities:
            return []
        where = f"{_among(facilities)} ORDER BY decided IS NOT NULL, day DESC, people DESC, id LIMIT ? OFFSET ?"
        return self._rows(where, *sorted(facilities), limit, skip)

    def number(self, facilities: Collection[str], *, open: bool = False) -> int:
        if not facilities:
            return 0
        still = " AND decided IS NULL" if open else ""
        sql = f"SELECT count(*) FROM unusual_reading WHERE {_among(facilities)}{still}"  # noqa: S608
        return int(self._engine.reader().rows(sql, sorted(facilities))[0][0])

    def people(self, id: str, limit: int, skip: int) -> list[int]:
        sql = "SELECT patient FROM unusual_person WHERE finding = ? ORDER BY patient LIMIT ? OFFSET ?"
        return [patient for (patient,) in self._engine.reader().rows(sql, (id, limit, skip))]

    def decide(self, id: str, now: int, officer: str, outcome: str, words: str, told: Sequence[AuditRow]) -> bool:
        """False when somebody else did before."""

        def work(connection: Connection) -> bool:
            sql = """UPDATE unusual_reading SET officer = ?, decided = ?, outcome = ?, words = ?
              WHERE id = ? AND decided IS NULL RETURNING id"""
            decided = bool(connection.rows(sql, (officer, now, outcome, words, id)))
            if decided:
                audit.insert(connection, told)
            return decided

        return self._engine.transact(work)

    def _rows(self, where: str, *values: object) -> list[UnusualRow]:
        sql = f"SELECT {_COLUMNS} FROM unusual_reading WHERE {where}"  # noqa: S608
        return [UnusualRow(*row) for row in self._engine.reader().rows(sql, values)]


def _among(facilities: Collection[str]) -> str:
    return f"facility IN ({', '.join('?' * len(facilities))})"
