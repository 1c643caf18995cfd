"""The language feature by feature, our own cases: what runs of `make conformance` without any download."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hoso.fhir.path import PathError, compile

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
REFUSED = "refused"

CITIZEN: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "c1",
    "active": True,
    "extension": [{"url": "https://example.vn/age", "valueAge": {"value": 36, "unit": "a"}}],
    "gender": "female",
    "name": [
        {"use": "official", "family": "Lê", "given": ["Thị", "Hoa"]},
        {"use": "usual", "given": ["Hoa"]},
        {"use": "maiden", "family": "Phạm"},
    ],
    "telecom": [{"system": "phone", "value": "0912345678", "period": {"start": "2020", "end": "2021-05"}}],
}

SCOPES: list[tuple[str, Any]] = [
    ("defineVariable('a', 'x').select(%a)", ["x"]),
    ("defineVariable('self').select(%self.id)", ["c1"]),
    ("name.select(defineVariable('u', use).select(%u & '!'))", ["official!", "usual!", "maiden!"]),
    ("defineVariable('a', 1).select(%a) | defineVariable('a', 2).select(%a)", [1, 2]),
    ("defineVariable('a', 1).id | defineVariable('b', 2).select(%a)", REFUSED),
    ("name.where(defineVariable('x', use).exists()).count()", [3]),
    ("name.where(defineVariable('x', use).exists()).select(%x)", REFUSED),
    ("name.select(defineVariable('x', use)).select(%x)", REFUSED),
    ("defineVariable('a', 1).defineVariable('b', %a + 1).select(%a + %b)", [3]),
    ("defineVariable('a', 1).defineVariable('a', 2)", REFUSED),
    ("defineVariable('a', 1).select(defineVariable('a', 2))", REFUSED),
    ("defineVariable('resource', 1)", REFUSED),
    ("defineVariable('ucum', 1)", REFUSED),
    ("defineVariable('vs-mine', 1)", REFUSED),
    ("iif(defineVariable('x', 1).exists(), %x, 2)", REFUSED),
    ("name.first().defineVariable('x', use).given.first() + %x", REFUSED),
    ("name.aggregate($total + defineVariable('n', 1).select(%n), 0)", [3]),
]

TYPES: list[tuple[str, Any]] = [
    ("gender.is(code) and gender.is(string) and gender.is(id).not()", [True]),
    ("gender.ofType(string)", []),
    ("gender.as(code)", ["female"]),
    ("active.is(System.Boolean)", [False]),
    ("is(DomainResource) and is(FHIR.Resource) and is(System.Patient).not()", [True]),
    ("name.as(HumanName)", REFUSED),
    ("gender.as(nothing)", REFUSED),
    ("extension('https://example.vn/age').value is Age", [True]),
    ("extension('https://example.vn/age').value is Quantity", [True]),
    ("extension('https://example.vn/age').value is Duration", [False]),
    ("7L.type().name", ["Long"]),
    ("(7L + 1).is(Long) and (7 + 1).is(Long).not()", [True]),
    ("'12'.toLong() = 12", [True]),
    ("conformsTo('http://hl7.org/fhir/StructureDefinition/Person')", [False]),
    ("conformsTo('http://nowhere.example')", REFUSED),
]

TEXT: list[tuple[str, Any]] = [
    (r"'24/11/2026'.replaceMatches('(?<d>\\d+)/(?<m>\\d+)/(?<y>\\d+)', '${y}-${m}-${d}')", ["2026-11-24"]),
    ("'ABC'.matches('b')", [False]),
    ("'ABC'.matches('b', 'i')", [True]),
    ("'ABC'.matches('b', 'z')", REFUSED),
    ("'an toàn'.matchesFull('an')", [False]),
    ("'1 & \"2\"'.escape('html')", ["1 &amp; &quot;2&quot;"]),
    ("'a?b>'.encode('urlbase64').decode('urlbase64')", ["a?b>"]),
    ("'é'.encode('hex')", ["c3a9"]),
    ("'abc'.substring(1, 1) & {} & 'z'", ["bz"]),
    ("1 & 'a'", REFUSED),
    ("'abc'.toChars().first()", ["a"]),
    ("name.given.join(' ')", ["Thị Hoa Hoa"]),
]

NUMBERS: list[tuple[str, Any]] = [
    ("'4 days'.toQuantity('h')", ["96 'h'"]),
    ("2 years.toQuantity('months')", ["24 month"]),
    ("1500 'mg'.toQuantity('g')", ["1.5 'g'"]),
    ("1 'mg'.toQuantity('m')", []),
    ("4 'm' / (2 'g' * 1 'L')", ["2 'm/(g.L)'"]),
    ("1.587.lowBoundary(2)", [Decimal("1.58")]),
    ("(1 'g' | 1000 'mg' | 1 year | 12 months).count()", [2]),
    ("1 'cm'.comparable(1 'kg')", [False]),
    ("1.5.round(-1)", REFUSED),
    ("1 / 3 ~ 0.333", [True]),
    ("-1.convertsToInteger()", REFUSED),
]

DATES: list[tuple[str, Any]] = [
    ("(@2015-01-01T00:00:00Z | @2015-01-01T07:00:00+07:00).count()", [1]),
    ("(@2015 | @2015-01 | @2015T).count()", [2]),
    ("telecom.period.all(start <= end)", [True]),
    ("telecom.period.start > @2020-03", []),
    ("@2024-02-29 + 1 year", ["2025-02-28"]),
    ("@2024-02-29 + 1 'a'", REFUSED),
    ("@2026-11.lowBoundary()", ["2026-11-01"]),
    ("@T08:30.precision()", [4]),
    ("@T12 > @2018", REFUSED),
    ("now().toDate() = today()", [True]),
]

COLLECTIONS: list[tuple[str, Any]] = [
    ("name | name", CITIZEN["name"]),
    ("name ~ (name.skip(2) | name.take(2))", [True]),
    ("name = (name.skip(2) | name.take(2))", [False]),
    ("name.exclude(name.where(use = 'usual')).count()", [2]),
    ("(3 | 1 | 2).sort($this desc)", [3, 2, 1]),
    ("name.sort(family, use).use", ["usual", "official", "maiden"]),
    ("name.children().skip(1)", REFUSED),
    ("name.single()", REFUSED),
    ("coalesce(name.suffix, name.family)", ["Lê", "Phạm"]),
    ("(true | 'x').allTrue()", REFUSED),
    ("repeat(name | contact.name).count()", [3]),
    ("Patient.nome", REFUSED),
    ("Encounter.status", REFUSED),
    ("name.given.first(1)", REFUSED),
    ("name.where(use = 'official' and)", REFUSED),
]


def answer(expression: str, resource: dict[str, Any]) -> Any:
    try:
        found = compile(expression, strict=True).evaluate(resource, now=NOW)
    except PathError:
        return REFUSED
    return [item.value for item in found]


@pytest.mark.parametrize(
    "cases",
    [SCOPES, TYPES, TEXT, NUMBERS, DATES, COLLECTIONS],
    ids=["scopes", "types", "text", "numbers", "dates", "collections"],
)
def test_each_feature_answers_as_the_language_says(cases: list[tuple[str, Any]]) -> None:
    wrong = {expression: found for expression, expected in cases if (found := answer(expression, CITIZEN)) != expected}
    assert wrong == {}
