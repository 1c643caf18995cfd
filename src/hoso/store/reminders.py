"""The table of what citizens were reminded of: claimed before anything is sent, so that two runs send it once."""

from __future__ import annotations

from hoso.store.connection import Connection
from hoso.store.engine import Engine


class ReminderTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, person: str, what: str, due: int, now: int) -> bool:
        """False when somebody was told of it before. `due`: days since 0001-01-01; 0 for what has no day."""
        sql = "INSERT INTO reminder (person, what, due, told) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING due"

        def work(connection: Connection) -> bool:
            return bool(connection.rows(sql, (person, what, due, now)))

        return self._engine.transact(work)

    def release(self, person: str, what: str, due: int) -> None:
        """It could not be sent: the next run tries again."""

        def work(connection: Connection) -> None:
            connection.rows("DELETE FROM reminder WHERE person = ? AND what = ? AND due = ?", (person, what, due))

        self._engine.transact(work)
