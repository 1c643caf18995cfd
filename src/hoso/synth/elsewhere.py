"""A second facility's own record of a citizen: who goes to a hospital is registered anew there, under its number.

What was done there belongs to that record; whether the two are of one person is for the receiver to find out.
"""

from __future__ import annotations

from random import Random

from hoso.core.text import fold
from hoso.fhir import systems
from hoso.synth import identifiers
from hoso.synth.facilities import Facility
from hoso.synth.identifiers import Keys
from hoso.synth.people import Person
from hoso.synth.record import TEST_DATA, Record, Resource

SHARE = 0.3
"""Of those seen at a second facility and known by a number there: how many it registers as its own."""

WITHOUT_ACCENTS = 0.6
"""Of those: how many are typed in capitals without accents."""

WITHOUT_PAPERS = 0.15
"""Of those: how many came without papers, told but the year of their birth, and have another phone by now."""


def register_again(person: Person, record: Record, facilities: list[Facility], seed: int, keys: Keys) -> None:
    """`facilities` were visited, the first of them the one that keeps the record which is there already."""
    rng = Random(f"{seed}/elsewhere/{person.number}")
    first = record.resources[0]
    papers = [i for i in first["identifier"] if i["system"] in (systems.PERSONAL_NUMBER, systems.INSURANCE_NUMBER)]
    if len(facilities) < 2 or not papers or rng.random() >= SHARE:
        return
    facility = rng.choice(facilities[1:])
    id = identifiers.resource_id(keys, f"citizen/{person.number}/at/{facility.code}")
    own = systems.facility_patient_number(facility.code)
    local = [i for i in first["identifier"] if i["system"] == own]
    first["identifier"] = [i for i in first["identifier"] if i["system"] != own]
    plain, paperless = rng.random() < WITHOUT_ACCENTS, rng.random() < WITHOUT_PAPERS
    second = _patient(id, first, facility, local if paperless else local + papers, plain)
    if paperless:
        second["birthDate"] = second["birthDate"][:4]
        second["telecom"] = [{"system": "phone", "value": identifiers.phone(rng), "use": "mobile"}]
    record.resources.insert(1, second)
    _move(record, facility, {"reference": f"Patient/{id}"})


def _patient(id: str, first: Resource, facility: Facility, numbers: list[Resource], plain: bool) -> Resource:
    text = first["name"][0]["text"]
    home = first["address"][0]
    made: Resource = {
        "resourceType": "Patient",
        "id": id,
        "meta": TEST_DATA,
        "identifier": numbers,
        "active": True,
        "name": [{"use": "official", "text": fold(text).upper()} if plain else first["name"][0]],
        "telecom": first["telecom"],
        "gender": first["gender"],
        "birthDate": first["birthDate"],
        "address": [{"use": "home", "city": home["city"], "state": home["state"], "country": "VN"}],
        "managingOrganization": {"reference": f"Organization/{facility.organization_id}", "display": facility.name},
    }
    return made | {name: first[name] for name in ("deceasedDateTime",) if name in first}


def _move(record: Record, facility: Facility, subject: dict[str, str]) -> None:
    """The visits there, and what was written in them, are of that facility's record."""
    organization = f"Organization/{facility.organization_id}"
    there: set[str] = set()
    for resource in record.resources:
        if resource["resourceType"] == "Encounter" and resource["serviceProvider"]["reference"] == organization:
            there.add(f"Encounter/{resource['id']}")
            resource["subject"] = subject
    for resource in record.resources:
        visit = resource.get("encounter") or resource.get("context") or {}
        if visit.get("reference") in there:
            resource["subject" if "subject" in resource else "patient"] = subject
