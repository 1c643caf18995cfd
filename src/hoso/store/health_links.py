"""The tables of shared links: what was sealed, how often it may be opened, and who did. They see digests, never a key.

A link lives until its end, its last use, its last wrong passcode or until it is taken back; each is decided in one
statement, so that many at once are no way around. What was sealed goes with the last use, when it is taken back, and
at the latest when the next link is made after its end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from hoso.store import audit
from hoso.store.audit import AuditRow
from hoso.store.connection import Connection, Row
from hoso.store.engine import Engine

MOST_WRONG = 10
"""Wrong passcodes in the whole life of a link; the last one ends it."""


class LinkRow(NamedTuple):
    """`salt` and `passcode` None: it needs none. `types`: of data that are in it, joined by spaces."""

    id: str
    patient: int
    digest: bytes
    label: str
    types: str
    made: int
    expires: int
    uses: int
    used: int
    salt: bytes | None
    passcode: bytes | None
    wrong: int
    revoked: int | None


class OpeningRow(NamedTuple):
    """`place`: from which kind of address; `outcome`: "opened" or "wrong"."""

    link: str
    number: int
    time: int
    recipient: str
    place: str
    outcome: str


_COLUMNS = ", ".join(LinkRow._fields)
_OPENING = ", ".join(OpeningRow._fields)
_LIVES = f"revoked IS NULL AND expires > ? AND used < uses AND wrong < {MOST_WRONG}"


class HealthLinkTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def make(self, row: LinkRow, content: bytes, told: Sequence[AuditRow]) -> bool:
        """False when there is one with this id: the form was sent twice."""
        marks = ", ".join("?" * (len(row) + 1))
        sql = f"INSERT INTO health_link ({_COLUMNS}, content) VALUES ({marks}) ON CONFLICT DO NOTHING RETURNING id"  # noqa: S608

        def work(connection: Connection) -> bool:
            connection.rows("UPDATE health_link SET content = NULL WHERE expires <= ? AND content IS NOT NULL",
                            (row.made,))  # fmt: skip
            made = bool(connection.rows(sql, (*row, content)))
            if made:
                audit.insert(connection, told)
            return made

        return self._engine.transact(work)

    def of_patients(self, patients: Collection[int], most: int) -> list[LinkRow]:
        """The newest first."""
        marks = ", ".join("?" * len(patients))
        sql = f"SELECT {_COLUMNS} FROM health_link WHERE patient IN ({marks}) ORDER BY made DESC, id LIMIT ?"  # noqa: S608
        return [_link(row) for row in self._engine.reader().rows(sql, (*sorted(patients), most))] if patients else []

    def openings(self, link: str) -> list[OpeningRow]:
        """The newest first."""
        sql = f"SELECT {_OPENING} FROM health_link_opening WHERE link = ? ORDER BY number DESC"  # noqa: S608
        return [OpeningRow(*row) for row in self._engine.reader().rows(sql, (link,))]

    def revoke(self, id: str, patients: Collection[int], now: int, told: Sequence[AuditRow]) -> bool:
        """False for what is not theirs or was taken back before."""
        marks = ", ".join("?" * len(patients))
        sql = f"""UPDATE health_link SET revoked = ?, content = NULL
          WHERE id = ? AND revoked IS NULL AND patient IN ({marks}) RETURNING id"""  # noqa: S608

        def work(connection: Connection) -> bool:
            ended = bool(patients) and bool(connection.rows(sql, (now, id, *sorted(patients))))
            if ended:
                audit.insert(connection, told)
            return ended

        return self._engine.transact(work)

    def living(self, digest: bytes, now: int) -> LinkRow | None:
        sql = f"SELECT {_COLUMNS} FROM health_link WHERE digest = ? AND {_LIVES}"  # noqa: S608
        rows = self._engine.reader().rows(sql, (digest, now))
        return _link(rows[0]) if rows else None

    def length(self, id: str) -> int:
        """Of what was sealed."""
        rows = self._engine.reader().rows("SELECT coalesce(length(content), 0) FROM health_link WHERE id = ?", (id,))
        return int(rows[0][0]) if rows else 0

    def attempt(self, digest: bytes, now: int) -> LinkRow | None:
        """Counts an attempt at a passcode as a wrong one before it is looked at; `open` takes it back."""
        sql = f"UPDATE health_link SET wrong = wrong + 1 WHERE digest = ? AND {_LIVES} RETURNING {_COLUMNS}"  # noqa: S608

        def work(connection: Connection) -> LinkRow | None:
            rows = connection.rows(sql, (digest, now))
            return _link(rows[0]) if rows else None

        return self._engine.transact(work)

    def wrong(self, link: LinkRow, now: int, recipient: str, place: str, told: Sequence[AuditRow]) -> None:
        """The attempt was one."""

        def work(connection: Connection) -> None:
            _note(connection, link.id, now, recipient, place, "wrong", None)
            audit.insert(connection, told)

        self._engine.transact(work)

    def open(
        self, link: LinkRow, now: int, recipient: str, place: str, told: Sequence[AuditRow], ticket: bytes | None = None
    ) -> bytes | None:
        """One use, told before anything is handed on; None when it ended a moment ago.

        With a `ticket` what was sealed is fetched by that, else it is in the answer.
        """
        back = 1 if link.passcode is not None else 0
        sql = f"""UPDATE health_link SET used = used + 1, wrong = wrong - ? WHERE id = ? AND revoked IS NULL
          AND expires > ? AND used < uses AND wrong <= {MOST_WRONG} RETURNING used, uses, content"""  # noqa: S608

        def work(connection: Connection) -> bytes | None:
            rows = connection.rows(sql, (back, link.id, now))
            if not rows or rows[0][2] is None:
                return None
            used, uses, content = rows[0]
            _note(connection, link.id, now, recipient, place, "opened", ticket)
            audit.insert(connection, told)
            if used >= uses and ticket is None:
                _empty(connection, link.id)
            return bytes(content)

        return self._engine.transact(work)

    def fetch(self, ticket: bytes, since: int, now: int) -> bytes | None:
        """What a ticket stands for, once; None when it is unknown, fetched, too old, or its link was taken back."""

        def work(connection: Connection) -> bytes | None:
            sql = """UPDATE health_link_opening SET ticket = NULL WHERE ticket = ? AND time > ? RETURNING link"""
            rows = connection.rows(sql, (ticket, since))
            if not rows:
                return None
            link = rows[0][0]
            asked = "SELECT used, uses, content FROM health_link WHERE id = ? AND revoked IS NULL AND expires > ?"
            found = connection.rows(asked, (link, now))
            if not found or found[0][2] is None:
                return None
            waits = "SELECT 1 FROM health_link_opening WHERE link = ? AND ticket IS NOT NULL"
            if found[0][0] >= found[0][1] and not connection.rows(waits, (link,)):
                _empty(connection, link)
            return bytes(found[0][2])

        return self._engine.transact(work)


def forget(connection: Connection, patients: Collection[int], now: int) -> None:
    """When records are erased for ever, what was sealed of them goes too."""
    marks = ", ".join("?" * len(patients))
    sql = f"UPDATE health_link SET revoked = coalesce(revoked, ?), content = NULL WHERE patient IN ({marks})"  # noqa: S608
    connection.rows(sql, (now, *sorted(patients)))


def _note(
    connection: Connection, link: str, time: int, recipient: str, place: str, outcome: str, ticket: bytes | None
) -> None:
    counted = "SELECT coalesce(max(number), 0) + 1 FROM health_link_opening WHERE link = ?"
    number = connection.rows(counted, (link,))[0][0]
    row = (link, number, time, recipient, place, outcome, ticket)
    connection.rows(f"INSERT INTO health_link_opening ({_OPENING}, ticket) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608


def _empty(connection: Connection, id: str) -> None:
    connection.rows("UPDATE health_link SET content = NULL WHERE id = ?", (id,))


def _link(row: Row) -> LinkRow:
    link = LinkRow(*row)
    return link._replace(
        digest=bytes(link.digest),
        salt=None if link.salt is None else bytes(link.salt),
        passcode=None if link.passcode is None else bytes(link.passcode),
    )
