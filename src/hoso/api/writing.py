"""create, update, patch and delete, plain and conditional."""

from __future__ import annotations

from collections.abc import Callable

from hoso.access import Written
from hoso.api.binary import is_raw, resource_of
from hoso.api.conditions import base_version
from hoso.api.definitions import spare
from hoso.api.doors import Doors
from hoso.api.links import PAGE
from hoso.api.message import CONTENT, Header, Request, Response, read_pairs, version_headers
from hoso.api.negotiate import BODIES, check_content, check_format, media_type
from hoso.core.errors import Refused
from hoso.fhir.json import encode, parse
from hoso.fhir.outcome import outcome
from hoso.fhir.patch import apply_patch, read_patch
from hoso.fhir.path_patch import apply_path_patch, read_path_patch
from hoso.fhir.search import Query
from hoso.fhir.search import parse as parse_search

JSON_PATCH = "application/json-patch+json"


def create(doors: Doors, request: Request) -> Response:
    type = request.path[0]
    _no_parameters(request)
    body = _resource_body(request, type, None)
    criteria = request.condition("HTTP_IF_NONE_EXIST")
    query = _criteria(doors, type, read_pairs(criteria.lstrip("?"))) if criteria is not None else None
    return _written(request, doors.records.create(request.errand, type, body, query))


def update(doors: Doors, request: Request) -> Response:
    type, id = request.path
    _no_parameters(request)
    body = _resource_body(request, type, id)
    base = base_version(request)
    return _written(request, doors.records.update(request.errand, type, id, body, base))


def update_where(doors: Doors, request: Request) -> Response:
    type = request.path[0]
    body = _resource_body(request, type, None)
    query, base = _criteria(doors, type, request.pairs()), base_version(request)
    spare(type, parse(body).get("id"))
    return _written(request, doors.records.update_where(request.errand, query, body, base))


def patch(doors: Doors, request: Request) -> Response:
    type, id = request.path
    _no_parameters(request)
    return _patched(doors, request, type, id)


def patch_where(doors: Doors, request: Request) -> Response:
    type = request.path[0]
    found = doors.records.find(request.errand, _criteria(doors, type, request.pairs()))
    if found is None:
        raise Refused.because(404, "not-found", "rest.no-match", type=type)
    return _patched(doors, request, type, found.id)


def delete(doors: Doors, request: Request) -> Response:
    type, id = request.path
    _no_parameters(request)
    return _deleted(doors, request, type, id)


def delete_where(doors: Doors, request: Request) -> Response:
    type = request.path[0]
    found = doors.records.find(request.errand, _criteria(doors, type, request.pairs()))
    return _deleted(doors, request, type, found.id) if found else Response(204)


def _patched(doors: Doors, request: Request, type: str, id: str) -> Response:
    check_format(request)
    written = doors.records.patch(request.errand, type, id, _change(request), base_version(request))
    if written is None:
        raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])
    return _written(request, written)


def _change(request: Request) -> Callable[[bytes], bytes]:
    """What the patch does to a record's text: a JSON Patch, or a FHIRPath Patch as Parameters."""
    name, _ = media_type(request.content_type)
    if name == JSON_PATCH:
        operations = read_patch(request.body)
        return lambda body: apply_patch(body, operations)
    if name not in BODIES:
        raise Refused.because(415, "not-supported", "rest.patch-type", type=name[:80])
    check_content(request)
    steps = read_path_patch(request.body)
    return lambda body: apply_path_patch(body, steps)


def _deleted(doors: Doors, request: Request, type: str, id: str) -> Response:
    saved = doors.records.delete(request.errand, type, id, base_version(request))
    if saved is None or saved.version is None:
        return Response(204)
    return Response(204, [("ETag", f'W/"{saved.version}"')])


def _written(request: Request, written: Written) -> Response:
    saved = written.saved
    assert saved.version is not None
    headers: list[Header] = version_headers(saved.version, saved.updated)
    where = f"{request.base}/{saved.type}/{saved.id}/_history/{saved.version}"
    headers += [("Location", where), ("Content-Location", where)]
    status = 201 if saved.outcome == "created" else 200
    wanted = request.prefers("return")
    if wanted == "minimal" or not shows(request, written):
        return Response(status, headers, updated=saved.updated)
    if wanted == "OperationOutcome":
        return Response(status, [CONTENT, *headers], encode(outcome(written.warnings, request.language)), saved.updated)
    return Response(status, [CONTENT, *headers], saved.body, saved.updated)


def shows(request: Request, written: Written) -> bool:
    """Whether the answer may hold the record: what the caller did not send is shown to those who may read it."""
    sent = not written.matched and request.method in ("POST", "PUT")
    return sent or request.actor.scopes.permits(written.saved.type, "r")


def _resource_body(request: Request, type: str, id: str | None) -> bytes:
    check_format(request)
    if type == "Binary" and is_raw(request):
        return resource_of(request, id)
    check_content(request)
    return request.body


def _criteria(doors: Doors, type: str, pairs: list[tuple[str, str]]) -> Query:
    """The criteria of a conditional interaction; without any, it could mean every record of the type."""
    added = doors.records.parameters.offered()
    query = parse_search(type, [pair for pair in pairs if pair[0] != PAGE], added=added)
    if not query.conditions:
        raise Refused.because(412, "required", "rest.no-criteria", type=type)
    return query


def _no_parameters(request: Request) -> None:
    if request.query and request.pairs() and not request.lenient:
        raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=request.pairs()[0][0][:80])
