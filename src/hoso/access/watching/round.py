"""Goes through the log while a node serves and keeps what is unusual. Each event is counted once in a process's life.

Who met whom on the last days stays in memory, as numbers; what is kept are counts of days, and the people of a finding.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from hoso.access.audit.log import AuditLog
from hoso.access.audit.unusual import Limits, Measure, Tally, Worker, judged
from hoso.core.clock import Clock, from_ms, to_ms
from hoso.core.dates import VIETNAM
from hoso.store.unusual import DayRow, UnusualRow, UnusualTable

SECONDS = 900.0
HABIT, LATEST = timedelta(days=60), timedelta(days=7)
"""Days that a habit is made of, and before today of which something may still be found: events may come so late."""


class Round:
    def __init__(
        self, log: AuditLog, table: UnusualTable, clock: Clock, fresh: Callable[[], str], limits: Limits | None = None
    ) -> None:
        self._log, self._table, self._clock, self._fresh = log, table, clock, fresh
        self._limits = limits or Limits()
        self._tally = Tally()
        self._after: int | None = None

    def step(self) -> bool:
        """Never asks to go on at once: the next round is time enough."""
        now = self._clock()
        today = now.astimezone(VIETNAM).date()
        self._count(today)
        since = today - LATEST
        oldest = (since - HABIT).toordinal()
        changed = [_row(*one) for one in self._tally.counted()]
        if not changed:
            return False
        self._table.keep(changed, oldest)
        self._tally.forget(since)
        moved = {(Worker(*row[1:4]), row.measure, row.day) for row in changed}
        for finding in judged(self._known(oldest), since, self._limits):
            worker = finding.worker
            if (worker, finding.measure, finding.day.toordinal()) not in moved:
                continue  # it is kept as it is
            row = UnusualRow(
                self._fresh(), worker.actor, worker.role, worker.facility, finding.day.toordinal(), finding.measure,
                finding.people, finding.usual, finding.peers, to_ms(now),
            )  # fmt: skip
            self._table.find(row, self._tally.people(worker, finding.measure, finding.day))
        return False

    def _count(self, today: date) -> None:
        if self._after is None:  # a process that begins: what was counted before is known, but not of whom
            last = self._table.last_day()
            since = today - LATEST - HABIT if last is None else min(date.fromordinal(last), today - timedelta(days=1))
            self._after = self._log.size() - 1
            for event in self._log.since(to_ms(datetime.combine(since, time(), VIETNAM))):
                self._tally.add(event)
            return
        for seq, found in self._log.events(self._after):
            self._after = seq
            if found is not None and from_ms(found.time).astimezone(VIETNAM).date() >= today - LATEST:
                self._tally.add(found)

    def _known(self, since: int) -> dict[tuple[Worker, Measure], dict[date, int]]:
        counts: dict[tuple[Worker, Measure], dict[date, int]] = {}
        for row in self._table.days(since):
            measure: Measure = "seen" if row.measure == "seen" else "strangers"
            days = counts.setdefault((Worker(row.actor, row.role, row.facility), measure), {})
            days[date.fromordinal(row.day)] = row.people
        return counts


def _row(worker: Worker, measure: Measure, day: date, people: int) -> DayRow:
    return DayRow(day.toordinal(), worker.actor, worker.role, worker.facility, measure, people)
