"""Whose record a request is about: what the caller may read of it, over all facilities, and what came with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from hoso.api.cds.asked import Placed
from hoso.api.doors import Doors
from hoso.api.message import Request
from hoso.api.summarising import may, named_in, person_with
from hoso.care.elements import Resource, key_of, reference_key
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused
from hoso.identity.portrait import is_person


@dataclass(frozen=True, slots=True)
class Record:
    person: Resource
    resources: list[Resource]
    refused: frozenset[str]
    today: date


def record_of(
    doors: Doors,
    request: Request,
    patient: str,
    types: Sequence[str],
    prefetched: Sequence[Placed],
    drafts: Sequence[Placed] = (),
) -> Record:
    """Raises Refused(412) for a Patient that is not there for this caller, which tells nothing else; 400 for what was

    brought and is about somebody else.
    """
    person = _person(doors, request, patient)
    _check_whose(person, patient, [*drafts, *prefetched])
    allowed = [type for type in types if may(request, type)]
    versions = doors.records.everything(request.errand, person["id"], types=allowed) if allowed else ()
    ours = [orjson.loads(one.body) for one in versions if not one.deleted]
    held = {key_of(one) for one in ours}
    brought = [one for _, one in prefetched if key_of(one) not in held]
    named = named_in(doors, request, [*ours, *brought])
    told = {one["resourceType"] for one in brought}
    refused = frozenset(type for type in types if type not in allowed and type not in told)
    today = doors.records.clock().astimezone(VIETNAM).date()
    return Record(person, [*ours, *brought, *named], refused, today)


def _person(doors: Doors, request: Request, id: str) -> Resource:
    found = doors.records.read(request.errand, "Patient", id)
    if found is None or found.deleted:
        raise Refused.because(412, "not-found", "cds.no-patient", "context.patientId", id=id)
    patient: Resource = orjson.loads(found.body)
    return patient if is_person(patient) else person_with(doors, request, id) or patient


def _check_whose(person: Resource, patient: str, brought: Iterable[Placed]) -> None:
    members = {f"Patient/{patient}", key_of(person), *_linked(person)}
    for place, one in brought:
        about = reference_key(one.get("subject") or one.get("patient"))
        if about.startswith("Patient/") and about not in members:
            raise Refused.because(400, "value", "cds.other-patient", place, other=about[:80])


def _linked(person: dict[str, Any]) -> Iterable[str]:
    return (reference_key(link.get("other")) for link in person.get("link", ()))
