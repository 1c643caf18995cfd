"""What a clerk has on the screen about one person, right or wrong, and the FHIR Patient their software sends of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.simulator.people import Person
from bench.simulator.places import Home
from hoso.fhir import systems

Patient = dict[str, Any]

OLD_CARD = "http://fhir.ehealth.gov.vn/core/sid/citizen_id"
"""The nine-digit card of before 2016, as the draft national guide (VN Core) names it."""

COMMUNE_EXTENSION = "https://hoso.vn/StructureDefinition/commune"
GENDER = {"m": "male", "f": "female"}


@dataclass(slots=True, eq=False)
class Form:
    family: str
    given: list[str]
    sex: str
    birth: str
    """A FHIR date, perhaps only a year; empty when not given."""
    personal: str = ""
    old_card: str = ""
    card: str = ""
    social: str = ""
    phone: str = ""
    home: Home | None = None
    old_address: bool = False
    """The address as before July 2025."""
    coded_commune: bool = False
    only_text: bool = False
    """The software has one field for the name."""
    written: str = ""
    """The name as text where it is not the parts in a row."""
    raw: bool = False
    """The letters have been damaged already; a second damage would not happen to one record."""
    local: list[tuple[str, str]] = field(default_factory=list)
    """System and value of the facility's own numbers."""

    @property
    def tokens(self) -> list[str]:
        return [self.family, *self.given]

    @tokens.setter
    def tokens(self, parts: list[str]) -> None:
        self.family, self.given = parts[0], parts[1:]

    def patient(self, id: str) -> Patient:
        text = self.written or " ".join(part for part in (self.family, *self.given) if part)
        name: dict[str, Any] = {"use": "official", "text": text}
        if not self.only_text and not self.written:
            name["family"] = self.family
            if self.given:
                name["given"] = self.given
        found: Patient = {"resourceType": "Patient", "id": id, "active": True, "name": [name]}
        numbers = self._identifiers()
        if numbers:
            found["identifier"] = numbers
        if self.phone:
            found["telecom"] = [{"system": "phone", "value": self.phone}]
        if self.sex:
            found["gender"] = GENDER[self.sex]
        if self.birth:
            found["birthDate"] = self.birth
        if self.home:
            found["address"] = [self._address(self.home)]
        return found

    def _identifiers(self) -> list[dict[str, str]]:
        numbers = []
        if self.personal:
            numbers.append({"system": systems.PERSONAL_NUMBER, "value": self.personal})
        if self.old_card:
            numbers.append({"system": OLD_CARD, "value": self.old_card})
        if self.card:
            numbers.append({"system": systems.INSURANCE_NUMBER, "value": self.card})
        if self.social:
            numbers.append({"system": systems.SOCIAL_NUMBER, "value": self.social})
        for system, value in self.local:
            numbers.append({"system": system, "value": value})
        return numbers

    def _address(self, home: Home) -> dict[str, Any]:
        commune = home.commune
        found: dict[str, Any] = {"use": "home", "country": "VN", "line": [home.line]}
        if self.old_address and home.old:
            ward, district, province = home.old
            found["text"] = f"{home.line}, {ward}, {district}, {province}"
            found["city"], found["district"], found["state"] = ward, district, province
        else:
            found["text"] = f"{home.line}, {commune.name}, {commune.province.full_name}"
            found["city"], found["state"] = commune.name, commune.province.full_name
        if self.coded_commune:
            coding = {"system": systems.COMMUNE, "code": commune.code, "display": commune.name}
            found["extension"] = [{"url": COMMUNE_EXTENSION, "valueCoding": coding}]
        return found


def true_form(person: Person) -> Form:
    """Everything right and nothing missing."""
    birth = str(person.birth.year) if person.year_only else person.birth.isoformat()
    return Form(
        person.family,
        list(person.rest),
        person.sex,
        birth,
        personal=person.personal,
        card=person.card,
        social=person.social,
        phone=person.phone,
        home=person.home,
    )
