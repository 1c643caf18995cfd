"""What search sees of hand-made resources, value by value."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.core.dates import OPEN_HIGH, OPEN_LOW, parse_span
from hoso.fhir.extract import extract
from hoso.fhir.extraction.clinical import CLINICAL_DATE
from hoso.fhir.extraction.values import OPEN, moment
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import load

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
RELATION = "http://hl7.org/fhir/document-relationship-type"
GENDER = "http://hl7.org/fhir/administrative-gender"

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"tag": [{"system": "urn:t", "code": "demo"}], "profile": ["http://x/p|1.0"], "source": "urn:his"},
    "identifier": [
        {
            "system": "urn:cccd",
            "value": "001090000001",
            "type": {"coding": [{"system": "urn:v2-0203", "code": "NNVNM"}], "text": "Căn cước"},
        }
    ],
    "name": [{"text": "Nguyễn Văn An", "family": "Nguyễn", "given": ["Văn", None, "An"]}],
    "telecom": [{"system": "phone", "value": "0912"}, {"system": "email", "value": "a@b.vn"}],
    "gender": "male",
    "birthDate": "1990-05",
    "address": [{"line": ["Thôn 1"], "district": "Đông Anh", "city": "Hà Nội", "use": "home"}],
    "generalPractitioner": [{"reference": "Practitioner/d1", "display": "BS. Bình"}],
    "managingOrganization": {"identifier": {"system": "urn:kcb", "value": "01001"}},
    "link": [{"other": {"reference": "Patient/p2"}, "type": "seealso"}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": LOINC, "code": "85354-9", "display": "BP"}], "text": "Huyết áp"},
    "subject": {"reference": "Patient/p1/_history/3"},
    "effectivePeriod": {"start": "2026-11-20"},
    "valueQuantity": {"value": 5, "comparator": "<", "unit": "mmol/L"},
    "component": [
        {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "system": UCUM, "code": "mm[Hg]"},
        }
        for code, value in (("8480-6", 120), ("8462-4", 80))
    ],
}


def ref(text: str) -> dict[str, str]:
    return {"reference": text}


def named(values: list[tuple[Any, ...]], name: str) -> list[tuple[Any, ...]]:
    return [value[1:] for value in values if value[0] == name]


@pytest.fixture(scope="module")
def patient() -> Indexed:
    return extract(PATIENT)


@pytest.fixture(scope="module")
def observation() -> Indexed:
    return extract(OBSERVATION)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("tokens", "identifier", [("urn:cccd", "001090000001")]),
        ("tokens", "identifier:of-type", [(None, "urn:v2-0203|NNVNM|001090000001")]),
        ("strings", "identifier:text", [("Căn cước",)]),
        ("tokens", "gender", [(GENDER, "male")]),
        ("tokens", "telecom", [("phone", "0912"), ("email", "a@b.vn")]),
        ("tokens", "phone", [("phone", "0912")]),
        ("tokens", "email", [("email", "a@b.vn")]),
        ("tokens", "deceased", [(None, "false")]),
        ("tokens", "_tag", [("urn:t", "demo")]),
        ("tokens", "organization:identifier", [("urn:kcb", "01001")]),
        ("uris", "_profile", [("http://x/p|1.0",), ("http://x/p",)]),
        ("uris", "_source", [("urn:his",)]),
        ("strings", "name", [("Nguyễn",), ("Nguyễn Văn An",), ("Văn",), ("An",)]),
        ("strings", "given", [("Văn",), ("An",)]),
        ("strings", "address", [("Hà Nội",), ("Đông Anh",), ("Thôn 1",)]),
        ("strings", "address-city", [("Hà Nội",)]),
        ("references", "general-practitioner", [("Practitioner", "d1")]),
        ("references", "link", [("Patient", "p2")]),
        ("dates", "birthdate", [tuple(parse_span("1990-05"))]),
    ],
)
def test_a_patient_is_found_by(patient: Indexed, kind: str, name: str, expected: list[tuple[Any, ...]]) -> None:
    assert named(getattr(patient, kind), name) == expected


def test_presence_is_a_bit_for_each_parameter_with_a_value(patient: Indexed) -> None:
    params = load().search_params["Patient"]
    present = {code for code, param in params.items() if patient.present >> param.bit & 1}
    assert {"name", "birthdate", "deceased", "organization", "_tag", "_id", "_lastUpdated"} <= present
    assert not {"death-date", "language", "active", "_security", "address-state"} & present


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("tokens", "code", [(LOINC, "85354-9")]),
        ("tokens", "combo-code", [(LOINC, "85354-9"), (LOINC, "8480-6"), (LOINC, "8462-4")]),
        ("strings", "code:text", [("BP",), ("Huyết áp",)]),
        ("references", "patient", [("Patient", "p1")]),
        ("references", "subject", [("Patient", "p1")]),
        ("dates", "date", [(parse_span("2026-11-20").low, OPEN_HIGH)]),
        ("quantities", "value-quantity", [(-OPEN, 5.0, None, None, "mmol/L")]),
        (
            "composites",
            "component-code-value-quantity",
            [
                ((("token", LOINC, "8480-6"), ("quantity", 120.0, 120.0, UCUM, "mm[Hg]", None)),),
                ((("token", LOINC, "8462-4"), ("quantity", 80.0, 80.0, UCUM, "mm[Hg]", None)),),
            ],
        ),
        (
            "composites",
            "code-value-quantity",
            [((("token", LOINC, "85354-9"), ("quantity", -OPEN, 5.0, None, None, "mmol/L")),)],
        ),
    ],
)
def test_an_observation_is_found_by(
    observation: Indexed, kind: str, name: str, expected: list[tuple[Any, ...]]
) -> None:
    assert named(getattr(observation, kind), name) == expected


def test_a_composite_never_pairs_the_code_of_one_component_with_the_value_of_another(observation: Indexed) -> None:
    pairs = {(parts[0][2], parts[1][1]) for (parts,) in named(observation.composites, "combo-code-value-quantity")}
    assert pairs == {("85354-9", -OPEN), ("8480-6", 120.0), ("8462-4", 80.0)}


def test_a_record_knows_its_patient_and_its_clinical_date(patient: Indexed, observation: Indexed) -> None:
    assert (patient.patient, observation.patient) == ("p1", "p1")
    assert observation.clinical_date == parse_span("2026-11-20").low


@pytest.mark.parametrize(
    ("reference", "references", "uris"),
    [
        ("Patient/a", [("Patient", "a")], []),
        ("Patient/a/_history/1", [("Patient", "a")], []),
        ("https://other.vn/fhir/Patient/a", [], [("https://other.vn/fhir/Patient/a",)]),
        ("urn:uuid:9b2e", [], [("urn:uuid:9b2e",)]),
        ("#inside", [], [("#inside",)]),
        ("Patient/a/b", [], [("Patient/a/b",)]),
    ],
)
def test_only_a_relative_reference_points_to_a_record_here(
    reference: str, references: list[tuple[str, ...]], uris: list[tuple[str, ...]]
) -> None:
    found = extract({"resourceType": "Observation", "subject": {"reference": reference}})
    assert (named(found.references, "subject"), named(found.uris, "subject")) == (references, uris)


@pytest.mark.parametrize(
    ("resource", "kind", "name", "expected"),
    [
        (
            {"resourceType": "DocumentReference", "relatesTo": [{"code": "replaces", "target": ref("List/1")}]},
            "composites",
            "relationship",
            [((("reference", "List", "1"), ("token", RELATION, "replaces")),)],
        ),
        (
            {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Composition", "id": "c"}}]},
            "references",
            "composition",
            [("Composition", "c")],
        ),
        (
            {"resourceType": "Condition", "onsetRange": {"low": {"value": 40, "unit": "a"}}},
            "quantities",
            "onset-age",
            [(40.0, OPEN, None, None, "a")],
        ),
        (
            {"resourceType": "Invoice", "totalNet": {"value": 1500000, "currency": "VND"}},
            "quantities",
            "totalnet",
            [(1500000.0, 1500000.0, "urn:iso:std:iso:4217", "VND", "VND")],
        ),
        (
            {"resourceType": "Encounter", "period": {"end": "2026"}},
            "dates",
            "date",
            [(OPEN_LOW, parse_span("2026").high)],
        ),
        (
            {"resourceType": "ServiceRequest", "occurrenceTiming": {"event": ["2026-01-01", "2026-02-01"]}},
            "dates",
            "occurrence",
            [(parse_span("2026-01-01").low, parse_span("2026-02-01").high)],
        ),
        ({"resourceType": "Procedure", "performedString": "last year"}, "dates", "date", []),
        ({"resourceType": "Patient", "deceasedBoolean": True}, "tokens", "deceased", [(None, "true")]),
        ({"resourceType": "Patient", "deceasedDateTime": "2026"}, "tokens", "deceased", [(None, "true")]),
        ({"resourceType": "Patient", "birthDate": "2023-02-30"}, "dates", "birthdate", []),
        ({"resourceType": "Questionnaire", "subjectType": ["Patient"], "url": "http://q"}, "uris", "url", [("http://q",)]),
    ],
)  # fmt: skip
def test_other_types_are_found_by(resource: dict[str, Any], kind: str, name: str, expected: list[Any]) -> None:
    assert named(getattr(extract(resource), kind), name) == expected


def test_each_clinical_date_is_a_date_parameter_of_its_type() -> None:
    params = load().search_params
    wrong = [(t, name) for t, names in CLINICAL_DATE.items() for name in names if params[t][name].type != "date"]
    assert wrong == []


@pytest.mark.parametrize("type", load().resource_types)
def test_the_least_resource_of_every_type_is_taken(type: str) -> None:
    found = extract({"resourceType": type})
    assert (found.strings, found.references, found.clinical_date) == ([], [], None)


@given(
    at=st.datetimes(),
    zone=st.sampled_from(["Z", "+07:00", "-11:30", "+00:00"]),
    precision=st.sampled_from(["seconds", "milliseconds"]),
)
def test_a_moment_is_the_same_span_however_it_is_read(at: datetime, zone: str, precision: str) -> None:
    text = at.isoformat(timespec=precision) + zone
    assert list(moment(text)) == [parse_span(text)]
