"""All that belongs to one visit, as its reader may see it, before it goes to another house."""

from __future__ import annotations

from typing import NamedTuple

from hoso.access import Errand, Records, Version
from hoso.exchange.insurance.mapping import Resource
from hoso.exchange.stable_ids import from_numbers
from hoso.fhir import systems
from hoso.fhir.json import exact
from hoso.fhir.search import parse

_OF_VISIT = {
    "Condition": "encounter",
    "Observation": "encounter",
    "MedicationRequest": "encounter",
    "MedicationDispense": "context",
    "ServiceRequest": "encounter",
    "Procedure": "encounter",
    "DiagnosticReport": "encounter",
    "DocumentReference": "encounter",
    "Claim": "encounter",
}
"""The parameter by which a type is found from its Encounter."""
_OF_PATIENT = {"Appointment": "patient", "Coverage": "beneficiary"}
_FACILITY = "https://hoso.vn/sid/facility/"


class Gathered(NamedTuple):
    """`withheld`: types that may belong to a visit and that the actor has no scope for."""

    resources: list[Resource]
    withheld: tuple[str, ...]


def gathered(records: Records, errand: Errand, encounter: Version) -> Gathered:
    """The Encounter first, then whose it is and what it made; decimals exact.

    Appointments and cards name no visit, so those of the patient come along: who writes takes the visit's own.
    """
    visit = exact(encounter.body)
    found = [visit]
    for type, parameter in _OF_VISIT.items():
        found += _search(records, errand, type, parameter, f"Encounter/{encounter.id}")
    found += _claim(records, errand, visit, found)
    subject = str(visit.get("subject", {}).get("reference", ""))
    type, _, id = subject.partition("/")
    if id and _may(errand, type):
        head = records.read(errand, type, id)
        found += [exact(head.body)] if head is not None and not head.deleted else []
        for type, parameter in _OF_PATIENT.items():
            found += _search(records, errand, type, parameter, subject)
    wanted = ("Patient", *_OF_VISIT, *_OF_PATIENT)
    return Gathered(found, tuple(type for type in wanted if not _may(errand, type)))


def _claim(records: Records, errand: Errand, visit: Resource, found: list[Resource]) -> list[Resource]:
    """What insurance XML made of a visit without lines names the visit by its id alone."""
    if not _may(errand, "Claim") or any(one["resourceType"] == "Claim" for one in found):
        return []
    for one in visit.get("identifier", ()):
        system, value = str(one.get("system", "")), str(one.get("value", ""))
        facility = system.removeprefix(_FACILITY).removesuffix("/visit-key")
        if system == systems.facility_visit_key(facility):
            head = records.read(errand, "Claim", from_numbers(facility, "visit", value, "Claim"))
            return [exact(head.body)] if head is not None and not head.deleted else []
    return []


def facility_of(records: Records, errand: Errand, visit: Resource) -> str:
    """The code of the facility whose visit it is; "" when it says none."""
    provider = visit.get("serviceProvider", {})
    if provider.get("identifier", {}).get("system") == systems.FACILITY_CODE:
        return str(provider["identifier"]["value"])
    type, _, id = str(provider.get("reference", "")).partition("/")
    head = records.read(errand, type, id) if type == "Organization" and _may(errand, type) else None
    listed = exact(head.body).get("identifier", ()) if head is not None and not head.deleted else ()
    return next((str(one["value"]) for one in listed if one.get("system") == systems.FACILITY_CODE), "")


def _search(records: Records, errand: Errand, type: str, parameter: str, target: str) -> list[Resource]:
    if not _may(errand, type):
        return []
    found = records.scan(errand, parse(type, [(parameter, target)]))
    return [exact(one.body) for one in found if not one.deleted]


def _may(errand: Errand, type: str) -> bool:
    scopes = errand.actor.scopes
    return scopes.permits(type, "s") and scopes.permits(type, "r")
