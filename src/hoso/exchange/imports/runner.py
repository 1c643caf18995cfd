"""Carries imports out, one at a time, oldest first, as those who asked: batch by batch, each told before the next.

After a stop it goes on at the batch it was at, of which it finds stored what was stored. A file counts as done when
every line that was counted at its arrival was read, and each is stored, unchanged or refused.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from hoso.access import Records
from hoso.access.bulk.asked import errand_of
from hoso.access.bulk.sheets import Damaged, Full, Sheets
from hoso.access.errand import Errand
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Issue, Refused
from hoso.exchange.imports.desk import LASTS, Asked, Counts
from hoso.exchange.imports.lines import Batch, Line, Spare
from hoso.fhir.json import encode
from hoso.fhir.outcome import outcome
from hoso.store.imports import FileRow, ImportTable, JobRow, PieceRow

log = logging.getLogger(__name__)

SECONDS = 1.0
"""Between two looks for an import to carry out."""
ATTEMPTS = 5
"""Of one batch, before the import is given up."""
LINES, BYTES = 200, 4_000_000
"""Of one batch."""
PERSONS = 20
"""Patients of one batch: they are matched while nobody else can write."""
OUTCOMES = 10_000
"""Refused lines of one import that are told; the others are counted."""


class Unwanted(Exception):
    """It was cancelled."""


class Uncounted(Exception):
    """A file holds other lines than arrived."""


class Runner:
    def __init__(self, records: Records, table: ImportTable, sheets: Sheets, clock: Clock, spare: Spare) -> None:
        self._records, self._table, self._sheets, self._clock, self._spare = records, table, sheets, clock, spare

    def step(self) -> bool:
        """Forgets what is over and carries one import out; whether there may be more to do. Raises Unavailable."""
        self._forget()
        row = self._table.first()
        if row is None or not self._table.begun(row.id):
            return row is not None
        if row.attempts >= ATTEMPTS:
            self._give_up(row.id, "import.failed")
            return True
        try:
            self._carry_out(row)
        except Unwanted:
            self._sheets.remove(row.id)
        except (Full, OSError) as error:
            log.warning("import %s is given up: %s", row.id, error or "no room")
            self._give_up(row.id, "import.disk-full")
        except (Uncounted, Damaged) as error:
            log.error("import %s is given up: %s", row.id, error)
            self._give_up(row.id, "import.uncounted")
        except Refused as refused:  # of the caller as a whole, whose rights are as they were asked with
            log.warning("import %s is given up: %s", row.id, refused.issues[0].key)
            self._give_up(row.id, "import.failed")
        return True

    def _forget(self) -> None:
        now = to_ms(self._clock())
        for id in self._table.expired(now):
            self._table.remove(id)
        for id in self._table.left(now - LASTS // timedelta(milliseconds=1)):
            self._table.remove_file(id)
        for id in self._sheets.others(self._table.ids()):
            self._sheets.remove(id)

    def _give_up(self, id: str, fault: str) -> None:
        self._table.fail(id, fault, self._end())
        for file in self._table.files_of(id):
            self._sheets.remove(file)

    def _end(self) -> int:
        return to_ms(self._clock()) + LASTS // timedelta(milliseconds=1)

    def _carry_out(self, row: JobRow) -> None:
        work = _Work(self, row)
        work.run()
        if not self._table.ready(row.id, self._end()):
            raise Unwanted
        for file in self._table.files_of(row.id):
            self._sheets.remove(file)


class _Work:
    """One import as far as one attempt comes."""

    def __init__(self, runner: Runner, row: JobRow) -> None:
        self._records, self._table, self._sheets = runner._records, runner._table, runner._sheets
        self._spare, self._row = runner._spare, row
        self._asked = msgspec.json.decode(row.asked, type=Asked)
        self._errand: Errand = errand_of(row.errand)
        self._counts = msgspec.json.decode(row.counts, type=list[Counts])
        pieces = self._table.pieces(row.id)
        self._number = max((one.number for one in pieces), default=0)
        self._told = sum(one.lines for one in pieces)
        self._again: int | None = row.created if row.attempts else None

    def run(self) -> None:
        line = self._row.line
        for place in range(self._row.done, len(self._asked.inputs)):
            file = self._table.file(self._asked.inputs[place].file)
            if file is None:
                raise Uncounted("a file is gone")
            most = PERSONS if self._asked.inputs[place].type == "Patient" else LINES
            for batch in _batches(self._lines(file), line, most):
                line = self._stored(place, batch)
            if self._counts[place].read != file.lines:
                raise Uncounted(f"{self._counts[place].read} of {file.lines} lines of file {place + 1}")
            self._advance(place + 1, 0, None)
            line = 0

    def _stored(self, place: int, lines: list[Line]) -> int:
        batch = Batch(self._records, self._errand, self._asked.inputs[place].type, self._spare, self._again)
        batch.store(lines)
        counts = self._counts[place]
        for name in Counts.__struct_fields__:
            setattr(counts, name, getattr(counts, name) + getattr(batch.counts, name))
        self._advance(place, lines[-1].number, self._piece(place, batch.outcomes))
        self._again = None
        return lines[-1].number

    def _piece(self, place: int, outcomes: list[bytes]) -> PieceRow | None:
        room = OUTCOMES - self._told
        told = outcomes[: max(room, 0)]
        if outcomes and 0 < room <= len(outcomes):
            told.append(encode(outcome([Issue("too-costly", "import.more-refused", {"limit": str(OUTCOMES)})])))
        if not told:
            return None
        self._told += len(told)
        self._number += 1
        sheet = self._sheets.keep(self._row.id, self._number, told)
        return PieceRow(self._number, place, len(told), sheet.size)

    def _advance(self, done: int, line: int, piece: PieceRow | None) -> None:
        counts = msgspec.json.encode(self._counts).decode()
        if not self._table.advanced(self._row.id, done, line, counts, piece):
            raise Unwanted

    def _lines(self, file: FileRow) -> Iterator[Line]:
        """Those that hold something, with their numbers from 1."""
        number, held = 0, b""
        for text in self._sheets.read(file.id, 1, file.size):
            *whole, held = (held + text).split(b"\n")
            for one in whole:
                number += 1
                if one.strip():
                    yield Line(number, one)
        if held.strip():
            raise Uncounted("a line without an end")


def _batches(lines: Iterator[Line], after: int, most: int) -> Iterator[list[Line]]:
    """What follows the line that is done, in pieces that one write may hold."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        if line.number <= after:
            continue
        if batch and size + len(line.text) > BYTES:
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line.text)
        if len(batch) == most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
