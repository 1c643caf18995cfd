"""Carries out what was decided: the ledger's event, the persons' pictures and the projection, in one transaction.

Arrivals and stewards work at the same desk, so a link made by the machine and one made by a human are the same thing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson

from hoso.access import Draft, Saved, Transaction
from hoso.core.clock import Clock, instant, to_ms
from hoso.core.ids import new_id
from hoso.identity.ledger import Event, Kind, parted
from hoso.identity.portrait import DRAWN_FROM, Standing, portrait

Resource = dict[str, Any]


class Desk:
    """One transaction's work. Persons and records are numbers here; ids stand in what is written."""

    def __init__(self, transaction: Transaction, actor: str, clock: Clock) -> None:
        self.transaction, self.people = transaction, transaction.people
        self.actor = actor
        self.time = instant(to_ms(clock()))
        self._ids: dict[int, str] = {}
        self._drafts: list[Draft] = []
        self._touched: list[int] = []
        self._arriving: dict[int, Resource | None] = {}
        self._new: set[int] = set()

    def arrives(self, record: int, id: str, patient: Resource | None) -> None:
        """What a record will say once `done` has saved it; None when it is about to be deleted."""
        self._ids[record] = id
        self._arriving[record] = patient

    def id(self, rid: int) -> str:
        if rid not in self._ids:
            self._ids.update(self.people.ids([rid]))
        return self._ids[rid]

    def know(self, rids: Iterable[int]) -> None:
        """Looks up many ids at once."""
        unknown = set(rids) - self._ids.keys()
        if unknown:
            self._ids.update(self.people.ids(unknown))

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
        self.people.found_person(person, code)
        self.people.assign(records, person)
        self._touched.append(person)
        return person

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
        touched = list(dict.fromkeys(self._touched))
        drafts = [draft for person in touched if (draft := self._redrawn(person))]
        drafts = [*arriving, *drafts, *self._drafts]
        self._touched, self._drafts = [], []
        self._new.clear()
        return self.transaction.save(drafts)[: len(arriving)] if drafts else []

    def redraw(self, person: int) -> None:
        self._touched.append(person)

    def standing(self, person: int) -> Standing:
        """What is decided about a person, from the projection."""
        return self._standing(person, [record for _, record in self.people.members([person])])

    def _standing(self, person: int, members: Sequence[int]) -> Standing:
        known = self.people.persons([person])[person]
        inner = self._inner(members)
        self.know([*members, person, *([known.merged] if known.merged else [])])
        return Standing(
            self.id(person),
            known.code,
            [self.id(record) for record in members if record not in inner],
            self.id(known.merged) if known.merged else "",
            [self.id(record) for record in inner],
        )

    def _inner(self, members: Sequence[int]) -> Collection[int]:
        """Those of the members that are persons merged into this one."""
        others = [record for record in members if record not in self._arriving]
        return self.people.persons(others).keys() if others else ()

    def _redrawn(self, person: int) -> Draft | None:
        """The new picture, unless it is the one that hangs there."""
        members = [record for _, record in self.people.members([person])]
        standing = self._standing(person, members)
        drawn = self._drawn(standing, members)
        head = self.transaction.read("Patient", standing.id) if person not in self._new else None
        if head is not None and not head.deleted and _content(orjson.loads(head.body)) == _content(drawn):
            return None
        return _draft(drawn)

    def drawn(self, standing: Standing, persons: Sequence[int]) -> Resource:
        """The picture of somebody from the newest records of some persons."""
        return self._drawn(standing, [record for _, record in self.people.members(persons)])

    def _drawn(self, standing: Standing, members: Sequence[int]) -> Resource:
        inner = self._inner(members)
        return portrait(standing, self._bodies([record for record in members if record not in inner]))

    def _bodies(self, records: Sequence[int]) -> list[Resource]:
        """The Patients as facilities wrote them, newest record first."""
        ordered = sorted(records, reverse=True)[:DRAWN_FROM]
        stored = [record for record in ordered if record not in self._arriving]
        self.know(stored)
        heads = self.transaction.heads([("Patient", self.id(r)) for r in stored]) if stored else {}
        texts = {id: orjson.loads(head.body) for (_, id), head in heads.items() if not head.deleted}
        found = (self._arriving[r] if r in self._arriving else texts.get(self.id(r)) for r in ordered)
        return [patient for patient in found if patient is not None]

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
        return _draft({**event.resource(), "id": new_id()})


def _draft(resource: Resource) -> Draft:
    """A write of ours; a golden Patient that is there already gets its next version."""
    return Draft("PUT", resource["resourceType"], resource["id"], orjson.dumps(resource), resource)


def _content(patient: Resource) -> Resource:
    meta = {name: value for name, value in patient["meta"].items() if name not in ("versionId", "lastUpdated")}
    return {**patient, "meta": meta}
