"""Records of an earlier form of a visit that its correction has no more: marked as entered in error, never deleted.

Only what the correction speaks of is touched: a visit that comes again without its medicines says nothing of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from hoso.access import Version
from hoso.exchange.insurance.found import ERROR, is_withdrawn
from hoso.fhir import json, systems

_TABLES = {
    "Condition": "XML1",
    "MedicationRequest": "XML2",
    "MedicationDispense": "XML2",
    "ServiceRequest": "XML3",
    "Procedure": "XML3",
    "DiagnosticReport": "XML4",
}
_MARKED = frozenset({*_TABLES, "FamilyMemberHistory", "Immunization", "MedicationStatement", "Observation"})
"""Types of what a health check has more of, each with a status that says "entered in error"."""
_CATEGORIES = {"laboratory": "XML4", "vital-signs": "XML5"}
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def retracted(heads: Mapping[tuple[str, str], Version], tables: Collection[str]) -> list[dict[str, Any]]:
    """Of the records at these heads those that a visit with such tables takes back, as they are then."""
    found = []
    for head in heads.values():
        if head.deleted:
            continue
        resource = json.exact(head.body)
        if _table(resource) in tables and not is_withdrawn(resource):
            found.append(_as_error(resource))
    return found


def _table(resource: Mapping[str, Any]) -> str | None:
    type = resource["resourceType"]
    if type == "Observation":
        codes = [coding.get("code") for one in resource.get("category", ()) for coding in one.get("coding", ())]
        return next((_CATEGORIES[code] for code in codes if code in _CATEGORIES), None)
    if type == "DocumentReference":
        codings = resource.get("type", {}).get("coding", ())
        return next((str(one.get("code")) for one in codings if one.get("system") == systems.XML_TABLE), None)
    return _TABLES.get(type)


def all_retracted(heads: Iterable[Version]) -> list[dict[str, Any]]:
    """All of them that can be, as they are then: of a form that is sent again as a whole."""
    found = [json.exact(head.body) for head in heads if not head.deleted]
    return [_as_error(one) for one in found if one["resourceType"] in _MARKED and not is_withdrawn(one)]


def _as_error(resource: dict[str, Any]) -> dict[str, Any]:
    if resource["resourceType"] == "Condition":
        return {**resource, "verificationStatus": {"coding": [{"system": _VERIFICATION, "code": ERROR}]}}
    return {**resource, "status": ERROR}
