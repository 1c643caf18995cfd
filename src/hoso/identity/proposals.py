"""A merge that one actor has asked for and a second has not yet agreed to: the first pair of eyes of four."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from hoso.identity.desk import Desk
from hoso.identity.review import Resource, cause_of, focus_of, is_open, is_review, named, proposer, task
from hoso.identity.undo import came_to
from hoso.identity.whom import person_of

PAGE = 50


def propose(desk: Desk, survivor: int, other: int, reason: str) -> Resource:
    """Files the Task that waits for somebody else."""
    evidence = {"proposed_by": desk.actor, "reason": reason}
    made = task("two-persons", desk.id(survivor), [desk.id(other)], desk.time, evidence)
    made["requester"] = {"display": desk.actor}
    made["note"] = [{"authorString": desk.actor, "time": desk.time, "text": reason}]
    desk.add(made)
    return made


def proposal(desk: Desk, one: int, other: int) -> Resource | None:
    """The open Task by which somebody has asked that these two be made one, under whatever ids they had then."""
    return next((found for found in _open(desk, one, other) if proposer(found)), None)


def under_review(desk: Desk, one: int, other: int) -> Resource | None:
    """Any open Task that asks whether these two are one."""
    return next(_open(desk, one, other), None)


def _open(desk: Desk, one: int, other: int) -> Iterator[Resource]:
    both = {one, other}
    yield from (added for added in desk.added("Task") if _about(desk, added, both))
    for person in (*both, *came_to(desk, one), *came_to(desk, other)):
        before: int | None = None
        while page := desk.people.log.naming(person, "Task", before, PAGE):
            heads = desk.transaction.heads([("Task", id) for _, id in page])
            for head in heads.values():
                found: dict[str, Any] = {} if head.deleted else orjson.loads(head.body)
                if _about(desk, found, both):
                    yield found
            before = page[-1][0]


def _asks(found: Resource) -> bool:
    return is_review(found) and is_open(found) and cause_of(found) == "two-persons"


def _about(desk: Desk, found: Resource, persons: set[int]) -> bool:
    return _asks(found) and {person_of(desk, id) for id in (focus_of(found), *named(found, "person"))} == persons
