"""What the records of facilities and staff say: pure readings of Organization and PractitionerRole.

Rights come from a PractitionerRole with exactly one role of ours; what is said twice, or of nobody, gives none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hoso.core import Issue
from hoso.core.dates import OPEN_HIGH, OPEN_LOW, parse_span
from hoso.fhir.systems import FACILITY_CODE, FACILITY_LEVEL, GLN, ORGANISATION_CODE, ROLE

Resource = dict[str, Any]
CODES = (FACILITY_CODE, GLN, ORGANISATION_CODE)
"""Under which numbers a facility is known; the first that it has is its code."""


def code_of(organization: Resource) -> str:
    """Empty for a department."""
    found = {one.get("system"): str(one.get("value", "")) for one in organization.get("identifier", ())}
    return next((found[system] for system in CODES if found.get(system)), "")


def codes_of(organization: Resource) -> frozenset[tuple[str, str]]:
    """Every number under which a facility is known."""
    return frozenset(
        (one["system"], str(one.get("value", "")))
        for one in organization.get("identifier", ())
        if one.get("system") in CODES
    )


def kind_of(organization: Resource) -> str:
    return next(_codes(organization.get("type", ()), FACILITY_LEVEL), "")


def parent_of(organization: Resource) -> str:
    return _id(organization.get("partOf"), "Organization")


def roles_of(resource: Resource) -> list[str]:
    """The roles of ours that a PractitionerRole names."""
    return list(_codes(resource.get("code", ()), ROLE))


def rights(resource: Resource) -> list[Issue]:
    """That a record from outside would give somebody a role of ours."""
    if resource.get("resourceType") != "PractitionerRole" or not roles_of(resource):
        return []
    return [Issue("forbidden", "load.rights", {}, "PractitionerRole.code")]


def practitioner_of(resource: Resource) -> str:
    return _id(resource.get("practitioner"), "Practitioner")


def organization_of(resource: Resource) -> str:
    return _id(resource.get("organization"), "Organization")


def period_of(resource: Resource) -> tuple[int, int]:
    """Half open, in milliseconds. A date that does not exist ends it before it began: nobody gets a right by it."""
    period = resource.get("period") or {}
    try:
        since = parse_span(period["start"]).low if "start" in period else OPEN_LOW
        return since, parse_span(period["end"]).high if "end" in period else OPEN_HIGH
    except ValueError:
        return OPEN_HIGH, OPEN_LOW


def _codes(concepts: Any, system: str) -> Iterator[str]:
    for concept in concepts:
        for coding in concept.get("coding", ()):
            if coding.get("system") == system and coding.get("code"):
                yield str(coding["code"])


def _id(reference: Any, type: str) -> str:
    """Of a relative reference to a record here; any other names nobody."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    parts = text.split("/") if isinstance(text, str) else []
    return parts[1] if len(parts) == 2 and parts[0] == type else ""
