"""Emergency access as a fact: one user, one patient, a coded reason and words, four hours at most; then somebody looks.

It is opened by a page after fresh proof of who asks, never by a header; what no emergency may open stays closed
(policy/matrix.toml, `sealed`). Every one waits for the privacy officer of the facility, or of the next one up the tree
that has any, until it is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from hoso.access.audit import Journal, PlainJournal
from hoso.access.cases.terms import working_days_after
from hoso.access.errand import Errand
from hoso.access.organisation.overseers import OFFICER, Overseers
from hoso.access.policy.matrix import role
from hoso.access.telling import event_of
from hoso.core.clock import Clock, to_ms
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused
from hoso.store.audit import AuditRow
from hoso.store.contract import Store
from hoso.store.grants import EmergencyRow, GrantRow, GrantTable

Reason = Literal["unconscious", "life-threat", "no-identity", "poisoning", "childbirth", "other"]
REASONS: tuple[Reason, ...] = get_args(Reason)
Outcome = Literal["justified", "unjustified", "referred"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
Delay = Literal["domestic-violence", "child-protection", "danger-to-life"]
DELAYS: tuple[Delay, ...] = get_args(Delay)
"""The only reasons for which a citizen is told later."""

LONGEST = timedelta(hours=4)
FEWEST_WORDS = 15
"""Characters of the words, apart from spaces at their ends."""
MOST_WORDS = 1_000
WORKING_DAYS = 3
_LOOKED_BACK = timedelta(days=30)
_NIGHT = (22, 6)


@dataclass(frozen=True, slots=True)
class Opened:
    """`grant` marks every use: it stands in the errand and in its events."""

    grant: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Running:
    """What every page says that is open by it."""

    grant: GrantRow
    emergency: EmergencyRow


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the privacy officer's queue; `overdue` counts from its deadline."""

    grant: GrantRow
    emergency: EmergencyRow
    overdue: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A facility's figures of one month."""

    opened: int
    decided: int
    late: int
    by_reason: dict[str, int]
    by_outcome: dict[str, int]


class BreakGlass:
    def __init__(
        self,
        store: Store,
        table: GrantTable,
        clock: Clock,
        fresh: Callable[[], str],
        overseers: Overseers,
        journal: Journal | None = None,
    ) -> None:
        self._store, self._table, self._clock, self._fresh = store, table, clock, fresh
        self._overseers = overseers
        self._journal = journal or PlainJournal(store)

    def open(self, errand: Errand, patient: str, reason: str, words: str, lasts: timedelta = LONGEST) -> Opened:
        """Raises Refused: 403 for a role that may not, 422 for a reason or words that will not do, 404 for nobody."""
        actor, row = errand.actor, role(errand.actor.role)
        if row is None or not row.emergency or errand.channel != "screen":
            raise Refused.because(403, "forbidden", "break-glass.role")
        words = " ".join(words.split())
        if reason not in REASONS:
            raise Refused.because(422, "value", "break-glass.reason", allowed=", ".join(REASONS))
        if not FEWEST_WORDS <= len(words) <= MOST_WORDS:
            raise Refused.because(422, "value", "break-glass.words", least=str(FEWEST_WORDS), most=str(MOST_WORDS))
        if not timedelta(0) < lasts <= LONGEST:
            raise Refused.because(422, "value", "break-glass.long", most=str(LONGEST))
        rid = self._store.people.rids([patient]).get(patient)
        head = self._store.read("Patient", patient)
        if rid is None or head is None or head.deleted:
            raise Refused.because(404, "not-found", "rest.not-found", type="Patient", id=patient[:64])
        now = self._clock()
        until = now + lasts
        id = self._fresh()
        score = self._score(actor.id, reason, now)
        opening = replace(errand, reason=f"{reason}: {words}", grant=id, purpose="ETREAT")
        what = f"Patient/{patient} until {until.isoformat(timespec='seconds')}"
        self._table.give(
            GrantRow(id, "emergency", rid, actor.id, actor.id, to_ms(now), to_ms(until), facility=actor.facility),
            EmergencyRow(id, actor.facility, reason, words, score, to_ms(deadline(now))),
            self._journal.rows([event_of(opening, to_ms(now), "break-glass", "E", what, patient=rid)]),
        )
        return Opened(id, until)

    def close(self, errand: Errand, grant: str) -> bool:
        """By who opened it; False when it had ended already or is somebody else's."""
        found = self._table.grant(grant)
        if found is None or found.kind != "emergency" or found.grantee != errand.actor.id:
            return False
        told = self._marked(errand, "break-glass-closed", "", found)
        return self._table.end(grant, to_ms(self._clock()), told)

    def running(self, errand: Errand, patient: str) -> Running | None:
        """The caller's own emergency about a person that has not ended; `patient` is any Patient of theirs."""
        if not (row := role(errand.actor.role)) or not row.emergency:
            return None
        given = self._store.relations.given([errand.actor.id], to_ms(self._clock()), errand.actor.facility)
        opened = {whose: id for kind, whose, id in given if kind == "emergency"}
        if not opened:
            return None
        id = next((opened[rid] for rid in self._store.people.whole(patient) if rid in opened), None)
        grant, emergency = (self._table.grant(id), self._table.emergency(id)) if id else (None, None)
        return Running(grant, emergency) if grant and emergency else None

    def used(self, grant: str, request: str, type: str) -> None:
        self._table.used(grant, to_ms(self._clock()), request, type)

    # The privacy officer

    def queue(self, errand: Errand) -> list[Waiting]:
        """Of the officer's own facility and of those below that have none. No word of what is in the records stands

        here.
        """
        check_officer(errand)
        now, mine = to_ms(self._clock()), self._mine(errand, self._table.undecided())
        return [Waiting(g, e, e.deadline <= now) for g, e in self._table.waiting(mine)]

    def decide(self, errand: Errand, grant: str, outcome: str, finding: str) -> bool:
        """Nobody judges an emergency of their own. False when it was decided before."""
        check_officer(errand)
        if outcome not in OUTCOMES or len(finding.strip()) < FEWEST_WORDS:
            raise Refused.because(422, "value", "break-glass.outcome", allowed=", ".join(OUTCOMES))
        found, emergency = self._table.grant(grant), self._table.emergency(grant)
        if found is None or emergency is None or not self._mine(errand, [emergency.facility]):
            raise Refused.because(404, "not-found", "break-glass.unknown")
        if found.grantee == errand.actor.id:
            raise Refused.because(403, "forbidden", "break-glass.own")
        told = self._marked(errand, "break-glass-decided", outcome, found)
        return self._table.decide(grant, errand.actor.id, to_ms(self._clock()), outcome, finding.strip(), told)

    def months(self, errand: Errand, year: int, month: int) -> dict[str, Month]:
        """By facility: the officer's own, and those others that had emergencies and no officer of their own."""
        check_officer(errand)
        first = datetime(year, month, 1, tzinfo=VIETNAM)
        following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=VIETNAM)
        home, rows = errand.actor.facility, self._table.of_month(to_ms(first), to_ms(following))
        others = sorted({one.facility for _, one in rows} - {home})
        return {
            facility: self._month([one for _, one in rows if one.facility == facility])
            for facility in [home, *self._mine(errand, others)]
        }

    def _mine(self, errand: Errand, facilities: Iterable[str]) -> list[str]:
        return self._overseers.mine(errand.actor.facility, facilities)

    def _month(self, rows: Sequence[EmergencyRow]) -> Month:
        reasons: dict[str, int] = {}
        outcomes: dict[str, int] = {}
        late = 0
        now = to_ms(self._clock())
        for one in rows:
            reasons[one.code] = reasons.get(one.code, 0) + 1
            if one.outcome:
                outcomes[one.outcome] = outcomes.get(one.outcome, 0) + 1
            late += (one.decided or now) >= one.deadline
        return Month(len(rows), sum(outcomes.values()), late, reasons, outcomes)

    # The citizen

    def unread(self, errand: Errand) -> list[tuple[GrantRow, EmergencyRow]]:
        """Emergencies of which the citizen who asks has yet to be told, newest first; nothing for anybody else."""
        return self._table.unread(self._own(errand))

    def read(self, errand: Errand, grant: str) -> bool:
        """The citizen has read of it. False for what is not theirs, was read before, or is to be told later."""
        found = self._table.grant(grant)
        if found is None or found.patient not in self._own(errand):
            return False
        return self._table.tell(grant, to_ms(self._clock()), self._marked(errand, "break-glass-read", "", found))

    def delay(self, errand: Errand, grant: str, reason: str) -> bool:
        """The citizen is told later, by the officer and for a coded reason only. False when it was read already."""
        if reason not in DELAYS:
            check_officer(errand)
            raise Refused.because(422, "value", "break-glass.delay", allowed=", ".join(DELAYS))
        found = self._at_home(errand, grant)
        return self._table.delay(grant, reason, self._marked(errand, "break-glass-delayed", reason, found))

    def release(self, errand: Errand, grant: str) -> bool:
        """What was to be told later is told now."""
        found = self._at_home(errand, grant)
        return self._table.delay(grant, None, self._marked(errand, "break-glass-released", "", found))

    def delayed(self, errand: Errand) -> list[tuple[GrantRow, EmergencyRow]]:
        """What citizens are to be told of later, also when it was decided: the officer has to think of it."""
        check_officer(errand)
        return self._table.delayed_at(self._mine(errand, self._table.untold()))

    def _own(self, errand: Errand) -> frozenset[int]:
        actor = errand.actor
        return self._store.people.whole(actor.person) if actor.role == "citizen" and actor.person else frozenset()

    def _at_home(self, errand: Errand, grant: str) -> GrantRow:
        check_officer(errand)
        found, emergency = self._table.grant(grant), self._table.emergency(grant)
        if found is None or emergency is None or not self._mine(errand, [emergency.facility]):
            raise Refused.because(404, "not-found", "break-glass.unknown")
        return found

    def _marked(self, errand: Errand, kind: str, what: str, grant: GrantRow) -> list[AuditRow]:
        marked = replace(errand, grant=grant.id)
        event = event_of(marked, to_ms(self._clock()), kind, "E", what, patient=grant.patient)
        return self._journal.rows([event])

    def _score(self, actor: str, reason: str, now: datetime) -> int:
        """How closely to look, 0 to 100: a vague reason, the hour, and how often this user has done it lately."""
        hour = now.astimezone(VIETNAM).hour
        often = self._table.often(actor, to_ms(now - _LOOKED_BACK))
        at_night = hour >= _NIGHT[0] or hour < _NIGHT[1]
        return min(100, 20 + 30 * (reason == "other") + 10 * at_night + 10 * often)


def check_officer(errand: Errand) -> None:
    """Raises Refused for whoever is no privacy officer of a facility, shown by two factors."""
    actor = errand.actor
    if actor.role != OFFICER or actor.assurance != "multi" or not actor.facility:
        raise Refused.because(403, "forbidden", "break-glass.officer")


def deadline(opened: datetime) -> datetime:
    """The end of the third working day after."""
    return working_days_after(opened, WORKING_DAYS)
