"""read, vread and their conditional forms; a Binary is sent as what it holds unless FHIR JSON was asked for."""

from __future__ import annotations

from hoso.access import Version
from hoso.api.binary import raw_response
from hoso.api.conditions import unchanged
from hoso.api.doors import Doors
from hoso.api.message import Request, Response, resource_response, version_headers
from hoso.api.negotiate import check_format
from hoso.api.subset import dresser
from hoso.core.errors import Refused
from hoso.fhir.search import parse as parse_search

_PARTS = ("_summary", "_elements")


def read(doors: Doors, request: Request) -> Response:
    type, id = request.path[:2]
    return _answer(request, type, id, doors.records.read(request.errand, type, id))


def vread(doors: Doors, request: Request) -> Response:
    type, id, _, version = request.path
    found = doors.records.vread(request.errand, type, id, version)
    return _answer(request, type, id, found)


def live(found: Version | None, type: str, id: str) -> Version:
    """The record that an operation is about. Raises Refused(404, 410) when there is none, or none any more."""
    if found is None or found.deleted:
        status, key = (404, "rest.not-found") if found is None else (410, "rest.gone")
        raise Refused.because(status, "not-found", key, type=type, id=id[:64])
    return found


def _answer(request: Request, type: str, id: str, version: Version | None) -> Response:
    if version is None:
        raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])
    if version.deleted:
        raise Refused.because(410, "deleted", "rest.erased" if version.erased else "rest.gone", type=type, id=id)
    if unchanged(request, version):
        return Response(304, version_headers(version.version, version.updated))
    if type == "Binary" and (raw := raw_response(request, version)) is not None:
        return raw
    check_format(request)
    return resource_response(_part(request, version) if request.query else version)


def _part(request: Request, version: Version) -> Version:
    """The part asked for. Any other parameter would not be honoured and is refused, unless lenient was asked for."""
    pairs = [pair for pair in request.pairs() if pair[0] in _PARTS]
    for name, value in request.pairs():
        if (name not in _PARTS and not request.lenient) or (name, value) == ("_summary", "count"):
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:80])
    asked = parse_search(version.type, pairs)
    dress = dresser(asked.summary, asked.elements)
    return version._replace(body=dress(version)) if dress is not None else version
