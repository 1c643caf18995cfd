"""Which code a code stands for today. An alias is for ever; where it leads changes with the decisions behind it."""

from __future__ import annotations

from typing import Literal

from hoso.store.connection import Connection
from hoso.store.engine import Engine

Joined = Literal["made", "there", "elsewhere", "circle"]
_LOCK = "code/alias"


class AliasTable:
    """Every row holds the end of its chain, so that a look-up is one step however often people were merged."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def end(self, code: int) -> int:
        """The code that survives; the code itself when it is no alias."""
        return _end(self._engine.reader(), code)

    def all_of(self, surviving: int) -> list[int]:
        """Every code that leads to this one."""
        rows = self._engine.reader().rows("SELECT old FROM code_alias WHERE surviving = ? ORDER BY old", (surviving,))
        return [old for (old,) in rows]

    def count(self) -> int:
        ((number,),) = self._engine.reader().rows("SELECT count(*) FROM code_alias")
        return int(number)

    def join(self, old: int, direct: int, now: int) -> Joined:
        """Lets `old` lead to `direct`. "elsewhere": it already leads to another; "circle": it would lead to itself."""

        def work(connection: Connection) -> Joined:
            self._engine.lock(connection, [_LOCK])
            before = connection.rows("SELECT direct FROM code_alias WHERE old = ?", (old,))
            if before:
                return "there" if before[0][0] == direct else "elsewhere"
            surviving = _end(connection, direct)
            if surviving == old:
                return "circle"
            connection.rows("UPDATE code_alias SET surviving = ? WHERE surviving = ?", (surviving, old))
            connection.rows("INSERT INTO code_alias VALUES (?, ?, ?, ?)", (old, direct, surviving, now))
            return "made"

        return self._engine.transact(work)

    def part(self, old: int) -> bool:
        """Takes the decision about `old` back: it stands for itself again, with all that led to it. False: no alias."""

        def work(connection: Connection) -> bool:
            self._engine.lock(connection, [_LOCK])
            rows = connection.rows("DELETE FROM code_alias WHERE old = ? RETURNING surviving", (old,))
            if not rows:
                return False
            decided: dict[int, int] = dict(
                connection.rows("SELECT old, direct FROM code_alias WHERE surviving = ?", rows[0])
            )
            for code in decided:
                if _leads_to(code, old, decided):
                    connection.rows("UPDATE code_alias SET surviving = ? WHERE old = ?", (old, code))
            return True

        return self._engine.transact(work)


def _end(connection: Connection, code: int) -> int:
    rows = connection.rows("SELECT surviving FROM code_alias WHERE old = ?", (code,))
    return int(rows[0][0]) if rows else code


def _leads_to(code: int, end: int, decided: dict[int, int]) -> bool:
    while code in decided:
        code = decided[code]
        if code == end:
            return True
    return False
