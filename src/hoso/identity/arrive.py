"""What happens to a Patient that arrives: it is compared with who is known, and linked, set aside for a human, or new.

It happens in the transaction that stores the Patient, so nobody ever reads a record that belongs to no one, and two
counters that register the same newcomer at once make one person.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from hoso.access import Draft, Entry, Known, Member, Origin, PeopleRows, Saved, Transaction
from hoso.access.persons import Unready
from hoso.core import Refused
from hoso.core.clock import Clock
from hoso.identity.ahead import Ahead
from hoso.identity.desk import Desk
from hoso.identity.feed import is_acknowledgement
from hoso.identity.ledger import is_event
from hoso.identity.matching import Decided, Described, Matching, People
from hoso.identity.portrait import is_person
from hoso.identity.proposals import under_review
from hoso.identity.replaced import Survivor, follow, survivor_of
from hoso.identity.review import Cause, task
from hoso.identity.seek import seek

log = logging.getLogger(__name__)

RESTLESS = 2
"""A record that turned into somebody else more often is no record of anybody."""

SPARE = 64
PLACE = "identity/place"
"""The job of finding the person of a record that came while no code was to be had."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A Patient that is about to be stored; `place` is that of its draft. Nothing described: it is about to be deleted.

    `survivor`: the record that its facility says replaces it.
    """

    place: int
    id: str
    described: Described | None
    survivor: Survivor | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A Patient that is stored and has no person yet, as it was read."""

    id: str
    version: str
    patient: dict[str, Any]
    described: Described


@dataclass(slots=True)
class Pool:
    """Codes at hand, so that nobody waits for one inside a transaction. One left over at a stop is never given."""

    new: Callable[[int], Sequence[str]]
    _codes: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _dry: bool = False

    def fill(self, number: int) -> None:
        """As many as are asked for, if they are to be had: a station may have used up what it was leased."""
        with self._lock:
            lacking = number - len(self._codes)
            if lacking > 0:
                try:
                    self._codes += self._some(lacking)
                    self._dry = False
                except Refused as refused:
                    self._dry = True
                    log.warning("no citizen codes: %s", refused.issues[0].key)

    def _some(self, number: int) -> Sequence[str]:
        """With some to spare, unless the end of a lease has not so many."""
        try:
            return self.new(number + SPARE)
        except Refused:
            return self.new(number)

    def has(self, number: int) -> bool:
        """Whether there are so many, or no more are to be had anyway."""
        return self._dry or len(self._codes) >= number

    def give_back(self, codes: Sequence[str]) -> None:
        with self._lock:
            self._codes += codes

    def take(self) -> str | None:
        with self._lock:
            if not self._codes:
                self._dry = False  # the next one asks again
            return self._codes.pop() if self._codes else None


class Arrivals:
    """Keeps `access.Arrivals`. `codes` gives codes nobody has had; `lead` lets those of some persons lead anew.

    `people`: the rows outside a transaction.
    """

    def __init__(
        self,
        matching: Matching,
        codes: Callable[[int], Sequence[str]],
        clock: Clock,
        lead: Callable[[Collection[int]], None] = lambda persons: None,
        people: Callable[[], People] | None = None,
    ) -> None:
        self.matching, self.codes, self._clock, self._lead = matching, Pool(codes), clock, lead
        self._people = people
        self._merged: WeakKeyDictionary[Transaction, list[int]] = WeakKeyDictionary()
        self._given: WeakKeyDictionary[Transaction, list[str]] = WeakKeyDictionary()

    def prepare(self, drafts: Sequence[Draft]) -> list[Newcomer] | None:
        newcomers: list[Newcomer] = []
        concerned = False
        for place, draft in enumerate(drafts):
            if draft.type == "Patient":
                newcomers.append(self._newcomer(place, draft))
            elif draft.type == "Linkage":
                concerned = True
                if draft.resource is not None and is_event(draft.resource):
                    raise reserved("Linkage")
            elif draft.type == "MessageHeader" and draft.resource is not None and is_acknowledgement(draft.resource):
                raise reserved("MessageHeader")
        if not newcomers and not concerned:
            return None
        if newcomers and self._people:
            self.matching.attend(self._people())
        return newcomers

    def joined(self, parts: Sequence[tuple[Sequence[Newcomer], int]]) -> list[Newcomer]:
        newcomers: list[Newcomer] = []
        behind = 0
        for some, drafts in parts:
            newcomers += [replace(one, place=behind + one.place) for one in some] if behind else some
            behind += drafts
        return newcomers

    def ready(self, number: int) -> None:
        self.codes.fill(number)

    def settled(self, transaction: Transaction) -> None:
        if merged := self._merged.pop(transaction, None):
            self._lead(merged)

    def rehearsed(self, transaction: Transaction) -> None:
        self._merged.pop(transaction, None)
        self.codes.give_back(self._given.pop(transaction, []))

    def _newcomer(self, place: int, draft: Draft) -> Newcomer:
        if draft.resource is None:
            return Newcomer(place, draft.id, None)
        if is_person(draft.resource):
            raise reserved("Patient")
        described = self.matching.describe(draft.resource)
        return Newcomer(place, draft.id, described, survivor_of(draft.resource))

    def store(
        self, transaction: Transaction, prepared: Sequence[Newcomer], drafts: Sequence[Draft], origin: Origin
    ) -> list[Saved]:
        if not self.codes.has(len(prepared)):
            raise Unready(len(prepared))
        _spare_the_ledger(transaction, drafts)
        people = transaction.people
        people.lock({lock for one in prepared if one.described for lock in one.described.locks})
        known = people.arrived([one.id for one in prepared])
        if any(patient.is_person for patient in known.values()):
            raise reserved("Patient")
        desk = Desk(transaction, origin.actor, self._clock)
        ahead = self._ahead(desk, [one.described for one in prepared if one.described and one.id not in known])
        met: dict[str, int] = {}
        for one in prepared:
            twice = met.get(one.id)
            before = known.get(one.id) if twice is None else _standing(desk.people, twice)
            met[one.id] = self._one(desk, ahead, one, drafts[one.place], before)
        saved = desk.done(drafts)
        for one in prepared:  # when all have their persons and can be searched: the survivor may have come along
            if one.survivor and one.described and (record := saved[one.place].rid):
                other = follow(desk, self.matching, record, one.described, one.survivor)
                if other is not None:
                    self._merged.setdefault(transaction, []).append(other)
        desk.done()
        return saved

    def place(self, transaction: Transaction, found: Sequence[Stored], actor: str) -> Counter[str]:
        """Gives records that are stored already their persons: how many were "placed", and "left" for want of a code.

        Raises Unready, with nothing done.
        """
        if not self.codes.has(len(found)):
            raise Unready(len(found))
        people = transaction.people
        people.lock({lock for one in found for lock in one.described.locks})
        known = people.arrived([one.id for one in found])
        desk = Desk(transaction, actor, self._clock)
        lone = [one for one in found if known[one.id].person is None and not known[one.id].is_person]
        ahead = self._ahead(desk, [one.described for one in lone if not known[one.id].packed])
        counts: Counter[str] = Counter()
        for one in lone:
            record, flips, before = known[one.id].record, known[one.id].flips, known[one.id].packed
            desk.arrives(record, one.id, one.patient)
            placed = self._place(desk, ahead, record, one.described, flips, is_new=not before)
            counts["placed" if placed else "left"] += 1
        desk.done()
        return counts

    def _ahead(self, desk: Desk, newcomers: Sequence[Described]) -> Ahead:
        """What will be decided about them, and what that takes, in few statements."""
        ahead = Ahead(self.matching, desk.people, newcomers)
        desk.hold(ahead.linked())
        desk.know(ahead.shown())
        return ahead

    def _one(self, desk: Desk, ahead: Ahead, one: Newcomer, draft: Draft, before: Known | None) -> int:
        if one.described is None:
            if before is not None:
                ahead.forget()
                desk.arrives(before.record, one.id, None)
                desk.unlink([before.record], "deleted")
                desk.people.forget([before.record])
            return before.record if before else 0
        record = before.record if before else desk.transaction.fresh("Patient", one.id)
        desk.arrives(record, one.id, draft.resource)
        if before is not None and before.person is not None:
            self._changed(desk, ahead, before, before.person, one.described)
        elif not self._place(desk, ahead, record, one.described, is_new=before is None):
            desk.transaction.enqueue(PLACE, one.id)
        return record

    def _changed(self, desk: Desk, ahead: Ahead, before: Known, person: int, described: Described) -> None:
        """A record that says something new of the same person stays; one that says somebody else is looked at anew."""
        record, flips = before.record, before.flips
        desk.redraw(person)
        if before.packed == described.packed:
            return
        ahead.forget()
        if before.packed and self.matching.contradicts(before.packed, described):
            self._turned(desk, ahead, record, described, flips + 1)
            return
        desk.people.put([Entry(record, described.keys, described.packed, flips)])
        _, decided = self._decide(desk, record, described, {person})
        if decided.outcome == "certain" and under_review(desk, person, decided.person) is None:
            self._review(desk, "two-persons", person, [decided.person], decided.evidence, record)

    def _turned(self, desk: Desk, ahead: Ahead, record: int, described: Described, flips: int) -> None:
        """It leaves its person. One that goes on turning is a counter's scratch pad: it is found by nobody any more."""
        if flips > RESTLESS:
            desk.people.put([Entry(record, (), described.packed, flips)])
            return
        desk.unlink([record], "turned")
        if not self._place(desk, ahead, record, described, flips):
            desk.transaction.enqueue(PLACE, desk.id(record))

    def _place(
        self, desk: Desk, ahead: Ahead, record: int, described: Described, flips: int = 0, *, is_new: bool = False
    ) -> bool:
        """Whether it has a person now: without a code for a new one it waits. `is_new`: nothing is kept of it yet."""
        foreseen = ahead.of(described) if is_new else None
        members, decided = foreseen or self._decide(desk, 0 if is_new else record, described)
        decided = self._unless_parted(desk, members, decided)
        entry = Entry(record, described.keys, described.packed, flips)
        if is_new:
            desk.add_entry(entry)
        else:
            ahead.forget()
            desk.people.put([entry])
        evidence = desk.told(decided.evidence)
        if decided.bridged and not flips:
            ahead.forget()
            desk.link([record], self._bridge(desk, decided.bridged, evidence), evidence)
        elif decided.outcome == "certain" and not flips:
            ahead.placed(described, record, desk.place(record, decided.person, evidence))
        else:
            person = self._new(desk, ahead, record, described, evidence)
            if person is None:
                return False
            if flips or decided.outcome == "possible":
                between = "margin" in decided.vetoes
                cause: Cause = "turned" if flips else "between-two" if between else "look-alike"
                self._review(desk, cause, person, decided.persons, decided.evidence, record)
        return True

    def _decide(
        self, desk: Desk, record: int, described: Described, without: Collection[int] = ()
    ) -> tuple[Sequence[Member], Decided]:
        """Among everybody it shares a key or a citizen code with, but for persons in `without`; with their records."""
        sought = seek(desk.people, described, record, without)
        return sought.members, self.matching.decide(described, sought, desk.people)

    def _unless_parted(self, desk: Desk, members: Sequence[Member], decided: Decided) -> Decided:
        """Persons that a human has told apart are not made one by a newcomer who looks like both."""
        persons = decided.bridged
        theirs = [member.record for member in members if member.person in persons]
        if persons and desk.people.apart([*theirs, *persons], persons):
            return replace(decided, bridged=[])
        return decided

    def _bridge(self, desk: Desk, persons: Sequence[int], evidence: Mapping[str, Any]) -> int:
        """Persons that only this record shows to be one; the oldest keeps its code."""
        survivor, *others = sorted(persons)
        for other in others:
            desk.merge(survivor, other, "bridged", evidence)
            self._merged.setdefault(desk.transaction, []).append(other)
        return survivor

    def _new(
        self, desk: Desk, ahead: Ahead, record: int, described: Described, evidence: Mapping[str, Any]
    ) -> int | None:
        """A new person, under the code its papers bear when that is nobody's yet.

        None when there is no code to give: care does not wait, the record is stored and its person found later.
        """
        free = [code for code in described.codes if not desk.people.coded([code])]
        code = free[0] if free else self._code(desk)
        if code is None:
            ahead.forget()
            return None
        person = desk.found(record, code, evidence)
        ahead.placed(described, record, person, code)
        return person

    def _code(self, desk: Desk) -> str | None:
        code = self.codes.take()
        if code is not None:
            self._given.setdefault(desk.transaction, []).append(code)
        return code

    def _review(
        self, desk: Desk, cause: Cause, person: int, others: Sequence[int], evidence: Mapping[str, Any], record: int
    ) -> None:
        desk.know([person, record, *others])
        told = desk.told(evidence)
        ids = [desk.id(other) for other in others]
        desk.add(task(cause, desk.id(person), ids, desk.time, told, desk.id(record)))


def _standing(people: PeopleRows, record: int) -> Known:
    """Of a record that comes a second time in one bundle."""
    flips, packed = people.entries([record]).get(record, (0, b""))
    return Known(record, False, people.persons_of([record]).get(record), flips, packed)


def _spare_the_ledger(transaction: Transaction, drafts: Sequence[Draft]) -> None:
    """An event is never changed, by whatever name it is called."""
    linkages = [("Linkage", draft.id) for draft in drafts if draft.type == "Linkage"]
    for head in transaction.heads(linkages).values() if linkages else ():
        if b"link-event" in head.body:
            raise reserved("Linkage")


def reserved(type: str) -> Refused:
    return Refused.because(405, "not-supported", "identity.reserved", type, type=type)
