"""Carries exports out, one at a time, oldest first, as those who asked: type by type, each at one moment of the store.

A type counts as done when its files are on the disk and every record that the store counts was seen. After a stop the
export goes on at the type it was at. One that cannot be finished leaves nothing but its reason.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from errno import EDQUOT, EFBIG, ENOSPC
from urllib.parse import parse_qsl

from hoso.access.audit.journal import Journal
from hoso.access.bulk.asked import Asked, asked_of, errand_of
from hoso.access.bulk.exports import LASTS
from hoso.access.bulk.sheets import Full, Sheet, Sheets
from hoso.access.errand import Errand
from hoso.access.notes import subject
from hoso.access.persons import asks_for_persons
from hoso.access.telling import Teller
from hoso.access.view import View
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.fhir.search import Query, parse
from hoso.fhir.search.limits import MAX_COUNT
from hoso.store.contract import Reading, Store, Version
from hoso.store.exports import ExportRow, ExportTable, FileRow

log = logging.getLogger(__name__)

LINES = 200_000
"""Resources of one file."""
TELL_EACH = 10
"""Pages after which the progress is told."""
ATTEMPTS = 5
"""Of one type, before the export is given up."""

Dress = Callable[[str, Sequence[str]], Callable[[Version], bytes] | None]
"""What makes a record into the elements asked for: a `_summary`, and names of elements."""


class Unwanted(Exception):
    """It was cancelled, or the node ends."""


class Uncounted(Exception):
    """The store counts other records than were found."""


class Runner:
    def __init__(
        self, store: Store, table: ExportTable, sheets: Sheets, journal: Journal, clock: Clock, dress: Dress
    ) -> None:
        self._store, self._table, self._sheets = store, table, sheets
        self._clock, self._dress = clock, dress
        self._teller = Teller(journal, clock)

    def step(self) -> bool:
        """Forgets what is over and carries one export out; whether there may be more to do. Raises Unavailable."""
        self._forget()
        row = self._table.first()
        if row is None or not self._table.begun(row.id):
            return row is not None
        if row.attempts >= ATTEMPTS:
            self._give_up(row.id, "bulk.failed")
            return True
        try:
            self._carry_out(row)
        except Unwanted:
            self._sheets.remove(row.id)
        except (Full, OSError) as error:
            log.warning("export %s is given up: %s", row.id, error or "no room")
            self._give_up(row.id, "bulk.disk-full" if isinstance(error, Full) or _no_room(error) else "bulk.failed")
        except Refused as refused:
            log.warning("export %s waits: %s", row.id, refused.issues[0].key)
            return False
        except Uncounted as error:
            log.error("export %s is given up: %s", row.id, error)
            self._give_up(row.id, "bulk.uncounted")
        return True

    def _forget(self) -> None:
        for id in self._table.expired(to_ms(self._clock())):
            self._table.remove(id)
        for id in self._sheets.others(self._table.ids()):
            self._sheets.remove(id)

    def _give_up(self, id: str, fault: str) -> None:
        self._table.fail(id, fault, self._end())
        self._sheets.remove(id)

    def _end(self) -> int:
        return to_ms(self._clock()) + LASTS // timedelta(milliseconds=1)

    def _carry_out(self, row: ExportRow) -> None:
        asked, errand = asked_of(row.asked), errand_of(row.errand)
        number = max((file.number for file in self._table.files(row.id)), default=0)
        for place in range(row.done, len(asked.types)):
            one = _OfType(self, row.id, errand, asked, place, number)
            files = self._store.look(one.written)
            if not self._table.written(row.id, place + 1, files):
                raise Unwanted
            number += len(files)
        if not self._table.ready(row.id, self._end()):
            raise Unwanted


class _OfType:
    """One type of one export, at one moment of the store."""

    def __init__(self, runner: Runner, id: str, errand: Errand, asked: Asked, place: int, number: int) -> None:
        self._store, self._table, self._sheets = runner._store, runner._table, runner._sheets
        self._teller, self._now = runner._teller, runner._clock()
        self._id, self._errand, self._asked = id, errand, asked
        self._type, self._place, self._number = asked.types[place], place, number
        names = [*asked.elements.get("*", ()), *asked.elements.get(self._type, ())]
        self._dressed = runner._dress("false", names) if names else None
        self._seen: set[int] = set()
        self._told: set[int] = set()
        self._pages = 0

    def written(self, reading: Reading) -> list[FileRow]:
        """The files, whole and on the disk."""
        files: list[FileRow] = []
        sheet: Sheet | None = None
        try:
            for versions in self._pages_of(reading):
                if sheet is None:
                    sheet = self._sheets.create(self._id, self._number + len(files) + 1)
                sheet.write([self._dressed(one) if self._dressed else one.body for one in versions])
                if sheet.count >= LINES:
                    files.append(self._closed(sheet, len(files)))
                    sheet = None
            if sheet is not None:
                files.append(self._closed(sheet, len(files)))
            return files
        except BaseException:
            if sheet is not None:
                sheet.abandon()
            raise

    def _closed(self, sheet: Sheet, before: int) -> FileRow:
        sheet.close()
        return FileRow(self._number + before + 1, self._type, sheet.count, sheet.size)

    def _pages_of(self, reading: Reading) -> Iterator[list[Version]]:
        """What goes out, told before it is handed on; a record once, a patient once."""
        view = View(self._store, self._errand, self._now, reading)
        for query in self._queries():
            view.check_query(query)
            visible = view.visible("s", asks_for_persons(query))
            total, found, cursor = None, 0, None
            while True:
                page = reading.search(query, visible, cursor)
                total = page.total if total is None else total
                found += len(page.matches)
                self._still_wanted(found)
                fresh = [one for one in page.matches if one.rid not in self._seen and self._belongs(one)]
                if fresh:
                    self._seen |= {one.rid for one in fresh} if self._may_repeat else set()
                    self._tell(fresh)
                    yield view.shown(fresh)
                query, cursor = replace(query, total="none"), page.cursor
                if cursor is None:
                    break
            if total is not None and found != total:
                raise Uncounted(f"{self._type}: {found} of {total}")

    @property
    def _may_repeat(self) -> bool:
        """Whether two of the questions may find the same record."""
        return len(self._asked.filters.get(self._type, ())) > 1 or self._asked.patients is not None

    def _queries(self) -> Iterator[Query]:
        asked = self._asked
        searches = [_pairs(text) for text in asked.filters.get(self._type, ("",))]
        since = [("_lastUpdated", f"ge{asked.since}")] if asked.since else []
        for pairs in searches:
            for compartment in [None] if asked.patients is None else [("Patient", id) for id in asked.patients]:
                query = parse(self._type, [*pairs, *since], compartment=compartment)
                yield replace(query, count=MAX_COUNT, total="accurate")

    def _belongs(self, version: Version) -> bool:
        """Whether it is somebody's; of the whole system everything is exported."""
        return self._asked.level == "system" or subject(version) != 0

    def _tell(self, versions: Sequence[Version]) -> None:
        fresh = [one for one in versions if subject(one) not in self._told]
        self._told |= {subject(one) for one in fresh}
        if fresh:
            self._teller.shown(self._errand, "export", f"{self._type} of {self._id}", fresh)

    def _still_wanted(self, found: int) -> None:
        self._pages += 1
        if self._pages % TELL_EACH == 1:
            text = f"{self._type} {found}, {self._place} of {len(self._asked.types)} types done"
            if not self._table.tell(self._id, text):
                raise Unwanted


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)


def _no_room(error: OSError) -> bool:
    return error.errno in (ENOSPC, EDQUOT, EFBIG)
