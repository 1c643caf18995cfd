"""Cases from the asking to the end: the citizen opens and follows them, the facility's privacy officer answers.

A case has an owner, the officers of one facility or of who stands above it (`organisation/overseers`), and a day by
which it is due.
Every step is an audit event about the citizen, stored together with the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, cast, get_args

import orjson

from hoso.access.audit.event import Event
from hoso.access.audit.journal import Journal
from hoso.access.break_glass import check_officer
from hoso.access.cases.terms import REQUESTS, Kind, Term, acknowledge_by, kept_until, terms
from hoso.access.cases.words import said
from hoso.access.citizen.looks import Looks, own
from hoso.access.citizen.wishes import Wishes
from hoso.access.errand import Errand
from hoso.access.organisation.overseers import Overseers
from hoso.access.records import Records
from hoso.access.telling import event_of
from hoso.core.clock import Clock, from_ms, to_ms
from hoso.core.dates import parse_span
from hoso.core.errors import Refused
from hoso.store.audit import AuditRow
from hoso.store.cases import NO_EVENT, CaseRow, CaseTable
from hoso.store.contract import Store, Version

Finding = Literal["proper", "improper", "referred"]
FINDINGS: tuple[Finding, ...] = get_args(Finding)
"""What comes of a look that seemed wrong."""
Outcome = Literal["fulfilled", "refused"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
RETAINED = "retention"
"""In place of words: the law says how long the record is kept. Refused at once, by the table, by nobody."""
MOST_OPEN = 20
COPY_LASTS = timedelta(days=90)

State = Literal["open", "answered", "closed"]


@dataclass(frozen=True, slots=True)
class Case:
    """A row as somebody looks at it now."""

    row: CaseRow
    now: int

    @property
    def kind(self) -> Kind:
        return cast(Kind, self.row.kind)

    @property
    def term(self) -> Term:
        return terms()[self.kind]

    @property
    def state(self) -> State:
        row = self.row
        return "closed" if row.closed is not None else "answered" if row.answered is not None else "open"

    @property
    def overdue(self) -> bool:
        return self.state == "open" and self.row.due <= self.now

    @property
    def unacknowledged(self) -> bool:
        """Whether even the first sign of life is late."""
        return self.state == "open" and self.row.acknowledged is None and self.row.acknowledge_by <= self.now

    @property
    def copy_until(self) -> int | None:
        """Until when a copy that was granted may be fetched."""
        if self.kind != "access" or self.row.outcome != "fulfilled" or self.row.answered is None:
            return None
        return self.row.answered + int(COPY_LASTS.total_seconds() * 1000)


class Cases:
    def __init__(
        self,
        store: Store,
        table: CaseTable,
        records: Records,
        looks: Looks,
        wishes: Wishes,
        overseers: Overseers,
        journal: Journal,
        clock: Clock,
        fresh: Callable[[], str],
    ) -> None:
        self._store, self._table, self._records, self._looks = store, table, records, looks
        self._wishes, self._overseers = wishes, overseers
        self._journal, self._clock, self._fresh = journal, clock, fresh

    # The citizen

    def ask_about(self, errand: Errand, seq: int, words: str) -> Case:
        """About a line of the own log. Raises Refused: 404 for one that is not there, 422 for words that will not."""
        event = self._looks.event(errand, seq)
        if event is None or event.actor == errand.actor.id:
            raise Refused.because(404, "not-found", "case.line")
        return self._open(errand, "look", event.facility, words, seq)

    def request(self, errand: Errand, kind: str, facility: str, words: str) -> Case:
        """`facility`: a code that the citizen's own record names, or "" for whoever runs this node."""
        if kind not in REQUESTS:
            raise Refused.because(422, "value", "case.kind", allowed=", ".join(REQUESTS))
        return self._open(errand, kind, facility, words, NO_EVENT)

    def own(self, errand: Errand) -> list[Case]:
        whole, _ = own(self._store, errand)
        return [self._seen(row) for row in self._table.of_patients(whole)]

    def own_case(self, errand: Errand, id: str) -> Case | None:
        whole, _ = own(self._store, errand)
        row = self._table.case(id)
        return self._seen(row) if row is not None and row.patient in whole else None

    def end(self, errand: Errand, id: str) -> bool:
        """By the citizen: content with the answer, or asking no more. False when it had ended."""
        case = self.own_case(errand, id)
        if case is None:
            raise _unknown()
        told = self._told(errand, "case-closed", case.row)
        return self._table.close(id, self._now(), told, unanswered=case.state == "open")

    def copy(self, errand: Errand, id: str) -> Iterator[Version]:
        """The whole record, when a request for it was granted lately. Raises Refused 404 else."""
        case = self.own_case(errand, id)
        if case is None or case.copy_until is None or case.copy_until <= self._now():
            raise _unknown()
        taken = replace(errand, channel="export", activity="export", notes=None, reason=f"case {id}")
        return self._records.everything(taken, errand.actor.person)

    # The privacy officer

    def queue(self, errand: Errand) -> list[Case]:
        """Of the facilities that the officer answers for and of none, overdue ones first."""
        check_officer(errand)
        mine = self._overseers.mine(errand.actor.facility, self._table.facilities())
        return [self._seen(row) for row in self._table.queue(mine)]

    def case(self, errand: Errand, id: str) -> Case:
        """Raises Refused 404 for one that others answer for, as for none at all."""
        check_officer(errand)
        row, home = self._table.case(id), errand.actor.facility
        if row is None:
            raise _unknown()
        if not self._overseers.mine(home, [row.facility]):
            raise _unknown()
        return self._seen(row)

    def line(self, errand: Errand, id: str) -> Event | None:
        """What the citizen asks about, for who has to answer; None for a request, and for what was emptied."""
        case = self.case(errand, id)
        return self._looks.at(case.row.event) if case.kind == "look" else None

    def acknowledge(self, errand: Errand, id: str, *, third: bool = False) -> bool:
        """`third`: others have to be asked, so the longer term holds."""
        row = self.case(errand, id).row
        term = terms()[cast(Kind, row.kind)]
        third = third and term.third > 0
        due = to_ms(term.due(from_ms(row.opened), third=third, extended=row.extended is not None))
        return self._table.acknowledge(id, self._now(), third, due, self._told(errand, "case-acknowledged", row))

    def extend(self, errand: Errand, id: str, reason: str) -> bool:
        """Once, with a reason that the citizen reads, and not any more when it is overdue."""
        case = self.case(errand, id)
        words = said(reason)
        if case.overdue:
            raise Refused.because(409, "business-rule", "case.overdue")
        due = to_ms(case.term.due(from_ms(case.row.opened), third=bool(case.row.third), extended=True))
        return self._table.extend(id, self._now(), words, due, self._told(errand, "case-extended", case.row))

    def answer(self, errand: Errand, id: str, outcome: str, words: str) -> bool:
        """False when somebody answered before. Nobody judges a look of their own.

        Granting a copy lets it be fetched, granting a restriction closes the record for other uses; both at once.
        """
        case = self.case(errand, id)
        allowed: tuple[str, ...] = FINDINGS if case.kind == "look" else OUTCOMES
        if outcome not in allowed:
            raise Refused.because(422, "value", "case.outcome", allowed=", ".join(allowed))
        asked = self._looks.at(case.row.event) if case.kind == "look" else None
        if asked is not None and asked.actor == errand.actor.id:
            raise Refused.because(403, "forbidden", "case.own")
        answer, told = said(words), self._told(errand, "case-answered", case.row, outcome)
        if case.kind == "restriction" and outcome == "fulfilled" and case.state == "open":
            self._wishes.restrict(errand, self._store.people.ids([case.row.patient])[case.row.patient])
        return self._table.answer(id, self._now(), errand.actor.id, outcome, answer, told)

    def close(self, errand: Errand, id: str) -> bool:
        """Only what was answered. False when it was closed before."""
        row = self.case(errand, id).row
        return self._table.close(id, self._now(), self._told(errand, "case-closed", row), unanswered=False)

    def _open(self, errand: Errand, kind: Kind, facility: str, words: str, seq: int) -> Case:
        whole, rid = own(self._store, errand)
        text = said(words)
        if self._table.count_open(whole) >= MOST_OPEN:
            raise Refused.because(422, "business-rule", "case.many", most=str(MOST_OPEN))
        now = self._clock()
        row = CaseRow(
            self._fresh(), kind, rid, errand.actor.id, facility, seq, text, to_ms(now),
            to_ms(acknowledge_by(now)), to_ms(terms()[kind].due(now)),
        )  # fmt: skip
        if kind == "erasure" and not self._may_erase(errand.actor.person):
            if told := self._told_before(whole):
                return self._seen(told)
            at = row.opened
            row = row._replace(acknowledged=at, answered=at, officer="", outcome="refused", answer=RETAINED)
        return self._seen(self._table.open(row, self._told(errand, "case-opened", row)))

    def _told_before(self, whole: frozenset[int]) -> CaseRow | None:
        """The same refusal, which the citizen has not put aside yet."""
        rows = self._table.of_patients(whole)
        return next((row for row in rows if row.answer == RETAINED and not row.officer and row.closed is None), None)

    def _may_erase(self, person: str) -> bool:
        """Whether the time is over for which the law wants the record kept."""
        head = self._store.read("Patient", person)
        died = None if head is None or head.deleted else orjson.loads(head.body).get("deceasedDateTime")
        until = kept_until(from_ms(parse_span(died).high - 1).date()) if died else None
        return until is not None and until < self._clock().date()

    def _told(self, errand: Errand, kind: str, row: CaseRow, outcome: str = "") -> list[AuditRow]:
        what = " ".join(filter(None, (row.kind, row.id, outcome)))
        return self._journal.rows([event_of(errand, self._now(), kind, "E", what, patient=row.patient)])

    def _seen(self, row: CaseRow) -> Case:
        return Case(row, self._now())

    def _now(self) -> int:
        return to_ms(self._clock())


def _unknown() -> Refused:
    return Refused.because(404, "not-found", "case.unknown")
