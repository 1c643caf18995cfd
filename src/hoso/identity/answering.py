"""What follows from an answer to a review: a merge, a statement, a record that goes elsewhere, or more waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from hoso.core import Refused
from hoso.identity.desk import Desk
from hoso.identity.parting import Parted, Parting, chosen_of
from hoso.identity.proposals import proposal, propose
from hoso.identity.review import (
    Answer,
    Cause,
    Resource,
    answered,
    answers_of,
    cause_of,
    focus_of,
    is_open,
    is_review,
    named,
    proposer,
)
from hoso.identity.whom import person_of, unless_apart


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge came to. `waiting`: the Task that a second person must agree to; else it is done."""

    survivor: str
    other: str
    waiting: str = ""
    preview: Resource | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """`done`: nobody needs to look at it any more. A merge may still wait for a second person (`merged.waiting`)."""

    done: bool
    merged: Merge | None = None
    parted: Parted | None = None


Outcome = tuple[Answered, Sequence[int]]
"""With the persons whose codes may have to be led anew."""


def merge(desk: Desk, survivor: int, other: int, reason: str) -> Merge:
    """Makes two persons one, or files the proposal when both have clinical data and nobody else asked for it before."""
    unless_apart(desk, survivor, other)
    names = desk.id(survivor), desk.id(other)
    if desk.people.log.clinical([survivor, other]) == {survivor, other}:
        waiting = proposal(desk, survivor, other)
        if waiting is None or proposer(waiting) == desk.actor:
            waiting = waiting or propose(desk, survivor, other, reason)
            return Merge(*names, waiting=waiting["id"])
        desk.add(answered(waiting, "same", [desk.id(other)], desk.actor, desk.time, reason, closed=True))
    desk.merge(survivor, other, reason)
    return Merge(*names)


class Answering:
    """One answer. `code` is for the person that a record of a wrong link becomes."""

    def __init__(self, desk: Desk, parting: Parting, code: str = "") -> None:
        self._desk, self._parting, self._code = desk, parting, code

    def answer(self, id: str, answer: Answer, other: str | None, reason: str) -> Outcome:
        self._desk.transaction.lock([f"identity-review/{id}"])
        task = self._open(id)
        if answer == "unsure":
            self._note(task, answer, [other] if other else [], reason, closed=False)
            return Answered(False), ()
        deciding: Mapping[Cause, Callable[[Resource, Answer, str | None, str], Outcome]] = {
            "sample": self._sample,
            "stray": self._stray,
            "contradiction": self._seen,
            "mixed-document": self._seen,
            "mixed-record": self._seen,
        }
        return deciding.get(cause_of(task), self._persons)(task, answer, other, reason or f"review {id}")

    def _open(self, id: str) -> Resource:
        head = self._desk.transaction.read("Task", id)
        task: Resource = {} if head is None or head.deleted else orjson.loads(head.body)
        if not is_review(task):
            raise Refused.because(404, "not-found", "rest.not-found", type="Task", id=id)
        if not is_open(task):
            raise Refused.because(409, "conflict", "identity.review-closed", task=id)
        return task

    def _persons(self, task: Resource, answer: Answer, other: str | None, reason: str) -> Outcome:
        desk = self._desk
        focus = person_of(desk, focus_of(task))
        others = {id: person_of(desk, id) for id in named(task, "person")}
        if other is not None:
            wanted = person_of(desk, other)
            others = {id: person for id, person in others.items() if person == wanted}
            if not others:
                raise Refused.because(422, "value", "identity.not-in-review", person=other, task=task["id"])
        if answer == "different":
            return self._different(task, focus, others, reason)
        if len(set(others.values())) != 1:
            raise Refused.because(422, "required", "identity.which-person", task=task["id"])
        return self._same(task, focus, next(iter(others.values())), list(others), reason)

    def _same(self, task: Resource, focus: int, person: int, ids: Sequence[str], reason: str) -> Outcome:
        desk = self._desk
        if proposer(task) == desk.actor:
            raise Refused.because(409, "conflict", "identity.second-person", task=task["id"])
        if focus == person:  # somebody has merged them meanwhile
            self._note(task, "same", ids, reason, closed=True)
            return Answered(True), ()
        survivor, loser = sorted((focus, person))
        desk.people.hold([survivor, loser])
        merged = merge(desk, survivor, loser, reason)
        if not proposer(task):  # else the merge has closed it
            self._note(task, "same", ids, reason, closed=True)
        return Answered(True, merged), () if merged.waiting else (survivor, loser)

    def _different(self, task: Resource, focus: int, others: Mapping[str, int], reason: str) -> Outcome:
        for person in sorted(set(others.values()) - {focus}):
            self._desk.people.hold(sorted((focus, person)))
            self._desk.different(focus, person, reason)
        told = {person for answer, person in answers_of(task) if answer == "different"} | set(others)
        done = told >= set(named(task, "person"))
        self._note(task, "different", list(others), reason, closed=done)
        return Answered(done), ()

    def _stray(self, task: Resource, answer: Answer, other: str | None, reason: str) -> Outcome:
        """Same: the record goes to the person it looks like."""
        desk = self._desk
        (id,), (record,) = named(task, "person"), named(task, "record")
        if answer == "same":
            person = person_of(desk, id)
            rid = desk.people.rids([record])[record]
            if desk.people.persons_of([rid]).get(rid) not in (None, person):
                desk.link([rid], person, {}, reason)
        self._note(task, answer, [id], reason, closed=True)
        return Answered(True), ()

    def _sample(self, task: Resource, answer: Answer, other: str | None, reason: str) -> Outcome:
        """Different: the link was wrong, and is undone at once, if the record is still where it was put."""
        desk, (record,) = self._desk, named(task, "record")
        self._note(task, answer, [], reason, closed=True)
        person = person_of(desk, focus_of(task))
        theirs = [r for _, r in desk.people.members([person])]
        own = set(theirs) - desk.people.persons(theirs).keys()
        if answer == "same" or desk.people.rids([record]).get(record) not in own or len(own) == 1:
            return Answered(True), ()
        survivor, chosen = chosen_of(desk, desk.id(person), [record])
        parted, touched = self._parting.split(desk, survivor, chosen, lambda: self._code, reason)
        return Answered(True, parted=parted), touched

    def _seen(self, task: Resource, answer: Answer, other: str | None, reason: str) -> Outcome:
        """Somebody has looked and done what was to be done; a split is a decision of its own."""
        self._note(task, answer, [], reason, closed=True)
        return Answered(True), ()

    def _note(self, task: Resource, answer: Answer, others: Sequence[str], reason: str, *, closed: bool) -> None:
        desk = self._desk
        desk.add(answered(task, answer, others, desk.actor, desk.time, reason, closed=closed))
