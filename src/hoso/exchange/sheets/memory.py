"""Mappings that people confirmed, remembered by facility and titles, so that the next sheet of its kind needs none.

They are records like others (Basic): versioned, audited, and known on every node that has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import orjson

from hoso.access import Draft, Saved, Version
from hoso.exchange import stable_ids
from hoso.exchange.commit import same
from hoso.exchange.insurance.convert import facility
from hoso.exchange.sheets.mapping import Mapping, from_json
from hoso.fhir import json, systems

CODE = "sheet-mapping"
TITLES = "https://hoso.vn/sid/sheet-titles"
MAPPING = "https://hoso.vn/StructureDefinition/sheet-mapping"


class Door(Protocol):
    def heads(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Version]: ...

    def find(self, criteria: str) -> Version | None: ...

    def save(self, drafts: Sequence[Draft], absent: Sequence[str] = ()) -> list[Saved]: ...


def remember(door: Door, mapping: Mapping, signature: str) -> None:
    """For the facility of the mapping; nothing for a sheet without titles. Raises Conflict."""
    if not signature:
        return
    id = _id(mapping.facility, signature)
    resource = {
        "resourceType": "Basic",
        "id": id,
        "extension": [{"url": MAPPING, "valueString": orjson.dumps(mapping.as_json()).decode()}],
        "identifier": [{"system": TITLES, "value": signature}],
        "code": {"coding": [{"system": systems.RECORD_KIND, "code": CODE}]},
        "author": facility(mapping.facility),
    }
    body = json.encode(resource)
    head = door.heads([("Basic", id)]).get(("Basic", id))
    if head is None or head.deleted or not same(body, head):
        base = head.version if head and not head.deleted else None
        door.save([Draft("PUT", "Basic", id, body, json.parse(body), base)])


def recall(door: Door, signature: str, facility: str = "") -> Mapping | None:
    """Of a facility; without one, the only one that any facility has. Raises Refused when several have one."""
    if not signature:
        return None
    if facility:
        id = _id(facility, signature)
        head = door.heads([("Basic", id)]).get(("Basic", id))
    else:
        head = door.find(f"Basic?identifier={TITLES}|{signature}")
    if head is None or head.deleted:
        return None
    told = next(one["valueString"] for one in json.parse(head.body)["extension"] if one["url"] == MAPPING)
    return from_json(orjson.loads(told))


def _id(facility: str, signature: str) -> str:
    return stable_ids.from_numbers(facility, CODE, signature)
