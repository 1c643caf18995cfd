"""The rows of inner tables, from the events of a parser: an element known as a record, and its elements as fields.

Unknown fields are kept like known ones, and fields inside fields under both names ("A.B"); nothing is refused here
but what is no table at all.
"""

from __future__ import annotations

from collections import Counter

from hoso.core import Issue, Refused
from hoso.exchange.insurance.parsing import Parser
from hoso.exchange.insurance.shape import Shape
from hoso.exchange.insurance.text import CHUNK, mended, whole
from hoso.exchange.insurance.visit import Row, Visit

VALUES_LIMIT = 100_000
"""Fields of one visit: in memory each takes many times its few bytes."""
BYTES_LIMIT = 32 << 20
"""Text of one visit."""
SIGNATURES = frozenset({"SIGNATURE", "CHUKYDONVI"})


class TooLarge(Exception):
    """A visit has more in it than one visit can."""


class Rows:
    """Takes the rows of one inner document into the visit. `table` is what the file says it holds."""

    def __init__(self, visit: Visit, table: str | None, shape: Shape) -> None:
        self._visit, self._table, self._shape = visit, table, shape
        self._row: Row | None = None
        self._open: list[str] = []
        self._leaf = False
        self._text: list[str] = []
        self._depth = self._signed = self._values = self._bytes = 0
        self._known = False
        self._started = self._parent = 0
        self._parents: list[int] = []
        self._seen: Counter[str] = Counter()

    def start(self, name: str) -> None:
        self._depth += 1
        if self._signed or name in SIGNATURES:
            self._signed = self._signed or self._depth
        elif self._row is None:
            self._known = self._known or self._shape.begins(name)
            if name in self._shape.rows:
                self._begin(self._shape.rows[name])
        else:
            self._open.append(name)
            self._started += 1
            self._parents.append(self._started)
            self._leaf = True
            self._text = []

    def _begin(self, table: str) -> None:
        self._row = row = self._visit.add(table)
        self._parent = 0
        self._seen.clear()
        if self._table not in (None, table):
            said = self._table or ""
            self._visit.issues.append(row.place.issue("invalid", "insurance.other-table", "warning", said=said))

    def text(self, text: str) -> None:
        self._bytes += len(text)
        if self._bytes > BYTES_LIMIT:
            raise TooLarge
        if self._leaf and not self._signed:
            self._text.append(text)

    def end(self, name: str) -> None:
        if self._signed:
            if self._signed == self._depth:
                self._signed = 0
        elif self._row is not None and not self._open:
            self._row = None
        elif self._row is not None:
            if self._leaf:
                self._put(self._row, ".".join(self._open), "".join(self._text))
            self._leaf = False
            self._open.pop()
            self._parents.pop()
        self._depth -= 1

    def _put(self, row: Row, name: str, text: str) -> None:
        self._values += 1
        if self._values > VALUES_LIMIT:
            raise TooLarge
        row = self._row_of(row)
        self._seen[name] += 1
        if self._seen[name] == 2:
            self._visit.issues.append(row.at(name).issue("duplicate", "insurance.twice", "warning"))
        if self._seen[name] > 1:
            name = f"{name}#{self._seen[name]}"
        row.values[name] = mended(name, text)
        if row.values[name] != text:
            row.originals[name] = text

    def _row_of(self, row: Row) -> Row:
        """The row itself; in a repeated table, a new one for the fields of another element."""
        parent = self._parents[-2] if len(self._parents) > 1 else 0
        if row.place.table in self._shape.repeated and parent != self._parent:
            if row.values:
                row = self._row = self._visit.add(row.place.table)
            self._parent = parent
            self._seen.clear()
        return row

    def finish(self) -> None:
        """Says so when none of the elements was one of a table."""
        if not self._known:
            place = self._visit.place._replace(table=self._table or "")
            self._visit.issues.append(place.issue("structure", "insurance.not-a-table"))


def read(visit: Visit, table: str | None, data: bytes, shape: Shape) -> None:
    """Takes the rows of an inner document into the visit; a fault in it leaves the rows before it, and is told."""
    rows = Rows(visit, table, shape)
    parser = Parser(rows.start, rows.text, rows.end)
    try:
        text = whole(data)
        for start in range(0, len(text), CHUNK):
            parser.feed(text[start : start + CHUNK])
        parser.close()
        rows.finish()
    except Refused as refused:
        _drop(visit, table)
        visit.issues += [_inside(visit, table, issue) for issue in refused.issues]
    finally:
        parser.release()


def _drop(visit: Visit, table: str | None) -> None:
    """Half a table would look like a whole one."""
    if table:
        visit.tables.pop(table, None)


def _inside(visit: Visit, table: str | None, issue: Issue) -> Issue:
    place = visit.place._replace(table=table or "")
    return Issue(issue.code, issue.key, {"place": str(place), **issue.values}, str(place))
