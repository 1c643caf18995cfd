"""The search parameters that were added to a database, as every process of the node knows them within a second.

One is filled (the index gets its rows record by record, while others write), then checked (once more record by record,
until nothing was lacking), and only then offered. One that goes takes its rows along. Whoever writes, writes the rows
of all of them; a process that has not heard of a new one yet is why filling waits for a moment, and why it is checked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from hoso.fhir.added import Definition, named, put
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import load
from hoso.store.connection import Connection
from hoso.store.engine import Engine

FILLING, CHECKING, READY, GOING = 0, 1, 2, 3
"""`added_parameter.state`."""

HEARD_SECONDS = 1.0
GRACE_MS = 3_000
"""Between what is decided and the walk over the records: by then every process has heard of it."""

_COLUMNS = "number, record, definition, state, since, type, rid, seen, mended"
_decode = msgspec.json.Decoder(Definition).decode


class Parameter(NamedTuple):
    """`type` and `rid`: the last record the walk met; `seen`: how many it met; `mended`: rows that a check lacked."""

    number: int
    record: str
    definition: Definition
    state: int
    since: int
    type: int
    rid: int
    seen: int
    mended: int

    @property
    def name(self) -> str:
        return named(self.definition.code, self.number)


class Snapshot:
    """Those known at one moment. What is made of a record before and after a write must be made by one of these."""

    def __init__(self, parameters: tuple[Parameter, ...] = ()) -> None:
        self.parameters = parameters

    def fill(self, type: str, resource: dict[str, Any], found: Indexed, *, before: bool = False) -> None:
        """Adds the values of a resource; `before`: as it stands, with what is about to go."""
        for one in self.parameters:
            if one.definition.covers(type) and (before or one.state != GOING):
                put(one.definition, one.name, resource, found)


NONE = Snapshot()


class Added:
    """What a process knows; safe for many threads."""

    def __init__(self) -> None:
        self._snapshot, self._until, self._lock = NONE, 0.0, Lock()

    def current(self, engine: Engine) -> Snapshot:
        if time.monotonic() >= self._until:
            with self._lock:
                self._snapshot = Snapshot(tuple(engine.brief(listed)))
                self._until = time.monotonic() + HEARD_SECONDS
        return self._snapshot

    def forget(self) -> None:
        """So that this process hears at once of what it decided itself."""
        self._until = 0.0


def listed(connection: Connection) -> Iterator[Parameter]:
    rows = connection.rows(f"SELECT {_COLUMNS} FROM added_parameter ORDER BY number")  # noqa: S608
    return iter([Parameter(row[0], row[1], _decode(row[2]), *row[3:]) for row in rows])


def numbers(one: Parameter) -> list[int]:
    """Of the types that it is about, in the order of the walk."""
    known = load().type_number
    return sorted(known[type] for type in one.definition.types or known)


def share(connection: Connection, one: Parameter) -> int:
    """How far it is: per cent of the way, of which filling is the first half and checking the second."""
    about = numbers(one)
    marks = ", ".join("?" * len(about))
    rows = connection.rows(f"SELECT count(*) FROM resource WHERE type IN ({marks})", about)  # noqa: S608
    all = int(rows[0][0])
    return min(99, 50 * (one.state == CHECKING) + 50 * one.seen // max(all, 1))


class AddedTable:
    """Decides which parameters there are to be."""

    def __init__(self, engine: Engine, added: Added) -> None:
        self._engine, self._added = engine, added

    def all(self) -> list[Parameter]:
        return list(self._engine.brief(listed))

    def settle(self, wanted: Mapping[str, Sequence[Definition]], now: int) -> bool:
        """Makes those that are missing and lets go what nobody wants; whether anything changed. By record."""
        there = {(one.record, one.definition) for one in self.all() if one.state != GOING}
        asked = {(record, one) for record, several in wanted.items() for one in several}
        if there == asked:
            return False
        self._engine.transact(partial(_settle, asked, now))
        self._added.forget()
        return True


def _settle(asked: set[tuple[str, Definition]], now: int, connection: Connection) -> None:
    if connection.dialect == "postgresql":
        connection.rows("LOCK TABLE added_parameter IN SHARE ROW EXCLUSIVE MODE")
    there = {(one.record, one.definition): one for one in listed(connection) if one.state != GOING}
    for key, one in there.items():
        if key not in asked:
            connection.rows(
                "UPDATE added_parameter SET state = ?, since = ?, type = 0, rid = 0, seen = 0 WHERE number = ?",
                (GOING, now, one.number),
            )
    for record, definition in sorted(asked - there.keys(), key=lambda pair: (pair[0], pair[1].code)):
        connection.rows(
            "INSERT INTO added_parameter (record, definition, state, since, type, rid, seen, mended)"
            " VALUES (?, ?, ?, ?, 0, 0, 0, 0)",
            (record, msgspec.json.encode(definition).decode(), FILLING, now),
        )
