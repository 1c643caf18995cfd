"""From received bytes to a change that may be stored: parse, check the identity it claims, validate.

A resource is accepted or refused whole; what passes carries the very bytes that arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hoso.core.errors import Issue, Refused
from hoso.fhir import consents
from hoso.fhir.json import parse
from hoso.fhir.links import conditional_references
from hoso.fhir.validate import validate
from hoso.store.contract import Draft, Method

_BLOCKING = ("error", "fatal")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A valid resource as text and as tree, with the warnings its sender should see."""

    body: bytes
    resource: dict[str, Any]
    warnings: Sequence[Issue] = ()

    def draft(self, method: Method, id: str, base: str | None = "any") -> Draft:
        self.resource["id"] = id
        return Draft(method, self.resource["resourceType"], id, self.body, self.resource, base)


def accept(body: bytes, type: str, id: str | None = None) -> Accepted:
    """Reads and validates a resource meant for `type` (and `id`, for an update).

    A reference written as a search is looked up in transactions only (R4 §3.1.0.11.2); stored, it would lead nowhere.
    """
    accepted = check(body, parse(body), type, id)
    for link in sorted(conditional_references(body, accepted.resource)):
        raise Refused.because(422, "not-supported", "rest.search-reference", type, link=link[:120])
    return accepted


def check(body: bytes, resource: dict[str, Any], type: str, id: str | None = None) -> Accepted:
    """The same for a resource that is parsed already."""
    if not isinstance(resource, dict) or resource.get("resourceType") != type:
        raise Refused.because(400, "invalid", "rest.wrong-type", "resourceType", type=type)
    if id is not None and resource.get("id") != id:
        raise Refused.because(400, "invalid", "rest.wrong-id", f"{type}.id", id=id)
    issues = validate(resource)
    if any(issue.severity in _BLOCKING for issue in issues):
        raise Refused(422, *issues)
    if beyond := consents.issues(resource):  # what we could not enforce is not kept as if we did
        raise Refused(422, *beyond)
    return Accepted(body, resource, issues)
