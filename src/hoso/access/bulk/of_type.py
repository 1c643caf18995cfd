"""One type of one export: its records at one moment of the store, counted, and what is gone since.

Everything passes the view of who asked and is told before it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from urllib.parse import parse_qsl

from hoso.access.bulk.asked import Asked
from hoso.access.bulk.sheets import Sheet, Sheets
from hoso.access.code_lists import CodeLists
from hoso.access.errand import Errand
from hoso.access.notes import subject
from hoso.access.parameters import Parameters
from hoso.access.persons import asks_for_persons
from hoso.access.telling import Teller
from hoso.access.view import View
from hoso.core.dates import parse_span
from hoso.fhir.json import encode
from hoso.fhir.search import Query, parse
from hoso.fhir.search.limits import MAX_COUNT
from hoso.store.contract import Reading, Store, Version
from hoso.store.exports import DELETED, ExportTable, FileRow

LINES = 200_000
"""Resources of one file."""
TELL_EACH = 10
"""Pages after which the progress is told."""
ENTRIES = 100
"""Deletions told in one line."""

Dress = Callable[[str, Sequence[str]], Callable[[Version], bytes] | None]
"""What makes a record into the elements asked for: a `_summary`, and names of elements."""


class Unwanted(Exception):
    """It was cancelled."""


class Uncounted(Exception):
    """The store counts other records than were found."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What exports are carried out with."""

    store: Store
    table: ExportTable
    sheets: Sheets
    teller: Teller
    dress: Dress
    lists: CodeLists
    parameters: Parameters


class OfType:
    """One type of one export, at one moment of the store."""

    def __init__(
        self, tools: Tools, id: str, errand: Errand, asked: Asked, place: int, number: int, now: datetime
    ) -> None:
        """`place` is that of the type among those asked for; `number` that of the last file there is."""
        self._store, self._table, self._sheets = tools.store, tools.table, tools.sheets
        self._teller, self._lists, self._now = tools.teller, tools.lists, now
        self._offered = tools.parameters.offered()
        self._id, self._errand, self._asked = id, errand, asked
        self._type, self._place, self._number = asked.types[place], place, number
        names = [*asked.elements.get("*", ()), *asked.elements.get(self._type, ())]
        self._dressed = tools.dress("false", names) if names else None
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

    def deleted(self, before: int) -> list[FileRow]:
        """What a copy made at `since` may still hold and is gone, as transactions that delete it; filters set aside."""
        sheet: Sheet | None = None
        try:
            gone = self._gone()
            while some := list(islice(gone, ENTRIES)):
                if sheet is None:
                    sheet = self._sheets.create(self._id, self._number + before + 1)
                self._tell(some)
                sheet.write([_deletions(some)])
            return [] if sheet is None else [self._closed(sheet, before, DELETED)]
        except BaseException:
            if sheet is not None:
                sheet.abandon()
            raise

    def _gone(self) -> Iterator[Version]:
        """Newest versions first: the first that is met of a record says whether it is still there."""
        view, since = View(self._store, self._errand, self._now), parse_span(self._asked.since).low
        members = self._asked.patients
        within = None if members is None else set(self._store.people.rids(list(members)).values())
        met: set[int] = set()
        cursor: str | None = None
        while True:
            page = self._store.history(
                self._type, since=since, count=MAX_COUNT, cursor=cursor, visible=view.visible("s")
            )
            self._still_wanted(len(met))
            for version in page.versions:
                gone = version.deleted and version.rid not in met and (within is None or version.patient in within)
                if gone and view.lets("s", version) and self._belongs(version):
                    yield version
                met.add(version.rid)
            cursor = page.cursor
            if cursor is None:
                return

    def _closed(self, sheet: Sheet, before: int, type: str = "") -> FileRow:
        sheet.close()
        return FileRow(self._number + before + 1, type or self._type, sheet.count, sheet.size)

    def _pages_of(self, reading: Reading) -> Iterator[list[Version]]:
        """What goes out, told before it is handed on; a record once, a patient once."""
        view = View(self._store, self._errand, self._now, reading)
        if self._asked.patients is not None and not self._any(reading, view):
            return
        for query in self._queries():
            query = view.settled(query, self._lists)
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

    def _any(self, reading: Reading, view: View) -> bool:
        """Whether there is any record of the type: else thousands of members need not be asked after one by one."""
        query = replace(parse(self._type, self._since), count=1)
        return bool(reading.search(query, view.visible("s", asks_for_persons(query))).matches)

    @property
    def _since(self) -> list[tuple[str, str]]:
        return [("_lastUpdated", f"ge{self._asked.since}")] if self._asked.since else []

    @property
    def _may_repeat(self) -> bool:
        """Whether two of the questions may find the same record."""
        return len(self._asked.filters.get(self._type, ())) > 1 or self._asked.patients is not None

    def _queries(self) -> Iterator[Query]:
        asked = self._asked
        searches = [_pairs(text) for text in asked.filters.get(self._type, ("",))]
        for pairs in searches:
            for compartment in [None] if asked.patients is None else [("Patient", id) for id in asked.patients]:
                query = parse(self._type, [*pairs, *self._since], compartment=compartment, added=self._offered)
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


def _deletions(versions: Sequence[Version]) -> bytes:
    entries = [{"request": {"method": "DELETE", "url": f"{one.type}/{one.id}"}} for one in versions]
    return encode({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)
