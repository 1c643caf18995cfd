"""Who looked at a citizen's record: the log of the whole person, a page at a time, newest first.

Each record of a person has a sequence of its own in the log; a page reads only the ends it needs of each, found by
halving, never the whole. What an emergency did that the citizen is to be told of later is not shown meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from threading import Lock
from typing import Any

from hoso.access.audit.event import Event, legible
from hoso.access.audit.log import AuditLog
from hoso.access.citizen.lines import Line, Lines, day_of
from hoso.access.errand import Errand
from hoso.access.telling import Teller
from hoso.core.clock import Clock, to_ms
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused
from hoso.store import audit
from hoso.store.audit import Sealed
from hoso.store.contract import Store
from hoso.store.engine import Engine
from hoso.store.grants import GrantTable

COUNT = 40
"""Lines of a page, and those of the day it ends in."""
MOST_LOOKED_AT = 5_000
"""Events that one page goes through: a link leads on from there."""
LATE = 7 * 86_400_000
"""How much later than it happened an event may come to the log, from a spool or a station that was alone."""
BEFORE_OPENING = 3_600_000
"""Before a withheld emergency: looking for the person at the counter would tell of it."""
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Looked:
    """`before`: where the next page begins; `years`: those in which anything happened."""

    lines: list[Line] = field(default_factory=list)
    before: int | None = None
    years: tuple[int, ...] = ()


class Looks:
    def __init__(self, store: Store, engine: Engine, table: GrantTable, log: AuditLog, clock: Clock) -> None:
        self._store, self._engine, self._table, self._log = store, engine, table, log
        self._teller = Teller(log.journal, clock)
        self._proving = Lock()

    def page(
        self, errand: Errand, before: int | None = None, *, year: int | None = None, emergencies: bool = False
    ) -> Looked:
        """Of the citizen's own person; told to the log first. Raises Refused for anybody else."""
        whole, rid = own(self._store, errand)
        self._teller.act(errand, "look", _asked(before, year, emergencies), rid)
        withheld, last = self.withheld(whole), self._last(sorted(whole))
        lines, years = Lines(errand.actor.id), self._years(last)
        if emergencies:
            self._emergencies(lines, last, withheld, year)
            return Looked(lines.lines, None, years)
        since, until = _year(year)
        start = self._start(last, before, until)
        place, day = None, None
        for looked_at, (row, event) in enumerate(_events(self._rows(start))):
            if looked_at == MOST_LOOKED_AT:
                return Looked(lines.lines, place, years)
            if event is not None and event.time < since - LATE:
                break
            if event is not None and since <= event.time < until and not withheld(event):
                if len(lines.lines) >= COUNT and day_of(event.time) != day:
                    return Looked(lines.lines, place, years)
                lines.add(row.seq, event)
                day = day_of(event.time)
            place = row.seq
        return Looked(lines.lines, None, years)

    def event(self, errand: Errand, seq: int) -> Event | None:
        """One event of the citizen's own log; None for what is not there for them."""
        whole, _ = own(self._store, errand)
        rows = [row for row in audit.sealed(self._engine.reader(), seq, 1) if row.seq == seq]
        if not rows or rows[0].patient not in whole:
            return None
        found = legible(rows[0].bytes)
        return None if found is None or self.withheld(whole)(found) else found

    def at(self, seq: int) -> Event | None:
        """What stands at a place of the log; for those who answer a case about it, not for a page of its own."""
        return next((legible(row.bytes) for row in audit.sealed(self._engine.reader(), seq, 1) if row.seq == seq), None)

    def proof(self, errand: Errand) -> dict[str, Any]:
        """All of the citizen's events that the newest published map counts, for docs/how-to/check-audit-proof.py.

        Raises Unproved on a node that has published none yet, Refused 503 while another one is made.
        """
        whole, rid = own(self._store, errand)
        if not self._proving.acquire(blocking=False):  # it goes through the counts of everybody
            raise Refused.because(503, "throttled", "citizen.busy")
        try:
            self._teller.act(errand, "audit-proof", f"Patient/{errand.actor.person}", rid)
            return self._log.prove_published(whole, self.withheld(whole))
        finally:
            self._proving.release()

    def records(self, errand: Errand) -> int:
        """How many records the citizen has: the own one and those of facilities. Each has a sequence in the log."""
        return len(own(self._store, errand)[0])

    @property
    def key(self) -> str:
        """By which the proof is checked; whoever checks gets it from somebody else, too."""
        return str(self._log.verifier)

    def withheld(self, whole: frozenset[int]) -> Callable[[Event], bool]:
        """Whether an event tells of an emergency of which this person is to be told later."""
        later = self._table.delayed(whole)
        if not later:
            return lambda event: False

        def tells(event: Event) -> bool:
            return any(
                event.grant == grant.id
                or (event.actor == grant.grantee and grant.since - BEFORE_OPENING <= event.time <= grant.over)
                for grant, _ in later
            )

        return tells

    def _emergencies(
        self, lines: Lines, last: dict[int, int], withheld: Callable[[Event], bool], year: int | None
    ) -> None:
        since, until = _year(year)
        for grant, emergency in self._table.emergencies_of(last):
            if not since <= grant.since < until:
                continue
            ends = max(grant.over, emergency.decided or 0) + LATE
            for row, event in _events(self._rows(self._start(last, None, ends))):
                if event is None:
                    continue
                if event.time < grant.since - LATE:
                    break
                if event.grant == grant.id and not withheld(event):
                    lines.add(row.seq, event)

    def _rows(self, start: dict[int, int]) -> Iterator[Sealed]:
        return merge(*(self._stretch(*one) for one in start.items()), key=lambda row: row.seq, reverse=True)

    def _stretch(self, rid: int, number: int) -> Iterator[Sealed]:
        """Downwards from a number, that one included."""
        while number > 0:
            rows = audit.of_patient(self._engine.reader(), rid, max(0, number - _PAGE), min(_PAGE, number))
            yield from reversed(rows)
            number -= _PAGE

    def _start(self, last: dict[int, int], before: int | None, until: int) -> dict[int, int]:
        """By record the number of the last event that may be on the page."""
        found = {}
        for rid, number in last.items():
            if before is not None:
                number = self._halved(rid, number, lambda row: row.seq < before)
            if until < _NEVER:
                number = self._halved(rid, number, lambda row: _time(row) < until + LATE)
            found[rid] = number
        return found

    def _last(self, rids: list[int]) -> dict[int, int]:
        """The number of each record's last event; 0 of one without any."""
        ends = audit.ends(self._engine.reader(), rids)
        return {rid: ends[rid][0] if rid in ends else 0 for rid in rids}

    def _halved(self, rid: int, most: int, holds: Callable[[Sealed], bool]) -> int:
        """The greatest number up to `most` whose row `holds`, as all before it do."""
        low, high = 0, most
        while low < high:
            middle = (low + high + 1) // 2
            rows = audit.of_patient(self._engine.reader(), rid, middle - 1, 1)
            low, high = (middle, high) if rows and holds(rows[0]) else (low, middle - 1)
        return low

    def _years(self, last: dict[int, int]) -> tuple[int, ...]:
        reader, times = self._engine.reader(), []
        for rid, most in last.items():
            ends = [*audit.of_patient(reader, rid, 0, 1), *(audit.of_patient(reader, rid, most - 1, 1) if most else ())]
            times += [time for row in ends if (time := _time(row))]
        if not times:
            return ()
        return tuple(range(day_of(max(times)).year, day_of(min(times)).year - 1, -1))


def own(store: Store, errand: Errand) -> tuple[frozenset[int], int]:
    """All patient numbers of the citizen who asks, and the person's own. Raises Refused for anybody else."""
    person = errand.actor.person if errand.actor.role == "citizen" else ""
    rid = store.people.rids([person]).get(person) if person else None
    if rid is None:
        raise Refused.because(403, "forbidden", "citizen.own")
    return store.people.whole(person), rid


_NEVER = 1 << 61


def _year(year: int | None) -> tuple[int, int]:
    if year is None:
        return 0, _NEVER
    return to_ms(datetime(year, 1, 1, tzinfo=VIETNAM)), to_ms(datetime(year + 1, 1, 1, tzinfo=VIETNAM))


def _asked(before: int | None, year: int | None, emergencies: bool) -> str:
    parts = [f"before {before}"] if before is not None else []
    parts += [f"year {year}"] if year is not None else []
    return ", ".join([*parts, *(["emergencies"] if emergencies else [])])


def _time(row: Sealed) -> int:
    """0 for what was emptied, which is the oldest."""
    event = legible(row.bytes)
    return event.time if event else 0


def _events(rows: Iterator[Sealed]) -> Iterator[tuple[Sealed, Event | None]]:
    return ((row, legible(row.bytes)) for row in rows)
