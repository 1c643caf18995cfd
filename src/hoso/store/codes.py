"""The tables of citizen codes: the centre's counter, leases given and held, the state of each code, aliases, keys.

Only numbers and rows here; what a change of state means and whether it may be is for `identity` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from hoso.store.connection import Connection, Row
from hoso.store.engine import Engine

State = Literal["leased", "used", "bound", "alias", "retired"]
STATES: tuple[State, ...] = ("leased", "used", "bound", "alias", "retired")
"""In the tables a state is its place in this list."""

AFTER_RESTORE = 50_000_000
"""Codes skipped by a centre that was brought back from a backup: more than can have been given since it was made."""

_ROWS = 500
_CODE = "code, state, changed, lease, holder, signature"


class CodeRow(NamedTuple):
    code: int
    state: State
    changed: int
    lease: str | None = None
    holder: str | None = None
    signature: bytes | None = None


class Grant(NamedTuple):
    id: str
    facility: str
    node: str
    first: int
    number: int
    made: int
    expires: int


class HeldLease(NamedTuple):
    id: str
    facility: str
    node: str
    number: int
    made: int
    expires: int


class OtherSecret(Exception):
    """The counter belongs to codes made with another key; going on would give codes a second time."""


class CodeTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # The centre

    def advance(self, number: int, secret: int) -> int:
        """Uses up `number` counters for ever and answers the first; safe among processes. Raises OtherSecret."""
        return self._engine.transact(lambda c: _advance(c, number, secret))

    def grant(self, lease: HeldLease, secret: int) -> Grant:
        """The same for a lease, which is remembered with it."""

        def work(connection: Connection) -> Grant:
            first = _advance(connection, lease.number, secret)
            made = Grant(lease.id, lease.facility, lease.node, first, *lease[3:])
            connection.rows("INSERT INTO code_grant VALUES (?, ?, ?, ?, ?, ?, ?)", made)
            return made

        return self._engine.transact(work)

    def counter(self) -> int:
        return self.mark("counter")

    def mark(self, name: str) -> int:
        """A mark's value; 0 while it was never set."""
        return _mark(self._engine.reader(), name)

    def grants(self) -> list[Grant]:
        rows = self._engine.reader().rows("SELECT * FROM code_grant ORDER BY made, id")
        return [Grant(*row) for row in rows]

    def grant_of(self, counter: int) -> Grant | None:
        rows = self._engine.reader().rows(
            "SELECT * FROM code_grant WHERE first <= ? ORDER BY first DESC LIMIT 1", (counter,)
        )
        found = Grant(*rows[0]) if rows else None
        return found if found and counter < found.first + found.number else None

    # Leases held

    def take_in(self, lease: HeldLease, codes: Sequence[tuple[int, bytes]], now: int) -> bool:
        """Keeps a lease and its codes with their signatures; False when it was there already."""

        def work(connection: Connection) -> bool:
            if connection.rows("SELECT 1 FROM code_lease WHERE id = ?", (lease.id,)):
                return False
            connection.rows("INSERT INTO code_lease VALUES (?, ?, ?, ?, ?, ?)", lease)
            for start in range(0, len(codes), _ROWS):
                some = codes[start : start + _ROWS]
                marks = ", ".join(["(?, 0, ?, ?, NULL, ?)"] * len(some))
                values = [value for code, signature in some for value in (code, now, lease.id, signature)]
                connection.rows(
                    f"INSERT INTO citizen_code ({_CODE}) VALUES {marks} ON CONFLICT (code) DO NOTHING",  # noqa: S608
                    values,
                )
            return True

        return self._engine.transact(work)

    def take(self, number: int, now: int) -> list[int]:
        """Marks `number` leased codes as used, of the lease that ends first; none when there are not enough."""

        def work(connection: Connection) -> list[int]:
            self._engine.lock(connection, ["code/take"])
            rows = connection.rows(
                """SELECT c.code FROM code_lease l JOIN citizen_code c ON c.lease = l.id AND c.state = 0
                   WHERE l.expires > ? ORDER BY l.expires, l.id, c.code LIMIT ?""",
                (now, number),
            )
            if len(rows) < number:
                return []
            for (code,) in rows:
                connection.rows("UPDATE citizen_code SET state = 1, changed = ? WHERE code = ?", (now, code))
            return [code for (code,) in rows]

        return self._engine.transact(work)

    def leases(self) -> list[HeldLease]:
        return [HeldLease(*row) for row in self._engine.reader().rows("SELECT * FROM code_lease ORDER BY expires, id")]

    def counts(self) -> dict[tuple[str, State], int]:
        """How many codes of each lease are in each state."""
        rows = self._engine.reader().rows(
            "SELECT lease, state, count(*) FROM citizen_code WHERE lease IS NOT NULL GROUP BY lease, state"
        )
        return {(lease, STATES[state]): number for lease, state, number in rows}

    # Single codes

    def find(self, code: int) -> CodeRow | None:
        return _find(self._engine.reader(), code)

    def change(self, code: int, decide: Callable[[CodeRow | None], CodeRow]) -> CodeRow:
        """Replaces a row by what `decide` makes of it, nobody coming between; what it raises leaves all as it was."""

        def work(connection: Connection) -> CodeRow:
            self._engine.lock(connection, [f"code/{code}"])
            before = _find(connection, code)
            after = decide(before)
            if after != before:
                _put(connection, after)
            return after

        return self._engine.transact(work)

    # Keys

    def trust(self, public: bytes, now: int) -> bool:
        """False when the key was believed already."""
        sql = "INSERT INTO code_key VALUES (?, ?) ON CONFLICT (public) DO NOTHING RETURNING added"
        return bool(self._engine.transact(lambda c: c.rows(sql, (public, now))))

    def trusted(self) -> list[bytes]:
        rows = self._engine.reader().rows("SELECT public FROM code_key ORDER BY added, public")
        return [bytes(public) for (public,) in rows]


def after_restore(connection: Connection, now: int) -> None:
    """What was given after the backup was made is not known any more: any code of a lease may be somebody's by now."""
    connection.rows("UPDATE code_mark SET value = value + ? WHERE name = 'counter'", (AFTER_RESTORE,))
    connection.rows("UPDATE citizen_code SET state = 1, changed = ? WHERE state = 0", (now,))
    connection.rows(
        "INSERT INTO code_mark VALUES ('restored', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (now,)
    )


def _advance(connection: Connection, number: int, secret: int) -> int:
    ((known,),) = connection.rows(
        """INSERT INTO code_mark VALUES ('secret', ?)
           ON CONFLICT (name) DO UPDATE SET value = code_mark.value RETURNING value""",
        (secret,),
    )
    if known != secret:
        raise OtherSecret
    ((after,),) = connection.rows(
        """INSERT INTO code_mark VALUES ('counter', ?)
           ON CONFLICT (name) DO UPDATE SET value = code_mark.value + excluded.value RETURNING value""",
        (number,),
    )
    return int(after) - number


def _mark(connection: Connection, name: str) -> int:
    rows = connection.rows("SELECT value FROM code_mark WHERE name = ?", (name,))
    return int(rows[0][0]) if rows else 0


def _find(connection: Connection, code: int) -> CodeRow | None:
    rows = connection.rows(f"SELECT {_CODE} FROM citizen_code WHERE code = ?", (code,))  # noqa: S608
    return _row(rows[0]) if rows else None


def _put(connection: Connection, row: CodeRow) -> None:
    connection.rows(
        f"""INSERT INTO citizen_code ({_CODE}) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (code) DO UPDATE SET state = excluded.state, changed = excluded.changed,
              holder = excluded.holder""",  # noqa: S608
        (row.code, STATES.index(row.state), *row[2:]),
    )


def _row(row: Row) -> CodeRow:
    code, state, changed, lease, holder, signature = row
    return CodeRow(code, STATES[state], changed, lease, holder, None if signature is None else bytes(signature))
