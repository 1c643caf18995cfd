"""What a database must offer so that the rest of the store is written once for both."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from hoso.store.audit import AuditRow
from hoso.store.connection import Connection
from hoso.store.plan import Head, Name, Plan

T = TypeVar("T")
P = ParamSpec("P")


class Engine(Protocol):
    """Reads run on the calling thread's own connection; writes are durable when a method returns."""

    def reader(self) -> Connection: ...

    def lent(self) -> AbstractContextManager[Connection]:
        """A connection for one search, also of a thread that holds another. What came back last goes out first.

        So as few as are busy at once stay warm, with their plans and pages, instead of one for each thread.
        """

    def brief(self, ask: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a question that takes microseconds, on a connection that all threads share in turn.

        Its parameters are integers, texts and bytes.
        """

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` in one write transaction, again when it lost a race, so it must not leave traces outside."""

    def once(self, work: Callable[[Connection], T]) -> T:
        """Like `transact` for work that reads and then calls `apply` one time as its last act."""

    def aside(self, work: Callable[[Connection], T]) -> T:
        """Like `transact` for rows that are no versions of records. On PostgreSQL it must be one statement."""

    def record(self, rows: Sequence[AuditRow]) -> None:
        """Events of the audit log by themselves, durable on return; the database may have them a moment later."""

    def gather(self) -> None:
        """Until the database has all events that were recorded before. A write begins with the same."""

    def rids(self, connection: Connection) -> Iterator[int]:
        """Unused numbers for new rows of `key`."""

    def lookup(self, connection: Connection, names: Collection[Name], bodies: bool) -> dict[Name, Head]:
        """What is known of some names; with the packed body of their heads when `bodies`."""

    def apply(self, connection: Connection, plan: Plan) -> None:
        """Writes a plan, provided that what it was made from still holds; else nothing, and the work is run again."""

    def lock(self, connection: Connection, criteria: Sequence[str]) -> None: ...

    def alone(self, lock: int) -> Callable[[], bool]:
        """Answers, asked by one thread, whether this is the one process of all machines that share the database.

        Among the processes of one machine a lock on a file says that already.
        """

    def close(self) -> None: ...
