"""$validate: says what a write of this resource would say, and stores nothing."""

from __future__ import annotations

from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.writing import check_content
from hoso.core.errors import Issue, Refused
from hoso.fhir import validate as rules
from hoso.fhir.json import encode, exact, parse
from hoso.fhir.outcome import outcome

_MODES = ("create", "update", "delete")


def validate(doors: Doors, request: Request) -> Response:
    """The body is the resource, or Parameters with `resource` (and `mode`)."""
    check_format(request)
    check_content(request)
    _check_parameters(request)
    tree = parse(request.body)
    body = request.body
    if tree["resourceType"] == "Parameters" and request.path[0] != "Parameters":
        body = _from_parameters(body)
        tree = parse(body)
    issues: list[Issue] = []
    if tree["resourceType"] != request.path[0]:
        issues.append(Issue("invalid", "rest.wrong-type", {"type": request.path[0]}, "resourceType"))
    else:
        issues.extend(rules.validate(tree))
    return _outcome(request, issues)


def validate_stored(doors: Doors, request: Request) -> Response:
    check_format(request)
    _check_parameters(request)
    type, id = request.path[:2]
    found = doors.records.read(request.errand, type, id)
    if found is None or found.deleted:
        raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])
    return _outcome(request, list(rules.validate(parse(found.body))))


def _outcome(request: Request, issues: list[Issue]) -> Response:
    return Response(200, [CONTENT], encode(outcome(issues, request.language)))


def _check_parameters(request: Request) -> None:
    for name, value in request.pairs():
        if name != "mode" or value not in _MODES:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:80])


def _from_parameters(body: bytes) -> bytes:
    for parameter in exact(body).get("parameter", []):
        if isinstance(parameter, dict) and parameter.get("name") == "resource" and "resource" in parameter:
            return encode(parameter["resource"])
    raise Refused.because(400, "required", "rest.no-resource", "Parameters.parameter")
