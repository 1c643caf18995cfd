"""Is a resource what R4 says it is? `validate` returns what is wrong with it, nothing when all is well."""

from __future__ import annotations

from typing import Any

from hoso.core.errors import Issue
from hoso.fhir.model import load
from hoso.fhir.rules.compiler import rule_of
from hoso.fhir.rules.containers import check_resource
from hoso.fhir.rules.faults import LIMIT, Context
from hoso.fhir.rules.usual import sure

_PLAIN = frozenset(load().type_number) - {"Bundle"}
"""A Bundle has rules for its entries as a whole."""


def validate(resource: dict[str, Any]) -> list[Issue]:
    """Issues of a parsed resource, each with the FHIRPath of its place; any of them refuses the resource whole."""
    if type(resource) is dict:
        name = resource.get("resourceType")
        if type(name) is str and name in _PLAIN and sure(name, resource, Context(resource, resource)):
            return []
    faults = check_resource(rule_of, resource, {})
    if faults is None:
        return []
    name = resource.get("resourceType")
    root = name if isinstance(name, str) and name.isalnum() else "Resource"
    issues = [Issue(fault.code, fault.key, fault.values, root + fault.path) for fault in faults[:LIMIT]]
    if len(faults) > LIMIT:
        issues.append(Issue("too-costly", "validate.more", {"limit": str(LIMIT)}, root, "information"))
    return issues
