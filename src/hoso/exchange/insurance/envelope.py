"""A file of insurance XML as a stream of visits, in memory that does not grow with the file.

Read liberally, as software writes it: base64 or plain tables, GIAMDINHHS or bare visits (HS, HOSO) or a bare table,
one file per table or all in one. What is wrong with one visit is told with it; a break in the envelope ends the file.
"""

from __future__ import annotations

import binascii
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import IO, Literal

from hoso.core import Issue, Refused
from hoso.exchange.insurance import rows
from hoso.exchange.insurance.parsing import Parser
from hoso.exchange.insurance.rows import BYTES_LIMIT, SIGNATURES, Rows, TooLarge
from hoso.exchange.insurance.shape import Shape, insurance
from hoso.exchange.insurance.text import utf8
from hoso.exchange.insurance.visit import Place, Visit

Signature = Literal["none", "whole", "broken"]
_TEXTS = frozenset({"MACSKCB", "NGAYLAP", "SOLUONGHOSO", "LOAIHOSO", "NOIDUNGFILE"})
_SIGNED_BY = ("SIGNEDINFO", "SIGNATUREVALUE", "DIGESTVALUE", "X509CERTIFICATE")
"""What a signature must have to be checked by anybody."""
_SHORT = 1_000
_SPACE = re.compile(rb"\s+")


def read(stream: IO[bytes], source: str = "", first: int = 1, shape: Shape | None = None) -> Reading:
    """`first` is the number of the first visit, when the file is a piece of a larger one."""
    return Reading(stream, source, first, shape or insurance())


class Reading:
    """Iterates over the visits of a file, once. The other attributes are known when it has ended.

    `stated` is the number of visits that the file says it has. Raises Refused(400) where the file cannot be read any
    further; the visits before that have been given out, and the issue says which one was open.
    """

    def __init__(self, stream: IO[bytes], source: str, first: int, shape: Shape) -> None:
        self._stream, self._first, self._shape = stream, first, shape
        self.source = source
        self.facility = self.made = ""
        self.stated: int | None = None
        self._number = first - 1
        self._open: list[str] = []
        self._ready: deque[Visit] = deque()
        self._visit: Visit | None = None
        self._visit_depth = 0
        self._too_large = False
        self._table: str | None = None
        self._rows: Rows | None = None
        self._rows_depth = 0
        self._text: list[str] | None = None
        self._size = 0
        self._signed_from = 0
        self._signed: dict[str, bool] = {}

    def __iter__(self) -> Iterator[Visit]:
        parser = Parser(self._start, self._characters, self._end)
        empty = True
        try:
            for piece in utf8(self._stream):
                empty = empty and not piece.strip()
                parser.feed(piece)
                while self._ready:
                    yield self._ready.popleft()
            if empty:
                raise Refused.because(400, "structure", "xml.empty")
            parser.close()
        except Refused as refused:
            yield from self._ready
            raise Refused(400, *(self._placed(issue) for issue in refused.issues)) from None
        finally:
            parser.release()
        yield from self._ready

    @property
    def visits(self) -> int:
        return self._number - self._first + 1

    @property
    def signature(self) -> Signature:
        """Whether the file has a signature with all its parts; whether it is true is not asked here."""
        if not self._signed:
            return "none"
        return "whole" if all(self._signed.get(name) for name in _SIGNED_BY) else "broken"

    def _placed(self, issue: Issue) -> Issue:
        place = f"HOSO[{self._number}]" if self._visit else self._shape.root
        return Issue(issue.code, issue.key, {"place": place, **issue.values}, place)

    def _start(self, name: str) -> None:
        self._open.append(name)
        depth = len(self._open)
        if depth == 1:
            self._check_root(name)
        if self._signed_from:
            self._begin_signed(name)
        elif self._rows is not None:
            self._guarded(self._rows.start, name)
        elif name in SIGNATURES:
            self._signed_from = depth
            self._signed.setdefault(name, True)
        elif name in self._shape.records:
            self._begin_visit(depth)
        elif self._shape.begins(name):
            self._begin_rows(name, depth)
        elif name == "FILEHOSO":
            self._table = None
        elif name in _TEXTS:
            self._text, self._size = [], 0

    def _check_root(self, name: str) -> None:
        shape = self._shape
        if name != shape.root and name not in shape.records and not shape.begins(name):
            raise Refused.because(400, "structure", shape.refusal, name=name[:40])

    def _begin_signed(self, name: str) -> None:
        self._signed.setdefault(name, False)
        self._text, self._size = ([], 0) if name in _SIGNED_BY else (None, 0)

    def _begin_visit(self, depth: int) -> None:
        """An HS around HOSO is only a wrapper."""
        if self._visit is not None and (self._visit.tables or self._visit.issues):
            return
        if self._visit is None:
            self._number += 1
        self._visit = Visit(Place(self.source, self._number), self.facility)
        self._visit_depth, self._too_large = depth, False

    def _begin_rows(self, name: str, depth: int) -> None:
        if self._visit is None:
            self._begin_visit(depth)
        assert self._visit is not None
        self._text = None
        self._rows, self._rows_depth = Rows(self._visit, self._named(), self._shape), depth
        self._guarded(self._rows.start, name)

    def _named(self) -> str | None:
        """The table that LOAIHOSO names, where it decides anything."""
        return self._table if self._shape.kinds is not None else None

    def _guarded(self, handler: Callable[..., None], *arguments: object) -> None:
        """Of a visit that is too large, the rest is only skipped."""
        if self._too_large:
            return
        try:
            handler(*arguments)
        except TooLarge:
            self._too_large = True

    def _characters(self, text: str) -> None:
        if self._signed_from:
            if self._text is not None and self._size < _SHORT:
                self._text.append(text)
                self._size += len(text)
        elif self._rows is not None:
            self._guarded(self._rows.text, text)
        elif self._text is not None and not self._too_large:
            self._size += len(text)
            self._text.append(text)
            if self._size > (BYTES_LIMIT if self._open[-1] == "NOIDUNGFILE" else _SHORT):
                self._text, self._too_large = None, self._visit is not None

    def _end(self, name: str) -> None:
        depth = len(self._open)
        if self._signed_from:
            self._end_signed(name, depth)
        elif self._rows is not None:
            self._guarded(self._rows.end, name)
            if depth == self._rows_depth:
                self._rows = None
        elif name in _TEXTS and self._text is not None:
            self._take(name, "".join(self._text).strip())
            self._text = None
        self._open.pop()
        if self._visit is not None and depth == self._visit_depth:
            self._end_visit(self._visit)

    def _end_signed(self, name: str, depth: int) -> None:
        if name in _SIGNED_BY:
            self._signed[name] = name == "SIGNEDINFO" or bool(self._text and "".join(self._text).strip())
        self._text = None
        if depth == self._signed_from:
            self._signed_from = 0

    def _take(self, name: str, text: str) -> None:
        match name:
            case "MACSKCB":
                self.facility = text
            case "NGAYLAP":
                self.made = text
            case "SOLUONGHOSO":
                self.stated = int(text) if text.isascii() and text.isdigit() else None
            case "LOAIHOSO":
                self._table = text.upper()
            case "NOIDUNGFILE" if self._visit is not None:
                self._content(self._visit, text)

    def _content(self, visit: Visit, text: str) -> None:
        kinds = self._shape.kinds
        table = self._named()
        place = visit.place._replace(table=table or "")
        if table is not None and kinds is not None and table not in kinds:
            visit.issues.append(place.issue("not-supported", "insurance.unknown-table", "warning", name=table[:20]))
        elif text.startswith("<"):
            self._guarded(rows.read, visit, table, text.encode("utf-8", "replace"), self._shape)
        elif not text:
            visit.issues.append(place.issue("required", "insurance.no-content"))
        else:
            try:
                data = binascii.a2b_base64(_SPACE.sub(b"", text.encode("utf-8", "replace")), strict_mode=True)
            except binascii.Error:
                visit.issues.append(place.issue("value", "insurance.base64"))
                return
            self._guarded(rows.read, visit, table, data, self._shape)

    def _end_visit(self, visit: Visit) -> None:
        if self._too_large:
            visit.tables.clear()
            limit = str(BYTES_LIMIT >> 20)
            visit.issues.append(visit.place.issue("too-long", "insurance.too-large", limit=limit))
        self._ready.append(visit)
        self._visit, self._too_large = None, False
