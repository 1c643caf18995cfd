"""Who is who in FHIR: Patient and RelatedPerson of a citizen; Organization, Location and staff of a facility."""

from __future__ import annotations

from datetime import date
from random import Random

from hoso.core import citizen_code
from hoso.fhir import systems
from hoso.synth import identifiers, names, places
from hoso.synth.facilities import Facility, Network, Practitioner
from hoso.synth.people import Home, Person
from hoso.synth.record import TEST_DATA, Record, Resource, day, terminology
from hoso.synth.tables import settings

GENDER = {"m": "male", "f": "female"}
VN_CORE = "http://fhir.ehealth.gov.vn/core/StructureDefinition"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def patient(person: Person, record: Record, manager: Facility, visited: list[Facility], today: date) -> Resource:
    assert person.home is not None and person.standing is not None
    married = person.partner is not None
    resource: Resource = {
        "resourceType": "Patient",
        "id": record.patient_id,
        "meta": TEST_DATA,
        "extension": _extensions(person),
        "identifier": _identifiers(person, record, visited, today),
        "active": True,
        "name": [human_name(person.name, person.family, person.rest)],
        "telecom": [{"system": "phone", "value": person.phone, "use": "mobile"}],
        "gender": GENDER[person.sex],
        "birthDate": str(person.birth.year) if person.standing.year_only else day(person.birth),
        "address": [address(person.home)],
        "contact": _contacts(person),
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "vi"}]}, "preferred": True}],
        "managingOrganization": {"reference": f"Organization/{manager.organization_id}", "display": manager.name},
    }
    if person.died:
        resource["deceasedDateTime"] = day(person.died)
    if person.age(today) >= 18:
        alone = "S" if person.role in ("child", "head") else "W"
        resource["maritalStatus"] = terminology("v3-MaritalStatus", "M" if married else alone)
    return resource


def human_name(text: str, family: str, rest: tuple[str, ...]) -> Resource:
    return {"use": "official", "text": text, "family": family, "given": list(rest)}


def _extensions(person: Person) -> list[Resource]:
    assert person.standing is not None
    work = person.standing.occupation
    table = settings("people.toml")
    words = table["other_occupations"].get(work) or table["occupations"][work]["vi"]
    ethnic = {"system": systems.ETHNIC_GROUP, "code": person.group, "display": places.ethnic_name(person.group)}
    return [
        {"url": f"{VN_CORE}/extension-race", "valueCodeableConcept": {"coding": [ethnic], "text": ethnic["display"]}},
        {"url": f"{VN_CORE}/extension-occupation", "valueCodeableConcept": {"text": words}},
    ]


def _identifiers(person: Person, record: Record, visited: list[Facility], today: date) -> list[Resource]:
    standing = person.standing
    assert standing is not None
    found: list[Resource] = [
        {"use": "usual", "system": systems.CITIZEN_CODE, "value": standing.code, "type": {"text": "Mã HoSo"}}
    ]
    if standing.personal_number:
        found.append(
            _number("official", "NI", "Số định danh cá nhân", systems.PERSONAL_NUMBER, standing.personal_number)
        )
    if standing.card:
        card = _number("official", "SB", "Thẻ bảo hiểm y tế", systems.INSURANCE_NUMBER, standing.card)
        card["period"] = {"start": f"{today.year}-01-01", "end": f"{today.year}-12-31"}
        found.append(card)
        found.append(_number("secondary", "SB", "Mã số bảo hiểm xã hội", systems.SOCIAL_NUMBER, standing.social_number))
    for facility in visited[:5]:
        local = _number(
            "secondary",
            "MR",
            f"Mã người bệnh tại {facility.name}",
            systems.facility_patient_number(facility.code),
            local_number(person, facility),
        )
        local["assigner"] = {"reference": f"Organization/{facility.organization_id}", "display": facility.name}
        found.append(local)
    return found


def local_number(person: Person, facility: Facility) -> str:
    """A facility's own patient number; facilities number their patients alone, so the same person has many."""
    return f"{citizen_code.scramble(person.number % 10**8, facility.code.encode(), 8):08d}"


def _number(use: str, kind: str, words: str, system: str, value: str) -> Resource:
    concept = {"coding": [{"system": IDENTIFIER_TYPE, "code": kind}], "text": words}
    return {"use": use, "type": concept, "system": system, "value": value}


def address(home: Home) -> Resource:
    place = {"system": systems.COMMUNE, "code": home.commune.code, "display": home.commune.name}
    return {
        "extension": [{"url": "https://hoso.vn/StructureDefinition/commune", "valueCoding": place}],
        "use": "home",
        "text": f"{home.line}, {home.commune.name}, {home.province.full_name}",
        "line": [home.line],
        "city": home.commune.name,
        "state": home.province.full_name,
        "country": "VN",
    }


def _contacts(person: Person) -> list[Resource]:
    """Whom to call: husband or wife, a parent of the young, a child of the old; else a relative living elsewhere."""
    assert person.home is not None
    young = person.role == "child"
    tried = (
        (person.partner, "SPS", "Vợ/chồng"),
        (person.mother if young else None, "MTH", "Mẹ"),
        (person.father if young and person.mother and person.mother.partner else None, "FTH", "Cha"),
        (person.kin, "CHILD", "Con"),
    )
    for other, code, words in tried:
        if other and not other.died:
            name = human_name(other.name, other.family, other.rest)
            return [_contact(code, words, name, other.phone or person.home.phone, other.sex)]
    return [_relative(person)]


def _relative(person: Person) -> Resource:
    assert person.home is not None
    rng = Random(f"relative/{person.home.number}/{person.number}")
    sex = rng.choice("mf")
    rest = names.given(person.group, sex, person.birth.year, rng)
    name = human_name(names.written(person.group, person.family, rest), person.family, rest)
    return _contact("SIB", "Anh/chị/em", name, identifiers.phone(rng), sex)


def _contact(code: str, words: str, name: Resource, phone: str, sex: str) -> Resource:
    return {
        "relationship": [terminology("v2-0131", "C"), {"coding": [{"system": ROLE, "code": code}], "text": words}],
        "name": name,
        "telecom": [{"system": "phone", "value": phone, "use": "mobile"}],
        "gender": GENDER[sex],
    }


def guardians(person: Person, record: Record) -> None:
    """RelatedPerson for the parents a child lives with."""
    assert person.home is not None
    for other, code, words in ((person.mother, "MTH", "Mẹ"), (person.father, "FTH", "Cha")):
        away = other is person.father and person.mother is not None and person.mother.partner is None
        if other is None or other.died or away:
            continue
        record.add(
            {
                "resourceType": "RelatedPerson",
                "active": True,
                "patient": record.subject,
                "relationship": [{"coding": [{"system": ROLE, "code": code}], "text": words}],
                "name": [human_name(other.name, other.family, other.rest)],
                "telecom": [{"system": "phone", "value": other.phone or person.home.phone, "use": "mobile"}],
                "gender": GENDER[other.sex],
                "birthDate": day(other.birth),
                "address": [address(person.home)],
            }
        )


def facility_resources(network: Network) -> list[Resource]:
    found: list[Resource] = []
    for facility in network:
        found += [organization(facility), location(facility)]
        for member in facility.staff:
            found += [practitioner(member), role(member, facility)]
    return found


def organization(facility: Facility) -> Resource:
    resource: Resource = {
        "resourceType": "Organization",
        "id": facility.organization_id,
        "meta": TEST_DATA,
        "identifier": [{"use": "official", "system": systems.FACILITY_CODE, "value": facility.code}],
        "active": True,
        "type": [
            terminology("organization-type", "edu" if facility.level in SCHOOLS else "prov"),
            {"coding": [{"system": systems.FACILITY_LEVEL, "code": facility.level}]},
        ],
        "name": facility.name,
        "alias": [facility.english],
        "telecom": [{"system": "phone", "value": facility.phone, "use": "work"}],
        "address": [_work_address(facility)],
    }
    if facility.parent:
        resource["partOf"] = {"reference": f"Organization/{facility.parent}"}
    return resource


SCHOOLS = frozenset({"preschool", "primary", "secondary", "high_school"})


def _work_address(facility: Facility) -> Resource:
    return {
        "use": "work",
        "text": f"{facility.line}, {facility.commune.name}, {facility.province.full_name}",
        "line": [facility.line],
        "city": facility.commune.name,
        "state": facility.province.full_name,
        "country": "VN",
    }


def location(facility: Facility) -> Resource:
    return {
        "resourceType": "Location",
        "id": facility.location_id,
        "meta": TEST_DATA,
        "status": "active",
        "name": facility.name,
        "mode": "instance",
        "telecom": [{"system": "phone", "value": facility.phone, "use": "work"}],
        "address": _work_address(facility),
        "managingOrganization": {"reference": f"Organization/{facility.organization_id}"},
    }


def practitioner(member: Practitioner) -> Resource:
    return {
        "resourceType": "Practitioner",
        "id": member.id,
        "meta": TEST_DATA,
        "identifier": [{"use": "official", "system": systems.LICENCE_NUMBER, "value": member.licence}],
        "active": True,
        "name": [human_name(member.name, member.family, member.rest) | {"prefix": [member.title]}],
        "gender": GENDER[member.sex],
        "birthDate": day(member.birth),
    }


def role(member: Practitioner, facility: Facility) -> Resource:
    return {
        "resourceType": "PractitionerRole",
        "id": member.role_id,
        "meta": TEST_DATA,
        "active": True,
        "practitioner": {"reference": f"Practitioner/{member.id}", "display": member.name},
        "organization": {"reference": f"Organization/{facility.organization_id}", "display": facility.name},
        "specialty": [{"text": member.specialty}],
        "location": [{"reference": f"Location/{facility.location_id}"}],
    }
