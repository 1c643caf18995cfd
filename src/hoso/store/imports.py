"""Imports of many records as rows: files that were uploaded, what is asked of them, and how far it is.

How far an import is and the piece that tells what it refused are stored together; a crash repeats one batch at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hoso.store.backlog import OPEN, Backlog, has_room, insert
from hoso.store.connection import Connection
from hoso.store.engine import Engine


class FileRow(NamedTuple):
    """`lines` are those that hold something, -1 while the file arrives; `job` is the import that takes it, or ""."""

    id: str
    owner: str
    caller: str
    created: int
    lines: int = -1
    size: int = 0
    job: str = ""


class JobRow(NamedTuple):
    """Times are milliseconds. `asked`, `errand` and `counts` are JSON; `line` is the last line that is done."""

    id: str
    owner: str
    caller: str
    request: str
    asked: str
    errand: str
    created: int
    state: int = OPEN
    done: int = 0
    line: int = 0
    counts: str = "[]"
    attempts: int = 0
    fault: str | None = None
    expires: int | None = None


class PieceRow(NamedTuple):
    """Outcomes of refused lines of the file at `place` among those asked for."""

    number: int
    place: int
    lines: int
    size: int


class Missing(Exception):
    """A file is not there, not whole, another's, or taken by another import."""


_FILE = ", ".join(FileRow._fields)
_TAKE = "UPDATE import_file SET job = ? WHERE id = ? AND owner = ? AND lines >= 0 AND job = '' RETURNING id"
_ADVANCE = "UPDATE import_job SET done = ?, line = ?, counts = ?, attempts = 1 WHERE id = ? AND state = 0 RETURNING id"


class ImportTable(Backlog[JobRow]):
    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, "import_job", JobRow)

    # Files

    def add_file(self, row: FileRow, most: int, most_of_caller: int) -> bool:
        """Whether there was room: so many files at once, and so many of one caller."""

        def work(connection: Connection) -> bool:
            room = has_room(connection, "import_file", row.caller, most, most_of_caller)
            if room:
                insert(connection, "import_file", row)
            return room

        return self._engine.transact(work)

    def whole(self, id: str, lines: int, size: int) -> None:
        sql = "UPDATE import_file SET lines = ?, size = ? WHERE id = ?"
        self._engine.transact(lambda connection: connection.rows(sql, (lines, size, id)))

    def file(self, id: str) -> FileRow | None:
        rows = self._engine.reader().rows(f"SELECT {_FILE} FROM import_file WHERE id = ?", (id,))  # noqa: S608
        return FileRow(*rows[0]) if rows else None

    def remove_file(self, id: str) -> None:
        self._engine.transact(lambda connection: connection.rows("DELETE FROM import_file WHERE id = ?", (id,)))

    def left(self, before: int) -> list[str]:
        """Files that no import took until then."""
        sql = "SELECT id FROM import_file WHERE job = '' AND created <= ?"
        return [id for (id,) in self._engine.reader().rows(sql, (before,))]

    # Imports

    def add(self, row: JobRow, files: Sequence[str], most: int, most_of_caller: int) -> bool:
        """Whether there was room. Raises Missing; then nothing is taken."""

        def work(connection: Connection) -> bool:
            if not has_room(connection, "import_job", row.caller, most, most_of_caller):
                return False
            for file in files:
                if not connection.rows(_TAKE, (row.id, file, row.owner)):
                    raise Missing(file)
            insert(connection, "import_job", row)
            return True

        return self._engine.transact(work)

    def advanced(self, id: str, done: int, line: int, counts: str, piece: PieceRow | None = None) -> bool:
        """So far is stored; whether the import is still wanted."""

        def work(connection: Connection) -> bool:
            found = connection.rows(_ADVANCE, (done, line, counts, id))
            if found and piece is not None:
                connection.rows("INSERT INTO import_piece VALUES (?, ?, ?, ?, ?)", (id, *piece))
            return bool(found)

        return self._engine.transact(work)

    def pieces(self, id: str) -> list[PieceRow]:
        rows = self._engine.reader().rows(
            "SELECT number, place, lines, size FROM import_piece WHERE job = ? ORDER BY number", (id,)
        )
        return [PieceRow(*row) for row in rows]

    def ready(self, id: str, expires: int) -> bool:
        return self._update("state = 1, expires = ?", id, expires)

    def fail(self, id: str, fault: str, expires: int) -> bool:
        """Given up: what is stored stays and is counted, and why is told until it expires."""
        return self._update("state = 2, fault = ?, expires = ?", id, fault, expires)

    def files_of(self, id: str) -> list[str]:
        return [one for (one,) in self._engine.reader().rows("SELECT id FROM import_file WHERE job = ?", (id,))]

    def remove(self, id: str) -> None:
        def work(connection: Connection) -> None:
            connection.rows("DELETE FROM import_piece WHERE job = ?", (id,))
            connection.rows("DELETE FROM import_file WHERE job = ?", (id,))
            connection.rows("DELETE FROM import_job WHERE id = ?", (id,))

        self._engine.transact(work)

    def ids(self) -> set[str]:
        """Of all imports and all files: whose folders are to be kept."""
        sql = "SELECT id FROM import_job UNION ALL SELECT id FROM import_file"
        return {id for (id,) in self._engine.reader().rows(sql)}
