"""What a human decides about persons: merge and its undoing, split, same and different, and the answers to reviews.

Two persons with clinical data are merged only when a second pair of eyes agrees. Every decision is an event of the
ledger, takes back exactly what it did, and writes no clinical record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar, cast

from hoso.access import Errand, Reading, Records, Transaction
from hoso.access.scope import Right
from hoso.core import Refused
from hoso.identity.answering import Answered, Answering, Merge, merge
from hoso.identity.code import Codes
from hoso.identity.desk import Desk
from hoso.identity.facts import Contradiction
from hoso.identity.leading import align
from hoso.identity.matching import Matching
from hoso.identity.parting import Parted, Parting, came_with, chosen_of
from hoso.identity.portrait import Standing
from hoso.identity.review import Answer, Cause, cause_of
from hoso.identity.reviews import Queue, Review, Reviews, Side
from hoso.identity.sampling import Rate, Samples
from hoso.identity.whom import Known, ledger, pair, patient, person_of, unless_apart

__all__ = [
    "Answered",
    "Contradiction",
    "Known",
    "Merge",
    "Parted",
    "Queue",
    "Rate",
    "Review",
    "Side",
    "Steward",
]

T = TypeVar("T")
Rights = Sequence[tuple[Right, str]]

WRITES: Rights = (("u", "Patient"), ("c", "Linkage"), ("u", "Task"))
READS: Rights = (("r", "Patient"), ("s", "Linkage"))
HISTORY = 200
"""Events of one person that are shown, the newest."""


class Steward:
    """One per node. Persons and records are named by the ids of their Patients; a record's id names its person."""

    def __init__(self, records: Records, codes: Codes, matching: Matching) -> None:
        self._records, self._codes = records, codes
        self._parting = Parting(matching, records.readers)
        self._reviews = Reviews(records)
        self._samples = Samples(records)

    # Merge

    def preview(self, errand: Errand, one: str, other: str) -> Merge:
        """Which person would survive, and its golden Patient as it would be; nothing is written."""

        def work(desk: Desk) -> Merge:
            survivor, loser = pair(desk, one, other)
            unless_apart(desk, survivor, loser)
            kept, gone = desk.standing(survivor), desk.standing(loser)
            replaces = [*kept.replaces, *gone.replaces, gone.id]
            standing = Standing(kept.id, kept.code, [*kept.records, *gone.records], "", replaces)
            return Merge(kept.id, gone.id, preview=desk.drawn(standing, [survivor, loser]))

        return self._look(errand, f"Patient/{one} Patient/{other}", work)

    def merge(self, errand: Errand, one: str, other: str, reason: str) -> Merge:
        """The older person survives and keeps its code; the code of the other leads to it from now on.

        With clinical data on both sides it is only proposed: a second actor who asks for the same does it.
        """
        _check_reason(reason)

        def work(desk: Desk) -> tuple[Merge, Sequence[int]]:
            survivor, loser = pair(desk, one, other)
            merged = merge(desk, survivor, loser, reason)
            return merged, () if merged.waiting else (survivor, loser)

        merged, touched = self._transact(errand, work)
        self._align(errand, touched)
        return merged

    def unmerge(self, errand: Errand, person: str, reason: str) -> Parted:
        """The exact inverse of the last merge of that person: what came with it goes back, under its own code."""
        _check_reason(reason)

        parted, touched = self._transact(errand, lambda desk: self._parting.unmerge(desk, person, reason))
        self._align(errand, touched)
        return parted

    def split(self, errand: Errand, person: str, records: Sequence[str], reason: str) -> Parted:
        """Some records of a person are somebody else's: a new person, or the one they came with by a merge."""
        _check_reason(reason)

        def look(desk: Desk) -> bool:
            return came_with(desk, *chosen_of(desk, person, records)) is None

        needs_code = self._look(errand, f"Patient/{person}", look)
        code = self._codes.new(1)[0] if needs_code else ""

        def work(desk: Desk) -> tuple[Parted, Sequence[int]]:
            survivor, chosen = chosen_of(desk, person, records)
            return self._parting.split(desk, survivor, chosen, lambda: code or self._codes.new(1)[0], reason)

        parted, touched = self._transact(errand, work)
        self._align(errand, touched)
        return parted

    # Statements

    def different(self, errand: Errand, one: str, other: str, reason: str) -> None:
        """They are two; nothing that comes later brings them together unless a human says `same`."""
        self._state(errand, one, other, reason, lambda desk, a, b: desk.different(a, b, reason))

    def same(self, errand: Errand, one: str, other: str, reason: str) -> None:
        """Takes back that two are different; it links nothing by itself."""
        self._state(errand, one, other, reason, lambda desk, a, b: desk.same(a, b, reason))

    def history(self, errand: Errand, person: str) -> list[Known]:
        """The events about a person, or about one record, newest first."""

        def work(desk: Desk) -> list[Known]:
            whose = patient(desk, person)
            desk.transaction.heads([("Patient", desk.id(whose))])  # so that the log tells of whom it was
            return list(islice(ledger(desk, whose), HISTORY))

        return self._look(errand, f"Patient/{person}", work)

    def _state(self, errand: Errand, one: str, other: str, reason: str, say: Callable[[Desk, int, int], None]) -> None:
        _check_reason(reason)
        self._transact(errand, lambda desk: say(desk, *pair(desk, one, other)))

    # Reviews

    def queue(self, errand: Errand, cause: Cause | None = None, count: int = 50, cursor: str | None = None) -> Queue:
        """What waits for a human: the most urgent first, then the oldest; what somebody is unsure of at the end."""
        return self._reviews.queue(errand, cause, count, cursor)

    def review(self, errand: Errand, task: str) -> Review:
        """One review with its sides, the records of each, and what contradicts what."""
        return self._reviews.review(errand, task)

    def answer(self, errand: Errand, task: str, answer: Answer, other: str | None = None, reason: str = "") -> Answered:
        """Carries out what a human says of a review; `other` names one of its persons where there are several."""
        self._reviews.task(errand, task)
        code = self._codes.new(1)[0] if answer == "different" and self._may_split(errand, task) else ""

        def work(desk: Desk) -> tuple[Answered, Sequence[int]]:
            return Answering(desk, self._parting, code).answer(task, answer, other, reason)

        done, touched = self._transact(errand, work)
        self._align(errand, touched)
        return done

    # Watching

    def sample(self, errand: Errand, number: int, since: str, seed: int) -> list[str]:
        """Files automatic links made since an instant for blind review; the same seed draws the same."""
        return self._samples.draw(errand, number, since, seed)

    def error_rate(self, errand: Errand, since: str) -> Rate:
        """How many of the links sampled since an instant were wrong, with the 95 % interval, whole and by week."""
        return self._samples.rate(errand, since)

    def contradictions(self, errand: Errand, person: str) -> list[Contradiction]:
        """What cannot be true of one body among what a person's records say."""
        found = self._look(errand, f"Patient/{person}", lambda desk: person_of(desk, person))
        return self._reviews.monitors.contradictions(errand, found)

    def watch(self, errand: Errand, seen: Callable[[int], None] = lambda number: None) -> list[str]:
        """Looks at everybody with more than one record; answers the Tasks it filed, each contradiction once."""
        return self._reviews.monitors.watch(errand, seen)

    # Inside

    def _may_split(self, errand: Errand, task: str) -> bool:
        return cause_of(self._reviews.task(errand, task)) == "sample"

    def _align(self, errand: Errand, persons: Sequence[int]) -> None:
        """Outside the transaction that decided: codes have their own."""
        if persons:
            align(self._codes, self._records.people(errand), persons)

    def _look(self, errand: Errand, what: str, work: Callable[[Desk], T]) -> T:
        """At a desk where nothing is decided and nobody waits for a turn to write."""

        def looked(reading: Reading) -> T:
            return work(Desk(cast(Transaction, reading), errand.actor.id, self._records.clock))

        return self._records.look(errand, READS, what, looked)

    def _transact(self, errand: Errand, work: Callable[[Desk], T]) -> T:
        def whole(transaction: Transaction) -> T:
            desk = Desk(transaction, errand.actor.id, self._records.clock)
            result = work(desk)
            desk.done()
            return result

        return self._records.transact(errand, WRITES, whole)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused.because(422, "required", "identity.reason")
