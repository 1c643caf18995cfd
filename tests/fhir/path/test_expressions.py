"""Expressions and what they give, one line each: the language as HoSo understands it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hoso.fhir.path import compile

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # already the 24th in Viet Nam

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "birthDate": "1990-05",
    "_birthDate": {"extension": [{"url": "http://x/time", "valueDateTime": "1990-05-02T08:00:00+07:00"}]},
    "name": [
        {"use": "official", "family": "Nguyễn", "given": ["Văn", "An"]},
        {"use": "usual", "given": [None, "Tí"], "_given": [{"extension": [{"url": "u", "valueCode": "x"}]}, None]},
    ],
    "contact": [{"name": {"family": "Trần"}, "gender": "female"}],
    "contained": [{"resourceType": "Organization", "id": "org", "name": "Trạm y tế"}],
    "managingOrganization": {"reference": "#org"},
    "multipleBirthInteger": 2,
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}], "text": "Weight"},
    "effectiveDateTime": "2026-11-20T08:30:00+07:00",
    "valueQuantity": {"value": Decimal("61.50"), "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
}

CASES: list[tuple[str, list[Any]]] = [
    # paths, choices, primitives with extensions only
    ("name.given", ["Văn", "An", None, "Tí"]),
    ("Patient.name.where(use = 'official').family", ["Nguyễn"]),
    ("Patient.multipleBirth", [2]),
    ("Patient.multipleBirth is integer", [True]),
    ("name.given.where(hasValue()).count()", [3]),
    ("birthDate.extension('http://x/time').value", ["1990-05-02T08:00:00+07:00"]),
    ("contact.type().name", ["BackboneElement"]),
    ("managingOrganization.resolve().name", ["Trạm y tế"]),
    ("contained.ofType(Organization).id", ["org"]),
    ("Encounter.status", []),
    ("name[1].given[1]", ["Tí"]),
    ("name.family.length()", [6]),
    # booleans of three values
    ("{} and false", [False]),
    ("{} or true", [True]),
    ("{} implies false", []),
    ("active xor {}", []),
    ("(1 | 2).where($this > 1) = 2", [True]),
    # partial dates
    ("birthDate < @1991", [True]),
    ("birthDate < @1990-05-20", []),
    ("birthDate = @1990-05", [True]),
    ("@2012-04-15 = @2012-04-15T10:00:00", []),
    ("@2012-04-15T15:00:00+07:00 = @2012-04-15T08:00:00Z", [True]),
    ("@2012-01-31 + 1 month", ["2012-02-29"]),
    ("@2014 + 24 months", ["2016"]),
    ("@T10:30 + 45 minutes", ["11:15"]),
    ("today()", ["2026-11-24"]),
    ("now().toString().substring(0, 19)", ["2026-11-24T03:00:00"]),
    ("@2020-02-10.highBoundary(6)", ["2020-02"]),
    ("@2020-02.highBoundary()", ["2020-02-29"]),
    ("@2020-01-01.difference(@2021-03-01, 'month')", [14]),
    ("@1990-05-02.duration(@2026-05-01, 'years')", [35]),
    # numbers
    ("1.10 + 2", [Decimal("3.10")]),
    ("7 div 2 + 7 mod 2", [4]),
    ("-7 div 2", [-3]),
    ("1 / 0", []),
    ("2.power(10)", [1024]),
    ("8.log(2)", [Decimal(3)]),
    ("(-4).sqrt()", []),
    ("9223372036854775807 + 1", []),
    ("(1 | 2 | 3).aggregate($this + $total, 0)", [6]),
    ("(3 | 1 | 2).sort(-$this)", [3, 2, 1]),
    ("(2.5 | 4).avg()", [Decimal("3.25")]),
    # quantities
    ("4 'g' = 4000 'mg'", [True]),
    ("1 year = 1 'a'", []),
    ("1 week = 7 'd'", [True]),
    ("2 'kg' > 3 'm'", []),
    ("3 'm' * 2 'm' = 6 'm2'", [True]),
    ("'1.5 \\'mg\\''.toQuantity()", ["1.5 'mg'"]),
    # text
    ("'Nguyễn Văn An'.split(' ').last()", ["An"]),
    ("'a,b'.replace(',', '$')", ["a$b"]),
    ("'2026-11'.replaceMatches('(\\\\d+)-(\\\\d+)', '$2/$1')", ["11/2026"]),
    ("'xin chào' ~ 'XIN  CHÀO'", [True]),
    ("'dGVzdA=='.decode('base64')", ["test"]),
    ("('a' | 'b').join('-')", ["a-b"]),
    # tree, unions, variables
    ("descendants().where($this is HumanName).count()", [3]),
    ("(name.given | name.family).count()", [5]),
    ("%resource.id = id and %ucum = 'http://unitsofmeasure.org'", [True]),
    ("iif(active, 'yes', 'no')", ["yes"]),
    ("defineVariable('n', name.count()).select(%n + 1)", [3]),
    ("gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", []),
    ("contact.gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", [True]),
    ("1 + 2 * 3 | 7", [7]),
]


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_patient_answers(expression: str, expected: list[Any]) -> None:
    assert [item.value for item in compile(expression).evaluate(PATIENT, now=NOW)] == expected


@pytest.mark.parametrize(
    ("expression", "type", "value"),
    [
        ("Observation.value", "Quantity", OBSERVATION["valueQuantity"]),
        ("Observation.value.value", "decimal", Decimal("61.50")),
        ("(Observation.value as Quantity).unit", "string", "kg"),
        ("value > 60000 'g'", "boolean", True),
        ("code.coding.code", "code", "29463-7"),
        ("effective.toDate()", "date", "2026-11-20"),
        ("effective is dateTime", "boolean", True),
        ("status is string", "boolean", True),
        ("value.value.precision()", "integer", 2),
    ],
)
def test_an_observation_answers_with_types(expression: str, type: str, value: Any) -> None:
    (item,) = compile(expression).evaluate(OBSERVATION)
    assert (item.type, item.value) == (type, value)
    assert str(item.value) == str(value)


def test_references_are_resolved_within_a_bundle_and_by_the_caller() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "gender": "female"}},
            {"resource": {"resourceType": "Observation", "subject": {"reference": "urn:uuid:1"}}},
            {"resource": {"resourceType": "Observation", "subject": {"reference": "Patient/away"}}},
        ],
    }
    expression = compile("Bundle.entry.resource.ofType(Observation).subject.resolve().gender")
    found = expression.evaluate(bundle, resolver=lambda reference: {"resourceType": "Patient", "gender": "male"})
    assert [item.value for item in found] == ["female", "male"]


def test_variables_of_the_caller_are_seen() -> None:
    assert compile("%limit + 1").evaluate(None, environment={"limit": 4})[0].value == 5
