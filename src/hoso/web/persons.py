"""From what a page was asked for to the person it means: a facility's record and a merged person lead to their person.

A record that has no person yet, because its station has no code to give, stands for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from operator import itemgetter
from typing import Any

import orjson

from hoso.access import Actor, Errand, PeopleRows, Records, Scopes
from hoso.care.elements import human_name
from hoso.fhir.search import parse
from hoso.identity.ledger import Event, read
from hoso.identity.portrait import is_person

Resource = dict[str, Any]

YOUNG = timedelta(days=30)
"""How long a link says where it came from, on every line that it brought."""

_LEDGER = Scopes.parse("system/Linkage.s")
_MOST_SOURCES = 200
_MOST_EVENTS = 300


@dataclass(frozen=True, slots=True)
class Person:
    """`patient`: the golden Patient, or a facility's record that has no person. `records`: ids of the facilities' own
    Patients; `members`: of all Patients whose clinical data are this person's."""

    patient: Resource
    records: tuple[str, ...]
    members: frozenset[str]

    @property
    def id(self) -> str:
        return str(self.patient["id"])

    @property
    def joined(self) -> bool:
        return len(self.records) > 1


@dataclass(frozen=True, slots=True)
class Sources:
    """The facilities' own Patients of a person, newest first, and since when those with a young link are theirs."""

    patients: list[Resource] = field(default_factory=list)
    young: Mapping[str, str] = field(default_factory=dict)


def person_of(patient: Resource) -> Person | None:
    """The person a golden Patient shows; None for one that is no person or none any more."""
    if not is_person(patient) or patient.get("active") is False:
        return None
    linked: dict[str, list[str]] = {"seealso": [], "replaces": []}
    for link in patient.get("link", ()):
        linked.setdefault(link["type"], []).append(link["other"]["reference"].removeprefix("Patient/"))
    records = tuple(linked["seealso"])
    return Person(patient, records, frozenset((patient["id"], *records, *linked["replaces"])))


class Persons:
    def __init__(self, records: Records, errand: Errand) -> None:
        self._records, self._errand = records, errand

    def find(self, id: str) -> Person | str | None:
        """The person under an id; or the id of the person this one leads to; None when nobody is there."""
        head = self._records.heads(self._errand, [("Patient", id)]).get(("Patient", id))
        if head is None:  # nor where it leads, for whoever may not see it
            return None
        patient = None if head.deleted else orjson.loads(head.body)
        if patient is not None and (person := person_of(patient)) is not None:
            return person
        home = self.homes([id])[id]
        if home != id:
            return home
        return Person(patient, (id,), frozenset((id,))) if patient is not None else None

    def homes(self, ids: Collection[str]) -> dict[str, str]:
        """The person of each Patient, by ids of both; one that belongs to nobody, or is a person, is its own."""
        people = self._people()
        rids = people.rids(ids)
        theirs = people.persons_of(rids.values())
        names = people.ids(set(theirs.values()))
        return {id: names[theirs[rids[id]]] if rids.get(id) in theirs else id for id in ids}

    def number(self, id: str) -> int:
        """Of the Patient with this id, as the audit log knows it; 0 when nobody has it."""
        return self._people().rids([id]).get(id, 0)

    def numbered(self, number: int) -> dict[str, str] | None:
        """Name and birth date of the person whom the audit log knows by a number; None for who may not see them."""
        people = self._people()
        home = people.persons_of([number]).get(number, number)
        id = people.ids([home]).get(home)
        found = self._patients([id]).get(id) if id else None
        return None if found is None else {"name": human_name(found.get("name")), "born": found.get("birthDate", "")}

    def home_of(self, number: int) -> str:
        """The id of the person, or of the record without one, that a grant names by its number."""
        people = self._people()
        home = people.persons_of([number]).get(number, number)
        return people.ids([home])[home]

    def read(self, ids: Iterable[str]) -> list[Resource]:
        """The person that each Patient belongs to, once, in this order."""
        wanted = list(dict.fromkeys(ids))
        homes = self.homes(wanted)
        found = self._patients(list(dict.fromkeys(homes.values())))
        return list(found.values())

    def sources(self, person: Person) -> Sources:
        if not person.joined:
            return Sources(list(self._patients(person.records).values()))
        patients = self._patients(person.records[:_MOST_SOURCES])
        newest = sorted(patients.values(), key=_received, reverse=True)
        return Sources(newest, self._young(person))

    def history(self, person: Person) -> list[Event]:
        """The ledger's events about the person and its records, newest first."""
        return self._events([("item", f"Patient/{person.id}")])

    def _young(self, person: Person) -> dict[str, str]:
        """Records that came to the person lately; the one it was founded with came to nobody."""
        since = (self._records.clock() - YOUNG).isoformat(timespec="seconds")
        events = self._events([("source", f"Patient/{person.id}"), ("_lastUpdated", f"ge{since}")])
        latest = last_of_each(events)
        return {
            record: event.time
            for record, event in latest.items()
            if record in person.records and (event.kind == "merge" or is_doubtable(event))
        }

    def _events(self, pairs: list[tuple[str, str]]) -> list[Event]:
        """Whoever sees a person may see how its record came together; the ledger at large is the stewards'."""
        query = parse("Linkage", [*pairs, ("_sort", "-_lastUpdated"), ("_count", str(_MOST_EVENTS))])
        found = self._records.search(replace(self._errand, actor=Actor(self._errand.actor.id, _LEDGER)), query).matches
        events = ((version.id, read(orjson.loads(version.body))) for version in found)
        told = [(event.time, id, event) for id, event in events if event is not None]
        return [event for _, _, event in sorted(told, key=itemgetter(0, 1), reverse=True)]

    def _patients(self, ids: Collection[str]) -> dict[str, Resource]:
        """Living Patients by id, in this order."""
        versions = self._records.heads(self._errand, [("Patient", id) for id in ids]) if ids else {}
        heads = ((id, versions.get(("Patient", id))) for id in ids)
        return {id: orjson.loads(head.body) for id, head in heads if head is not None and not head.deleted}

    def _people(self) -> PeopleRows:
        return self._records.people(self._errand)


def last_of_each(events: Iterable[Event]) -> dict[str, Event]:
    """By record the event that brought it where it is; `events` are the newest first."""
    latest: dict[str, Event] = {}
    for event in events:
        latest = dict.fromkeys(event.records, event) | latest
    return latest


def is_doubtable(event: Event) -> bool:
    """A link to somebody who was there before."""
    return event.kind == "link" and event.evidence.get("outcome") != "new"


def _received(patient: Resource) -> str:
    return str(patient.get("meta", {}).get("lastUpdated", ""))
