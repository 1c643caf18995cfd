"""What citizens asked and somebody owes an answer to, as rows. What a kind and an outcome mean is for `access` to know.

Every change is one statement that also says what it must find, so of two at once one comes too late; the audit events
of a change are stored with it or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from hoso.store import audit
from hoso.store.audit import AuditRow
from hoso.store.connection import Connection
from hoso.store.engine import Engine

NO_EVENT = -1


class CaseRow(NamedTuple):
    """Times are milliseconds. `third`: others have to be asked, so the longer term holds."""

    id: str
    kind: str
    patient: int
    opener: str
    facility: str
    event: int
    words: str
    opened: int
    acknowledge_by: int
    due: int
    third: int = 0
    acknowledged: int | None = None
    extended: int | None = None
    extension: str | None = None
    answered: int | None = None
    officer: str | None = None
    outcome: str | None = None
    answer: str | None = None
    closed: int | None = None


_COLUMNS = ", ".join(CaseRow._fields)
_OPEN = "answered IS NULL AND closed IS NULL"


def settle(connection: Connection, id: str, now: int, officer: str, outcome: str, words: str) -> bool:
    """Answers a case and closes it, inside the transaction that does what it asks. False: it was answered before."""
    sql = f"""UPDATE citizen_case SET answered = ?, acknowledged = coalesce(acknowledged, ?), officer = ?, outcome = ?,
      answer = ?, closed = ? WHERE id = ? AND {_OPEN} RETURNING id"""  # noqa: S608
    return bool(connection.rows(sql, (now, now, officer, outcome, words, now, id)))


class CaseTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, row: CaseRow, told: Sequence[AuditRow]) -> CaseRow:
        """The row; or the one that is open about the same already, and then nothing is told."""

        def work(connection: Connection) -> CaseRow:
            marks = ", ".join("?" * len(row))
            made = connection.rows(
                f"INSERT INTO citizen_case ({_COLUMNS}) VALUES ({marks}) ON CONFLICT DO NOTHING RETURNING id",  # noqa: S608
                row,
            )
            if made:
                audit.insert(connection, told)
                return row
            there = connection.rows(
                f"SELECT {_COLUMNS} FROM citizen_case"  # noqa: S608
                f" WHERE patient = ? AND kind = ? AND facility = ? AND event = ? AND {_OPEN}",
                (row.patient, row.kind, row.facility, row.event),
            )
            return CaseRow(*there[0])

        return self._engine.transact(work)

    def case(self, id: str) -> CaseRow | None:
        if not id.isprintable():  # PostgreSQL has no text with a NUL, so nobody has such an id
            return None
        return next(iter(self._rows("id = ?", id)), None)

    def of_patients(self, patients: Collection[int]) -> list[CaseRow]:
        """A person's, newest first."""
        if not patients:
            return []
        marks = ", ".join("?" * len(patients))
        return self._rows(f"patient IN ({marks}) ORDER BY opened DESC, id", *sorted(patients))

    def facilities(self) -> list[str]:
        """Of which a case is not closed."""
        sql = "SELECT DISTINCT facility FROM citizen_case WHERE closed IS NULL"
        return [facility for (facility,) in self._engine.reader().rows(sql)]

    def queue(self, facilities: Collection[str]) -> list[CaseRow]:
        """What is not closed at some facilities, the most overdue first; what was answered at the end."""
        if not facilities:
            return []
        marks = ", ".join("?" * len(facilities))
        where = f"facility IN ({marks}) AND closed IS NULL ORDER BY answered IS NOT NULL, due, id"
        return self._rows(where, *sorted(facilities))

    def count_open(self, patients: Collection[int]) -> int:
        return sum(row.answered is None and row.closed is None for row in self.of_patients(patients))

    def acknowledge(self, id: str, now: int, third: bool, due: int, told: Sequence[AuditRow]) -> bool:
        sql = f"UPDATE citizen_case SET acknowledged = ?, third = ?, due = ? WHERE id = ? AND {_OPEN} AND acknowledged IS NULL"  # noqa: S608,E501
        return self._change(sql, (now, int(third), due, id), told)

    def extend(self, id: str, now: int, reason: str, due: int, told: Sequence[AuditRow]) -> bool:
        """Once."""
        sql = f"UPDATE citizen_case SET extended = ?, extension = ?, due = ? WHERE id = ? AND {_OPEN} AND extended IS NULL"  # noqa: S608,E501
        return self._change(sql, (now, reason, due, id), told)

    def answer(self, id: str, now: int, officer: str, outcome: str, words: str, told: Sequence[AuditRow]) -> bool:
        """What was not acknowledged before is so now."""
        sql = f"""UPDATE citizen_case SET answered = ?, acknowledged = coalesce(acknowledged, ?), officer = ?,
          outcome = ?, answer = ? WHERE id = ? AND {_OPEN}"""  # noqa: S608
        return self._change(sql, (now, now, officer, outcome, words, id), told)

    def close(self, id: str, now: int, told: Sequence[AuditRow], *, unanswered: bool) -> bool:
        state = "answered IS NULL" if unanswered else "answered IS NOT NULL"
        sql = f"UPDATE citizen_case SET closed = ? WHERE id = ? AND closed IS NULL AND {state}"  # noqa: S608
        return self._change(sql, (now, id), told)

    def _change(self, sql: str, values: tuple[object, ...], told: Sequence[AuditRow]) -> bool:
        def work(connection: Connection) -> bool:
            changed = bool(connection.rows(f"{sql} RETURNING id", values))
            if changed:
                audit.insert(connection, told)
            return changed

        return self._engine.transact(work)

    def _rows(self, where: str, *values: object) -> list[CaseRow]:
        sql = f"SELECT {_COLUMNS} FROM citizen_case WHERE {where}"  # noqa: S608
        return [CaseRow(*row) for row in self._engine.reader().rows(sql, values)]
