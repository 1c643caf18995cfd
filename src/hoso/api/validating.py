"""$validate: says what a write of this resource would say and what profiles ask beyond it, and stores nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_content, check_format
from hoso.core.errors import Issue, Refused, Severity
from hoso.fhir import validate as rules
from hoso.fhir.json import encode, exact, parse
from hoso.fhir.outcome import outcome
from hoso.fhir.profiles import check

_MODES = ("create", "update", "delete")
MOST_PROFILES = 10
_R4 = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class _Asked:
    body: bytes
    profiles: tuple[str, ...]


def validate(doors: Doors, request: Request) -> Response:
    """The body is the resource, or Parameters with `resource` (and `mode`, `profile`)."""
    check_format(request)
    check_content(request)
    profiles = _of_query(request)
    tree = parse(request.body)
    if tree["resourceType"] == "Parameters" and request.path[0] != "Parameters":
        asked = _from_parameters(request.body)
        profiles, tree = (*profiles, *asked.profiles), parse(asked.body)
    issues: list[Issue] = []
    if tree["resourceType"] != request.path[0]:
        issues.append(Issue("invalid", "rest.wrong-type", {"type": request.path[0]}, "resourceType"))
    else:
        issues.extend(_found(doors, tree, profiles))
    return _outcome(request, issues)


def validate_stored(doors: Doors, request: Request) -> Response:
    check_format(request)
    profiles = _of_query(request)
    type, id = request.path[:2]
    found = doors.records.read(request.errand, type, id)
    if found is None or found.deleted:
        raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])
    return _outcome(request, _found(doors, parse(found.body), profiles))


def _found(doors: Doors, tree: dict[str, Any], profiles: tuple[str, ...]) -> list[Issue]:
    """R4 itself first: what is no resource is held against no profile."""
    issues = list(rules.validate(tree))
    if issues:
        return issues
    claimed = tuple(one for one in tree.get("meta", {}).get("profile", ()) if isinstance(one, str))
    for url in dict.fromkeys((*profiles, *claimed[:MOST_PROFILES])):
        issues.extend(_of_profile(doors, tree, url, "error" if url in profiles else "information"))
    return _once(issues)


def _of_profile(doors: Doors, tree: dict[str, Any], url: str, unknown: Severity) -> list[Issue]:
    type = str(tree["resourceType"])
    if url.partition("|")[0] == _R4 + type:
        return []
    known = doors.guides.known() if doors.guides else None
    profile = known.shelf.profile(url) if known else None
    if known is None or profile is None:
        return [Issue("not-found", "profile.unknown", {"url": url[:200]}, type, unknown)]
    return check(known.shelf, known.terms, tree, profile).issues


def _once(issues: list[Issue]) -> list[Issue]:
    """Two profiles of one resource often say the same."""
    found: list[Issue] = []
    for one in issues:
        if one not in found:
            found.append(one)
    return found


def _outcome(request: Request, issues: list[Issue]) -> Response:
    return Response(200, [CONTENT], encode(outcome(issues, request.language)))


def _of_query(request: Request) -> tuple[str, ...]:
    profiles: list[str] = []
    for name, value in request.pairs():
        if name == "profile" and value:
            profiles.append(value)
        elif name != "mode" or value not in _MODES:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:80])
    return _bounded(profiles)


def _bounded(profiles: list[str]) -> tuple[str, ...]:
    if len(profiles) > MOST_PROFILES:
        raise Refused.because(400, "value", "rest.repeated", name="profile")
    return tuple(profiles)


def _from_parameters(body: bytes) -> _Asked:
    found, profiles = None, []
    for parameter in exact(body).get("parameter", []):
        if not isinstance(parameter, dict):
            continue
        if parameter.get("name") == "resource" and "resource" in parameter and found is None:
            found = encode(parameter["resource"])
        elif parameter.get("name") == "profile":
            value = next((v for k, v in parameter.items() if k.startswith("value") and isinstance(v, str)), None)
            if value is None:
                raise Refused.because(400, "value", "rest.unknown-parameter", "Parameters.parameter", name="profile")
            profiles.append(value)
    if found is None:
        raise Refused.because(400, "required", "rest.no-resource", "Parameters.parameter")
    return _Asked(found, _bounded(profiles))
