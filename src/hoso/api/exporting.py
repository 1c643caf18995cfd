"""$export of the system, of all patients and of a Group (FHIR Bulk Data 2.0): kick-off, status, files, cancel.

What would not be honoured is refused at the kick-off, so that nobody waits for less than was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qsl

from hoso.access import Errand
from hoso.access.bulk import Asked, Level, Output, Standing
from hoso.access.trail import TYPE as AUDIT
from hoso.api.doors import Doors
from hoso.api.everything import Held
from hoso.api.groups import patient, patients
from hoso.api.history import read_span
from hoso.api.message import Header, Request, Response, http_date
from hoso.api.negotiate import check_format
from hoso.api.parameters import MANY, Form, Given, given
from hoso.core.clock import instant
from hoso.core.errors import Refused
from hoso.fhir.json import encode
from hoso.fhir.model import load
from hoso.fhir.search import parse as parse_search

NDJSON = "application/fhir+ndjson"
RETRY_SECONDS = "2"
MEMBERS, FILTERS = 10_000, 100
_FORMATS = (NDJSON, "application/ndjson", "ndjson")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}\Z", re.ASCII)
_NEXT_FILTER = re.compile(r",(?=[A-Z][A-Za-z]{1,63}\?)")
_FORMS = {
    "_since": Form("instant"),
    "_type": Form("string", MANY),
    "_typeFilter": Form("string", FILTERS),
    "_elements": Form("string", MANY),
    "_outputFormat": Form("string"),
    "patient": Form("Reference", MANY),
}
_OF_THE_ANSWER = (
    "_count",
    "_sort",
    "_include",
    "_revinclude",
    "_summary",
    "_elements",
    "_total",
    "_contained",
    "_page",
)


def begin(doors: Doors, request: Request) -> Response:
    exports = doors.with_exports()
    check_format(request)
    if request.prefers("respond-async") is None:
        raise Refused.because(400, "required", "bulk.async")
    errand = _errand(request)
    asked = _asked(doors, request, errand, given(request, _FORMS))
    query = f"?{request.query}" if request.query else ""
    id = exports.begin(errand, f"{request.base}/{'/'.join(request.path)}{query}", asked)
    return Response(202, [("Content-Location", f"{request.base}/$export-status/{id}")])


def status(doors: Doors, request: Request) -> Response:
    standing = doors.with_exports().standing(_errand(request), request.path[1])
    if standing.fault is not None:
        code, number = ("no-store", 507) if standing.fault == "bulk.disk-full" else ("exception", 500)
        raise Refused.because(number, code, standing.fault)
    if not standing.ready:
        progress = standing.progress or "waiting"
        return Response(202, [("X-Progress", progress[:100]), ("Retry-After", RETRY_SECONDS)])
    return Response(200, _headers(standing), encode(_manifest(request, standing)))


def cancel(doors: Doors, request: Request) -> Response:
    doors.with_exports().cancel(_errand(request), request.path[1])
    return Response(202)


def file(doors: Doors, request: Request) -> Response:
    id, number = request.path[1:]
    if not _NUMBER.match(number):
        raise Refused.because(404, "not-found", "bulk.none")
    output, text = doors.with_exports().open(_errand(request), id, int(number))
    headers: list[Header] = [("Content-Type", NDJSON), ("Content-Length", str(output.size))]
    headers.append(("Content-Disposition", f'attachment; filename="{output.type}.{number}.ndjson"'))
    return Response(200, headers, Held(text, doors.downloads))


def _errand(request: Request) -> Errand:
    """Taking along is not looking."""
    return replace(request.errand, activity="export", channel="export")


def _headers(standing: Standing) -> list[Header]:
    assert standing.expires is not None
    return [("Content-Type", "application/json"), ("Expires", http_date(standing.expires // 1000))]


def _manifest(request: Request, standing: Standing) -> dict[str, object]:
    where = f"{request.base}/$export-file/{request.path[1]}"
    return {
        "transactionTime": instant(standing.time),
        "request": standing.request,
        "requiresAccessToken": True,
        "output": [_listing(where, one) for one in standing.outputs if not one.deleted],
        "deleted": [_listing(where, one) for one in standing.outputs if one.deleted],
        "error": [],
    }


def _listing(where: str, output: Output) -> dict[str, object]:
    return {"type": output.type, "url": f"{where}/{output.number}", "count": output.lines}


def _asked(doors: Doors, request: Request, errand: Errand, found: Given) -> Asked:
    level: Level = "system" if len(request.path) == 1 else "patient" if request.path[0] == "Patient" else "group"
    output = found.one("_outputFormat")
    if output is not None and output.replace(" ", "+") not in _FORMATS:
        raise Refused.because(400, "not-supported", "bulk.format", value=output[:80])
    among = _among(level)
    named = _listed(found.all("_type"))
    for type in named:
        if type not in among:
            key = "bulk.not-of-patients" if type in load().type_number else "rest.unknown-type"
            raise Refused.because(400, "not-supported", key, name=type[:80])
    types = doors.with_exports().types(errand, named, among)
    return Asked(
        level,
        types,
        patients=_patients(doors, request, level, found),
        since=_since(found.one("_since")),
        filters=_filters(doors, errand, found.all("_typeFilter"), types),
        elements=_elements(found.all("_elements")),
    )


def _among(level: Level) -> tuple[str, ...]:
    """The log of accesses is no part of a record: whoever audits asks for it in its own ways."""
    if level == "system":
        return tuple(type for type in load().resource_types if type != AUDIT)
    compartment = load().compartments["Patient"]
    return tuple(type for type in load().resource_types if (type in compartment or type == "Patient") and type != AUDIT)


def _listed(values: Iterable[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",")]


def _since(text: str | None) -> str:
    if text is None:
        return ""
    read_span("_since", text)
    return text.replace(" ", "+")


def _filters(doors: Doors, errand: Errand, values: Iterable[str], types: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Searches by type, each tried now, so that a wrong one is told now."""
    found: dict[str, tuple[str, ...]] = {}
    for text in (part for value in values for part in _NEXT_FILTER.split(value)):
        type, mark, query = text.partition("?")
        if not mark or type not in types:
            raise Refused.because(400, "value", "bulk.filter", value=text[:80])
        pairs = parse_qsl(query, keep_blank_values=True)
        if not pairs or any(name.partition(":")[0] in _OF_THE_ANSWER for name, _ in pairs):
            raise Refused.because(400, "not-supported", "bulk.filter", value=text[:80])
        doors.records.settled(errand, parse_search(type, pairs, added=doors.records.parameters.offered()))
        found[type] = (*found.get(type, ()), query)
    return found


def _elements(values: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for text in _listed(values):
        type, dot, name = text.rpartition(".")
        known = load().types.get(type or "Patient")
        if known is None or known.kind != "resource" or not name or (dot and name not in known.by_name):
            raise Refused.because(400, "value", "bulk.elements", value=text[:80])
        found[type or "*"] = (*found.get(type or "*", ()), name)
    return found


def _patients(doors: Doors, request: Request, level: Level, found: Given) -> tuple[str, ...] | None:
    """Whose records: members of the Group, or those that are named; None for everybody's."""
    named = [patient(one.get("reference", "")) for one in found.all("patient")]
    if named and level == "system":
        raise Refused.because(400, "not-supported", "rest.unknown-parameter", name="patient")
    if level != "group":
        return tuple(dict.fromkeys(filter(None, named))) if named else None
    id = request.path[1]
    group = doors.records.read(request.errand, "Group", id)
    if group is None or group.deleted:
        raise Refused.because(404, "not-found", "rest.not-found", type="Group", id=id[:64])
    members = patients(group.body)
    if len(members) > MEMBERS:
        raise Refused.because(400, "too-costly", "bulk.group", limit=str(MEMBERS))
    return tuple(one for one in members if one in named) if named else members
