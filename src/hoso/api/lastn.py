"""Observation/$lastn: of each kind of observation of a patient the last ones, most recent first.

Kinds are told apart by their code: two observations are of one kind when a coding of theirs agrees in system and code,
and without codings when their words do.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from hoso.access import Version
from hoso.api.doors import Doors
from hoso.api.links import url
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_content, check_format
from hoso.api.pages import bundle, match_entries, without_entries
from hoso.core.clock import to_ms
from hoso.core.errors import Refused
from hoso.fhir.json import parse
from hoso.fhir.search import parse as parse_search
from hoso.fhir.search.query import Chain, Condition, Match

MOST = 100
LOOKED_AT = 20_000
"""Observations that one question may look at; more are refused rather than left out."""

Pairs = list[tuple[str, str]]
_RESULT = ("_count", "_sort", "_total", "_summary", "_elements", "_include", "_revinclude", "_contained", "_page")


def lastn(doors: Doors, request: Request) -> Response:
    check_format(request)
    pairs = _asked(request)
    most = _most(pairs)
    criteria = [pair for pair in pairs if pair[0] != "max"]
    for name, _ in criteria:
        if name.partition(":")[0] in _RESULT:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:80])
    asked = [*criteria, *_living(criteria), ("_sort", "-date")]
    query = parse_search("Observation", asked, base=request.base, added=doors.records.parameters.offered())
    if not any(map(_of_somebody, query.conditions)):
        raise Refused.because(400, "required", "rest.lastn-subject")
    with doors.long.entered():
        groups = _grouped(doors.records.scan(request.errand, query), most)
    entries = match_entries(request.base, (version for group in groups for version in group), "match")
    links = [("self", url(request.base, "Observation/$lastn", pairs))]
    now = to_ms(doors.records.clock())
    return Response(200, [CONTENT], without_entries(bundle("searchset", now, len(entries), links, entries)))


def _asked(request: Request) -> Pairs:
    """Of the query, and of a body of Parameters: a search parameter and its value each."""
    pairs = request.pairs()
    if not request.body:
        return pairs
    check_content(request)
    tree = parse(request.body)
    if tree["resourceType"] != "Parameters":
        raise Refused.because(400, "invalid", "rest.wrong-type", "resourceType", type="Parameters")
    parameters = tree.get("parameter", [])
    for number, part in enumerate(parameters if isinstance(parameters, list) else [parameters]):
        place = f"Parameters.parameter[{number}]"
        values = [value for name, value in part.items() if name.startswith("value")] if isinstance(part, dict) else []
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str) or len(values) != 1 or not isinstance(values[0], str | int | float):
            raise Refused.because(400, "value", "rest.lastn-parameter", place)
        value = values[0]
        pairs.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
    return pairs


def _most(pairs: Pairs) -> int:
    given = [value for name, value in pairs if name == "max"]
    if not given:
        return 1
    text = given[0]
    if len(given) > 1 or not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= MOST:
        raise Refused.because(400, "value", "rest.lastn-max", value=text[:40], limit=str(MOST))
    return int(text)


def _living(criteria: Pairs) -> Pairs:
    """What was entered in error is nobody's last value, unless a status is asked for."""
    asked = any(name.partition(":")[0] == "status" for name, _ in criteria)
    return [] if asked else [("status:not", "entered-in-error")]


def _of_somebody(condition: Condition) -> bool:
    return isinstance(condition, Match | Chain) and condition.code in ("patient", "subject", "encounter")


def _grouped(found: Iterable[Version], most: int) -> list[list[Version]]:
    """Groups in the order of their latest; `found` comes most recent first."""
    groups: dict[int, list[tuple[int, Version]]] = {}
    of_code: dict[Hashable, int] = {}
    for number, version in enumerate(found):
        if number >= LOOKED_AT:
            raise Refused.because(400, "too-costly", "rest.lastn-many", limit=str(LOOKED_AT))
        codes = _codes(parse(version.body))
        kinds = sorted({of_code[code] for code in codes if code in of_code}) or [number]
        members = groups.setdefault(kinds[0], [])
        for other in kinds[1:]:  # this one tells that two kinds are one
            members += groups.pop(other)
            of_code.update({code: kinds[0] for code, kind in of_code.items() if kind == other})
        of_code.update(dict.fromkeys(codes, kinds[0]))
        members.append((number, version))
        groups[kinds[0]] = sorted(members, key=lambda member: member[0])[:most]
    return [[version for _, version in group] for _, group in sorted(groups.items())]


def _codes(observation: dict[str, Any]) -> set[Hashable]:
    code = observation.get("code", {})
    found: set[Hashable] = {(c.get("system"), c["code"]) for c in code.get("coding", ()) if "code" in c}
    return found or {code.get("text", "").casefold()}
