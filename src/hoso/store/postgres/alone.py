"""Being the one process among all that share a database: whoever holds an advisory lock, while its connection lives."""

from __future__ import annotations

from hoso.store.contract import Unavailable
from hoso.store.postgres.connection import PostgresConnection


class Alone:
    """For one thread. A connection that is lost is opened anew at the next question."""

    def __init__(self, url: str, lock: int) -> None:
        self._url, self._lock = url, lock
        self._connection: PostgresConnection | None = None
        self._held = False

    def __call__(self) -> bool:
        """Raises Unavailable when nobody can say."""
        if self._connection is None:
            self._connection = PostgresConnection(self._url)
        try:
            question = "SELECT true" if self._held else f"SELECT pg_try_advisory_lock({self._lock})"
            self._held = bool(self._connection.send(question)[0][0])
        except Unavailable:
            self.close()
            raise
        return self._held

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._held = None, False
