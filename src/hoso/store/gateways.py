"""The tables of the gateway's accounts and sessions. They only ever see digests; what those are of is for `access`."""

from __future__ import annotations

from typing import NamedTuple

from hoso.store.connection import Connection, Row
from hoso.store.engine import Engine

_COLUMNS = "username, facility, digest, key, created, revoked"


class AccountRow(NamedTuple):
    """`key` is the public key (PEM) that its messages are signed with; empty for none."""

    username: str
    facility: str
    digest: bytes
    key: str
    created: int
    revoked: int | None


class SessionRow(NamedTuple):
    """Somebody signed in: `second` is the digest of the other token that must come along."""

    second: bytes
    account: AccountRow
    expires: int


class GatewayTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def account(self, username: str) -> AccountRow | None:
        """Also one that was revoked."""
        rows = self._engine.brief(_account, username)
        return _row(rows[0]) if rows else None

    def all(self) -> list[AccountRow]:
        rows = self._engine.reader().rows(f"SELECT {_COLUMNS} FROM gateway_account ORDER BY username")  # noqa: S608
        return [_row(row) for row in rows]

    def put(self, row: AccountRow) -> None:
        """A new account, or a new secret for one that is there: its sessions end."""

        def work(connection: Connection) -> None:
            _end(connection, row.username)
            connection.rows("DELETE FROM gateway_account WHERE username = ?", (row.username,))
            connection.rows(
                f"INSERT INTO gateway_account ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, NULL)",  # noqa: S608
                (row.username, row.facility, row.digest, row.key, row.created),
            )

        self._engine.transact(work)

    def revoke(self, username: str, now: int) -> bool:
        """Ends the account and its sessions; whether there was one that was alive."""

        def work(connection: Connection) -> bool:
            _end(connection, username)
            asked = "UPDATE gateway_account SET revoked = ? WHERE username = ? AND revoked IS NULL RETURNING username"
            return bool(connection.rows(asked, (now, username)))

        return self._engine.transact(work)

    def begin(self, digest: bytes, second: bytes, username: str, now: int, expires: int) -> None:
        """A session; those that are over go."""

        def work(connection: Connection) -> None:
            connection.rows("DELETE FROM gateway_session WHERE expires <= ?", (now,))
            connection.rows(
                "INSERT INTO gateway_session (digest, second, username, expires) VALUES (?, ?, ?, ?)",
                (digest, second, username, expires),
            )

        self._engine.transact(work)

    def session(self, digest: bytes) -> SessionRow | None:
        rows = self._engine.brief(_session, digest)
        return SessionRow(bytes(rows[0][0]), _row(rows[0][2:]), rows[0][1]) if rows else None


def _end(connection: Connection, username: str) -> None:
    connection.rows("DELETE FROM gateway_session WHERE username = ?", (username,))


def _account(connection: Connection, username: str) -> list[Row]:
    return connection.rows(f"SELECT {_COLUMNS} FROM gateway_account WHERE username = ?", (username,))  # noqa: S608


def _session(connection: Connection, digest: bytes) -> list[Row]:
    return connection.rows(
        "SELECT s.second, s.expires, a.username, a.facility, a.digest, a.key, a.created, a.revoked"
        " FROM gateway_session s JOIN gateway_account a ON a.username = s.username WHERE s.digest = ?",
        (digest,),
    )


def _row(row: Row) -> AccountRow:
    username, facility, digest, key, created, revoked = row
    return AccountRow(username, facility, bytes(digest), key, created, revoked)
