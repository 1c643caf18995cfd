"""Who belongs to whom when records come from another node: what its ledger says holds here too.

Events of the ledger travel and are carried out; the picture of a person travels once, with its code, and is drawn here
from the records that are here. A record that comes is compared with nobody: the node that registered it has decided.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence

import orjson

from hoso.access import Draft, Entry, PeopleRows, Person, Saved, Transaction
from hoso.core import citizen_code
from hoso.core.clock import Clock
from hoso.identity.desk import Desk
from hoso.identity.ledger import Event, parted, read
from hoso.identity.matching import Matching
from hoso.identity.portrait import is_person

log = logging.getLogger(__name__)


class Received:
    def __init__(self, matching: Matching, clock: Clock, actor: str) -> None:
        self._matching, self._clock, self._actor = matching, clock, actor
        self._merged: set[int] = set()

    def take_merged(self) -> set[int]:
        """Persons whose codes may have to lead elsewhere now."""
        merged, self._merged = self._merged, set()
        return merged

    def __call__(self, transaction: Transaction, taken: Sequence[tuple[Draft, Saved]]) -> None:
        people = transaction.people
        last = {(draft.type, draft.id): (draft, saved) for draft, saved in taken}
        patients = [(d, s) for d, s in last.values() if d.type == "Patient" and s.rid]
        events = [event for d, _ in taken if d.type == "Linkage" and d.resource and (event := read(d.resource))]
        touched: set[int] = set()
        for draft, saved in patients:
            if draft.resource is not None and is_person(draft.resource):
                self._founded(people, draft.resource, saved.rid)
            elif draft.resource is None:
                people.forget([saved.rid])
            else:
                described = self._matching.describe(draft.resource)
                people.put([Entry(saved.rid, described.keys, described.packed)])
            touched.add(saved.rid)
        for event in events:
            touched |= _carried_out(people, event)
            if event.kind in ("merge", "unmerge"):
                self._merged |= set(people.rids([id for id in (event.person, event.other) if id]).values())
        self._draw(transaction, touched)

    def _founded(self, people: PeopleRows, golden: dict[str, object], rid: int) -> None:
        code = code_of(golden)
        other = people.coded([code]).get(code) if code else None
        if not code or other not in (None, rid):
            log.error("the code %s of a person that came is %s", code, "another's" if other else "none")
        elif other is None:
            people.fill([Person(rid, code, None)], [])

    def _draw(self, transaction: Transaction, touched: Collection[int]) -> None:
        people = transaction.people
        persons = {*people.persons_of(touched).values(), *people.persons(touched)}
        known = people.persons(sorted(persons))
        if known:
            desk = Desk(transaction, self._actor, self._clock)
            for person in sorted(known):
                desk.redraw(person)
            desk.done()


def code_of(golden: dict[str, object]) -> str:
    """The citizen code of a person's picture."""
    identifiers = orjson.loads(orjson.dumps(golden.get("identifier", [])))
    return next((str(one.get("value", "")) for one in identifiers if one.get("system") == citizen_code.SYSTEM), "")


def _carried_out(people: PeopleRows, event: Event) -> set[int]:
    """Does to the rows what an event says; whoever it is about."""
    rids = people.rids({id for id in (event.person, event.other, *event.records) if id})
    if event.person not in rids:
        return set()
    person, other = rids[event.person], rids.get(event.other)
    records = [rids[id] for id in event.records if id in rids and id != event.person]
    touched = {person, *records, *people.persons_of(records).values()} | ({other} if other else set())
    if event.kind == "unlink":
        people.release(records)
    elif event.kind == "merge" and other is not None:
        survivor = _settled(people, person)
        if survivor != other:
            people.assign([*{*records, other}], survivor)
            people.merge(other, survivor)
            touched.add(survivor)
    elif event.kind == "unmerge":
        people.release([person])
        people.merge(person, None)
        people.assign(records, person)
    elif event.kind in ("link", "split"):
        settled = _settled(people, person)
        people.assign(records, settled)
        touched.add(settled)
        if event.kind == "link" and event.reason:
            people.allow(records, [person])
    if other is not None and event.kind in ("split", "different"):
        people.keep_apart(_parted(people, event))
    elif other is not None and event.kind == "same":
        families = [[one, *_records(people, one)] for one in (person, other)]
        for mine, theirs in (families, families[::-1]):
            people.allow(mine, list(people.persons(theirs)))
    return touched


def _settled(people: PeopleRows, person: int) -> int:
    """Whom a person was found to be by now."""
    seen = {person}
    while (survivor := people.persons_of([person]).get(person, person)) not in seen:
        seen.add(survivor)
        person = survivor
    return person


def _parted(people: PeopleRows, event: Event) -> Iterable[tuple[int, int]]:
    rids = people.rids([event.person, event.other])
    ids = {rid: people.ids(_records(people, rid)).values() for rid in rids.values()}
    pairs = parted(event, ids[rids[event.person]], ids[rids[event.other]])
    numbers = people.rids({id for pair in pairs for id in pair})
    return [(numbers[record], numbers[one]) for record, one in sorted(pairs) if record in numbers and one in numbers]


def _records(people: PeopleRows, person: int) -> list[int]:
    return [record for _, record in people.members([person])]
