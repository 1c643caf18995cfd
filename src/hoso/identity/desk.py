"""Carries out what was decided: the ledger's event, the persons' pictures and the projection, in one transaction.

Arrivals and stewards work at the same desk, so a link made by the machine and one made by a human are the same thing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson

from hoso.access import Draft, Entry, PeopleRows, Saved, Transaction
from hoso.core.clock import Clock, instant, to_ms
from hoso.core.ids import new_id
from hoso.identity.ledger import Event, Kind, parted
from hoso.identity.portrait import DRAWN_FROM, Standing, portrait

Resource = dict[str, Any]


class Desk:
    """One transaction's work. Persons and records are numbers here; ids stand in what is written."""

    def __init__(self, transaction: Transaction, actor: str, clock: Clock) -> None:
        self.transaction, self._rows = transaction, transaction.people
        self.actor = actor
        self.time = instant(to_ms(clock()))
        self._ids: dict[int, str] = {}
        self._drafts: list[Draft] = []
        self._touched: list[int] = []
        self._arriving: dict[int, Resource | None] = {}
        self._new: set[int] = set()
        self._held: set[int] = set()
        self._founded: list[tuple[int, str]] = []
        self._assigned: list[tuple[int, int]] = []
        self._added: list[Entry] = []

    @property
    def people(self) -> PeopleRows:
        """The rows, with all that was put off until somebody looks."""
        if self._founded or self._assigned or self._added:
            self._rows.found_persons(self._founded)
            self._rows.fill([], self._assigned)
            self._rows.add(self._added)
            self._founded, self._assigned, self._added = [], [], []
        return self._rows

    def arrives(self, record: int, id: str, patient: Resource | None) -> None:
        """What a record will say once `done` has saved it; None when it is about to be deleted."""
        self._ids[record] = id
        self._arriving[record] = patient

    def id(self, rid: int) -> str:
        if rid not in self._ids:
            self._ids.update(self._rows.ids([rid]))
        return self._ids[rid]

    def know(self, rids: Iterable[int]) -> None:
        """Looks up many ids at once."""
        unknown = set(rids) - self._ids.keys()
        if unknown:  # what is put off names nobody who is not known here
            self._ids.update(self._rows.ids(unknown))

    def add_entry(self, entry: Entry) -> None:
        """What a record that nothing is kept of is found by."""
        self._added.append(entry)

    def found(self, record: int, code: str, evidence: Mapping[str, Any]) -> int:
        """A new person with one record, under a code that nobody had."""
        person = self._found([record], code)
        self._write("link", person, [record], evidence=evidence)
        return person

    def _found(self, records: Sequence[int], code: str) -> int:
        id = new_id()
        person = self.transaction.fresh("Patient", id)
        self._ids[person] = id
        self._new.add(person)
        self._held.add(person)
        self._founded.append((person, code))
        self._assigned += [(record, person) for record in records]
        self._touched.append(person)
        return person

    def place(self, record: int, person: int, evidence: Mapping[str, Any]) -> int:
        """A record that was nobody's is this person's; answers who that is by now."""
        if person not in self._held:
            person = self.settled(person)
        self._assigned.append((record, person))
        self._touched.append(person)
        self._write("link", person, [record], evidence=evidence)
        return person

    def hold(self, persons: Collection[int]) -> None:
        """Those of the persons that are nobody else stay so until this transaction has ended."""
        self.people.hold(persons)
        self._held.update(set(persons) - self.people.persons_of(persons).keys())

    def link(self, records: Sequence[int], person: int, evidence: Mapping[str, Any], reason: str = "") -> None:
        """These records are this person's from now on; whoever had them is drawn anew."""
        person = self.settled(person)
        self._left_by(records)
        self.people.assign(records, person)
        if reason:  # a human says so, whatever was said before; the machine links nobody who is kept apart
            self.people.allow(records, [person])
        self._touched.append(person)
        self._write("link", person, records, reason=reason, evidence=evidence)

    def unlink(self, records: Sequence[int], reason: str) -> None:
        """They are nobody's from now on."""
        before = self.people.persons_of(records)
        self._left_by(records)
        self.people.release(records)
        for person in sorted(set(before.values())):
            mine = [record for record in records if before.get(record) == person]
            self._write("unlink", person, mine, reason=reason)

    def merge(self, survivor: int, other: int, reason: str, evidence: Mapping[str, Any] | None = None) -> None:
        """Two persons are one: the records of the other and the other itself come to the survivor."""
        self._held.discard(other)
        self.people.hold([survivor, other])
        records = [record for _, record in self.people.members([other])]
        self.people.assign([*records, other], survivor)
        self.people.merge(other, survivor)
        self._touched += [survivor, other]
        self._write("merge", survivor, [*records, other], other=other, reason=reason, evidence=evidence)

    def unmerge(self, restored: int, survivor: int, records: Sequence[int], reason: str) -> None:
        """The other person is a person again, with the records it came with."""
        self.people.release([restored])
        self.people.merge(restored, None)
        self.people.assign(records, restored)
        self._touched += [restored, survivor]
        self._write("unmerge", restored, [*records, restored], other=survivor, reason=reason)

    def split(self, person: int, records: Sequence[int], code: str, reason: str) -> int:
        """Records that are somebody else's become a person of their own, kept apart from the first for ever."""
        made = self._found(records, code)
        self._touched.append(person)
        self._write("split", made, records, other=person, reason=reason)
        self._part(made, person)
        return made

    def different(self, one: int, other: int, reason: str) -> None:
        """A human knows that these two are not the same; it holds for every record of theirs."""
        self._write("different", one, [], other=other, reason=reason)
        self._part(one, other)

    def same(self, one: int, other: int, reason: str) -> None:
        """Takes back that two are different; it links nothing by itself."""
        self._write("same", one, [], other=other, reason=reason)
        families = [[person, *(record for _, record in self.people.members([person]))] for person in (one, other)]
        for mine, theirs in (families, families[::-1]):
            self.people.allow(mine, list(self.people.persons(theirs)))

    def told(self, evidence: Mapping[str, Any]) -> dict[str, Any]:
        """With ids in place of numbers, which mean nothing on another node."""
        candidates = evidence.get("candidates", ())
        self.know(int(one["person"]) for one in candidates)
        return {**evidence, "candidates": [{**one, "person": self.id(int(one["person"]))} for one in candidates]}

    def settled(self, person: int) -> int:
        """Who the person was found to be, by now and until this transaction has ended."""
        self.people.hold([person])
        survivor = self.people.persons_of([person]).get(person, person)
        return person if survivor == person else self.settled(survivor)

    def add(self, resource: Resource) -> None:
        """Something to be written along, such as a task for a steward."""
        self._drafts.append(_draft(resource))

    def added(self, type: str) -> list[Resource]:
        """What of a type is to be written along so far."""
        return [draft.resource for draft in self._drafts if draft.type == type and draft.resource]

    def done(self, arriving: Sequence[Draft] = ()) -> list[Saved]:
        """Saves who arrives, everybody who was touched, drawn anew, and what is to be written: all of it at once.

        Answers for those who arrive.
        """
        drafts = [*arriving, *self._redrawn(list(dict.fromkeys(self._touched))), *self._drafts]
        self._touched, self._drafts = [], []
        self._new.clear()
        return self.transaction.save(drafts)[: len(arriving)] if drafts else []

    def redraw(self, person: int) -> None:
        self._touched.append(person)

    def standing(self, person: int) -> Standing:
        """What is decided about a person, from the projection."""
        return self._standings([person], self.people.members([person]))[person]

    def _standings(self, persons: Sequence[int], members: Sequence[tuple[int, int]]) -> dict[int, Standing]:
        """`members`: (person, record) of all of them."""
        known = self.people.persons(persons)
        inner = self._inner([record for _, record in members])
        self.know([*persons, *(r for _, r in members), *(one.merged for one in known.values() if one.merged)])
        records: dict[int, list[str]] = {person: [] for person in persons}
        merged: dict[int, list[str]] = {person: [] for person in persons}
        for person, record in members:
            (merged if record in inner else records)[person].append(self.id(record))
        return {
            one.rid: Standing(
                self.id(one.rid), one.code, records[one.rid], self.id(one.merged) if one.merged else "", merged[one.rid]
            )
            for one in known.values()
        }

    def _inner(self, members: Sequence[int]) -> Collection[int]:
        """Those of the members that are persons merged into this one."""
        others = [record for record in members if record not in self._arriving]
        return self.people.persons(others).keys() if others else ()

    def _redrawn(self, persons: Sequence[int]) -> list[Draft]:
        """The new pictures, but for those that hang there already."""
        if not persons:
            return []
        members = self.people.members(persons)
        standings = self._standings(persons, members)
        before = [("Patient", standings[person].id) for person in persons if person not in self._new]
        heads = self.transaction.heads(before) if before else {}
        bodies = self._bodies(members, self._inner([record for _, record in members]))
        drafts = []
        for person in persons:
            drawn = portrait(standings[person], bodies.get(person, ()))
            head = heads.get(("Patient", standings[person].id))
            if head is None or head.deleted or _content(orjson.loads(head.body)) != _content(drawn):
                drafts.append(_draft(drawn))
        return drafts

    def drawn(self, standing: Standing, persons: Sequence[int]) -> Resource:
        """The picture of somebody from the newest records of some persons."""
        records = [record for _, record in self.people.members(persons)]
        bodies = self._bodies([(0, record) for record in records], self._inner(records))
        return portrait(standing, bodies.get(0, ()))

    def _bodies(self, members: Sequence[tuple[int, int]], inner: Collection[int]) -> dict[int, list[Resource]]:
        """For each person the Patients as facilities wrote them, newest record first."""
        records: dict[int, list[int]] = {}
        for person, record in sorted(members, reverse=True):
            if record not in inner and len(drawn := records.setdefault(person, [])) < DRAWN_FROM:
                drawn.append(record)
        stored = [record for drawn in records.values() for record in drawn if record not in self._arriving]
        self.know(stored)
        heads = self.transaction.heads([("Patient", self.id(r)) for r in stored]) if stored else {}
        texts = {id: orjson.loads(head.body) for (_, id), head in heads.items() if not head.deleted}
        found = {
            person: [self._arriving[r] if r in self._arriving else texts.get(self.id(r)) for r in drawn]
            for person, drawn in records.items()
        }
        return {person: [one for one in patients if one is not None] for person, patients in found.items()}

    def _left_by(self, records: Sequence[int]) -> None:
        self._touched += self.people.persons_of(records).values()

    def _part(self, one: int, other: int) -> None:
        self.people.keep_apart(self._parted(one, other))

    def _parted(self, one: int, other: int) -> list[tuple[int, int]]:
        members = self.people.members([one, other])
        ones, others = ([str(record) for person, record in members if person == whose] for whose in (one, other))
        event = Event("different", str(one), (), "", "", other=str(other))
        return sorted((int(record), int(person)) for record, person in parted(event, ones, others))

    def _write(
        self,
        kind: Kind,
        person: int,
        records: Sequence[int],
        *,
        other: int | None = None,
        reason: str = "",
        evidence: Mapping[str, Any] | None = None,
    ) -> None:
        self.know([person, *records, *([other] if other else [])])
        ids = [self.id(record) for record in records]
        second = self.id(other) if other else ""
        self._drafts.append(self._event(kind, self.id(person), ids, second, reason, evidence))

    def _event(
        self,
        kind: Kind,
        person: str,
        records: Sequence[str],
        other: str = "",
        reason: str = "",
        evidence: Mapping[str, Any] | None = None,
    ) -> Draft:
        event = Event(kind, person, tuple(records), self.actor, self.time, reason, other, evidence or {})
        resource = event.resource()
        # In the order that is quickest to store.
        return _draft({"resourceType": resource["resourceType"], "id": new_id(), **resource})


def _draft(resource: Resource) -> Draft:
    """A write of ours; a golden Patient that is there already gets its next version."""
    return Draft("PUT", resource["resourceType"], resource["id"], orjson.dumps(resource), resource)


def _content(patient: Resource) -> Resource:
    meta = {name: value for name, value in patient["meta"].items() if name not in ("versionId", "lastUpdated")}
    return {**patient, "meta": meta}
