"""What a file would come to: each piece is stored to the end and undone at once, so that the answer is the real one.

A piece is looked at as if it came alone: of two that bring the same newcomer, each is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hoso.access import Draft, Errand, Records, Saved, Transaction
from hoso.exchange.door import LoadDoor
from hoso.exchange.formats import Format
from hoso.exchange.intake.batch import Asked, carry_out
from hoso.exchange.intake.shapes import Item, State
from hoso.exchange.intake.whose import Whose, whose


class PreviewDoor(LoadDoor):
    """Nothing goes through. `seen`: whom identity would take the patients of the last piece for."""

    def __init__(self, records: Records, errand: Errand) -> None:
        super().__init__(records, errand)
        self.seen: Mapping[str, Whose] = {}

    def save(self, drafts: Sequence[Draft], absent: Sequence[str] = ()) -> list[Saved]:
        self.afresh()
        saved, self.seen = self._records.rehearse(self._writing, drafts, _look)
        return saved


def _look(transaction: Transaction, saved: Sequence[Saved]) -> tuple[list[Saved], Mapping[str, Whose]]:
    patients = [one.id for one in saved if one.type == "Patient"]
    return list(saved), whose(transaction, patients) if patients else {}


class Previewing:
    """Of one file, for whoever would bring it; `facility`: whose records alone may come, "": anybody's."""

    def __init__(self, records: Records, errand: Errand, format: Format, facility: str) -> None:
        self._door, self._format, self._facility = PreviewDoor(records, errand), format, facility

    def item(self, number: int, data: bytes) -> Item:
        """A piece as its item would be. Raises Unavailable."""
        door, format = self._door, self._format
        door.seen = {}
        [done] = carry_out(door, format, self._facility, [Asked(number, data, last=True)])
        door.told("preview")
        document = done.document
        issues = [issue for fault in document.faults for issue in fault.issues] + document.warnings
        state: State = "quarantined" if document.faults else "stored" if "stored" in done.fates else "unchanged"
        patient = next((one for one in done.wrote if one.type == "Patient"), None)
        found = door.seen.get(patient.id, Whose("", "")) if patient else Whose("", "")
        known = patient is None or patient.outcome == "updated"
        outcome = found.outcome if not known else "known" if done.fates else ""
        code = found.code if outcome == "linked" else ""  # a new person's is not given yet
        return Item(number, format.place(number), document.label, state, issues, done.wrote, outcome, code)
