"""The policy bound to the store for one call: looks up who asks and what is known of a record, and lets the rules say.

Everything is asked at the call, so a visit that ended, a grant taken back or a record linked counts at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from hoso.access.errand import Errand
from hoso.access.policy.ask import Ask, Facts, Ground, Tie
from hoso.access.policy.decide import Decision, decide, visible
from hoso.access.policy.grounds import grounds
from hoso.access.policy.matrix import Activity, Role, kind_of, representation, role
from hoso.core.clock import to_ms
from hoso.core.dates import VIETNAM
from hoso.fhir.extract import extract
from hoso.fhir.extraction.authors import AUTHORS
from hoso.fhir.labels import names
from hoso.store.consents import ConsentRow
from hoso.store.contract import Draft, Reading, Version
from hoso.store.reach import Clause, Nothing

WRITING = frozenset("cud")
_REFUSED = Decision(False, "activity")


class Sight:
    """What one errand may see and write; for an actor with a role."""

    def __init__(self, reading: Reading, errand: Errand, now: datetime) -> None:
        self._reading, self._errand, self._now = reading, errand, now
        self._asks: dict[Activity, Ask] = {}
        self._grounds: dict[Activity, tuple[Ground, ...]] = {}
        self._ties: dict[int, tuple[Tie, ...]] = {}
        self._consents: dict[int, tuple[ConsentRow, ...]] = {}

    @property
    def role(self) -> Role | None:
        return role(self._errand.actor.role)

    def clause(self, right: str, type: str) -> Clause | None:
        """The test of rows of a type; None when every row passes."""
        activity = self._activity(right)
        ask = self.ask(activity)
        return Nothing() if ask is None else visible(ask, type, self._grounds[activity])

    def of(self, right: str, version: Version) -> Decision:
        """The decision on a stored version."""
        return self.decide(right, version.type, version.patient, version.rid, version.labels or 0)

    def decide(self, right: str, type: str, patient: int, rid: int = 0, labels: int = 0) -> Decision:
        activity = self._activity(right)
        ask = self.ask(activity)
        if ask is None:
            return _REFUSED
        return decide(ask, self.facts(ask, type, patient, rid, labels), self._grounds[activity])

    def facts(self, ask: Ask, type: str, patient: int, rid: int, labels: int = 0) -> Facts:
        authors: frozenset[int] = frozenset()
        if ask.authors and rid and type in AUTHORS:
            authors = self._reading.relations.authors(type, patient, rid)
        ties = self._ties_of(patient) if ask.grantees or ask.citizen else ()
        consents = self._consents_of(patient) if ask.denials or ask.permits else ()
        return Facts(type, patient, ties, names(labels), authors, rid, consents)

    def ask(self, activity: Activity) -> Ask | None:
        """None for a role that the table does not have: it may nothing."""
        row = self.role
        if row is None:
            return None
        if activity not in self._asks:
            self._asks[activity] = self._asked(row, activity)
            self._grounds[activity] = grounds(self._asks[activity])
        return self._asks[activity]

    def _asked(self, row: Role, activity: Activity) -> Ask:
        actor, relations = self._errand.actor, self._reading.relations
        who = self._who
        denials, permits = relations.consenting(who.grantees)
        return Ask(
            role=row,
            purpose=self._errand.purpose,
            activity=activity,
            assurance=actor.assurance,
            now=to_ms(self._now),
            grantees=who.grantees,
            own=self._own,
            citizen=who.citizen,
            given=self._given,
            authors=(who.practitioner,) if who.practitioner else (),
            limit=actor.labels,
            denials=denials,
            permits=permits,
            birthdate=relations.birthdate if who.citizen else 0,
            ages=_ages(self._now),
        )

    @cached_property
    def _who(self) -> Any:
        actor = self._errand.actor
        return self._reading.relations.who(actor.facility, actor.practitioner, actor.person)

    @cached_property
    def _own(self) -> frozenset[int]:
        person = self._errand.actor.person
        return self._reading.people.whole(person) if person else frozenset()

    @cached_property
    def _given(self) -> dict[str, frozenset[int]]:
        """Patients by kind of grant, each with all the numbers of their person."""
        actor, relations = self._errand.actor, self._reading.relations
        names = [actor.id, *([f"facility/{actor.facility}"] if actor.facility else [])]
        names += [f"person/{actor.person}"] if actor.person else []
        found: dict[str, set[int]] = {}
        for kind, patient, _ in relations.given(names, to_ms(self._now), actor.facility):
            found.setdefault(kind, set()).add(patient)
        return {kind: self._reading.people.wholes(patients) for kind, patients in found.items()}

    def admits(self, draft: Draft, new_patients: Iterable[str]) -> bool:
        """Whether the record may be as a draft would have it: about somebody the caller is tied to, at the caller's own
        facility. A Patient that comes in the same transaction is the caller's to write about."""
        assert draft.resource is not None
        right = "c" if draft.method == "POST" else "u"
        if kind_of(draft.type) is None:
            return False
        found = extract({**draft.resource, "id": draft.id})
        if not self._at_home(draft.type, found.relations):
            return False
        if draft.type == "Patient":
            return draft.method != "POST" or self.decide_cell(right, "Patient")
        if found.patient is None or found.patient in new_patients:
            return self.decide_cell(right, draft.type) if found.patient else self.decide(right, draft.type, 0).permit
        rid = self._reading.people.rids([found.patient]).get(found.patient)
        return rid is not None and self.decide(right, draft.type, rid).permit

    def decide_cell(self, right: str, type: str) -> bool:
        """What the table says, whoever it is about."""
        ask = self.ask(self._activity(right))
        return ask is not None and decide(ask, Facts(type, 0), (_ANYBODY,)).permit

    def _at_home(self, type: str, relations: Iterable[Any]) -> bool:
        """Nobody opens a visit in the name of another facility."""
        if type != "Encounter":
            return True
        names = {one.grantee for one in relations if one.grantee}
        plain = {one.name for one in relations if not one.grantee}
        home = self._errand.actor.facility
        if plain - {f"facility/{home}"}:
            return False
        mine = set(self._who.grantees)
        return all(self._reading.relations.number(*name) in mine for name in names)

    def _consents_of(self, patient: int) -> tuple[ConsentRow, ...]:
        if patient not in self._consents:
            self._consents[patient] = tuple(self._reading.relations.consents(patient))
        return self._consents[patient]

    def _ties_of(self, patient: int) -> tuple[Tie, ...]:
        if patient not in self._ties:
            self._ties[patient] = tuple(Tie(*row) for row in self._reading.relations.ties(patient))
        return self._ties[patient]

    def _activity(self, right: str) -> Activity:
        return "write" if right in WRITING else self._errand.activity


_ANYBODY = Ground("anybody", lambda facts: True, None, None, frozenset())


def _ages(now: datetime) -> tuple[int, int, int]:
    """The ends of the birth days of those who are 7, 16 and 18 today."""
    today, rules = now.astimezone(VIETNAM).date(), representation()
    return tuple(_day_end(_years_before(today, n)) for n in (rules.child_until, rules.shared_until, rules.adult))  # type: ignore[return-value]


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # the 29th of February: whoever was born on the 1st of March is not of age yet
        return day.replace(year=day.year - years, day=28)


def _day_end(day: date) -> int:
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + timedelta(days=1))
