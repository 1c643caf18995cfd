"""What a privacy officer sees of unusual reading, and says about it. A finding is a question, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from hoso.access.audit.journal import Journal
from hoso.access.break_glass import OUTCOMES, check_officer
from hoso.access.cases.words import said
from hoso.access.errand import Errand
from hoso.access.organisation.overseers import Overseers
from hoso.access.telling import event_of
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.store.unusual import UnusualRow as UnusualRow
from hoso.store.unusual import UnusualTable

PAGE = 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of something, and of how many pages; the first is 1."""

    rows: list[UnusualRow]
    page: int
    pages: int
    open: int


class Watch:
    def __init__(self, table: UnusualTable, overseers: Overseers, journal: Journal, clock: Clock) -> None:
        self._table, self._overseers, self._journal, self._clock = table, overseers, journal, clock

    def vacant(self) -> tuple[str, ...]:
        """Offices that somebody must hold and of which nobody can sign in."""
        return self._overseers.vacant()

    def queue(self, errand: Errand, page: int = 1) -> Sheet:
        """Of the facilities that the officer answers for; what nobody decided about first."""
        mine = self._mine(errand)
        pages = _pages(self._table.number(mine))
        page = min(max(page, 1), pages)
        rows = self._table.queue(mine, PAGE, (page - 1) * PAGE)
        return Sheet(rows, page, pages, self._table.number(mine, open=True))

    def waiting(self, errand: Errand) -> int:
        return self._table.number(self._mine(errand), open=True)

    def finding(self, errand: Errand, id: str) -> UnusualRow:
        """Raises Refused 404 for one that others answer for, as for none at all."""
        check_officer(errand)
        row = self._table.finding(id)
        if row is None or not self._overseers.mine(errand.actor.facility, [row.facility]):
            raise Refused.because(404, "not-found", "unusual.unknown")
        return row

    def people(self, errand: Errand, id: str, page: int) -> tuple[list[int], int, int]:
        """Numbers of the patients who were met, a page at a time; the page and how many there are."""
        row = self.finding(errand, id)
        pages = _pages(row.people)
        page = min(max(page, 1), pages)
        return self._table.people(row.id, PAGE, (page - 1) * PAGE), page, pages

    def decide(self, errand: Errand, id: str, outcome: str, words: str) -> bool:
        """With a reason, which is kept. Nobody judges an own one. False when it was decided before."""
        row = self.finding(errand, id)
        if outcome not in OUTCOMES:
            raise Refused.because(422, "value", "unusual.outcome", allowed=", ".join(OUTCOMES))
        if row.actor == errand.actor.id:
            raise Refused.because(403, "forbidden", "unusual.own")
        now, reason = to_ms(self._clock()), said(words)
        event = event_of(errand, now, "unusual-decided", "E", f"{row.actor} {row.id} {outcome}")
        return self._table.decide(row.id, now, errand.actor.id, outcome, reason, self._journal.rows([event]))

    def _mine(self, errand: Errand) -> list[str]:
        check_officer(errand)
        return self._overseers.mine(errand.actor.facility, self._table.facilities())


def _pages(number: int) -> int:
    return max(1, -(-number // PAGE))
