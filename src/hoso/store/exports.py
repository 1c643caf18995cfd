"""Exports of many records as rows: what was asked, how far it is, and the files that are whole.

A type is done when its files and the count of types done are stored together; what a crash left half is begun anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hoso.store.backlog import OPEN, Backlog, has_room, insert
from hoso.store.connection import Connection
from hoso.store.engine import Engine


class ExportRow(NamedTuple):
    """Times are milliseconds. `owner` is who may fetch it, `caller` who is counted; `asked` and `errand` are JSON."""

    id: str
    owner: str
    caller: str
    request: str
    asked: str
    errand: str
    created: int
    state: int = OPEN
    done: int = 0
    progress: str = ""
    attempts: int = 0
    fault: str | None = None
    expires: int | None = None


DELETED = "deleted"
"""In place of a type: the file tells which records of the type were deleted."""


class FileRow(NamedTuple):
    """`size` is that of the text sent, in bytes; `type` may be DELETED."""

    number: int
    type: str
    lines: int
    size: int


class ExportTable(Backlog[ExportRow]):
    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, "export", ExportRow)

    def add(self, row: ExportRow, most: int, most_of_caller: int) -> bool:
        """Whether there was room: so many exports at once, and so many of one caller."""

        def work(connection: Connection) -> bool:
            room = has_room(connection, "export", row.caller, most, most_of_caller, "state <> 2")
            if room:
                insert(connection, "export", row)
            return room

        return self._engine.transact(work)

    def files(self, id: str) -> list[FileRow]:
        rows = self._engine.reader().rows(
            "SELECT number, type, lines, size FROM export_file WHERE export = ? ORDER BY number", (id,)
        )
        return [FileRow(*row) for row in rows]

    def tell(self, id: str, progress: str) -> bool:
        """Whether the export is still wanted."""
        return self._update("progress = ?", id, progress)

    def written(self, id: str, done: int, files: Sequence[FileRow]) -> bool:
        """One more type is on the disk."""

        def work(connection: Connection) -> bool:
            found = connection.rows(
                "UPDATE export SET done = ?, attempts = 0 WHERE id = ? AND state = 0 RETURNING id", (done, id)
            )
            for file in files if found else ():
                connection.rows("INSERT INTO export_file VALUES (?, ?, ?, ?, ?)", (id, *file))
            return bool(found)

        return self._engine.transact(work)

    def ready(self, id: str, expires: int) -> bool:
        return self._update("state = 1, progress = '', expires = ?", id, expires)

    def fail(self, id: str, fault: str, expires: int) -> bool:
        """Given up: its files are gone, and why is told until it expires."""

        def work(connection: Connection) -> bool:
            connection.rows("DELETE FROM export_file WHERE export = ?", (id,))
            sql = "UPDATE export SET state = 2, fault = ?, expires = ? WHERE id = ? AND state = 0 RETURNING id"
            return bool(connection.rows(sql, (fault, expires, id)))

        return self._engine.transact(work)

    def remove(self, id: str) -> bool:
        """Whether it was there."""

        def work(connection: Connection) -> bool:
            connection.rows("DELETE FROM export_file WHERE export = ?", (id,))
            return bool(connection.rows("DELETE FROM export WHERE id = ? RETURNING id", (id,)))

        return self._engine.transact(work)
