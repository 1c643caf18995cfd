"""Addresses of one number space lead to the one that HoSo means, and nothing else does."""

from __future__ import annotations

import pytest

from hoso.fhir import systems
from hoso.fhir.extract import extract
from hoso.fhir.number_systems import number_space

CORE, MOH, HL7 = "fhir.ehealth.gov.vn/core/sid", "moh.gov.vn/fhir/core/sid", "fhir.hl7.org.vn/core/sid"


@pytest.mark.parametrize(
    ("written", "value", "space"),
    [
        (systems.PERSONAL_NUMBER, "001090012345", systems.PERSONAL_NUMBER),
        (f"https://{CORE}/national_id", None, systems.PERSONAL_NUMBER),
        (f"http://{CORE}/national-id/", None, systems.PERSONAL_NUMBER),
        (f"http://{CORE}/driver_license_number", None, systems.DRIVING_NUMBER),
        (f"http://{CORE}/patient_internal_id", None, systems.INTERNAL_NUMBER),
        (f"http://{HL7}/insurance_number", None, systems.INSURANCE_NUMBER),
        (f"http://{MOH}/citizen_id", "123456789", systems.OLD_CARD_NUMBER),
        (f"http://{MOH}/citizen_id", "001090012345", systems.PERSONAL_NUMBER),
        (f"http://{MOH}/citizen_id", None, systems.OLD_CARD_NUMBER),
        (systems.OLD_CARD_NUMBER, "001090012345", systems.OLD_CARD_NUMBER),  # said by its very address
        (f"http://{MOH}/citizen_id/x", "001090012345", f"http://{MOH}/citizen_id/x"),
        (f"http://evil.example/{MOH}/citizen_id", "1", f"http://evil.example/{MOH}/citizen_id"),
        (f"http://{CORE}/anything", "1", f"http://{CORE}/anything"),
        ("", "1", ""),
    ],
)
def test_a_variant_leads_to_its_space(written: str, value: str | None, space: str) -> None:
    assert number_space(written, value) == space
    assert number_space(space, value) == space


def test_numbers_stand_in_the_index_under_their_space() -> None:
    number = {"system": f"http://{MOH}/citizen_id", "value": "001090012345"}
    patient = {"resourceType": "Patient", "identifier": [number]}
    assert ("identifier", systems.PERSONAL_NUMBER, "001090012345") in extract(patient).tokens
    group = {"resourceType": "Observation", "subject": {"identifier": number}}
    assert ("subject:identifier", systems.PERSONAL_NUMBER, "001090012345") in extract(group).tokens
