"""Asking for an export, how it stands, its files, and giving it up; what another caller has is not there.

A caller is who asked with the rights then held: whoever comes with other rights asks for an export of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hoso.access.audit.journal import Journal
from hoso.access.bulk.asked import Asked, asked_of, asked_text, caller, errand_text, owner
from hoso.access.bulk.sheets import Damaged, Sheets
from hoso.access.errand import Errand
from hoso.access.policy.matrix import role
from hoso.access.scope import Right
from hoso.access.telling import Teller
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.fhir.model import load
from hoso.store.backlog import FAILED, READY
from hoso.store.exports import DELETED, ExportRow, ExportTable, FileRow

MOST, MOST_OF_CALLER = 50, 5
"""Exports kept at once, finished ones included."""
MARGIN_MS = 30_000
"""A write may carry a time and be stored a little later: so much before the export began is asked for again."""
LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Output:
    """`type` is that of its lines; of one that tells deletions it is Bundle, and `deleted` is true."""

    number: int
    type: str
    lines: int
    size: int
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """`fault` is the key of a text, when it failed; `expires` is set once nothing more will happen."""

    request: str
    time: int
    """Everything that was stored until then is in it."""
    done: int
    types: int
    progress: str
    fault: str | None
    expires: int | None
    outputs: Sequence[Output] = ()

    @property
    def ready(self) -> bool:
        return self.expires is not None and self.fault is None


class Exports:
    """One for each process; the rows and the folder are shared."""

    def __init__(
        self, table: ExportTable, sheets: Sheets, journal: Journal, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._table, self._sheets, self._clock, self._new_id = table, sheets, clock, new_id
        self._teller = Teller(journal, clock)

    def types(self, errand: Errand, named: Sequence[str], among: Sequence[str]) -> tuple[str, ...]:
        """What will be exported: all that is named, or all of `among` that the caller may. Raises Refused(403).

        Nothing is left out in silence: a named type that is not the caller's to take along refuses the whole.
        """
        if named:
            for type in named:
                if not self._may(errand, type):
                    self._refuse(errand, type)
            return tuple(dict.fromkeys(named))
        found = tuple(type for type in among if self._may(errand, type))
        if not found:
            self._refuse(errand, "*")
        return found

    def _may(self, errand: Errand, type: str) -> bool:
        rights: tuple[Right, ...] = ("r", "s")
        actor = errand.actor
        row = role(actor.role) if actor.role else None
        covered = not actor.role or (row is not None and row.covers("export", type))
        return covered and type in load().type_number and all(actor.scopes.permits(type, one) for one in rights)

    def _refuse(self, errand: Errand, type: str) -> None:
        self._teller.refused(errand, "s", f"{type}/$export")
        raise Refused.because(403, "forbidden", "bulk.forbidden", type=type)

    def begin(self, errand: Errand, request: str, asked: Asked) -> str:
        """The id of a new export. Raises Refused(429) when there are too many."""
        errand = replace(errand, notes=None)
        id, now = self._new_id(), to_ms(self._clock())
        row = ExportRow(
            id, owner(errand.actor), caller(errand.actor), request, asked_text(asked), errand_text(errand), now
        )
        if not self._table.add(row, MOST, MOST_OF_CALLER):
            raise Refused.because(429, "throttled", "bulk.too-many", limit=str(MOST_OF_CALLER))
        self._teller.act(errand, "export", f"{request} as {id}")
        return id

    def standing(self, errand: Errand, id: str) -> Standing:
        """Raises Refused(404) for what is not this caller's, or no more."""
        row = self._own(errand, id)
        outputs = [_output(file) for file in self._table.files(id)] if row.state == READY else []
        fault = row.fault if row.state == FAILED else None
        types = len(asked_of(row.asked).types)
        time = row.created - MARGIN_MS
        return Standing(row.request, time, row.done, types, row.progress, fault, row.expires, outputs)

    def cancel(self, errand: Errand, id: str) -> None:
        """It ends, and its files with it; whoever is at work on it finds that out."""
        self._own(errand, id)
        self._table.remove(id)
        self._sheets.remove(id)
        self._teller.act(errand, "export", f"cancelled {id}")

    def open(self, errand: Errand, id: str, number: int) -> tuple[Output, Iterator[bytes]]:
        """A file and its text, told before its first byte. Raises Refused(404, 410)."""
        row = self._own(errand, id)
        files = self._table.files(id) if row.state == READY else []
        found = next((_output(file) for file in files if file.number == number), None)
        if found is None:
            raise _absent()
        try:
            text = self._sheets.read(id, number, found.size)
        except Damaged:
            raise Refused.because(410, "expired", "bulk.gone") from None
        self._teller.act(errand, "export", f"{found.type} file {number} of {id}")
        return found, text

    def _own(self, errand: Errand, id: str) -> ExportRow:
        row = self._table.find(id)
        over = row is not None and row.expires is not None and row.expires <= to_ms(self._clock())
        if row is None or over or row.owner != owner(errand.actor):
            raise _absent()
        return row


def _output(file: FileRow) -> Output:
    told = file.type == DELETED
    return Output(file.number, "Bundle" if told else file.type, file.lines, file.size, told)


def _absent() -> Refused:
    return Refused.because(404, "not-found", "bulk.none")
