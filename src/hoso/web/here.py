"""What is this facility's own: its record of a person, and the visits that were written at it."""

from __future__ import annotations

from hoso.care.elements import Resource, key_of, reference_key
from hoso.fhir.systems import FACILITY_CODE
from hoso.web.door import Door
from hoso.web.persons import Person


def record_here(reach: Door, person: Person) -> Resource:
    """The Patient whom what is written here is about: the facility's own record, else any, else the person."""
    sources = reach.persons.sources(person).patients
    code = reach.errand.actor.facility
    own = (one for one in sources if code and _kept_by(one, code))
    return next(own, next(iter(sources), person.patient))


def is_at(reach: Door, encounter: Resource) -> bool:
    """Whether it is a visit at the facility where the reader acts now."""
    provider, code = encounter.get("serviceProvider", {}), reach.errand.actor.facility
    identifier = provider.get("identifier", {})
    if identifier.get("system") == FACILITY_CODE:
        return bool(code) and identifier.get("value") == code
    key = reference_key(provider)
    if not code or not key or not reach.may("Organization"):
        return False
    ours = reach.search("Organization", [("identifier", f"{FACILITY_CODE}|{code}"), ("_count", "2")])
    return key in {key_of(one) for one in ours}


def _kept_by(patient: Resource, facility: str) -> bool:
    place = patient.get("managingOrganization", {}).get("identifier", {})
    ours = f"https://hoso.vn/sid/facility/{facility}/"
    return place.get("value") == facility or any(
        str(one.get("system", "")).startswith(ours) for one in patient.get("identifier", ())
    )
