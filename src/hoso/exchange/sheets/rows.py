"""The format "sheet": one row, as bytes, to the document of its records. The signature is that of every format."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from hoso.access import Version
from hoso.core import Issue, Refused, system_clock
from hoso.exchange import raw
from hoso.exchange.documents import Arrived, Document, Fault
from hoso.exchange.insurance.mapping import Resource
from hoso.exchange.sheets.dates import ZONE
from hoso.exchange.sheets.kinds import kind
from hoso.exchange.sheets.numbers import are_two
from hoso.exchange.sheets.person import patient
from hoso.exchange.sheets.pieces import CONTENT_TYPE, decoded
from hoso.exchange.sheets.reading import Reading
from hoso.exchange.sheets.records import day_of, records
from hoso.exchange.tally import UNKNOWN
from hoso.exchange.visits import Door
from hoso.fhir import json

_TOGETHER = ("name", "birthDate", "gender", "telecom", "address", "contact")
"""Elements of a person that a register corrects as a whole."""


def read(data: bytes, number: int, door: Door, today: date | None = None) -> Document:
    """The records of the row with that number. What of it cannot be read is one fault; warnings go in with it."""
    document = Document(False, data, in_order=True, as_read=True)
    try:
        piece = decoded(data)
        kind(piece.kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        document.refuse_whole(Issue("structure", "sheet.not-a-row", {"reason": str(error)[:200]}))
        return document
    except Refused as refused:
        document.refuse_whole(*refused.issues)
        return document
    reading = Reading(piece, number, today or system_clock().date())
    document.facility, document.label = piece.facility, reading.text("number") or reading.text("name")
    resources, asked = _mapped(reading, door)
    errors = tuple(issue for issue in reading.issues if issue.severity == "error")
    document.warnings += [issue for issue in reading.issues if issue.severity == "warning"]
    if errors:
        document.faults.append(Fault(None, (UNKNOWN,), errors, data))
        return document
    keys = [(one["resourceType"], one["id"]) for one in resources]
    here = door.heads([*keys, *((type, raw.digest(document)) for type in ("Binary", "Provenance"))])  # all at once
    if "name" not in resources[0] and keys[0] not in here:
        values = {"row": str(number), "column": kind(piece.kind).fields["number"].vi, "text": reading.text("number")}
        document.faults.append(Fault(None, (UNKNOWN,), (Issue("not-found", "sheet.unknown-number", values),), data))
        return document
    if keys[0] in here and _is_another(resources[0], here[keys[0]]):
        values = {"row": str(number), "column": kind(piece.kind).fields["number"].vi, "text": reading.text("number")}
        document.faults.append(Fault(None, (UNKNOWN,), (Issue("conflict", "sheet.number-taken", values),), data))
        return document
    document.arrived += [raw.made(one) for one in resources]
    _settle_person(document.arrived[0], piece.kind, door)
    sender = resources[0]["managingOrganization"]
    raw.keep(document, content_type=CONTENT_TYPE, recorded=_instant(asked), who=sender)
    return document


def _instant(asked: str) -> str:
    """When the row says it was; a row without a date says so of no time."""
    if len(asked) > 10:
        return asked
    return f"{asked if len(asked) == 10 else '1970-01-01'}T00:00:00{ZONE}"


def _mapped(reading: Reading, door: Door) -> tuple[list[Resource], str]:
    reading.look_over()
    asked = day_of(reading)
    person = patient(reading, asked)
    made = list(records(reading, person, asked)) if not reading.failed else []
    if reading.kept:
        home = made[0] if made else person
        home["extension"] = [*home.get("extension", ()), *reading.kept]
    for resource in (person, *made):
        _name_facilities(resource, door)
    return [person, *made], asked


def _name_facilities(node: Any, door: Door) -> None:
    """A facility by its code becomes the organisation of that code, where the node has it."""
    if isinstance(node, dict):
        identifier = node.get("identifier")
        if node.get("type") == "Organization" and isinstance(identifier, dict):
            criteria = f"Organization?identifier={identifier['system']}|{identifier['value']}"
            found = door.find(criteria)
            node["reference"] = f"Organization/{found.id}" if found else criteria
        for value in node.values():
            _name_facilities(value, door)
    elif isinstance(node, list):
        for value in node:
            _name_facilities(value, door)


def _is_another(said: Resource, head: Version) -> bool:
    """Whether the record that is here under this number is somebody else's."""
    if head.deleted or "name" not in said:
        return False
    here = json.parse(head.body)
    name = next((str(one.get("text", "")) for one in here.get("name", ())), "")
    return are_two(said["name"][0]["text"], said.get("birthDate", ""), name, here.get("birthDate", ""))


def _settle_person(item: Arrived, kind: str, door: Door) -> None:
    """A register corrects the record of a person that is here, and keeps what else is known; other sheets leave it."""
    head = door.heads([("Patient", item.id)]).get(("Patient", item.id))
    if head is None or head.deleted:
        return
    if kind != "persons":
        item.present = True
        return
    here = json.exact(head.body)
    item.resource = json.exact(item.body)
    merged = {**here, **{name: item.resource[name] for name in _TOGETHER if name in item.resource}}
    for name in ("identifier", "extension"):
        merged[name] = _added(here.get(name, []), item.resource.get(name, []))
        if not merged[name]:
            del merged[name]
    merged.pop("meta", None)
    item.body = json.encode(merged)
    item.resource = json.parse(item.body)


def _added(here: list[Any], said: list[Any]) -> list[Any]:
    """The old ones with the new: of one system or column the new replaces the old."""
    fresh = {_name_of(one) for one in said}
    return [*(one for one in here if _name_of(one) not in fresh), *said]


def _name_of(one: Any) -> str:
    columns = [part.get("valueString", "") for part in one.get("extension", ()) if part.get("url") == "column"]
    return str(one.get("system") or one.get("url") or "") + "|".join(columns)
