"""Every refusal and fault as an OperationOutcome with its status, in the caller's language."""

from __future__ import annotations

import logging
import secrets

from hoso.access import Conflict, DamagedFile, Unavailable
from hoso.api.message import CONTENT, Header, Response
from hoso.core.errors import Issue, Refused
from hoso.fhir.json import encode
from hoso.fhir.outcome import Language, outcome

_log = logging.getLogger("hoso.api")

RETRY_SECONDS = "2"
_CLOSES = (408, 413, 503)
"""After these the rest of a body may still be on its way; the connection is not used again."""


def failed(error: Exception, language: Language = "en", *, expected: bool = False) -> Response:
    """The response for whatever an interaction raised. `expected`: the caller named a version (If-Match)."""
    if isinstance(error, Refused):
        return refusal(error.status, error.issues, language)
    if isinstance(error, Conflict):
        values = {"type": error.type, "id": error.id, "head": error.head or "–"}
        key = "rest.version-differs" if expected else "rest.conflict"
        return refusal(412 if expected else 409, [Issue("conflict", key, values)], language)
    if isinstance(error, DamagedFile):
        _log.error("hoso: damaged: %s", error)
        return refusal(503, [Issue("exception", "rest.damaged")], language)
    if isinstance(error, Unavailable):
        _log.warning("hoso: the store is unavailable: %s", error)
        return refusal(503, [Issue("transient", "rest.unavailable")], language)
    code = secrets.token_hex(4)
    _log.error("hoso: fault %s", code, exc_info=error)
    return refusal(500, [Issue("exception", "rest.fault", {"code": code}, severity="fatal")], language)


def refusal(status: int, issues: tuple[Issue, ...] | list[Issue], language: Language = "en") -> Response:
    headers: list[Header] = [CONTENT, ("Content-Language", language)]
    if status in (429, 503):
        headers.append(("Retry-After", RETRY_SECONDS))
    if status == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="hoso"'))
    if status in _CLOSES:
        headers.append(("Connection", "close"))
    for issue in issues:
        if "allow" in issue.values:
            headers.append(("Allow", issue.values["allow"]))
    return Response(status, headers, encode(outcome(issues, language)))
