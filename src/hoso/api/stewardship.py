"""Patient/$merge, $unmerge and $split: what a human has decided about persons, done at once or put before a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.parameters import MANY, Form, Given, given, required
from hoso.core.errors import Issue, Refused
from hoso.fhir.json import encode, exact
from hoso.fhir.outcome import outcome
from hoso.identity.naming import whom
from hoso.identity.steward import Merge, Parted

MERGE: dict[str, Form] = {
    "source-patient": Form("Reference"),
    "source-patient-identifier": Form("Identifier", 10),
    "target-patient": Form("Reference"),
    "target-patient-identifier": Form("Identifier", 10),
    "result-patient": Form("resource"),
    "preview": Form("boolean"),
    "reason": Form("string"),
}
UNMERGE: dict[str, Form] = {"reason": Form("string")}
SPLIT: dict[str, Form] = {"record": Form("Reference", MANY), "reason": Form("string")}
LONGEST_REASON = 2_000

Part = dict[str, Any]


def merge(doors: Doors, request: Request) -> Response:
    """200 with what came of it, 202 with the Task when a second pair of eyes must agree."""
    check_format(request)
    steward, asked = doors.with_identity().steward, given(request, MERGE)
    if asked.one("result-patient") is not None:
        raise Refused.because(422, "not-supported", "identity.result-patient", asked.place("result-patient"))
    one, other = (_patient(doors, request, asked, side) for side in ("source-patient", "target-patient"))
    if asked.one("preview") is True:
        merged = steward.preview(request.errand, one, other)
        return _merged(doors, request, merged, "identity.would-merge")
    merged = steward.merge(request.errand, one, other, _reason(asked))
    return _merged(doors, request, merged, "identity.waiting" if merged.waiting else "identity.merged")


def unmerge(doors: Doors, request: Request) -> Response:
    check_format(request)
    steward, asked = doors.with_identity().steward, given(request, UNMERGE)
    parted = steward.unmerge(request.errand, request.path[1], _reason(asked))
    return _parted(doors, request, parted, "identity.unmerged")


def split(doors: Doors, request: Request) -> Response:
    check_format(request)
    steward, asked = doors.with_identity().steward, given(request, SPLIT)
    required(asked, "record")
    chosen = [_id(request, reference, "record") for reference in asked.all("record")]
    parted = steward.split(request.errand, request.path[1], chosen, _reason(asked))
    return _parted(doors, request, parted, "identity.split")


def _patient(doors: Doors, request: Request, asked: Given, side: str) -> str:
    reference, numbers = asked.one(side), asked.all(f"{side}-identifier")
    if reference is None and not numbers:
        raise Refused.because(400, "required", "identity.no-parameter", "Parameters.parameter", name=side)
    if reference is not None and not reference.get("reference") and "identifier" in reference:
        numbers, reference = [*numbers, reference["identifier"]], None
    id = _id(request, reference, side) if reference is not None else ""
    return whom(doors.records, request.errand, id, numbers, side)


def _id(request: Request, reference: Part, name: str) -> str:
    """Of Patient/id, with or without our own address before it."""
    text = str(reference.get("reference", "")).removeprefix(f"{request.base}/")
    type, _, id = text.partition("/")
    if type != "Patient" or not id or "/" in id:
        raise Refused.because(400, "value", "identity.no-patient-reference", name=name)
    return id


def _reason(asked: Given) -> str:
    reason = str(asked.one("reason") or "")
    if len(reason) > LONGEST_REASON:
        place = asked.place("reason") or None
        raise Refused.because(400, "too-long", "identity.long-reason", place, limit=str(LONGEST_REASON))
    return reason


def _merged(doors: Doors, request: Request, merged: Merge, key: str) -> Response:
    parts = [_told(request, key, survivor=merged.survivor, other=merged.other)]
    if merged.preview is not None:
        parts.append({"name": "result", "resource": merged.preview})
    else:
        parts += _resource(doors, request, "result", "Patient", merged.survivor)
    if merged.waiting:
        parts += _resource(doors, request, "task", "Task", merged.waiting)
    return _answer(202 if merged.waiting else 200, parts)


def _parted(doors: Doors, request: Request, parted: Parted, key: str) -> Response:
    parts = [_told(request, key, restored=parted.restored, survivor=parted.survivor)]
    parts += _resource(doors, request, "restored", "Patient", parted.restored)
    parts += _resource(doors, request, "survivor", "Patient", parted.survivor)
    parts += [_reference("record", f"Patient/{id}") for id in parted.records]
    parts += [_reference("review", f"Task/{id}") for id in parted.tasks]
    return _answer(200, parts)


def _told(request: Request, key: str, **values: str) -> Part:
    issue = Issue("informational", key, values, severity="information")
    return {"name": "outcome", "resource": outcome([issue], request.language)}


def _resource(doors: Doors, request: Request, name: str, type: str, id: str) -> Sequence[Part]:
    """The record itself for those who may read it, else where it is."""
    found = None
    if request.actor.scopes.permits(type, "r"):
        found = doors.records.read(request.errand, type, id)
    if found is None or found.deleted:
        return [_reference(name, f"{type}/{id}")]
    return [{"name": name, "resource": exact(found.body)}]


def _reference(name: str, reference: str) -> Part:
    return {"name": name, "valueReference": {"reference": reference}}


def _answer(status: int, parts: Sequence[Part]) -> Response:
    return Response(status, [CONTENT], encode({"resourceType": "Parameters", "parameter": parts}))
