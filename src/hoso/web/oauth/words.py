"""Scopes in plain words, for the person who is asked: what will be read, what will be changed, for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hoso.access.grain import Grain
from hoso.web.oauth.granting import Asked

TITLES = {
    "*": "The whole record",
    "AllergyIntolerance": "Allergies",
    "Appointment": "Appointments",
    "CarePlan": "Care plans",
    "Condition": "Diagnoses and health problems",
    "Consent": "Consents",
    "Coverage": "Health insurance",
    "Device": "Implants and devices",
    "DiagnosticReport": "Reports of tests and images",
    "DocumentReference": "Documents",
    "Encounter": "Visits and hospital stays",
    "Immunization": "Vaccinations",
    "Location": "Places of care",
    "Medication": "Names of medicines",
    "MedicationDispense": "Medicines handed out",
    "MedicationRequest": "Prescriptions",
    "MedicationStatement": "Medicines taken",
    "Observation": "Measurements and test results",
    "Organization": "Facilities",
    "Patient": "Name, birth date, address and numbers",
    "Practitioner": "Names of health workers",
    "PractitionerRole": "Posts of health workers",
    "Procedure": "Operations and procedures",
    "ServiceRequest": "Referrals and orders",
}
"""Catalogue keys; a type that is not here is named as FHIR does."""


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of data. `only`: the categories or codes it is limited to; `all`: not of this one person only."""

    title: str
    only: tuple[str, ...]
    all: bool


@dataclass(frozen=True, slots=True)
class Told:
    reads: tuple[Line, ...]
    writes: tuple[Line, ...]
    identity: bool
    offline: bool


def told(asked: Asked) -> Told:
    return Told(
        _lines(grain for grain in asked.grains if grain.letters & {"r", "s"}),
        _lines(grain for grain in asked.grains if grain.letters & {"c", "u", "d"}),
        not asked.words.isdisjoint(("openid", "fhirUser", "profile")),
        "offline_access" in asked.words,
    )


def _lines(grains: Iterable[Grain]) -> tuple[Line, ...]:
    found = {_line(grain) for grain in grains}
    return tuple(sorted(found, key=lambda line: (line.all, line.title, line.only)))


def _line(grain: Grain) -> Line:
    only = tuple(code for criterion in grain.criteria for _, code in criterion.values)
    return Line(TITLES.get(grain.type, grain.type), only, grain.context != "patient")
