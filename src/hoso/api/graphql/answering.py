"""The door of `$graphql`: GET and POST, GraphQL over HTTP; faults carry an OperationOutcome, as FHIR's mapping says."""

from __future__ import annotations

from typing import Any

from hoso.api.doors import Doors
from hoso.api.graphql.budget import Budget
from hoso.api.graphql.executing import Error, Executor
from hoso.api.graphql.reading import Reading
from hoso.api.message import Request, Response
from hoso.api.negotiate import media_type, takes_json
from hoso.core.errors import Refused
from hoso.fhir.graphql import Fault, Place, chosen, parse
from hoso.fhir.json import encode, exact, strict
from hoso.fhir.outcome import outcome, text

GRAPHQL, ANSWER, JSON = "application/graphql", "application/graphql-response+json", "application/json"
MOST_ANSWER = 16_000_000
_PARTS = ("query", "operationName", "variables", "extensions")


def answer(doors: Doors, request: Request) -> Response:
    kind = _kind(request)
    query, name, variables = _asked(request)
    try:
        asked = chosen(parse(query), name, variables)
    except Fault as fault:
        return _response(kind, 400, encode({"errors": [_told(request, Error((fault.issue,), fault.place, ()))]}))
    budget = Budget()
    reading = Reading(doors, request, budget)
    executor = Executor(asked, reading, budget, doors.records.clock())
    with doors.long.entered():
        try:
            body = _whole(request, executor, _run(executor, reading, request))
        except Fault as fault:  # nothing of it is told: what is left of an answer would be taken for all of it
            body = encode({"errors": [_told(request, Error((fault.issue,), fault.place, ()))], "data": None})
        finally:
            reading.told("/".join(request.path))
    return _response(kind, 200, body)


def _run(executor: Executor, reading: Reading, request: Request) -> dict[str, Any]:
    if len(request.path) == 1:
        return executor.system()
    type, id = request.path[:2]
    tree = reading.one(type, id, Place(1, 1))
    if tree is None:
        raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])
    return executor.instance(tree)


def _whole(request: Request, executor: Executor, data: dict[str, Any]) -> bytes:
    errors = [_told(request, one) for one in executor.errors]
    body = encode({"errors": errors, "data": data} if errors else {"data": data})
    if len(body) > MOST_ANSWER:
        raise Fault("graphql.much-answer", Place(1, 1), "too-costly", limit=str(MOST_ANSWER // 1_000_000))
    return body


def _told(request: Request, error: Error) -> dict[str, Any]:
    """As GraphQL tells a fault, with the OperationOutcome that a search or a read would have been answered with."""
    words = "; ".join(text(one, request.language) for one in error.issues)
    found: dict[str, Any] = {"message": words, "locations": [error.place._asdict()]}
    if error.path:
        found["path"] = list(error.path)
    more = {"code": error.issues[0].key, "resource": outcome(error.issues, request.language)}
    return {**found, "extensions": more}


def _response(kind: str, status: int, body: bytes) -> Response:
    return Response(status, [("Content-Type", f"{kind}; charset=utf-8")], body)


def _kind(request: Request) -> str:
    """GraphQL's own kind for who asks for it; FHIR's kinds mean JSON. Raises Refused(406)."""
    accept = (request.header("HTTP_ACCEPT") or "").lower()
    if ANSWER in accept:
        return ANSWER
    if not takes_json(accept):
        raise Refused.because(406, "not-supported", "rest.not-acceptable", asked=accept[:80])
    return JSON


def _asked(request: Request) -> tuple[str, str | None, dict[str, Any]]:
    """The document, which of its operations, and the variables: of the query or a body. Raises Refused(400, 415)."""
    members: dict[str, Any] = {}
    for part, value in request.pairs():
        if part not in _PARTS or part in members:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=part[:80])
        members[part] = strict(value.encode()) if part in ("variables", "extensions") and value else value
    if request.method == "POST":
        members |= _posted(request)
    query: Any = members.get("query")
    name: Any = members.get("operationName") or None
    variables = members.get("variables") or {}
    if not isinstance(query, str):
        raise Refused.because(400, "required", "graphql.no-query")
    if not isinstance(name, str | None) or not isinstance(variables, dict):
        raise Refused.because(400, "value", "graphql.bad-request")
    return query, name, variables


def _posted(request: Request) -> dict[str, Any]:
    kind, parameters = media_type(request.content_type)
    if parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
        raise Refused.because(415, "not-supported", "rest.content-type", type=request.content_type[:80])
    if kind == GRAPHQL:
        try:
            return {"query": request.body.decode()}
        except UnicodeDecodeError as error:
            raise Refused.because(400, "value", "rest.query-not-utf8") from error
    if kind != JSON:
        raise Refused.because(415, "not-supported", "rest.content-type", type=request.content_type[:80])
    strict(request.body)
    body = exact(request.body)
    if not isinstance(body, dict):
        raise Refused.because(400, "value", "graphql.bad-request")
    return {name: value for name, value in body.items() if name in _PARTS}
