"""What a file would come to: each piece is stored to the end and undone at once, so that the answer is the real one.

A piece is looked at as if it came alone: of two that bring the same newcomer, each is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hoso.access import Draft, Errand, Records, Saved, Transaction
from hoso.exchange.door import LoadDoor
from hoso.exchange.formats import Format
from hoso.exchange.intake.batch import Asked, carry_out
from hoso.exchange.intake.shapes import Item, item_of
from hoso.exchange.intake.whose import Whose, whose
from hoso.exchange.intake.work import settled
from hoso.store.deposits import ItemRow


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

    def item(self, row: ItemRow) -> Item:
        """A piece as its item would be. Raises Unavailable."""
        door = self._door
        door.seen = {}
        [done] = carry_out(door, self._format, self._facility, [Asked(row.number, row.piece, last=True)])
        door.told("preview")
        found = item_of(self._format, settled(row, done), door.seen)
        return found if found.whose == "linked" else replace(found, code="")  # a new person's is not given yet
