"""The wizard without its screens: look at a sheet, check it without storing, load it, take back refused rows, undo.

A mapping is remembered once it was used; a refused row that comes back mended takes its own place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from itertools import islice
from typing import IO

from hoso.access import Version
from hoso.core import Issue, Refused
from hoso.exchange import documents, health_checks
from hoso.exchange.door import LoadDoor
from hoso.exchange.intake import Intake, Item, Sender, Standing
from hoso.exchange.intake.undo import Undone
from hoso.exchange.sheets import memory, rejected, rows
from hoso.exchange.sheets.guess import Guess, Proposal, propose
from hoso.exchange.sheets.header import names
from hoso.exchange.sheets.kinds import ROW_TITLES, plain
from hoso.exchange.sheets.mapping import Mapping, Target, signature, unknown_columns
from hoso.exchange.sheets.package import packed
from hoso.exchange.sheets.pieces import Numbered, Piece, decoded, encoded, pieces
from hoso.exchange.sheets.rejected import Refusal
from hoso.exchange.sheets.repairs import Repairs
from hoso.exchange.sheets.table import HEAD, Sheet, Tables, knows, read
from hoso.fhir.outcome import Language

FORMAT = "sheet"
WHO = 200
"""Of so many rows a check finds out whose they are: each is stored and undone for it."""
TWICE = 200_000
"""Among so many rows equal ones are found."""
STEP = 200


@dataclass(slots=True)
class Look:
    """What a sheet seems to be. `remembered`: the mapping was confirmed before for sheets with these titles."""

    tables: Tables
    sheet: Sheet
    mapping: Mapping
    guesses: Sequence[Guess]
    certain: bool
    remembered: bool


@dataclass(slots=True)
class Check:
    """What would come of a sheet. `whose` counts what identity makes of the first WHO rows' persons."""

    read: int = 0
    good: int = 0
    refused: int = 0
    left_out: list[Issue] = field(default_factory=list)
    twice: int = 0
    repairs: Repairs = field(default_factory=Repairs)
    whose: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Loaded:
    """`id` is the deposit's, "" when every row took the place of a refused one; `mended` names those deposits."""

    id: str
    items: int
    new: bool
    mended: dict[str, list[int]] = field(default_factory=dict)
    left_out: list[Issue] = field(default_factory=list)
    not_taken: list[Issue] = field(default_factory=list)


class SheetDesk:
    def __init__(self, intake: Intake, today: Callable[[], date]) -> None:
        self._intake, self._today = intake, today
        self._door = LoadDoor(intake.records)

    def look(
        self, sender: Sender, stream: IO[bytes], name: str, facility: str, kind: str = "", sheet: str = ""
    ) -> Look:
        """`kind` and `sheet` where people say them. Raises Refused for what is no spreadsheet."""
        if not kind and _is_health_check(stream):
            raise Refused.because(400, "not-supported", "sheet.health-check")
        tables = read(stream, name)
        chosen = tables.sheet(sheet) if sheet else tables.main
        proposal: Proposal = propose(chosen, facility, kind)
        if sheet:
            proposal.mapping.sheet = sheet
        known = self._of_refused(sender, chosen) or (None if kind else self._recall(chosen, facility))
        if known is not None:
            known.sheet = proposal.mapping.sheet
            return Look(tables, chosen, known, proposal.guesses, True, True)
        return Look(tables, chosen, proposal.mapping, proposal.guesses, proposal.certain, False)

    def _recall(self, sheet: Sheet, facility: str) -> Mapping | None:
        self._door.afresh()
        return memory.recall(self._door, signature(sheet.header), facility)

    def _of_refused(self, sender: Sender, sheet: Sheet) -> Mapping | None:
        """Of a sheet of rejected rows: what their columns meant when they were refused."""
        at = next((at for at, title in enumerate(names(sheet.header)) if plain(title) in ROW_TITLES), None)
        found: Mapping | None = None
        for row in islice(sheet.rows(), WHO if at is not None else 0):
            id, _, number = (row.texts[at] if at is not None and at < len(row.texts) else "").rpartition(":")
            if not id or not number.isdigit():
                continue
            try:
                piece = decoded(self._intake.original(sender, id, int(number)))
            except Refused:
                continue
            found = found or Mapping(piece.kind, piece.facility)
            for cell in piece.cells:
                found.columns[cell.column] = Target(cell.field, cell.of, cell.unit, cell.dose, cell.order)
        return found

    def check(self, sender: Sender, mapping: Mapping, stream: IO[bytes], name: str) -> Iterator[Check]:
        """Reads every row and stores none; yields the same Check every STEP rows and at the end."""
        sheet = self._sheet(sender, mapping, stream, name)
        found, seen = Check(), set[int]()
        nobody = _Nobody()
        for row in pieces(sheet, mapping):
            if row.piece is None:
                found.left_out += [row.left_out] if row.left_out and len(found.left_out) < STEP else []
                continue
            data = encoded(row.piece)
            found.read += 1
            if len(seen) < TWICE:
                found.twice += hash(data) in seen
                seen.add(hash(data))
            issues, good = self._checked(sender, row, data, found, nobody)
            found.good += good
            found.refused += not good
            found.repairs.add(row.number, issues)
            if found.read % STEP == 0:
                yield found
        yield found

    def _checked(
        self, sender: Sender, row: Numbered, data: bytes, found: Check, nobody: _Nobody
    ) -> tuple[Sequence[Issue], bool]:
        document = rows.read(data, row.number, nobody, self._today())
        documents.settle(document, {})
        unknown = any(issue.key == "sheet.unknown-number" for fault in document.faults for issue in fault.issues)
        if unknown or (not document.faults and found.whose.total() < WHO):
            item = self._rehearsed(sender, data)
            found.whose[item.whose] += item.state != "quarantined"
            return item.issues if item.state == "quarantined" else document.warnings, item.state != "quarantined"
        issues = [issue for fault in document.faults for issue in fault.issues]
        return issues + document.warnings, not document.faults

    def _rehearsed(self, sender: Sender, data: bytes) -> Item:
        """Stored and undone, so that what the node itself says is known."""
        return next(iter(self._intake.preview(sender, FORMAT, BytesIO(data))))

    def load(self, sender: Sender, mapping: Mapping, stream: IO[bytes], name: str) -> Loaded:
        """Durable on return; `process` carries it out. The mapping is remembered. Raises Refused."""
        sheet = self._sheet(sender, mapping, stream, name)
        loaded = Loaded("", 0, False)

        def told(row: Numbered) -> bool:
            if row.piece is None:
                loaded.left_out += [row.left_out] if row.left_out and len(loaded.left_out) < STEP else []
                return False
            return not (row.mends and self._mend(sender, row, loaded))

        try:
            receipt = self._intake.receive(sender, FORMAT, name, packed(mapping, sheet, told))
            loaded.id, loaded.items, loaded.new = receipt.id, receipt.items, receipt.new
        except Refused as refused:
            if not loaded.mended or refused.issues[0].key != "intake.empty":
                raise
        self._door.afresh()
        memory.remember(self._door, mapping, signature(sheet.header))
        return loaded

    def _mend(self, sender: Sender, row: Numbered, loaded: Loaded) -> bool:
        """Whether the row took the place of the refused one it names; if not, it goes in as any other."""
        assert row.piece is not None
        id, _, number = row.mends.rpartition(":")
        if not id or not number.isdigit():
            return False
        try:
            self._intake.mend(sender, id, int(number), encoded(row.piece))
        except Refused as refused:
            loaded.not_taken += refused.issues[: STEP - len(loaded.not_taken)]
            return False
        loaded.mended.setdefault(id, []).append(int(number))
        return True

    def _sheet(self, sender: Sender, mapping: Mapping, stream: IO[bytes], name: str) -> Sheet:
        mapping.check()
        if sender.facility and sender.facility != mapping.facility:
            raise Refused.because(403, "forbidden", "sheet.other-facility", facility=mapping.facility)
        tables = read(stream, name)
        sheet = tables.sheet(mapping.sheet) if mapping.sheet else tables.main
        sheet.name_columns(list(mapping.columns))
        if missing := unknown_columns(mapping, sheet.header):
            raise Refused.because(400, "not-found", "sheet.no-column", columns=", ".join(missing)[:300])
        return sheet

    def process(self, sender: Sender, id: str, seconds: float | None = None) -> Standing:
        return self._intake.process(sender, id, seconds)

    def standing(self, sender: Sender, id: str) -> Standing:
        """Raises Refused(404) for a deposit that is no sheet."""
        found = self._intake.standing(sender, id)
        if found.format != FORMAT:
            raise Refused.because(404, "not-found", "intake.none", id=id[:64])
        return found

    def repairs(self, sender: Sender, id: str) -> Repairs:
        """What is wrong with the rows of a deposit that did not go in."""
        self.standing(sender, id)
        found = Repairs()
        for item in self._refused(sender, id):
            found.add(item.number, item.issues)
        return found

    def rejects(self, sender: Sender, id: str, target: IO[bytes], language: Language) -> int:
        """The rows that did not go in as a sheet with reasons; how many."""
        self.standing(sender, id)
        titles: dict[str, None] = {}
        for _, data in self._intake.refused(sender, id):
            piece = _row(data)
            titles |= dict.fromkeys(cell.column for cell in (*piece.cells, *piece.kept))
        return rejected.write(target, list(titles), self._refusals(sender, id), language)

    def _refusals(self, sender: Sender, id: str) -> Iterator[Refusal]:
        for item, data in self._intake.refused(sender, id):
            yield Refusal(f"{id}:{item.number}", _row(data), item.issues)

    def _refused(self, sender: Sender, id: str) -> Iterator[Item]:
        after = 0
        while page := self._intake.items(sender, id, state="quarantined", after=after):
            yield from page
            after = page[-1].number

    def undo(self, sender: Sender, id: str) -> Undone:
        self.standing(sender, id)
        return self._intake.undo(sender, id)


def _row(data: bytes) -> Piece:
    """Without cells where nothing of it could be read: its reason and its name are told all the same."""
    return decoded(data) if data else Piece("", "", [])


def _is_health_check(stream: IO[bytes]) -> bool:
    """A sheet with the keys of the national form is of a format of its own, which says far more of it."""
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(0)
    return health_checks.knows(head) or (knows(head) and health_checks.is_roster(stream))


class _Nobody:
    """Records that are not asked: what is wrong with a row by itself needs none."""

    def heads(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        return {}

    def find(self, criteria: str) -> Version | None:
        return None

    def inputs(self, encounter: str) -> list[Version]:
        return []
