"""Uploading files, asking for an import of them, how it stands, what it refused, and giving it up.

A caller is who asked with the rights then held, as with exports; what another caller has is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from hoso.access.audit.journal import Journal
from hoso.access.bulk.asked import caller, errand_text, owner
from hoso.access.bulk.sheets import Damaged, Full, Sheets
from hoso.access.errand import Errand
from hoso.access.scope import Right
from hoso.access.telling import Teller
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.fhir.model import load
from hoso.store.backlog import FAILED, READY
from hoso.store.imports import FileRow, ImportTable, JobRow, Missing

MOST, MOST_OF_CALLER = 50, 5
"""Imports kept at once, finished ones included."""
FILES, FILES_OF_CALLER = 1_000, 200
LASTS = timedelta(hours=24)
RIGHTS: tuple[Right, ...] = ("r", "u")


class Input(msgspec.Struct, frozen=True):
    type: str
    url: str
    file: str


class Asked(msgspec.Struct, frozen=True):
    """`source` is whose records they are, as the caller says it."""

    inputs: tuple[Input, ...]
    source: str = ""


class Counts(msgspec.Struct):
    """Of one file: lines read, and what became of them; they add up."""

    read: int = 0
    stored: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """`fault` is the key of a text, when it was given up; `expires` is set once nothing more will happen."""

    request: str
    time: int
    asked: Asked
    done: int
    counts: Sequence[Counts]
    fault: str | None
    expires: int | None

    @property
    def over(self) -> bool:
        return self.expires is not None


class Imports:
    """One for each process; the rows and the folder are shared."""

    def __init__(
        self, table: ImportTable, sheets: Sheets, journal: Journal, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._table, self._sheets, self._clock, self._new_id = table, sheets, clock, new_id
        self._teller = Teller(journal, clock)

    def permit(self, errand: Errand, types: Sequence[str]) -> None:
        """Systems import, with the rights to update what they bring and to read what is there. Raises Refused(403)."""
        for type in types:
            if not _may(errand, type):
                self._teller.refused(errand, "u", f"{type}/$import")
                raise Refused.because(403, "forbidden", "import.forbidden", type=type)

    def upload(self, errand: Errand, body: bytes) -> FileRow:
        """Keeps a file until an import takes it, of who may import anything. Raises Refused(403, 429, 507)."""
        if not any(_may(errand, type) for type in load().resource_types):
            self.permit(errand, ["*"])
        actor, id = errand.actor, self._new_id()
        row = FileRow(id, owner(actor), caller(actor), to_ms(self._clock()))
        if not self._table.add_file(row, FILES, FILES_OF_CALLER):
            raise Refused.because(429, "throttled", "import.many-files", limit=str(FILES_OF_CALLER))
        lines = body.removesuffix(b"\n").split(b"\n")
        try:
            sheet = self._sheets.keep(id, 1, lines)
        except BaseException as error:
            self._table.remove_file(id)
            self._sheets.remove(id)
            if isinstance(error, Full | OSError):
                raise Refused.because(507, "no-store", "import.disk-full") from error
            raise
        row = row._replace(lines=sum(1 for one in lines if one.strip()), size=sheet.size)
        self._table.whole(id, row.lines, row.size)
        self._teller.act(errand, "import", f"file {id}, {row.lines} lines")
        return row

    def begin(self, errand: Errand, request: str, asked: Asked) -> str:
        """The id of a new import. Raises Refused(403, 404, 429)."""
        self.permit(errand, [one.type for one in asked.inputs])
        errand = replace(errand, notes=None)
        id, now = self._new_id(), to_ms(self._clock())
        counts = _text([Counts() for _ in asked.inputs])
        row = JobRow(
            id, owner(errand.actor), caller(errand.actor), request, _text(asked), errand_text(errand), now,
            counts=counts,
        )  # fmt: skip
        try:
            room = self._table.add(row, [one.file for one in asked.inputs], MOST, MOST_OF_CALLER)
        except Missing as missing:
            raise Refused.because(404, "not-found", "import.no-file", name=str(missing)[:80]) from None
        if not room:
            raise Refused.because(429, "throttled", "import.too-many", limit=str(MOST_OF_CALLER))
        self._teller.act(errand, "import", f"{request} as {id}")
        return id

    def standing(self, errand: Errand, id: str) -> Standing:
        """Raises Refused(404) for what is not this caller's, or no more."""
        row = self._own(errand, id)
        fault = row.fault if row.state == FAILED else None
        counts = msgspec.json.decode(row.counts, type=list[Counts])
        asked = msgspec.json.decode(row.asked, type=Asked)
        return Standing(row.request, row.created, asked, row.done, counts, fault, row.expires)

    def refused_lines(self, errand: Errand, id: str, place: int) -> tuple[int, Iterator[bytes]]:
        """Outcomes of the lines of one file that were refused: their size, and the text. Raises Refused(404, 410)."""
        row = self._own(errand, id)
        pieces = [one for one in self._table.pieces(id) if one.place == place]
        if row.state not in (READY, FAILED) or not pieces:
            raise _absent()
        try:
            texts = [self._sheets.read(id, one.number, one.size) for one in pieces]
        except Damaged:
            raise Refused.because(410, "expired", "bulk.gone") from None
        self._teller.act(errand, "import", f"refused lines of file {place + 1} of {id}")
        return sum(one.size for one in pieces), (text for one in texts for text in one)

    def cancel(self, errand: Errand, id: str) -> None:
        """It ends, and its files with it; what was stored stays. Whoever is at work on it finds that out."""
        self._own(errand, id)
        for one in [id, *self._table.files_of(id)]:
            self._sheets.remove(one)
        self._table.remove(id)
        self._teller.act(errand, "import", f"cancelled {id}")

    def _own(self, errand: Errand, id: str) -> JobRow:
        row = self._table.find(id)
        over = row is not None and row.expires is not None and row.expires <= to_ms(self._clock())
        if row is None or over or row.owner != owner(errand.actor):
            raise _absent()
        return row


def _may(errand: Errand, type: str) -> bool:
    actor = errand.actor
    system = not actor.role and not actor.patient
    return system and type in load().type_number and all(actor.scopes.permits(type, one) for one in RIGHTS)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _absent() -> Refused:
    return Refused.because(404, "not-found", "import.none")
