"""Carries exports out, one at a time, oldest first, as those who asked: type by type, each at one moment of the store.

A type counts as done when its files are on the disk and every record that the store counts was seen. After a stop the
export goes on at the type it was at. One that cannot be finished leaves nothing but its reason.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from errno import EDQUOT, EFBIG, ENOSPC

from hoso.access.audit.journal import Journal
from hoso.access.bulk.asked import asked_of, errand_of
from hoso.access.bulk.exports import LASTS
from hoso.access.bulk.of_type import Dress, OfType, Tools, Uncounted, Unwanted
from hoso.access.bulk.sheets import Full, Sheets
from hoso.access.code_lists import CodeLists
from hoso.access.parameters import Parameters
from hoso.access.telling import Teller
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.store.contract import Store
from hoso.store.exports import ExportRow, ExportTable

log = logging.getLogger(__name__)

SECONDS = 1.0
"""Between two looks for an export to carry out."""
ATTEMPTS = 5
"""Of one type, before the export is given up."""


class Runner:
    def __init__(
        self, store: Store, table: ExportTable, sheets: Sheets, journal: Journal, clock: Clock, dress: Dress
    ) -> None:
        self._table, self._sheets, self._clock = table, sheets, clock
        self._tools = Tools(store, table, sheets, Teller(journal, clock), dress, CodeLists(store), Parameters(store))

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
            one = OfType(self._tools, row.id, errand, asked, place, number, self._clock())
            files = self._tools.store.look(one.written)
            if asked.since:
                files += one.deleted(len(files))
            if not self._table.written(row.id, place + 1, files):
                raise Unwanted
            number += len(files)
        if not self._table.ready(row.id, self._end()):
            raise Unwanted


def _no_room(error: OSError) -> bool:
    return error.errno in (ENOSPC, EDQUOT, EFBIG)
