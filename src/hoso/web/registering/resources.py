"""Who was entered → the facility's own Patient, whoever answers for them, and the visit that begins.

Pure. A newborn and somebody unknown have a name for the time being ("con bà …", "vô danh …"), which identity knows and
never takes for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hoso.core.card_scan import CardScan
from hoso.core.dates import VIETNAM
from hoso.fhir import systems
from hoso.identity.normalise.person import Sex
from hoso.web.registering.checks import Entered, Kin
from hoso.web.registering.titles import SAID

Resource = dict[str, Any]

_RELATION = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_WHOLE = 10


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happens: the facility's code and name."""

    code: str
    name: str

    @property
    def reference(self) -> Resource:
        identifier = {"system": systems.FACILITY_CODE, "value": self.code}
        return {"identifier": identifier, **({"display": self.name} if self.name else {})}


def patient(
    id: str, one: Entered, place: Place, now: datetime, scan: CardScan | None = None, code: str = ""
) -> Resource:
    """`scan`: what a card said that was scanned for it; a number that stood there was read by a machine. `code`: of a
    citizen card that was printed before it was anybody's, and is this person's from now on."""
    made: Resource = {
        "resourceType": "Patient",
        "id": id,
        "active": True,
        "name": [_name(one, now)],
        "managingOrganization": place.reference,
    }
    optional: Resource = {
        "identifier": [*_card(code), *_identifiers(one, scan)],
        "gender": _gender(one.sex),
        "birthDate": one.born,
        "telecom": _phones(one.phone),
        "address": [{"use": "home", "text": one.address}] if one.address else [],
        "contact": [_contact(one.kin)] if one.kin else [],
        "multipleBirthInteger": one.order,
        "extension": [{"url": systems.KNOWN_AS, "valueString": one.known_as}] if one.known_as else [],
    }
    return made | {element: value for element, value in optional.items() if value}


def related(id: str, patient: str, kin: Kin) -> Resource:
    """A mother with her citizen code acts for the child; somebody who was only named does not."""
    return {
        "resourceType": "RelatedPerson",
        "id": id,
        "active": True,
        "patient": {"reference": f"Patient/{patient}"},
        **({"identifier": [{"system": systems.CITIZEN_CODE, "value": kin.code}]} if kin.code else {}),
        **_contact(kin, several=True),
    }


def known_as(patient: Resource) -> str:
    """By what people know somebody, of a record that says so."""
    said = (one.get("valueString", "") for one in patient.get("extension", ()) if one.get("url") == systems.KNOWN_AS)
    return next(said, "")


def _gender(sex: Sex) -> str:
    return sex or "unknown"


def _name(one: Entered, now: datetime) -> Resource:
    if one.kind == "newborn" and one.kin:
        return {"use": "temp", "text": f"Con bà {one.kin.name}{f' {one.order}' if one.order else ''}"}
    if one.kind == "unknown":
        return {"use": "temp", "text": f"Vô danh {now.astimezone(VIETNAM):%d/%m/%Y %H:%M}"}
    family, *given = one.name.split() or [""]
    told = {"text": one.name, "family": family, "given": given}
    return {"use": "official"} | {element: value for element, value in told.items() if value}


def _card(code: str) -> list[Resource]:
    return [{"use": "official", "system": systems.CITIZEN_CODE, "value": code}] if code else []


def _identifiers(one: Entered, scan: CardScan | None) -> list[Resource]:
    found: list[Resource] = []
    if one.number:
        number: Resource = {"use": "official", "system": systems.PERSONAL_NUMBER, "value": one.number}
        if scan is not None and scan.number == one.number and scan.born == one.born and scan.name == one.name:
            number["extension"] = [{"url": systems.CLAIM_STATUS, "valueCode": "verified"}]
        found.append(number)
    if scan is not None and scan.old_number and scan.number == one.number:
        system = systems.OLD_CARD_NUMBER if len(scan.old_number) == len("012345678") else systems.PERSONAL_NUMBER
        found.append({"use": "old", "system": system, "value": scan.old_number})
    if len(one.insurance) > _WHOLE:
        found.append({"system": systems.INSURANCE_NUMBER, "value": one.insurance})
    if one.insurance:
        found.append({"system": systems.SOCIAL_NUMBER, "value": one.insurance[-_WHOLE:]})
    return found


def _phones(phone: str) -> list[Resource]:
    return [{"system": "phone", "value": phone, "use": "mobile"}] if phone else []


def _contact(kin: Kin, *, several: bool = False) -> Resource:
    said = SAID[kin.relation]
    relation = [{"coding": [{"system": _RELATION, "code": kin.relation}], "text": said}]
    name = {"text": kin.name}
    telecom = _phones(kin.phone)
    return {
        "relationship": relation,
        "name": [name] if several else name,
        **({"telecom": telecom} if telecom else {}),
    }
