"""The audit log as those who answer for it search it: by person, by who, by facility, by day, by kind of act.

An auditor looks at all of it; a privacy officer at what concerns the officer's facilities, as at every door to the log
(`trail`). A number that nobody has and one without a line here look the same. Each search is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from io import StringIO
from urllib.parse import urlencode

from hoso.access.audit.event import Event
from hoso.access.audit.log import AuditLog
from hoso.access.audit.note import encoded
from hoso.access.audit.resource import SIGN_IN
from hoso.access.audit.siem import writer
from hoso.access.errand import Errand
from hoso.access.policy import matrix
from hoso.access.telling import Teller
from hoso.access.trail import TYPE, Asked, Found, Trail
from hoso.core.clock import Clock, instant, to_ms
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused
from hoso.fhir.search import parse
from hoso.fhir.search.values import escape
from hoso.store.contract import Store
from hoso.store.visible import Visible

DAYS, USUAL_DAYS = 31, 7
"""Of a search without a patient, at most and when nobody says: the log has an index by patient and by place alone."""
COUNT, MOST_EXPORTED, OWN = 40, 5_000, 2_000
FORM = "hoso-audit-export/1"
_MOST_RECORDS = 20
_PATIENTS = Visible(frozenset({"Patient"}))
_READS = ("view", "")


def _shown(event: Event) -> bool:
    return event.outcome == "ok" and event.action in "RE" and bool(event.types)


ACTS: dict[str, Callable[[Event], bool]] = {
    "view": lambda event: _shown(event) and event.activity in _READS,
    "print": lambda event: event.activity == "print",
    "export": lambda event: event.activity == "export",
    "send": lambda event: event.activity == "send" or event.kind.startswith("send"),
    "write": lambda event: event.outcome == "ok" and event.action in "CUD",
    "refused": lambda event: event.outcome != "ok",
    "break-glass": lambda event: bool(event.grant) or event.kind.startswith("break-glass"),
    "sign-in": lambda event: event.kind in SIGN_IN,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is empty is not asked. `numbers` are alternatives, any number of a person; `record` is the id of a Patient.

    `until` is the last day, included.
    """

    numbers: tuple[str, ...] = ()
    record: str = ""
    who: str = ""
    facility: str = ""
    act: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def about(self) -> bool:
        """Whether it is about one person, of whom the log has an index."""
        return bool(self.numbers or self.record)


@dataclass(frozen=True, slots=True)
class Export:
    """`note` says what was asked and holds the hash of the `table`, signed by the log's key."""

    table: bytes
    note: str


class Inspection:
    def __init__(self, store: Store, trail: Trail, log: AuditLog, clock: Clock) -> None:
        self._store, self._trail, self._log, self._clock = store, trail, log, clock
        self._teller = Teller(log.journal, clock)

    def search(self, errand: Errand, question: Question, before: int | None = None) -> Found:
        """Newest first, behind a place. Raises Refused: 403 for other roles, 422 for what is not searched for."""
        self._check(errand)
        return self._trail.search(errand, replace(self._asked(errand, question), count=COUNT), before)

    def own(self, errand: Errand, since: int) -> list[Event]:
        """What the actor did since a time (milliseconds), for who practises: everybody's own deeds, nobody else's."""
        asked = Asked(actors=frozenset({errand.actor.id}), since=since, count=OWN)
        return self._trail.own(asked)

    def export(self, errand: Errand, question: Question, before: int | None = None) -> Export:
        """The same lines as a table, many pages of them. Raises Refused 403 for a role that takes no log out."""
        self._check(errand)
        taking = replace(errand, activity="export", channel="export")
        asked = replace(self._asked(errand, question), count=MOST_EXPORTED)
        found = self._trail.search(taking, asked, before)
        out = StringIO()
        write = writer("csv", out)
        for entry in found.entries:
            write(entry.seq, entry.event)
        table = out.getvalue().encode()
        return Export(table, self._log.sign(_said(table, found, asked.text, instant(to_ms(self._clock())))))

    def period(self, question: Question) -> tuple[date | None, date | None]:
        """The days that are gone through; None: no end. Raises Refused 422."""
        since, until = question.since, question.until
        if since is not None and until is not None and since > until:
            raise Refused.because(422, "value", "inspection.order")
        if question.about:
            return since, until
        today = self._clock().astimezone(VIETNAM).date()
        if until is None:
            until = today if since is None else max(since, min(today, _later(since, DAYS - 1)))
        if since is None:
            since = _later(until, 1 - USUAL_DAYS)
        if (until - since).days >= DAYS:
            raise Refused.because(422, "value", "inspection.period", days=str(DAYS))
        return since, until

    def _check(self, errand: Errand) -> str:
        """The row of the table of permissions; the log is told of everybody else who tries."""
        row = matrix.role(errand.actor.role)
        if row is None or not inspects(row.name):
            self._teller.refused(errand, "s", TYPE)
            raise Refused.because(403, "forbidden", "inspection.forbidden")
        return row.name

    def _asked(self, errand: Errand, question: Question) -> Asked:
        since, until = self.period(question)
        if question.act and question.act not in ACTS:
            raise Refused.because(422, "value", "inspection.act", value=question.act[:40], allowed=", ".join(ACTS))
        return Asked(
            text=_text(question, since, until),
            patients=self._whose(question) if question.about else None,
            actors=_actors(question.who),
            since=_moment(since) if since else None,
            until=_moment(until) + _DAY if until else None,
            also=_also(question),
        )

    def _whose(self, question: Question) -> tuple[str, ...]:
        """Ids of the Patients meant; none for a number that nobody has, which the log is searched for all the same."""
        if question.record:
            return (question.record,)
        values = ",".join(map(escape, question.numbers))
        query = parse("Patient", [("identifier", values), ("_count", str(_MOST_RECORDS))])
        return tuple(version.id for version in self._store.search(query, _PATIENTS).matches if not version.deleted)


def _also(question: Question) -> Callable[[Event], bool]:
    act = ACTS.get(question.act)

    def holds(event: Event) -> bool:
        return (not question.facility or event.facility == question.facility) and (act is None or act(event))

    return holds


def inspects(name: str) -> bool:
    """Whether a role looks through the log of everybody."""
    row = matrix.role(name)
    return row is not None and row.reach == "all" and row.covers("view", TYPE)


def takes_out(name: str) -> bool:
    row = matrix.role(name)
    return inspects(name) and row is not None and row.covers("export", TYPE)


_DAY = 86_400_000


def _actors(who: str) -> frozenset[str]:
    """A user's name, exactly; or an actor as the log has it, such as "client/lab"."""
    if not who:
        return frozenset()
    return frozenset({who} if "/" in who else {f"user/{who}", f"client/{who}"})


def _moment(day: date) -> int:
    return to_ms(datetime.combine(day, time(), VIETNAM))


def _later(day: date, days: int) -> date:
    """At most as far as a date goes."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def _text(question: Question, since: date | None, until: date | None) -> str:
    given = {
        "patient": question.record or " ".join(question.numbers), "who": question.who, "facility": question.facility,
        "act": question.act, "since": since and since.isoformat(), "until": until and until.isoformat(),
    }  # fmt: skip
    return f"{TYPE}?" + urlencode({name: value for name, value in given.items() if value})


def _said(table: bytes, found: Found, asked: str, now: str) -> str:
    rest = "" if found.before is None else f", more before place {found.before}"
    lines = (
        FORM,
        encoded(sha256(table).digest()),
        f"lines {len(found.entries)}{rest}",
        f"made {now}",
        f"asked {asked}",
    )
    return "".join(f"{line}\n" for line in lines)
