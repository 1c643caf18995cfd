"""Work to be done after a commit. A job is enqueued in the transaction that causes it, and is done at least once.

A worker claims, works and finishes; one that dies loses its claim after a while and the job is due again.
"""

from __future__ import annotations

from typing import NamedTuple

from hoso.store.connection import Connection
from hoso.store.engine import Engine

WAITING, TAKEN, DEAD = 0, 1, 2
"""`job.state`. A finished job has no row."""

CLAIM_MS = 5 * 60_000
FIRST_WAIT_MS, LONGEST_WAIT_MS = 1_000, 60 * 60_000
MOST_ATTEMPTS = 20


class Job(NamedTuple):
    id: int
    kind: str
    argument: str
    attempts: int
    """How often it was begun, this time included."""


def enqueue(connection: Connection, kind: str, argument: str, due: int) -> None:
    """Inside the caller's transaction: the job exists if and only if its cause does."""
    connection.rows(
        "INSERT INTO job (kind, argument, due, attempts, state) VALUES (?, ?, ?, 0, 0)", (kind, argument, due)
    )


class Jobs:
    """The queue as a worker sees it; `now` is the present in milliseconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, now: int, limit: int = 1, kind: str | None = None) -> list[Job]:
        """The jobs longest due, taken so that no other worker gets them; also those whose worker fell silent."""
        narrowed = "" if kind is None else " AND kind = ?"
        named = [] if kind is None else [kind]

        def work(connection: Connection) -> list[Job]:
            skip = " FOR UPDATE SKIP LOCKED" if connection.dialect == "postgresql" else ""
            rows = connection.rows(
                "SELECT id, kind, argument, attempts + 1 FROM job"  # noqa: S608
                f" WHERE (state = 0 AND due <= ? OR state = 1 AND taken <= ?){narrowed}"
                f" ORDER BY due, id LIMIT ?{skip}",
                [now, now - CLAIM_MS, *named, limit],
            )
            for row in rows:
                connection.rows(
                    "UPDATE job SET state = 1, taken = ?, attempts = attempts + 1 WHERE id = ?", (now, row[0])
                )
            return [Job(*row) for row in rows]

        return self._engine.transact(work)

    def finish(self, job: Job) -> None:
        self._engine.transact(lambda c: c.rows("DELETE FROM job WHERE id = ?", (job.id,)))

    def fail(self, job: Job, error: str, now: int) -> None:
        """Due again after a pause that doubles; given up, but kept for a person to see, after `MOST_ATTEMPTS`."""
        state = DEAD if job.attempts >= MOST_ATTEMPTS else WAITING
        due = now + min(FIRST_WAIT_MS << min(job.attempts - 1, 30), LONGEST_WAIT_MS)
        self._engine.transact(
            lambda c: c.rows(
                "UPDATE job SET state = ?, due = ?, taken = NULL, error = ? WHERE id = ?",
                (state, due, error[:2_000], job.id),
            )
        )

    def put_off(self, job: Job, due: int) -> None:
        """It cannot be done yet, and that is no failure."""
        self._engine.transact(
            lambda c: c.rows(
                "UPDATE job SET state = 0, due = ?, taken = NULL, attempts = attempts - 1 WHERE id = ?", (due, job.id)
            )
        )

    def dead(self) -> list[tuple[Job, str]]:
        """Jobs given up, with their last error."""
        rows = self._engine.reader().rows(
            "SELECT id, kind, argument, attempts, error FROM job WHERE state = 2 ORDER BY id"
        )
        return [(Job(*row[:4]), row[4]) for row in rows]
