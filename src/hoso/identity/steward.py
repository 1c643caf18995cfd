"""What a human decides about persons: merge and its undoing, split, same and different, and the answers to reviews.

Two persons with clinical data are merged only when a second pair of eyes agrees. Every decision is an event of the
ledger, takes back exactly what it did, and writes no clinical record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from hoso.access import Actor, Purpose, Records, Transaction
from hoso.access.scope import Right
from hoso.core import Refused
from hoso.identity import review
from hoso.identity.code import Codes
from hoso.identity.desk import Desk
from hoso.identity.matching import Matching
from hoso.identity.portrait import Resource, Standing
from hoso.identity.proposals import proposal, propose
from hoso.identity.undo import came_to, merge_of, undoing_of
from hoso.identity.whom import Known, ledger, pair, patient, person_of, unless_apart

T = TypeVar("T")
Rights = Sequence[tuple[Right, str]]

WRITES: Rights = (("u", "Patient"), ("c", "Linkage"), ("u", "Task"))
READS: Rights = (("r", "Patient"), ("s", "Linkage"))
HISTORY = 200
"""Events of one person that are shown, the newest."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge came to. `waiting`: the Task that a second person must agree to; else it is done."""

    survivor: str
    other: str
    waiting: str = ""
    preview: Resource | None = None


@dataclass(frozen=True, slots=True)
class Parted:
    """`restored` is a person (again), with `records`; `tasks` are what is left for humans to look at."""

    restored: str
    survivor: str
    records: Sequence[str]
    tasks: Sequence[str]


class Steward:
    """One per node. Persons and records are named by the ids of their Patients; a record's id names its person."""

    def __init__(self, records: Records, codes: Codes, matching: Matching) -> None:
        self._records, self._codes, self._matching = records, codes, matching

    # Merge

    def preview(self, actor: Actor, purpose: Purpose, one: str, other: str) -> Merge:
        """Which person would survive, and its golden Patient as it would be; nothing is written."""

        def work(desk: Desk) -> Merge:
            survivor, loser = pair(desk, one, other)
            unless_apart(desk, survivor, loser)
            kept, gone = desk.standing(survivor), desk.standing(loser)
            replaces = [*kept.replaces, *gone.replaces, gone.id]
            standing = Standing(kept.id, kept.code, [*kept.records, *gone.records], "", replaces)
            return Merge(kept.id, gone.id, preview=desk.drawn(standing, [survivor, loser]))

        return self._transact(actor, purpose, work, READS)

    def merge(self, actor: Actor, purpose: Purpose, one: str, other: str, reason: str) -> Merge:
        """The older person survives and keeps its code; the code of the other leads to it from now on.

        With clinical data on both sides it is only proposed: a second actor who asks for the same does it.
        """
        _check_reason(reason)

        def work(desk: Desk) -> tuple[Merge, Sequence[int]]:
            survivor, loser = pair(desk, one, other)
            unless_apart(desk, survivor, loser)
            names = desk.id(survivor), desk.id(loser)
            if desk.people.log.clinical([survivor, loser]) == {survivor, loser}:
                waiting = proposal(desk, survivor, loser)
                if waiting is None or review.proposer(waiting) == actor.id:
                    waiting = waiting or propose(desk, survivor, loser, reason)
                    return Merge(*names, waiting=waiting["id"]), ()
                desk.add(review.answered(waiting, "same", names[:1], actor.id, desk.time, reason, closed=True))
            desk.merge(survivor, loser, reason)
            return Merge(*names), (survivor, loser)

        merged, touched = self._transact(actor, purpose, work)
        self._align(actor, purpose, touched)
        return merged

    def unmerge(self, actor: Actor, purpose: Purpose, person: str, reason: str) -> Parted:
        """The exact inverse of the last merge of that person: what came with it goes back, under its own code."""
        _check_reason(reason)

        def work(desk: Desk) -> tuple[Parted, Sequence[int]]:
            found = merge_of(desk, person)
            desk.people.hold([found.restored, found.survivor])
            found = merge_of(desk, person)
            desk.unmerge(found.restored, found.survivor, found.records, reason)
            desk.different(found.restored, found.survivor, reason)
            return self._parted(desk, found.restored, found.survivor, found.records), (found.restored, found.survivor)

        parted, touched = self._transact(actor, purpose, work)
        self._align(actor, purpose, touched)
        return parted

    def split(self, actor: Actor, purpose: Purpose, person: str, records: Sequence[str], reason: str) -> Parted:
        """Some records of a person are somebody else's: a new person, or the one they came with by a merge."""
        _check_reason(reason)

        def look(desk: Desk) -> bool:
            return self._came_with(desk, *self._chosen(desk, person, records)) is None

        needs_code = self._transact(actor, purpose, look)
        code = self._codes.new(1)[0] if needs_code else ""

        def work(desk: Desk) -> tuple[Parted, Sequence[int]]:
            survivor, chosen = self._chosen(desk, person, records)
            earlier = self._came_with(desk, survivor, chosen)
            if earlier is not None:
                desk.unmerge(earlier, survivor, chosen, reason)
                desk.different(earlier, survivor, reason)
            else:
                earlier = desk.split(survivor, chosen, code or self._codes.new(1)[0], reason)
            return self._parted(desk, earlier, survivor, chosen), (earlier, survivor)

        parted, touched = self._transact(actor, purpose, work)
        self._align(actor, purpose, touched)
        return parted

    # Statements

    def different(self, actor: Actor, purpose: Purpose, one: str, other: str, reason: str) -> None:
        """They are two; nothing that comes later brings them together unless a human says `same`."""
        self._state(actor, purpose, one, other, reason, lambda desk, a, b: desk.different(a, b, reason))

    def same(self, actor: Actor, purpose: Purpose, one: str, other: str, reason: str) -> None:
        """Takes back that two are different; it links nothing by itself."""
        self._state(actor, purpose, one, other, reason, lambda desk, a, b: desk.same(a, b, reason))

    def history(self, actor: Actor, purpose: Purpose, person: str) -> list[Known]:
        """The events about a person, or about one record, newest first."""

        def work(desk: Desk) -> list[Known]:
            return list(islice(ledger(desk, patient(desk, person)), HISTORY))

        return self._transact(actor, purpose, work, READS)

    def _state(
        self, actor: Actor, purpose: Purpose, one: str, other: str, reason: str, say: Callable[[Desk, int, int], None]
    ) -> None:
        _check_reason(reason)
        self._transact(actor, purpose, lambda desk: say(desk, *pair(desk, one, other)))

    # Inside

    def _chosen(self, desk: Desk, person: str, records: Sequence[str]) -> tuple[int, list[int]]:
        """The person and the records as numbers; refused unless some, not all, of its records are chosen."""
        survivor = person_of(desk, person)
        desk.people.hold([survivor])
        members = [record for _, record in desk.people.members([survivor])]
        own = set(members) - desk.people.persons(members).keys()
        rids = desk.people.rids(set(records))
        strange = sorted(id for id in set(records) if rids.get(id) not in own)
        if strange:
            raise Refused.because(422, "value", "identity.not-a-record", record=strange[0], person=desk.id(survivor))
        if not rids or len(rids) == len(own):
            raise Refused.because(422, "value", "identity.split-none-or-all", person=desk.id(survivor))
        return survivor, sorted(rids.values())

    def _came_with(self, desk: Desk, survivor: int, chosen: Sequence[int]) -> int | None:
        """The person that all the chosen records came with, whose code is theirs then; the last to come, if several."""
        found = [undoing for person in came_to(desk, survivor) if (undoing := undoing_of(desk, person))]
        fitting = [undoing for undoing in found if set(chosen) <= set(undoing.records)]
        return min(fitting, key=lambda u: (len(u.records), -u.merge.place)).restored if fitting else None

    def _parted(self, desk: Desk, restored: int, survivor: int, records: Sequence[int]) -> Parted:
        desk.know([restored, survivor, *records])
        inner = desk.people.persons(records)
        ids = sorted(desk.id(record) for record in records if record not in inner)
        return Parted(desk.id(restored), desk.id(survivor), ids, [])

    def _align(self, actor: Actor, purpose: Purpose, persons: Sequence[int]) -> None:
        """Codes lead where the projection says. They have a transaction of their own: what a stop leaves undone is done
        by the next decision about the person, or by `rebuild`."""
        if not persons:
            return
        people = self._records.people(actor, purpose)
        known = people.persons(persons)
        into = people.persons({person.merged for person in known.values() if person.merged})
        for person in sorted(known.values()):
            lead(self._codes, person.code, into[person.merged].code if person.merged else "")

    def _transact(self, actor: Actor, purpose: Purpose, work: Callable[[Desk], T], rights: Rights = WRITES) -> T:
        def whole(transaction: Transaction) -> T:
            desk = Desk(transaction, actor.id, self._records.clock)
            result = work(desk)
            desk.done()
            return result

        return self._records.transact(actor, purpose, rights, whole)


def lead(codes: Codes, code: str, to: str) -> None:
    """Makes a code an alias of another, or with "" one that stands for itself."""
    if not to:
        codes.part(code)
        return
    try:
        codes.alias(code, to)
    except Refused as refused:
        if refused.issues[0].key not in ("code.alias-elsewhere", "code.alias-circle"):
            raise
        codes.part(to if refused.issues[0].key == "code.alias-circle" else code)
        codes.alias(code, to)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused.because(422, "required", "identity.reason")
