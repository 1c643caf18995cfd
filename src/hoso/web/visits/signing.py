"""A visit goes into the record: all of it or nothing, once, however often the button is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hoso.access import Conflict
from hoso.access.intake import accept
from hoso.access.view import RIGHTS
from hoso.care.elements import Resource
from hoso.care.visit.note import Note
from hoso.care.visit.write import withdrawn, written
from hoso.fhir.json import encode
from hoso.web.door import Door
from hoso.web.visits.gather import Sitting

AMENDMENT = "https://hoso.vn/StructureDefinition/amendment"


class Changed(Exception):
    """Somebody else changed the visit since the form was opened; nothing was written."""


def sign(reach: Door, at: Sitting, note: Note, base: str, why: str = "") -> None:
    """`base`: the version of the visit that the form was begun on. Raises Changed and Refused."""
    made = written(note, at.former, at.writing)
    if at.signed and why:
        made[0] = _amended(made[0], at, why)
    before = [one for one in at.parts if one["resourceType"] in at.writing.may]
    gone = withdrawn(before, made)
    errand = replace(reach.errand, reason=why) if why else reach.errand
    drafts = []
    for resource in (*made, *gone):
        accepted = accept(encode(resource), resource["resourceType"], resource["id"])
        if resource["id"] in at.known:
            drafts.append(accepted.draft("PUT", resource["id"], base if resource is made[0] else "any"))
        else:  # nobody makes a record under a name of their own choice; these names are ours
            drafts.append(accepted.draft("POST", resource["id"], None))
    rights = [(RIGHTS[draft.method], draft.type) for draft in drafts]
    try:
        reach.records.save(errand, rights, drafts)
    except Conflict as conflict:
        raise Changed from conflict


def _amended(encounter: Resource, at: Sitting, why: str) -> Resource:
    said: list[Mapping[str, object]] = [
        {"url": "when", "valueDateTime": at.writing.stamp},
        {"url": "who", "valueReference": at.writing.writer},
        {"url": "why", "valueString": why},
    ]
    return {**encounter, "extension": [*encounter.get("extension", ()), {"url": AMENDMENT, "extension": said}]}


def amendments(encounter: Resource) -> list[dict[str, str]]:
    """When, who and why, oldest first."""
    found = []
    for one in encounter.get("extension", ()):
        if one.get("url") == AMENDMENT:
            parts = {part.get("url"): part for part in one.get("extension", ())}
            found.append(
                {
                    "when": str(parts.get("when", {}).get("valueDateTime", "")),
                    "who": str(parts.get("who", {}).get("valueReference", {}).get("display", "")),
                    "why": str(parts.get("why", {}).get("valueString", "")),
                }
            )
    return found
