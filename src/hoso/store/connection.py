"""What shared SQL needs of a database: `?` parameters in, tuples out, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

Dialect = Literal["sqlite", "postgresql"]
Row = tuple[Any, ...]

SECONDS = 30
"""What a search may take (on PostgreSQL each statement of it): a hopeless one must not keep the others waiting."""


class Race(Exception):
    """Somebody else was quicker; the work can be run again."""


class Connection(Protocol):
    """One thread's way to the database, outside a transaction or inside a running one.

    Integers are 64 bit, text sorts by its bytes, blobs are `bytes`. Errors of the database arrive as `Unavailable`.
    """

    @property
    def dialect(self) -> Dialect: ...

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Runs one statement. On PostgreSQL each `?` becomes a bound parameter; write no literal `?` or `%`."""

    def limited(self) -> AbstractContextManager[None]:
        """Questions asked inside are given up after `SECONDS`: raises TooSlow."""

    def text(self, dictionary: int, packed: bytes, rid: int, version: str) -> bytes:
        """The JSON text of a row of `body` (columns `dict` and `bytes`), the record's and version's named.

        Raises seal.Gone when it was sealed and its key is erased.
        """
