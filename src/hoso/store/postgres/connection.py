"""A psycopg connection as the store uses it: one per thread, prepared, and mended when the server went away."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache

import psycopg
from psycopg.types.numeric import Int8BinaryDumper

from hoso.store.codec import Codec
from hoso.store.connection import SECONDS, Dialect, Race, Row
from hoso.store.contract import TooSlow, Unavailable
from hoso.store.seal import Keyring

log = logging.getLogger(__name__)

OLDEST = 150_000
_TROUBLE = ("08", "53", "55", "57", "58", "F0", "XX", "25")
"""Classes of SQLSTATE that say the server cannot now: connection, resources, locks, operator, system, damage."""

_RACE = {"HS001", "40001", "40P01", "23505"}
"""A plan overtaken, serialisation, deadlock, and a unique key taken between look-up and write."""

_GIVEN_UP = "57014"

OPTIONS = " ".join(
    f"-c {setting}"
    for setting in (
        f"statement_timeout={SECONDS}s", "lock_timeout=30s", "idle_in_transaction_session_timeout=120s", "jit=off",
        "synchronous_commit=on", "timezone=UTC", "client_min_messages=warning", "plan_cache_mode=force_generic_plan",
        "random_page_cost=1.1", "enable_seqscan=off", "enable_bitmapscan=off", "max_parallel_workers_per_gather=0",
    )
)  # fmt: skip
"""One plan for a statement, made once: our statements say themselves where to begin, and planning each anew for its
values would cost the server more than answering it. One that suits every value walks an index and stops at the limit;
one that reads a table, or finds all rows before it gives the first, may look cheaper for some value and is not."""


class Lost(Unavailable):
    """The connection broke: what was sent last may or may not have been done."""


@lru_cache(1_024)
def translate(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def connect(url: str) -> psycopg.Connection[Row]:
    handle = psycopg.connect(
        url, autocommit=True, prepare_threshold=1, options=OPTIONS, connect_timeout=10, application_name="hoso"
    )
    handle.prepared_max = 400
    # One type for all integers: else each width would be a statement of its own to prepare.
    handle.adapters.register_dumper(int, Int8BinaryDumper)
    return handle


class PostgresConnection:
    """`inside` is true between BEGIN and COMMIT: then nothing is repeated behind the caller's back."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str, codec: Codec | None = None, keyring: Keyring | None = None) -> None:
        self._url, self._codec, self._keyring = url, codec, keyring
        self.inside = self._ended = False
        with self._trouble():
            self._open()

    def _open(self) -> None:
        self.handle = connect(self._url)
        self._cursor = self.handle.cursor(binary=True)

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """A read that finds the connection dead is asked once more on a new one."""
        if self.inside:
            return self.send(sql, params)
        try:
            return self.send(sql, params)
        except Lost:
            self.mend()
            return self.send(sql, params)

    def send(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Runs a statement once, whatever happens."""
        with self._trouble():
            result = self._cursor.execute(translate(sql), params).pgresult
            return self._cursor.fetchall() if result is not None and result.nfields else []  # no descriptions made

    def limited(self) -> AbstractContextManager[None]:
        """Every statement is, by the server itself."""
        return nullcontext()

    def mend(self) -> None:
        """Replaces a broken connection."""
        if self._ended:
            raise Unavailable("the store is closed")
        if self.handle.closed or self.handle.broken:
            with self._trouble():
                self._open()

    def text(self, dictionary: int, packed: bytes, rid: int, version: str) -> bytes:
        assert self._codec is not None
        if dictionary >= 0:
            return self._codec.unpack(dictionary, packed)
        assert self._keyring is not None
        return self._codec.unpack(~dictionary, self._keyring.open(self, packed, rid, version))

    def script(self, sql: str) -> None:
        with self._trouble():
            self.handle.execute(sql.encode())

    def close(self) -> None:
        self._ended = True
        self.handle.close()

    def __del__(self) -> None:
        """A thread that ends takes its connection along."""
        if hasattr(self, "handle"):
            self.handle.close()

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._meaning(error) from error

    def _meaning(self, error: psycopg.Error) -> Exception:
        state = error.sqlstate or ""
        if state in _RACE:
            return Race(state)
        handle = getattr(self, "handle", None)
        if handle is None or handle.closed or handle.broken:
            log.error("PostgreSQL: connection lost: %s", error)
            return Lost(str(error))
        if state == _GIVEN_UP:
            return TooSlow(str(error))
        if state[:2] in _TROUBLE or not state:
            log.error("PostgreSQL: %s: %s", state, error)
            return Unavailable(str(error))
        return error
