"""The table of bearer tokens. It only ever sees the digest of a token; what a scope means is for `access` to say."""

from __future__ import annotations

from typing import NamedTuple

from hoso.store.connection import Connection, Row
from hoso.store.engine import Engine

_COLUMNS = "digest, name, scope, created, expires, revoked, labels, certificate"


class TokenRow(NamedTuple):
    digest: bytes
    name: str
    scope: str
    created: int
    expires: int | None
    revoked: int | None
    labels: str | None = None
    """Labels it is narrowed to, apart by spaces; None: not narrowed."""
    certificate: str | None = None
    """The certificate it is bound to; None: to none."""


class TokenTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, digest: bytes) -> TokenRow | None:
        """The row of a token, also when it has expired or was revoked."""
        rows = self._engine.brief(_find, digest)
        return _row(rows[0]) if rows else None

    def add(
        self,
        digest: bytes,
        name: str,
        scope: str,
        created: int,
        expires: int | None = None,
        labels: str | None = None,
        certificate: str | None = None,
    ) -> None:
        self._engine.transact(
            lambda c: c.rows(
                f"INSERT INTO access_token ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, NULL, CAST(? AS TEXT), CAST(? AS TEXT))",  # noqa: S608
                (digest, name, scope, created, expires, labels, certificate),
            )
        )

    def revoke(self, name: str, now: int) -> int:
        """Ends every living token of that name at once; answers how many there were."""
        return len(
            self._engine.transact(
                lambda c: c.rows(
                    "UPDATE access_token SET revoked = ? WHERE name = ? AND revoked IS NULL RETURNING name", (now, name)
                )
            )
        )

    def all(self) -> list[TokenRow]:
        rows = self._engine.reader().rows(f"SELECT {_COLUMNS} FROM access_token ORDER BY created, name")  # noqa: S608
        return [_row(row) for row in rows]


def _find(connection: Connection, digest: bytes) -> list[Row]:
    return connection.rows(f"SELECT {_COLUMNS} FROM access_token WHERE digest = ?", (digest,))  # noqa: S608


def _row(row: Row) -> TokenRow:
    return TokenRow(bytes(row[0]), *row[1:])
