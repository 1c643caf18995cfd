"""The facilities that a citizen's record names: those that may be asked about it, or kept from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from hoso.care.elements import reference_key
from hoso.fhir.search import parse
from hoso.fhir.systems import FACILITY_CODE
from hoso.web.door import Door
from hoso.web.persons import Person

_MOST = "200"


def facilities(reach: Door, person: Person) -> dict[str, str]:
    """Code → name, by name; those of the visits and those that keep a record of the person."""
    page = reach.records.search(
        reach.errand, parse("Encounter", [("patient", person.id), ("_sort", "-date"), ("_count", _MOST)])
    )
    visits = [orjson.loads(version.body) for version in page.matches]
    named = [visit.get("serviceProvider") for visit in visits]
    named += [patient.get("managingOrganization") for patient in reach.persons.sources(person).patients]
    found = {code: reach.facility(code) for code in _codes(reach, named)}
    return dict(sorted(found.items(), key=lambda pair: pair[1].casefold()))


def _codes(reach: Door, references: Iterable[Any]) -> set[str]:
    """By the code itself, or by the record of the facility."""
    codes: set[str] = set()
    ids: set[tuple[str, str]] = set()
    for reference in references:
        identifier = (reference or {}).get("identifier") or {}
        if identifier.get("system") == FACILITY_CODE and identifier.get("value"):
            codes.add(identifier["value"])
        elif (key := reference_key(reference)).startswith("Organization/"):
            ids.add(("Organization", key.partition("/")[2]))
    for version in (reach.records.heads(reach.errand, sorted(ids)) if ids else {}).values():
        body = {} if version.deleted else orjson.loads(version.body)
        codes |= {i["value"] for i in body.get("identifier", ()) if i.get("system") == FACILITY_CODE and i.get("value")}
    return codes
