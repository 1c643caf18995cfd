"""The stream of bundles: first the facilities, then one transaction Bundle for every citizen, in memory one at a time.

Citizen number k of a seed is the same whatever the size asked for; nothing depends on the wall clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import NamedTuple

from hoso.synth import life, people, register
from hoso.synth.facilities import Network
from hoso.synth.identifiers import Keys
from hoso.synth.people import Person
from hoso.synth.record import Resource, transaction

TODAY = date(2026, 11, 1)
"""The day on which the population is looked at, unless the caller names another."""


class Citizen(NamedTuple):
    truth: Resource
    """What is so, for tests and evaluation: who the person is, apart from what any record says."""
    bundle: Resource


def population(citizens: int, seed: int, today: date = TODAY) -> Iterator[Resource]:
    """Transaction bundles, the facilities' first."""
    yield facilities(seed)
    for citizen in truths(citizens, seed, today):
        yield citizen.bundle


def facilities(seed: int) -> Resource:
    return transaction(register.facility_resources(Network(seed, Keys.of(seed))))


def truths(citizens: int, seed: int, today: date = TODAY, *, part: int = 0, parts: int = 1) -> Iterator[Citizen]:
    """Every citizen's bundle with the truth beside it; of several parts only one, for processes that share the work."""
    keys = Keys.of(seed)
    network = Network(seed, keys)
    everyone = (person for household in people.households(seed, keys, today) for person in household)
    for person in islice(everyone, part, citizens, parts):
        record = life.of(person, network, seed, keys, today)
        yield Citizen(_truth(person, record.resources), transaction(record.resources))


def _truth(person: Person, resources: list[Resource]) -> Resource:
    assert person.home is not None and person.standing is not None
    standing = person.standing
    return {
        "number": person.number,
        "code": standing.code,
        "patient": resources[0]["id"],
        "records": [resource["id"] for resource in resources if resource["resourceType"] == "Patient"],
        "name": person.name,
        "sex": register.GENDER[person.sex],
        "birthDate": person.birth.isoformat(),
        "died": person.died.isoformat() if person.died else None,
        "personalNumber": standing.personal_number,
        "insuranceCard": standing.card,
        "socialNumber": standing.social_number,
        "phone": person.phone,
        "household": person.home.number,
        "role": person.role,
        "province": person.home.province.code,
        "commune": person.home.commune.code,
        "ethnicGroup": person.group,
        "occupation": standing.occupation,
        "allergies": _texts(resources, "AllergyIntolerance"),
        "problems": _problems(resources),
        "resources": len(resources),
    }


def _texts(resources: list[Resource], kind: str) -> list[str]:
    return [item["code"]["coding"][0]["code"] for item in resources if item["resourceType"] == kind]


def _problems(resources: list[Resource]) -> list[str]:
    """ICD-10 codes of the active problem list."""
    return sorted(
        item["code"]["coding"][0]["code"]
        for item in resources
        if item["resourceType"] == "Condition"
        and item["clinicalStatus"]["coding"][0]["code"] == "active"
        and item["category"][0]["coding"][0]["code"] == "problem-list-item"
    )
