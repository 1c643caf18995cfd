"""Brings a database to the schema of this release: numbered SQL files, each applied once, in order, under a lock.

An applied file is history: when its text has changed since, or the database knows files we do not, we refuse to start.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple, Protocol

from hoso.store.connection import Connection, Dialect


class Migration(NamedTuple):
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


class SchemaMismatch(Exception):
    """The database and this release disagree about migration `name`; nothing was changed."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"migration {name}: {reason}")
        self.name, self.reason = name, reason


class Scripted(Connection, Protocol):
    """A connection inside a write transaction that can also run a file of statements."""

    def script(self, sql: str) -> None: ...


def shipped(dialect: Dialect) -> list[Migration]:
    folder = files("hoso.store").joinpath("migrations", "postgres" if dialect == "postgresql" else dialect)
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [Migration(int(f.name[:4]), f.name, f.read_text("utf-8")) for f in found]


def migrate(connection: Scripted, known: list[Migration]) -> list[str]:
    """Applies what is missing inside the caller's transaction and lock; answers the names of the files applied."""
    connection.script(
        "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)"
    )
    applied = {number: (name, checksum) for number, name, checksum in connection.rows("SELECT * FROM migration")}
    numbers = {migration.number for migration in known}
    for number, (name, _) in applied.items():
        if number not in numbers:
            raise SchemaMismatch(name, "the database was made by a newer release")
    fresh = []
    for migration in known:
        if migration.number not in applied:
            connection.script(migration.sql)
            connection.rows(
                "INSERT INTO migration VALUES (?, ?, ?)", (migration.number, migration.name, migration.checksum)
            )
            fresh.append(migration.name)
        elif applied[migration.number][1] != migration.checksum:
            raise SchemaMismatch(migration.name, "its text has changed since it was applied")
    return fresh
