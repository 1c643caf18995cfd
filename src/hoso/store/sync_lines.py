"""Streams as rows: numbered records with their chain, the batches they came in, and what of them was held.

A text is kept once under its digest, whoever names it. What the rows mean is for `sync` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

import msgspec

from hoso.store.codec import Codec
from hoso.store.connection import Connection, Row

TOGETHER = 60
"""Rows of one INSERT."""
PAGE = 500

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[bytes, bytes]).decode


class Text(NamedTuple):
    """The bytes of a record."""

    header: bytes
    body: bytes

    def digest(self) -> bytes:
        """As the chains of streams have it."""
        return sha256(sha256(self.header).digest() + sha256(self.body).digest()).digest()


class LineName(NamedTuple):
    node: str
    epoch: str
    branch: str = ""


class Line(NamedTuple):
    """It begins behind `base`, where the chain is `before`."""

    id: int
    name: LineName
    base: int
    before: bytes
    last: int
    chain: bytes
    judged: int


_COLUMNS = "id, node, epoch, branch, base, before, last, chain, judged"
_TEXT = "t.dict, t.bytes"


def insert(connection: Connection, table: str, rows: Iterable[Sequence[object]], clash: str = "") -> None:
    listed = list(rows)
    for at in range(0, len(listed), TOGETHER):
        some = listed[at : at + TOGETHER]
        marks = "(" + ", ".join("?" * len(some[0])) + ")"
        values = ", ".join([marks] * len(some))
        connection.rows(f"INSERT INTO {table} VALUES {values} {clash}", [value for row in some for value in row])  # noqa: S608


@dataclass(frozen=True, slots=True)
class LineRows:
    """On one connection; those who write hold the lock of all that agree (`sync_versions.LOCK`)."""

    connection: Connection
    codec: Codec

    def all(self) -> list[Line]:
        rows = self.connection.rows(f"SELECT {_COLUMNS} FROM sync_line ORDER BY id")  # noqa: S608
        return [_line(row) for row in rows]

    def find(self, name: LineName) -> Line | None:
        sql = f"SELECT {_COLUMNS} FROM sync_line WHERE node = ? AND epoch = ? AND branch = ?"  # noqa: S608
        rows = self.connection.rows(sql, name)
        return _line(rows[0]) if rows else None

    def begin(self, name: LineName, base: int, before: bytes) -> Line:
        ((id,),) = self.connection.rows("SELECT coalesce(max(id), 0) + 1 FROM sync_line")
        line = Line(id, name, base, before, base, before, base)
        insert(self.connection, "sync_line", [(id, *name, base, before, base, before, base)])
        return line

    def append(self, line: Line, texts: Sequence[Text]) -> Line:
        """Behind its end, chained to what is there."""
        chain, rows = line.chain, []
        for number, text in enumerate(texts, line.last + 1):
            digest = text.digest()
            chain = link(chain, number, digest)
            rows.append((line.id, number, chain, digest))
        self.keep(texts)
        return self._append(line, rows)

    def _append(self, line: Line, rows: Sequence[tuple[int, int, bytes, bytes]]) -> Line:
        if not rows:
            return line
        insert(self.connection, "sync_record", rows)
        _, last, chain, _ = rows[-1]
        self.connection.rows("UPDATE sync_line SET last = ?, chain = ? WHERE id = ?", (last, chain, line.id))
        return line._replace(last=last, chain=chain)

    def append_closed(self, line: Line, first: int, last: int, after: bytes, change: bytes) -> None:
        """Numbers behind its end of which only the last has a chain, and none a text."""
        insert(self.connection, "sync_closed", [(line.id, first, last, change)])
        insert(self.connection, "sync_record", [(line.id, last, after, change)])
        self.connection.rows("UPDATE sync_line SET last = ?, chain = ? WHERE id = ?", (last, after, line.id))

    def closed(self, line: Line) -> list[bytes]:
        """The batches in which they came."""
        sql = """SELECT b.bytes FROM sync_closed c JOIN sync_batch b ON b.line = c.line AND b.last = c.last
                 WHERE c.line = ? ORDER BY c.first"""
        return [bytes(data) for (data,) in self.connection.rows(sql, (line.id,))]

    def open(self, line: Line, first: int, texts: Sequence[Text] | None, chains: Sequence[bytes]) -> bool:
        """What such numbers stand for, None: that can never be known. False when somebody else was quicker."""
        found = self.connection.rows(
            "SELECT last, change FROM sync_closed WHERE line = ? AND first = ?", (line.id, first)
        )
        if not found:
            return False
        ((last, change),) = found
        self.connection.rows("DELETE FROM sync_closed WHERE line = ? AND first = ?", (line.id, first))
        self.connection.rows("DELETE FROM sync_held WHERE line = ? AND change = ?", (line.id, change))
        if texts is not None:
            self.connection.rows("DELETE FROM sync_record WHERE line = ? AND number = ?", (line.id, last))
            rows = zip(range(first, last + 1), chains, (text.digest() for text in texts), strict=True)
            insert(self.connection, "sync_record", [(line.id, *row) for row in rows])
            self.keep(texts)
        return True

    def keep(self, texts: Iterable[Text]) -> None:
        named = {text.digest(): text for text in texts}
        rows = [(key, self.codec.current, self.codec.pack(_pack(text))) for key, text in sorted(named.items())]
        insert(self.connection, "sync_text", rows, "ON CONFLICT DO NOTHING")

    def text(self, row: Row) -> Text:
        """Of the columns dict and bytes."""
        return Text(*_unpack(self.codec.unpack(row[0], bytes(row[1]))))

    def judge(self, line: Line, number: int) -> None:
        self.connection.rows("UPDATE sync_line SET judged = ? WHERE id = ?", (number, line.id))

    def chain(self, line: Line, number: int) -> bytes | None:
        if number == line.base:
            return line.before
        sql = "SELECT chain FROM sync_record WHERE line = ? AND number = ?"
        rows = self.connection.rows(sql, (line.id, number))
        return bytes(rows[0][0]) if rows else None

    def texts(self, line: Line, after: int, limit: int) -> list[Text]:
        sql = f"""SELECT {_TEXT} FROM sync_record r JOIN sync_text t ON t.digest = r.digest
                  WHERE r.line = ? AND r.number > ? ORDER BY r.number LIMIT ?"""  # noqa: S608
        return [self.text(row) for row in self.connection.rows(sql, (line.id, after, limit))]

    def batch(self, line: Line, last: int, data: bytes) -> None:
        insert(self.connection, "sync_batch", [(line.id, last, data)], "ON CONFLICT DO NOTHING")

    def batches(self, line: Line, after: int) -> Iterator[bytes]:
        """From the one that holds the number behind `after`, each read when it is asked for."""
        sql = "SELECT last, bytes FROM sync_batch WHERE line = ? AND last > ? ORDER BY last LIMIT 1"
        while rows := self.connection.rows(sql, (line.id, after)):
            ((after, data),) = rows
            yield bytes(data)

    def boundary(self, line: Line, number: int) -> int:
        sql = "SELECT coalesce(max(last), ?) FROM sync_batch WHERE line = ? AND last <= ?"
        ((last,),) = self.connection.rows(sql, (line.base, line.id, number))
        return int(last)

    def move(self, line: Line, after: int, into: Line) -> None:
        """The records behind `after` go to the end of another line; to a branch, with their batches and numbers."""
        before = self.chain(line, after)
        assert before is not None
        branches = into.base == after and into.last == into.base and into.name.branch != ""
        rows = self.connection.rows(
            "SELECT number, chain, digest FROM sync_record WHERE line = ? AND number > ? ORDER BY number",
            (line.id, after),
        )
        self._cut(line, after, before, keep=branches)
        if branches:
            sql = "UPDATE sync_batch SET line = ? WHERE line = ? AND last > ?"
            self.connection.rows(sql, (into.id, line.id, after))
            sql = "UPDATE sync_closed SET line = ? WHERE line = ? AND last > ?"
            self.connection.rows(sql, (into.id, line.id, after))
            self._append(into, [(into.id, number, bytes(chain), bytes(digest)) for number, chain, digest in rows])
            return
        chain, moved = into.chain, []
        for number, (_, _, digest) in enumerate(rows, into.last + 1):
            chain = link(chain, number, bytes(digest))
            moved.append((into.id, number, chain, bytes(digest)))
        self._append(into, moved)

    def forget(self, line: Line, after: int) -> None:
        """Of a tail that stands on another line already."""
        before = self.chain(line, after)
        assert before is not None
        self._cut(line, after, before, keep=False)

    def _cut(self, line: Line, after: int, chain: bytes, *, keep: bool) -> None:
        if not keep:
            for table in ("sync_batch", "sync_closed"):
                self.connection.rows(f"DELETE FROM {table} WHERE line = ? AND last > ?", (line.id, after))  # noqa: S608
        self.connection.rows("DELETE FROM sync_record WHERE line = ? AND number > ?", (line.id, after))
        self.connection.rows(
            "UPDATE sync_line SET last = ?, chain = ?, judged = ? WHERE id = ?",
            (after, chain, min(line.judged, after), line.id),
        )

    def hold(self, line: Line, held: Sequence[tuple[bytes, str]]) -> None:
        ((place,),) = self.connection.rows("SELECT coalesce(max(place), 0) FROM sync_held WHERE line = ?", (line.id,))
        rows = [(line.id, place + n, change, reason) for n, (change, reason) in enumerate(held, 1)]
        insert(self.connection, "sync_held", rows)

    def release(self, line: Line, changes: Sequence[bytes]) -> None:
        for change in changes:
            self.connection.rows("DELETE FROM sync_held WHERE line = ? AND change = ?", (line.id, change))

    def held(self, line: Line) -> list[tuple[bytes, str]]:
        sql = "SELECT change, reason FROM sync_held WHERE line = ? ORDER BY place"
        return [(bytes(change), reason) for change, reason in self.connection.rows(sql, (line.id,))]

    def is_held(self, change: bytes) -> bool:
        return bool(self.connection.rows("SELECT 1 FROM sync_held WHERE change = ? LIMIT 1", (change,)))


def link(chain: bytes, number: int, digest: bytes) -> bytes:
    return sha256(chain + number.to_bytes(8, "big") + digest).digest()


def _line(row: Row) -> Line:
    id, node, epoch, branch, base, before, last, chain, judged = row
    return Line(id, LineName(node, epoch, branch), base, bytes(before), last, bytes(chain), judged)
