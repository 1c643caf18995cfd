"""A visit of insurance XML as the records it asks for, with the file it came in kept beside them.

The raw input is a Binary under its own hash, and a Provenance says which records were made from it and who sent it.
A visit that comes again is known by its number (MA_LK), or under another one by patient, record and time of arrival.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

from hoso.access import Version
from hoso.core import Refused
from hoso.exchange import insurance, raw
from hoso.exchange.documents import Arrived, Document, Fault
from hoso.exchange.insurance import values
from hoso.exchange.replaced import retracted
from hoso.exchange.tally import UNKNOWN
from hoso.fhir import json, systems
from hoso.fhir.search.escape import token

AS_OF = "https://hoso.vn/StructureDefinition/as-of"
"""On a Patient: the arrival of the visit that knew the person so."""
Find = Callable[[str], Version | None]
Key = tuple[str, str]


class Door(Protocol):
    """What is asked of the records about earlier forms of a visit."""

    def heads(self, keys: Sequence[Key]) -> dict[Key, Version]: ...

    def find(self, criteria: str) -> Version | None: ...

    def inputs(self, encounter: str) -> list[Version]:
        """The Provenances of a visit's files, the newest first."""


def read(data: bytes, number: int, door: Door) -> Document:
    """The records of one visit, the `number`th of its file. What of it cannot be read is a fault, the rest goes in."""
    document = Document(False, data, in_order=True, as_read=True)
    reading = insurance.read(io.BytesIO(data), first=number)
    try:
        taken_back = [one for visit in reading for one in _take(document, visit, door)]
    except Refused as refused:
        document.refuse_whole(*refused.issues)
        return document
    if document.arrived:
        _keep_raw(document, reading.made)
    document.arrived += taken_back
    return document


def _take(document: Document, visit: insurance.Visit, door: Door) -> list[Arrived]:
    """Puts what the visit has into the document; gives what it had before and has no more."""
    mapped = insurance.map_visit(visit, lambda facility, number: _known_key(facility, number, door.find))
    errors = tuple(issue for issue in mapped.issues if issue.severity == "error")
    document.facility, document.label = mapped.facility or visit.facility, visit.label
    if errors:
        document.faults.append(Fault(None, (UNKNOWN,), errors, document.data))
    document.warnings += [issue for issue in mapped.issues if issue.severity == "warning"]
    door.heads(_keys(mapped.resources, document))  # all that will be asked for, at once
    for resource in mapped.resources:
        refer(resource, door)
        document.arrived.append(raw.made(resource))
    if mapped.resources:
        _leave_newer(document.arrived[-len(mapped.resources) :], door)
    if errors or not mapped.resources:  # what could not be read takes nothing back
        return []
    here = {(one["resourceType"], one["id"]) for one in mapped.resources}
    encounter = next(id for type, id in here if type == "Encounter")
    inputs = door.inputs(encounter) if door.heads([("Encounter", encounter)]) else []
    if raw.digest(document) in [one.id for one in inputs[1:]]:
        for item in document.arrived:
            item.present = True  # this very file was followed by another: a replay corrects nothing back
        return []
    made = {key for one in inputs for key in targets(one)}
    heads = door.heads(sorted(made - here))
    return [raw.made(one) for one in retracted(heads, visit.tables)]


def _keys(resources: Sequence[dict[str, Any]], document: Document) -> list[Key]:
    kept = [(type, raw.digest(document)) for type in ("Binary", "Provenance")]
    return [*((one["resourceType"], one["id"]) for one in resources), *kept] if resources else []


def targets(provenance: Version) -> Iterator[Key]:
    """What was made from a piece."""
    for target in json.parse(provenance.body)["target"]:
        type, _, id = target["reference"].partition("/")
        yield type, id


def _leave_newer(arrived: list[Arrived], door: Door) -> None:
    """The patient stays as a later visit knew them, so that visits may come in any order, and again."""
    patient, encounter = arrived[:2]
    asked = str(encounter.resource.get("period", {}).get("start", ""))
    head = door.heads([("Patient", patient.id)]).get(("Patient", patient.id))
    if head is not None and not head.deleted:
        here = json.parse(head.body)
        if _known(here) == _known(patient.resource) or _as_of(here) > asked:
            patient.present = True
            return
    if asked:
        patient.resource.setdefault("extension", []).append({"url": AS_OF, "valueDateTime": asked})
        patient.body = json.encode(patient.resource)


def _as_of(patient: dict[str, Any]) -> str:
    found = (one.get("valueDateTime", "") for one in patient.get("extension", ()) if one["url"] == AS_OF)
    return str(next(found, ""))


def _known(patient: dict[str, Any]) -> dict[str, Any]:
    """What is said of the person."""
    extensions = [one for one in patient.get("extension", ()) if one["url"] != AS_OF]
    return {**patient, "meta": None, "extension": extensions}


def refer(resource: dict[str, Any], door: Door) -> None:
    """Leads from a facility's code to its record; one that is not here yet is asked for."""
    for reference in _facilities(resource):
        identifier = reference["identifier"]
        criteria = f"Organization?identifier={identifier['system']}|{identifier['value']}"
        found = door.find(criteria)
        reference["reference"] = f"Organization/{found.id}" if found else criteria


def _facilities(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of what we made, in plain dictionaries and lists: most of it is texts, which are not looked at."""
    stack: list[Any] = [resource]
    while stack:
        node = stack.pop()
        if type(node) is dict:
            if node.get("type") == "Organization" and node.get("identifier", {}).get("system") == systems.FACILITY_CODE:
                yield node
            node = node.values()
        for one in node:
            if type(one) is dict or type(one) is list:
                stack.append(one)


def _known_key(facility: str, number: str, find: Find) -> str | None:
    """The key of a visit that is here under this number (MA_LK), whatever else of it was corrected since."""
    system = systems.facility_visit_number(facility)
    found = find(f"Encounter?{urlencode({'identifier': token(system, number)})}")
    identifiers = json.parse(found.body).get("identifier", []) if found else []
    keys = systems.facility_visit_key(facility)
    return next((str(one["value"]) for one in identifiers if one.get("system") == keys), None)


def _keep_raw(document: Document, made: str) -> None:
    encounter = next(one for one in document.arrived if one.type == "Encounter").resource
    who, recorded = encounter["serviceProvider"], _recorded(made, encounter)
    raw.keep(document, content_type="application/xml", recorded=recorded, who=who)


def _recorded(made: str, encounter: dict[str, Any]) -> str:
    """When the sender made the file, else when the visit ended: the same file always says the same."""
    period = encounter.get("period", {})
    moment = values.moment(made) or period.get("end") or period.get("start") or "1970-01-01"
    day = moment if len(moment) >= 10 else f"{moment}-01-01"[:10]
    return day if len(day) > 10 else f"{day}T00:00:00{values.ZONE}"
