"""The nodes below this one as rows, and the codes by which one becomes such: of a code only its digest is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hoso.store.connection import Connection, Row
from hoso.store.engine import Engine
from hoso.store.sync_lines import insert

_COLUMNS = "id, name, facility, public, parent, enrolled, expires, revoked, contact, turn, seen, ahead, told, scope"


class NodeRow(NamedTuple):
    """`contact` and `turn` are the last that were answered. `ahead`: its clock less this node's, in milliseconds, when
    it was `seen` last; `told`: what it said of itself; `scope`: whose records it is to have."""

    id: str
    name: str
    facility: str
    public: bytes
    parent: str
    enrolled: int
    expires: int
    revoked: int | None = None
    contact: int = 0
    turn: int = 0
    seen: int | None = None
    ahead: int | None = None
    told: str = ""
    scope: str = "all"


class InviteRow(NamedTuple):
    name: str
    facility: str
    expires: int
    used: str | None
    scope: str


class NodeTable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[NodeRow]:
        rows = self._engine.reader().rows(f"SELECT {_COLUMNS} FROM sync_node ORDER BY name, id")  # noqa: S608
        return [_row(row) for row in rows]

    def find(self, id: str) -> NodeRow | None:
        rows = self._engine.reader().rows(f"SELECT {_COLUMNS} FROM sync_node WHERE id = ?", (id,))  # noqa: S608
        return _row(rows[0]) if rows else None

    def invite(self, digest: bytes, name: str, facility: str, scope: str, now: int, expires: int) -> None:
        def work(connection: Connection) -> None:
            connection.rows("DELETE FROM sync_invite WHERE expires < ?", (now - 30 * 86_400_000,))
            insert(connection, "sync_invite", [(digest, name, facility, now, expires, None, scope)])

        self._engine.transact(work)

    def invited(self, digest: bytes) -> InviteRow | None:
        sql = "SELECT name, facility, expires, used, scope FROM sync_invite WHERE digest = ?"
        rows = self._engine.reader().rows(sql, (digest,))
        return InviteRow(*rows[0]) if rows else None

    def enrol(self, digest: bytes, row: NodeRow, now: int) -> bool:
        """Uses a code up; whether it was still good. A node that was here before keeps what it was answered last."""

        def work(connection: Connection) -> bool:
            used = "UPDATE sync_invite SET used = ? WHERE digest = ? AND used IS NULL AND expires > ? RETURNING name"
            if not connection.rows(used, (row.id, digest, now)):
                return False
            before = connection.rows("SELECT contact, turn FROM sync_node WHERE id = ?", (row.id,))
            contact, turn = before[0] if before else (0, 0)
            connection.rows("DELETE FROM sync_node WHERE id = ?", (row.id,))
            insert(connection, "sync_node", [row._replace(contact=contact, turn=turn)])
            return True

        return self._engine.transact(work)

    def meet(self, rows: Sequence[NodeRow]) -> None:
        """Nodes that another told of; those that are known keep what they were answered last."""

        def work(connection: Connection) -> None:
            for row in rows:
                changed = """UPDATE sync_node SET name = ?, facility = ?, expires = ?, revoked = ?, scope = ?
                             WHERE id = ? RETURNING id"""
                values = (row.name, row.facility, row.expires, row.revoked, row.scope, row.id)
                if not connection.rows(changed, values):
                    insert(connection, "sync_node", [row])

        self._engine.transact(work)

    def renew(self, id: str, expires: int, told: str) -> None:
        sql = "UPDATE sync_node SET expires = ?, told = ? WHERE id = ?"
        self._engine.transact(lambda connection: connection.rows(sql, (expires, told, id)))

    def revoke(self, id: str, when: int | None) -> bool:
        """None takes it back. Whether there is such a node."""
        sql = "UPDATE sync_node SET revoked = ? WHERE id = ? RETURNING id"
        return bool(self._engine.transact(lambda connection: connection.rows(sql, (when, id))))

    def advance(self, id: str, contact: int, turn: int, now: int) -> bool:
        """Takes note of a frame; False of one that is not newer than the last."""
        sql = """UPDATE sync_node SET contact = ?, turn = ?, seen = ? WHERE id = ?
                 AND (contact < ? OR (contact = ? AND turn < ?)) RETURNING id"""
        values = (contact, turn, now, id, contact, contact, turn)
        return bool(self._engine.transact(lambda connection: connection.rows(sql, values)))

    def hear(self, id: str, ahead: int, told: str) -> None:
        sql = "UPDATE sync_node SET ahead = ?, told = ? WHERE id = ?"
        self._engine.transact(lambda connection: connection.rows(sql, (ahead, told, id)))


def _row(row: Row) -> NodeRow:
    id, name, facility, public, *rest = row
    return NodeRow(id, name, facility, bytes(public), *rest)
