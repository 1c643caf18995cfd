"""The table of definitions that guides consist of: public knowledge, of nobody's record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import zstandard

from hoso.store.connection import Connection
from hoso.store.engine import Engine


class Definition(NamedTuple):
    kind: str
    url: str
    version: str
    source: str
    """The package or file it came from."""
    body: bytes


class GuideTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def mark(self) -> int:
        """Grows whenever something was loaded; 0 where nothing was."""
        return int(self._engine.brief(_mark))

    def all(self) -> list[Definition]:
        rows = self._engine.reader().rows(
            "SELECT kind, url, version, source, body FROM guide_definition ORDER BY kind, url"
        )
        unpack = zstandard.ZstdDecompressor().decompress
        return [Definition(row[0], row[1], row[2], row[3], unpack(bytes(row[4]))) for row in rows]

    def put(self, definitions: Iterable[Definition]) -> tuple[int, int]:
        """All or none; how many were stored and how many stood there just so."""
        pack = zstandard.ZstdCompressor(level=9).compress
        packed = [one._replace(body=pack(one.body)) for one in definitions]

        def work(connection: Connection) -> tuple[int, int]:
            mark, stored = _mark(connection) + 1, 0
            for one in packed:
                known = connection.rows(
                    "SELECT version, source, body FROM guide_definition WHERE kind = ? AND url = ?", (one.kind, one.url)
                )
                if known and (*known[0][:2], bytes(known[0][2])) == (one.version, one.source, one.body):
                    continue
                stored += 1
                connection.rows("DELETE FROM guide_definition WHERE kind = ? AND url = ?", (one.kind, one.url))
                connection.rows(
                    "INSERT INTO guide_definition (kind, url, version, source, loaded, body) VALUES (?, ?, ?, ?, ?, ?)",
                    (one.kind, one.url, one.version, one.source, mark, one.body),
                )
            return stored, len(packed) - stored

        return self._engine.transact(work)


def _mark(connection: Connection) -> int:
    return int(connection.rows("SELECT coalesce(max(loaded), 0) FROM guide_definition")[0][0])
