"""The profiles of VN Core are sound R4, and what HoSo makes up of a population keeps them where it should."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from hoso.fhir.number_systems import naming, number_space
from hoso.fhir.profiles import LibraryTerms, Shelf, check, shipped
from hoso.fhir.profiles.vn_core import CANONICAL
from hoso.fhir.terminology import shipped as shipped_lists
from hoso.fhir.validate import validate
from hoso.synth.population import population

KEPT = (
    "practitioner", "practitionerrole", "provider", "location", "encounter", "procedure", "diagnosticreport",
    "medicationrequest", "medicationstatement", "immunization", "allergyintolerance", "familymemberhistory",
)  # fmt: skip


@cache
def shelf() -> Shelf:
    return Shelf(shipped())


def faults(name: str, resource: dict[str, Any]) -> list[tuple[str, str | None]]:
    wanted = shelf().profile(CANONICAL + name)
    assert wanted is not None
    issues = check(shelf(), LibraryTerms(shelf(), shipped_lists()), resource, wanted).issues
    return [(one.key, one.expression) for one in issues if one.severity == "error"]


@cache
def records() -> tuple[dict[str, Any], ...]:
    return tuple(entry["resource"] for bundle in population(3, 1) for entry in bundle["entry"])


def test_every_definition_is_valid_and_can_be_worked_out() -> None:
    for one in shipped():
        assert validate(one) == [], one["url"]
        assert shelf().profile(one["url"]) is not None


@pytest.mark.parametrize("name", KEPT)
def test_what_hoso_writes_keeps_the_profile(name: str) -> None:
    type = shelf().profile(f"{CANONICAL}vn-core-{name}").type  # type: ignore[union-attr]
    for one in records():
        if one["resourceType"] == type:
            assert faults(f"vn-core-{name}", one) == [], one["id"]


def broken() -> Iterator[tuple[str, dict[str, Any], str, str]]:
    subject = {"subject": {"reference": "Patient/p"}}
    coded = {"code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}}
    vital = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]
    }
    observation = {"resourceType": "Observation", "status": "final", **coded, **subject, "effectiveDateTime": "2026"}
    yield "observation-vital-signs", {**observation, "category": [vital]}, "profile.condition", "Observation"
    yield "observation-vital-signs", observation, "profile.count", "Observation.category"
    yield "observation-laboratory", {**observation, "category": [vital]}, "profile.slice-count", "Observation.category"
    licence = {"system": "http://fhir.ehealth.gov.vn/core/sid/national_id", "value": "12"}
    person = {"resourceType": "Practitioner", "name": [{"text": "An"}], "identifier": [licence]}
    yield "practitioner", person, "profile.condition", "Practitioner.identifier[0].value"
    yield (
        "healthcaredepartment",
        {"resourceType": "Organization", "name": "Khoa Nội"},
        "profile.count",
        "Organization.partOf",
    )
    drug = {"resourceType": "Condition", "code": {"text": "x"}, "subject": {"reference": "Group/g"}}
    yield "condition-problem", drug, "profile.target", "Condition.subject"


@pytest.mark.parametrize(("name", "resource", "key", "place"), list(broken()))
def test_what_a_profile_asks_for_is_missed_at_its_place(
    name: str, resource: dict[str, Any], key: str, place: str
) -> None:
    assert (key, place) in faults(f"vn-core-{name}", resource)


def test_naming_systems_tell_every_address_of_a_number_space() -> None:
    for one in naming().values():
        assert validate(one) == []
        first, *others = one["uniqueId"]
        assert first["preferred"] and others and all(number_space(o["value"]) == first["value"] for o in others)
