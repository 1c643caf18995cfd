"""Is a resource what R4 says it is: `validate` returns what is wrong with it, nothing when all is well."""

from __future__ import annotations

from typing import Any

from hoso.core.errors import Issue
from hoso.fhir.model import load


def validate(resource: dict[str, Any]) -> list[Issue]:
    """Issues of a parsed resource; one of severity error or fatal means it must be refused whole."""
    name = str(resource.get("resourceType"))
    if name not in load().type_number:
        return [Issue("structure", "validate.unknown-type", {"type": name[:100]}, "resourceType")]
    return []
