"""The audit log for those who may look into it: an auditor all of it, a privacy officer what happened where the officer
answers, a citizen what concerns the citizen. Every door to the log asks here.

Looking is told to the log before anything is shown, like every other reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import merge

from hoso.access.audit.event import Action, Event, Outcome, legible
from hoso.access.audit.journal import Journal
from hoso.access.audit.log import LATE
from hoso.access.errand import Errand
from hoso.access.organisation.overseers import OFFICER, Overseers
from hoso.access.policy import matrix
from hoso.access.policy.sight import Sight
from hoso.access.scope import Right
from hoso.access.telling import digest, event_of
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.store import audit
from hoso.store.audit import Sealed
from hoso.store.record_store import RecordStore

Withheld = Callable[[frozenset[int]], Callable[[Event], bool]]

TYPE = "AuditEvent"
PAGE = 500
_ACTIONS: dict[str, Action] = {"read": "R", "search": "E"}
MOST_LOOKED_AT = 20_000
"""Events that one request goes through; the page's link goes on from there."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is searched for; what is empty or None is not asked."""

    text: str = ""
    """As the log shall have it."""
    patients: tuple[str, ...] | None = None
    records: tuple[str, ...] = ()
    """ "Type/id": events that name one of them."""
    actors: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    kinds: frozenset[str] | None = None
    since: int | None = None
    until: int | None = None
    """Milliseconds; the second is not included."""
    also: Callable[[Event], bool] | None = None
    """What else must hold."""
    count: int = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """An event at its place; `patient` is the id of the Patient it concerns, empty for none."""

    seq: int
    event: Event
    patient: str


@dataclass(frozen=True, slots=True)
class Found:
    entries: list[Entry] = field(default_factory=list)
    before: int | None = None
    """Where the next page begins."""


class Trail:
    def __init__(
        self,
        store: RecordStore,
        journal: Journal,
        clock: Clock,
        log: str,
        overseers: Overseers,
        withheld: Withheld | None = None,
    ) -> None:
        """`withheld`: of these patients, which events a citizen is to be told of later."""
        self._store, self._journal, self.clock, self.log = store, journal, clock, log
        self._overseers, self._withheld = overseers, withheld

    def read(self, errand: Errand, seq: int) -> Entry | None:
        """None when there is no such event for this actor, or it was emptied."""
        reach = self._reach(errand, "r", f"{TYPE}/{seq}")
        rows = [row for row in audit.sealed(self._store.engine.reader(), seq, 1) if row.seq == seq]
        met = [(row, event) for row in rows if (event := legible(row.bytes)) is not None]
        concerns = self._concerning(errand)
        if any((reach is not None and row.patient not in reach) or not concerns(event) for row, event in met):
            self._tell(errand, "read", f"{TYPE}/{seq}", [], "denied")
            return None
        closed = self._closed(errand, reach)
        entries = self._entries([(row, event) for row, event in met if not closed(event)])
        self._tell(errand, "read", f"{TYPE}/{seq}", entries)
        return entries[0] if entries else None

    def search(self, errand: Errand, asked: Asked, before: int | None = None) -> Found:
        """Newest first, behind a place."""
        reach = self._reach(errand, "s", asked.text)
        people = self._store.people
        if asked.patients is not None:
            whose = frozenset(rid for id in asked.patients for rid in people.whole(id))
            reach = whose if reach is None else reach & whose
        found: list[tuple[Sealed, Event]] = []
        place, closed, concerns = None, self._closed(errand, reach), self._concerning(errand)
        for looked_at, row in enumerate(self._rows(reach, self._begin(asked, before)), 1):
            event = legible(row.bytes)
            if event is not None and asked.since is not None and event.time < asked.since - LATE:
                break
            if event is not None and _meets(event, asked) and concerns(event) and not closed(event):
                found.append((row, event))
            if len(found) == asked.count or looked_at == MOST_LOOKED_AT:
                place = row.seq
                break
        entries = self._entries(found)
        self._tell(errand, "search", asked.text, entries)
        return Found(entries, place or None)

    def own(self, asked: Asked) -> list[Event]:
        """Of the actors that are asked, newest first, without whom it concerned; not for a page that names others."""
        found: list[Event] = []
        for looked_at, row in enumerate(self._stretch(None, None), 1):
            event = legible(row.bytes)
            if event is not None and asked.since is not None and event.time < asked.since - LATE:
                break
            if event is not None and _meets(event, asked):
                found.append(event)
            if len(found) == asked.count or looked_at == MOST_LOOKED_AT:
                break
        return found

    def _closed(self, errand: Errand, reach: frozenset[int] | None) -> Callable[[Event], bool]:
        if reach is None or errand.actor.role != "citizen" or self._withheld is None:
            return lambda event: False
        return self._withheld(reach)

    def _concerning(self, errand: Errand) -> Callable[[Event], bool]:
        """A privacy officer sees what happened where the officer answers; the other roles are held by their reach."""
        row = matrix.role(errand.actor.role)
        if row is None or row.name != OFFICER:
            return lambda event: True
        concerns = self._overseers.concerning(errand.actor.facility)
        return lambda event: concerns(event.facility)

    def _rows(self, reach: frozenset[int] | None, before: int | None) -> Iterator[Sealed]:
        if reach is None:
            return self._stretch(None, before)
        return merge(*(self._stretch(rid, before) for rid in reach if rid), key=lambda row: row.seq, reverse=True)

    def _begin(self, asked: Asked, before: int | None) -> int | None:
        """Behind which place all of the period stands, found by halving: times rise, but for what came late."""
        if asked.until is None:
            return before
        reader = self._store.engine.reader()
        size = audit.size(reader)
        low, high = 0, size if before is None else min(before, size)
        while low < high:
            middle = (low + high) // 2
            event = next((legible(row.bytes) for row in audit.sealed(reader, middle, 1)), None)
            if event is not None and event.time >= asked.until + LATE:
                high = middle
            else:
                low = middle + 1
        return high

    def _stretch(self, patient: int | None, before: int | None) -> Iterator[Sealed]:
        while rows := audit.newest(self._store.engine.reader(), patient, before, PAGE):
            yield from rows
            before = rows[-1].seq

    def _reach(self, errand: Errand, right: Right, what: str) -> frozenset[int] | None:
        """The patients whose events may be seen; None for all, also those of nobody. Raises Refused 403."""
        actor = errand.actor
        if not actor.scopes.permits(TYPE, right):
            raise self._refused(errand, right, what)
        reach: frozenset[int] | None = None
        if actor.role:
            sight = Sight(self._store, errand, self.clock())
            row = sight.role
            if row is None or row.reach not in ("all", "own") or not sight.decide_cell(right, TYPE):
                raise self._refused(errand, right, what)
            if row.reach == "own":
                reach = self._store.people.whole(actor.person) if actor.person else frozenset()
        grains = actor.scopes.narrowed(TYPE, right)
        if grains is not None:
            if all(grain.context != "patient" or grain.criteria for grain in grains):
                raise self._refused(errand, right, what)
            whose = self._store.people.whole(actor.patient) if actor.patient else frozenset()
            reach = whose if reach is None else reach & whose
        return reach

    def _refused(self, errand: Errand, right: Right, what: str) -> Refused:
        self._tell(errand, "read" if right == "r" else "search", what, [], "denied")
        return Refused.because(403, "forbidden", "rest.forbidden", type=TYPE, right=right)

    def _entries(self, found: list[tuple[Sealed, Event]]) -> list[Entry]:
        ids = self._store.people.ids({row.patient for row, _ in found if row.patient})
        return [Entry(row.seq, event, ids.get(row.patient, "")) for row, event in found]

    def _tell(self, errand: Errand, kind: str, what: str, shown: list[Entry], outcome: Outcome = "ok") -> None:
        """An event for each patient whose events are shown, and one when it is nobody's."""
        whose: dict[int, list[str]] = {}
        for entry in shown:
            whose.setdefault(entry.event.patient, []).append(f"{TYPE}/{entry.seq}")
        now, action = to_ms(self.clock()), _ACTIONS[kind]
        self._journal.tell(
            [
                event_of(
                    errand, now, kind, action, what,
                    patient=patient, types=(TYPE,), outcome=outcome, digest=digest(names) if names else b"",
                )
                for patient, names in (whose or {0: []}).items()
            ]
        )  # fmt: skip


def _meets(event: Event, asked: Asked) -> bool:
    return (
        (not asked.actors or event.actor in asked.actors)
        and (not asked.actions or event.action in asked.actions)
        and (not asked.outcomes or event.outcome in asked.outcomes)
        and (asked.kinds is None or event.kind in asked.kinds)
        and (asked.since is None or event.time >= asked.since)
        and (asked.until is None or event.time < asked.until)
        and (asked.also is None or asked.also(event))
        and (not asked.records or any(_names(event.what, name) for name in asked.records))
    )


def _names(what: str, record: str) -> bool:
    return any(name == record or name.startswith(f"{record}/") for name in what.split(" "))
