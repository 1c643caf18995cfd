"""The pages' way to records: as the person signed in, for treatment, through `access`.

Each function asks for what one page shows and no more; types the role may not read come back as refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import orjson

from hoso.access.errand import Errand
from hoso.access.policy.matrix import role
from hoso.access.records import Records
from hoso.care import CARD_TYPES
from hoso.care.chart import spoken_references
from hoso.care.elements import human_name, is_void, key_of, reference_key
from hoso.care.measures import measure_codes
from hoso.care.timeline import DATE_PARAMETER, KIND_TYPES, Kind
from hoso.core import fold
from hoso.core.dates import VIETNAM
from hoso.fhir.search import parse
from hoso.fhir.search.values import escape
from hoso.identity.portrait import is_person
from hoso.web.box import Asked
from hoso.web.persons import Person, Persons, Sources

Resource = dict[str, Any]

MOST_PEOPLE = 100
_NAMESAKES = 3
_NAMED = ("Organization", "Practitioner", "PractitionerRole", "Location", "Medication", "Encounter")
_MOST_NAMES = 150
_WHOLE = 400
_APART = "Device"
"""Not a member of the patient compartment in R4."""
_NEWEST: dict[str, list[tuple[str, str]]] = {
    "Observation": [("_sort", "-date"), ("_count", "300")],
    "Encounter": [("_sort", "-date"), ("_count", "30")],
    "DiagnosticReport": [("_sort", "-date"), ("_count", "20")],
    "Procedure": [("_sort", "-date"), ("_count", "300")],
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A person who was found, and the records of facilities by which."""

    person: Resource
    records: list[Resource]


@dataclass(slots=True)
class Found:
    people: list[Hit] = field(default_factory=list)
    more: bool = False
    """More match than are shown; only a narrower question helps."""


class Door:
    """What one signed-in person can reach."""

    def __init__(self, records: Records, errand: Errand) -> None:
        self.records = records
        self.errand = errand
        self.persons = Persons(records, errand)

    @property
    def upkeep(self) -> Errand:
        """Deciding about persons is running the house, not treating anybody."""
        return replace(self.errand, purpose="HOPERAT")

    @property
    def today(self) -> date:
        return self.records.clock().astimezone(VIETNAM).date()

    def may(self, type: str) -> bool:
        return self.errand.actor.scopes.permits(type, "s") and self.errand.actor.scopes.permits(type, "r")

    @property
    def sees_homes(self) -> bool:
        row = role(self.errand.actor.role)
        return row is None or "address" not in row.masks.get("Patient", ())

    @property
    def decides(self) -> bool:
        """Whether this is somebody who decides about persons: a steward."""
        return self.errand.actor.scopes.permits("Linkage", "c")

    def facility(self, code: str) -> str:
        """Its name; the code itself while the facility is not on record."""
        if not self.may("Organization"):
            return code
        found = self.search("Organization", [("identifier", escape(code)), ("_count", "1")])
        return str(found[0].get("name") or code) if found else code

    def find(self, asked: Asked) -> Found:
        """Numbers first, because they are sure; then the name, and the hamlet for who sees where people live."""
        if asked.place and not self.sees_homes:
            return Found()
        for pairs in _sure(asked):
            if people := self._people(pairs):
                return self._found(people)
        if not asked.name and not asked.place:
            return Found()
        for pairs in _by_name(asked):
            people = self._people([*pairs, ("_count", str(MOST_PEOPLE + 1))])
            if len(asked.born) > 4:
                people = [p for p in people if p.get("birthDate") and asked.born.startswith(p["birthDate"])]
            if people:
                return self._found(ranked(people, asked.name))
        return Found()

    def _found(self, patients: list[Resource]) -> Found:
        """Records of one person are one hit, at the place of the best of them."""
        shown = patients[:MOST_PEOPLE]
        homes = self.persons.homes([p["id"] for p in shown])
        by_person: dict[str, list[Resource]] = {}
        for patient in shown:
            by_person.setdefault(homes[patient["id"]], []).append(patient)
        people = {person["id"]: person for person in self.persons.read(by_person)}
        hits = [
            Hit(people[id], [r for r in records if r["id"] != id and not is_person(r)])
            for id, records in by_person.items()
            if id in people
        ]
        return Found(hits, len(patients) > MOST_PEOPLE)

    def namesakes(self, person: Person) -> int:
        """How many other people carry exactly this name, three at most."""
        name = human_name(person.patient.get("name"))
        if not name:
            return 0
        count = str(_NAMESAKES + min(len(person.records), MOST_PEOPLE))
        page = self.records.search(self.errand, parse("Patient", [("name:exact", escape(name)), ("_count", count)]))
        others = [version.id for version in page.matches if version.id not in person.members]
        return min(_NAMESAKES, len(set(self.persons.homes(others).values()))) if others else 0

    def card(self, person: Person, sources: Sources) -> tuple[list[Resource], set[str]]:
        """Everything the emergency card looks at, and the types that are refused."""
        refused = {type for type in CARD_TYPES if not self.may(type)}
        types = [type for type in CARD_TYPES if type not in refused]
        resources = self._whole(person, [type for type in types if type != _APART])
        if resources is None:
            resources = [r for type in types for r in self.search(type, [("patient", person.id), *_only(type)])]
        elif _APART in types:
            resources += self.search(_APART, [("patient", person.id), *_only(_APART)])
        return resources + self.named_in([*resources, *sources.patients]), refused

    def _whole(self, person: Person, types: Sequence[str]) -> list[Resource] | None:
        """These types of an ordinary record in one range of the database; None for a record too long for that.

        A compartment also holds what the person only said or did about somebody else, which is not theirs.
        """
        if not types:
            return []
        pairs = [("_type", ",".join(types)), ("_count", str(_WHOLE))]
        page = self.records.search(self.errand, parse(None, pairs, compartment=("Patient", person.id)))
        if page.cursor is not None:
            return None
        whole = (orjson.loads(version.body) for version in page.matches)
        theirs = {f"Patient/{id}" for id in person.members}
        return [r for r in whole if reference_key(r.get("subject") or r.get("patient")) in theirs]

    def timeline(
        self, person: Person, kind: Kind | None, until: date | None, count: int
    ) -> tuple[list[Resource], set[str]]:
        """The newest `count` of each type up to a day, and the types of which there are older ones."""
        types = KIND_TYPES[kind] if kind else tuple(t for types in KIND_TYPES.values() for t in types)
        resources: list[Resource] = []
        unfinished: set[str] = set()
        for type in types:
            if not self.may(type):
                continue
            pairs = [("patient", person.id), ("_count", str(count))]
            if parameter := DATE_PARAMETER.get(type):
                pairs.append(("_sort", f"-{parameter}"))
                if until is not None:
                    pairs.append((parameter, f"le{until.isoformat()}"))
            else:
                pairs[1] = ("_count", "1000")
            found = self.search(type, pairs)
            if parameter and len(found) >= count:
                unfinished.add(type)
            resources += found
        return resources + self.named_in(resources), unfinished

    def sharing(self, phones: Sequence[str]) -> list[Resource]:
        """The persons who have one of these phones; of a phone that half a hamlet has, the first."""
        found = self._people([("phone", ",".join(escape(one) for one in phones)), ("_count", "20")])
        return self.persons.read(p["id"] for p in found)

    def living(self, address: str) -> list[Resource]:
        """The persons whose address begins so (an escaped value)."""
        found = self._people([("address", address), ("_count", "50")])
        return self.persons.read(p["id"] for p in found)

    def counted(self, records: Sequence[str]) -> dict[str, int]:
        """How many visits, the measure of a record's weight, each Patient has."""
        pairs = [("_summary", "count")]
        found = {}
        for id in records:
            query = parse("Encounter", [("patient", id), *pairs])
            found[id] = self.records.search(self.errand, query).total or 0
        return found

    def _people(self, pairs: list[tuple[str, str]]) -> list[Resource]:
        """Patients that match, without those a facility put another of its own in the place of."""
        found = self.search("Patient", pairs)
        return [p for p in found if is_person(p) or p.get("active") is not False or not p.get("link")]

    def search(self, type: str, pairs: Sequence[tuple[str, str]]) -> list[Resource]:
        page = self.records.search(self.errand, parse(type, list(pairs)))
        return [orjson.loads(version.body) for version in page.matches]

    def named_in(self, resources: list[Resource]) -> list[Resource]:
        """Facilities, people, medicines and visits that lines refer to without saying their name."""
        held = {key_of(r) for r in resources}
        found: list[Resource] = []
        latest = resources
        for _ in range(2):  # a visit that had to be read may itself name its facility by reference only
            wanted = dict.fromkeys(key for r in latest if not is_void(r) for key in _unnamed(r) if key not in held)
            asked = list(wanted)[: _MOST_NAMES - len(found)]
            latest = list(self.at(key for key in asked if self.may(key.partition("/")[0])).values())
            held |= wanted.keys()
            found += latest
        return found

    def at(self, keys: Iterable[str]) -> dict[str, Resource]:
        """Records by "Type/id"; what is not there, or was deleted, is left out."""
        pairs = [(type, id) for type, _, id in (key.partition("/") for key in keys)]
        found = self.records.heads(self.errand, pairs) if pairs else {}
        living = ((key, version.body) for key, version in found.items() if not version.deleted)
        return {f"{type}/{id}": orjson.loads(body) for (type, id), body in living}


def _sure(asked: Asked) -> Iterable[list[tuple[str, str]]]:
    if asked.numbers:
        yield [("identifier", ",".join(asked.numbers))]
    if asked.phones:
        yield [("phone", ",".join(asked.phones))]


def _by_name(asked: Asked) -> Iterable[list[tuple[str, str]]]:
    """The name as the beginning of a full name; failing that, each word as the beginning of any part."""
    born = [("birthdate", asked.born[:4])] if asked.born else []
    if not asked.name:  # of a hamlet alone, those whose address begins with it
        yield [("address", escape(asked.place)), *born]
        return
    if asked.place:
        born += [("address:contains", escape(asked.place))]
    yield [("name", escape(asked.name)), *born]
    words = asked.name.split()
    if len(words) > 1:
        yield [*(("name", escape(word)) for word in words[:6]), *born]


def ranked(people: list[Resource], name: str) -> list[Resource]:
    """With the very accents typed first, then the same letters, then those that only begin so; older names apart."""
    typed, folded = " ".join(name.casefold().split()), fold(name)

    def key(person: Resource) -> tuple[int, str, str]:
        own = human_name(person.get("name"))
        close = 0 if own.casefold() == typed else 1 if fold(own) == folded else 2
        return close, fold(own), person.get("birthDate", "")

    return sorted(people, key=key)


def _only(type: str) -> list[tuple[str, str]]:
    pairs = _NEWEST.get(type, [("_count", "1000")])
    if type == "Observation":
        return [("code", ",".join(f"http://loinc.org|{code}" for code in measure_codes())), *pairs]
    return pairs


def _unnamed(resource: Resource) -> Iterable[str]:
    """Keys of references without a display to records that carry a name, and of the visit a line belongs to."""
    for reference in spoken_references(resource):
        key = reference_key(reference)
        type = key.partition("/")[0]
        if type in _NAMED and (type == "Encounter" or not reference.get("display")):
            yield key
