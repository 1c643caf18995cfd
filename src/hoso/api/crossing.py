"""Patient/$ihe-pix (IHE PIXm, ITI-83): the other numbers and the Patients of whoever bears a number."""

from __future__ import annotations

from typing import Any

from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.parameters import MANY, Form, given, required
from hoso.core.errors import Refused
from hoso.fhir.json import encode
from hoso.identity.crossing import cross

_FORMS = {"sourceIdentifier": Form("Identifier"), "targetSystem": Form("uri", MANY)}
MOST_TARGETS = 50


def ihe_pix(doors: Doors, request: Request) -> Response:
    check_format(request)
    doors.with_identity()
    asked = given(request, _FORMS)
    source, targets = required(asked, "sourceIdentifier"), asked.all("targetSystem")
    system, value = str(source.get("system", "")), str(source.get("value", ""))
    if not system or not value:
        place = asked.place("sourceIdentifier")
        raise Refused.because(400, "required", "identity.parameter-token", place, name="sourceIdentifier")
    if len(targets) > MOST_TARGETS:
        raise Refused.because(400, "too-costly", "identity.too-many", name="targetSystem", limit=str(MOST_TARGETS))
    with doors.long.entered():
        found = cross(doors.records, request.errand, system, value, targets)
    parts: list[dict[str, Any]] = [{"name": "targetIdentifier", "valueIdentifier": one} for one in found.identifiers]
    for id in found.ids:
        parts.append({"name": "targetId", "valueReference": {"reference": f"{request.base}/Patient/{id}"}})
    answer: dict[str, Any] = {"resourceType": "Parameters"}
    if parts:
        answer["parameter"] = parts
    return Response(200, [CONTENT], encode(answer))
