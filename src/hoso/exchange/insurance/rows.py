"""The rows of inner tables, from the events of a parser: an element known as a record, and its elements as fields.

Unknown fields are kept like known ones, and fields inside fields under both names ("A.B"); nothing is refused here
but what is no table at all.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

from hoso.core import Issue, Refused
from hoso.exchange.insurance.definitions import tables
from hoso.exchange.insurance.parsing import Parser
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

    def __init__(self, visit: Visit, table: str | None) -> None:
        self._visit, self._table = visit, table
        self._row: Row | None = None
        self._open: list[str] = []
        self._leaf = False
        self._text: list[str] = []
        self._depth = self._signed = self._values = self._bytes = 0
        self._known = False
        self._seen: Counter[str] = Counter()

    def start(self, name: str) -> None:
        self._depth += 1
        if self._signed or name in SIGNATURES:
            self._signed = self._signed or self._depth
        elif self._row is None:
            self._known = self._known or name in elements()
            if name in row_elements():
                self._begin(row_elements()[name])
        else:
            self._open.append(name)
            self._leaf = True
            self._text = []

    def _begin(self, table: str) -> None:
        self._row = row = self._visit.add(table)
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
        self._depth -= 1

    def _put(self, row: Row, name: str, text: str) -> None:
        self._values += 1
        if self._values > VALUES_LIMIT:
            raise TooLarge
        self._seen[name] += 1
        if self._seen[name] == 2:
            self._visit.issues.append(row.at(name).issue("duplicate", "insurance.twice", "warning"))
        if self._seen[name] > 1:
            name = f"{name}#{self._seen[name]}"
        row.values[name] = mended(name, text)
        if row.values[name] != text:
            row.originals[name] = text

    def finish(self) -> None:
        """Says so when none of the elements was one of a table."""
        if not self._known:
            place = self._visit.place._replace(table=self._table or "")
            self._visit.issues.append(place.issue("structure", "insurance.not-a-table"))


def read(visit: Visit, table: str | None, data: bytes) -> None:
    """Takes the rows of an inner document into the visit; a fault in it leaves the rows before it, and is told."""
    rows = Rows(visit, table)
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


@cache
def row_elements() -> dict[str, str]:
    return {table.row: name for name, table in tables().items()}


@cache
def elements() -> frozenset[str]:
    """Every element that shows that a table begins."""
    return frozenset(row_elements()) | {wrap for table in tables().values() for wrap in table.wraps}
