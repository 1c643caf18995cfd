"""Watches over persons: gathers what their records say, and files what cannot be true of one body for the stewards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

import orjson

from hoso.access import Actor, Errand, Records, Transaction
from hoso.access.scope import Right
from hoso.fhir.search import parse
from hoso.fhir.systems import LOINC
from hoso.identity.desk import Desk
from hoso.identity.facts import (
    BLOOD,
    Contradiction,
    Fact,
    contradictions,
    of_encounter,
    of_observation,
    of_patients,
)
from hoso.identity.portrait import Resource
from hoso.identity.review import task

NEEDED = ("Observation", "Encounter")
"""Types that facts stand in, besides Patient."""

PAGE = 200
MOST = 1_000
"""Records of one kind that are looked through for one person, the newest."""

RIGHTS: Sequence[tuple[Right, str]] = (("u", "Task"),)


class Monitors:
    def __init__(self, records: Records) -> None:
        self._records = records

    def facts(self, errand: Errand, patient: str, records: Sequence[Resource]) -> list[Fact]:
        """Of a person, or of one record: `records` are its Patients. What the actor may not read says nothing."""
        found = of_patients(records)
        if errand.actor.scopes.permits("Observation", "s"):
            codes = ",".join(f"{LOINC}|{code}" for code in BLOOD)
            for one in self._all(errand, "Observation", [("patient", patient), ("code", codes)]):
                found += of_observation(one)
        if errand.actor.scopes.permits("Encounter", "s"):
            stays = [("patient", patient), ("class", "IMP,ACUTE,NONAC")]
            newest = [("patient", patient), ("_sort", "-date"), ("_count", "1")]
            for one in self._all(errand, "Encounter", stays):
                found += of_encounter(one)
            for one in self._all(errand, "Encounter", newest, most=1):
                found += of_encounter(one)
        return found

    def unseen(self, actor: Actor) -> list[str]:
        """Types that facts would stand in, which the actor may not read."""
        return [type for type in NEEDED if not actor.scopes.permits(type, "s")]

    def contradictions(self, errand: Errand, person: int) -> list[Contradiction]:
        people = self._records.people(errand)
        members = [record for _, record in people.members([person])]
        ids = people.ids(sorted(set(members) - people.persons(members).keys())[-MOST:])
        heads = self._records.heads(errand, [("Patient", id) for id in ids.values()])
        patients = [orjson.loads(head.body) for head in heads.values() if not head.deleted]
        return contradictions(self.facts(errand, people.ids([person])[person], patients))

    def watch(self, errand: Errand, seen: Callable[[int], None] = lambda number: None) -> list[str]:
        """Looks at everybody with more than one record, and files each contradiction once; answers the new Tasks."""
        filed = []
        for page in self._crowded(errand):
            filed += self.look_at(errand, page)
            seen(len(page))
        return filed

    def look_at(self, errand: Errand, persons: Iterable[int]) -> list[str]:
        """The same of some persons."""
        return [
            task
            for person in persons
            for one in self.contradictions(errand, person)
            for task in self._file(errand, person, one)
        ]

    def _crowded(self, errand: Errand) -> Iterator[list[int]]:
        people = self._records.people(errand)
        last = -1
        while page := people.log.crowded(last, PAGE):
            yield page
            last = page[-1]

    def _file(self, errand: Errand, person: int, one: Contradiction) -> list[str]:
        def work(transaction: Transaction) -> list[str]:
            transaction.people.hold([person])
            desk = Desk(transaction, errand.actor.id, self._records.clock)
            id = _named(desk.id(person), one)
            if transaction.read("Task", id) is not None:
                return []
            evidence = {"kind": one.kind, "values": one.values, "sources": one.sources}
            desk.add(task("contradiction", desk.id(person), [], desk.time, evidence) | {"id": id})
            desk.done()
            return [id]

        return self._records.transact(errand, RIGHTS, work)

    def _all(self, errand: Errand, type: str, asked: Sequence[tuple[str, str]], most: int = MOST) -> Iterator[Any]:
        counted = [] if any(name == "_count" for name, _ in asked) else [("_count", str(PAGE))]
        query, cursor, given = parse(type, [*asked, *counted]), None, 0
        while given < most:
            page = self._records.search(errand, query, cursor)
            for version in page.matches:
                yield orjson.loads(version.body)
            given += len(page.matches)
            cursor = page.cursor
            if cursor is None:
                return


def _named(person: str, one: Contradiction) -> str:
    """The same contradiction of the same person has one Task, however often it is found."""
    return sha256("\n".join([person, one.kind, *one.values]).encode()).hexdigest()[:40]
