"""Whom an id means: a person, or the person of a source record; one that was merged away means its survivor.

An id that is nobody's, and one that the asker may not know of, are refused alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from hoso.core import Refused
from hoso.identity.desk import Desk
from hoso.identity.ledger import Event, read

PAGE = 50


class Known(NamedTuple):
    """An event with the id of its Linkage, and its place in the log."""

    id: str
    event: Event
    place: int


def person_of(desk: Desk, id: str) -> int:
    named = patient(desk, id)
    person = desk.people.persons_of([named]).get(named, named)
    if person == named and not desk.people.persons([named]):
        raise absent(id)
    return person


def patient(desk: Desk, id: str) -> int:
    """The number of a golden Patient or a source record."""
    found = desk.people.rids([id]).get(id)
    if found is None:
        raise absent(id)
    return found


def pair(desk: Desk, one: str, other: str) -> tuple[int, int]:
    """Two different persons, the older first; held until the transaction has ended."""
    persons = sorted((person_of(desk, one), person_of(desk, other)))
    desk.people.hold(persons)
    again = sorted((person_of(desk, one), person_of(desk, other)))  # somebody may have merged them meanwhile
    if again != persons:
        return pair(desk, one, other)
    if again[0] == again[1]:
        raise Refused.because(409, "conflict", "identity.same-person", one=one, other=other)
    return again[0], again[1]


def unless_apart(desk: Desk, one: int, other: int) -> None:
    """Refused when a human has told the two apart; names the event."""
    people = desk.people
    for first, second in ((one, other), (other, one)):
        theirs = [first, *(record for _, record in people.members([first]))]
        if people.apart(theirs, [second]):
            raise Refused.because(409, "conflict", "identity.apart", event=_parting(desk, one, other))


def _parting(desk: Desk, one: int, other: int) -> str:
    """The newest event by which somebody of the one was told from somebody of the other."""
    people = desk.people
    sides = [{person, *people.persons([r for _, r in people.members([person])])} for person in (one, other)]
    desk.know(sides[0] | sides[1])
    ids = [{desk.id(person) for person in side} for side in sides]
    found = []
    for person in sides[0]:
        for known in ledger(desk, person):
            event = known.event
            if event.kind in ("split", "different") and {event.person, event.other} & ids[1]:
                found.append((known.place, known.id))
                break
    return max(found, default=(0, "-"))[1]


def ledger(desk: Desk, patient: int) -> Iterator[Known]:
    """The events about a person or a record, newest first."""
    before: int | None = None
    while page := desk.people.log.naming(patient, "Linkage", before, PAGE):
        heads = desk.transaction.heads([("Linkage", id) for _, id in page])
        for place, id in page:
            head = heads.get(("Linkage", id))
            event = read(orjson.loads(head.body)) if head is not None and not head.deleted else None
            if event is not None:
                yield Known(id, event, place)
        before = page[-1][0]


def absent(id: str) -> Refused:
    return Refused.because(404, "not-found", "rest.not-found", type="Patient", id=id)
