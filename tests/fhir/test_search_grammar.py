"""What a request's pairs mean, and what is refused with the parameter's name."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hoso.core import Refused, parse_span
from hoso.fhir import outcome
from hoso.fhir.search import Query, parse
from hoso.fhir.search.query import (
    Chain,
    Compartment,
    Date,
    Has,
    Ids,
    Include,
    InList,
    Local,
    Match,
    Missing,
    Number,
    Parts,
    SortKey,
    Text,
    Token,
    Updated,
    Uri,
)  # fmt: skip

LOINC = "http://loinc.org"


def query(search: str, **options: Any) -> Query:
    type, _, text = search.partition("?")
    pairs = [tuple(pair.split("=", 1)) for pair in text.split("&") if pair]
    return parse(type or None, pairs, **options)  # type: ignore[arg-type]


def only(search: str, **options: Any) -> Any:
    (found,) = query(search, **options).conditions
    return found


def number(prefix: str, value: float, low: float, high: float, *unit: str | None) -> Number:
    return Number(prefix, value, pytest.approx(low), pytest.approx(high), *unit)  # type: ignore[arg-type]


def match(code: str, kind: Any, *values: Any, modifier: str | None = None) -> Match:
    return Match(code, kind, values, modifier)


@pytest.mark.parametrize(
    ("search", "meaning"),
    [
        ("Observation?code=a", match("code", "token", Token(None, "a"))),
        (f"Observation?code={LOINC}|a", match("code", "token", Token(LOINC, "a"))),
        ("Observation?code=|a", match("code", "token", Token("", "a"))),
        (f"Observation?code={LOINC}|", match("code", "token", Token(LOINC, None))),
        ("Observation?code=a,b,a", match("code", "token", Token(None, "a"), Token(None, "b"))),
        (r"Observation?code=a\,b", match("code", "token", Token(None, "a,b"))),
        (r"Observation?code=a\|b,c\$d,e\\f",
         match("code", "token", Token(None, "a|b"), Token(None, "c$d"), Token(None, "e\\f"))),
        ("Observation?code:not=a", match("code", "token", Token(None, "a"), modifier="not")),
        ("Observation?code:text=Huyết", match("code", "token", Text("Huyết"), modifier="text")),
        ("Patient?identifier:of-type=s|MR|1", match("identifier", "token", Token(None, "s|MR|1"), modifier="of-type")),
        ("Patient?name=Hoà", match("name", "string", Text("Hoà"))),
        ("Patient?name:exact=Hoà", match("name", "string", Text("Hoà"), modifier="exact")),
        ("Patient?name:contains=%_", match("name", "string", Text("%_"), modifier="contains")),
        ("Patient?name:missing=true", Missing("name", True)),
        ("Patient?birthdate=1990-05", match("birthdate", "date", Date("eq", parse_span("1990-05")))),
        ("Patient?birthdate=sa1990", match("birthdate", "date", Date("sa", parse_span("1990")))),
        ("RiskAssessment?probability=gt0.8", match("probability", "number", number("gt", 0.8, 0.75, 0.85))),
        ("RiskAssessment?probability=100", match("probability", "number", number("eq", 100, 99.5, 100.5))),
        ("RiskAssessment?probability=100.00", match("probability", "number", number("eq", 100, 99.995, 100.005))),
        ("RiskAssessment?probability=1e2", match("probability", "number", number("eq", 100, 95, 105))),
        ("RiskAssessment?probability=ap100", match("probability", "number", number("ap", 100, 90, 110))),
        ("Observation?value-quantity=5.4|http://unitsofmeasure.org|mg",
         match("value-quantity", "quantity", number("eq", 5.4, 5.35, 5.45, "http://unitsofmeasure.org", "mg"))),
        ("Observation?value-quantity=le5||mg",
         match("value-quantity", "quantity", number("le", 5, 4.5, 5.5, None, "mg"))),
        ("Observation?patient=1", match("patient", "reference", Local(("Patient",), "1"))),
        ("Observation?subject=Patient/1", match("subject", "reference", Local(("Patient",), "1"))),
        ("Observation?subject=Patient/1/_history/2", match("subject", "reference", Local(("Patient",), "1"))),
        ("Observation?subject:Patient=1", match("subject", "reference", Local(("Patient",), "1"))),
        ("Observation?subject=http://x.vn/Patient/1", match("subject", "reference", Uri("http://x.vn/Patient/1"))),
        ("Observation?subject:identifier=s|1", match("subject", "reference", Token("s", "1"), modifier="identifier")),
        ("ValueSet?url:below=http://x.vn/a", match("url", "uri", Uri("http://x.vn/a"), modifier="below")),
        ("Observation?code-value-quantity=a$gt5",
         match("code-value-quantity", "composite",
               Parts((("token", Token(None, "a")), ("quantity", number("gt", 5, 4.5, 5.5)))))),
        ("Patient?_id=a,b", Ids(("a", "b"))),
        ("Patient?_lastUpdated=gt2024", Updated((Date("gt", parse_span("2024")),))),
        ("Patient?_tag=s|a", match("_tag", "token", Token("s", "a"))),
        ("Patient?_profile=http://x.vn/p", match("_profile", "uri", Uri("http://x.vn/p"))),
        ("Patient?_list=l", InList(("l",))),
        ("Observation?subject:Patient.name=a", Chain("subject", ((("Patient",), match("name", "string", Text("a"))),))),
        ("Observation?patient.organization.name=a",
         Chain("patient", ((("Patient",),
               Chain("organization", ((("Organization",), match("name", "string", Text("a"))),))),))),
        ("Patient?_has:Observation:patient:code=a",
         Has("Observation", "patient", match("code", "token", Token(None, "a")))),
        ("Patient?_has:Observation:patient:_has:Provenance:target:recorded=2024",
         Has("Observation", "patient", Has("Provenance", "target",
             match("recorded", "date", Date("eq", parse_span("2024")))))),
    ],
)  # fmt: skip
def test_a_pair_has_one_meaning(search: str, meaning: Any) -> None:
    assert only(search) == meaning


def test_an_untyped_chain_goes_to_every_type_that_knows_the_rest() -> None:
    found = only("Observation?subject.name=a")
    assert found.branches == ((("Location", "Patient"), match("name", "string", Text("a"))),)


def test_an_absolute_url_of_this_server_is_a_record_here() -> None:
    found = only("Observation?subject=https://h.vn/fhir/Patient/1", base="https://h.vn/fhir/")
    assert found == match("subject", "reference", Local(("Patient",), "1"))


def test_a_compartment_is_a_condition() -> None:
    assert only("Observation?", compartment=("Patient", "1")) == Compartment("Patient", "1")
    assert {"Patient", "Observation"} <= set(query("?", compartment=("Patient", "1")).types)
    assert "Organization" not in query("?", compartment=("Patient", "1")).types


def test_parameters_of_the_answer_are_read() -> None:
    found = query(
        "Observation?_sort=-date,code,_id&_count=7&_total=accurate&_summary=data&_elements=status,value"
        "&_include=Observation:subject:Patient&_include:iterate=Patient:organization&_revinclude=Provenance:target"
        "&_contained=false&_format=json&_pretty=true"
    )
    assert found.sort == (SortKey("date", "date", True), SortKey("code", "token", False), SortKey("_id", "id", False))
    assert (found.count, found.total, found.summary, found.elements) == (7, "accurate", "data", ("status", "value"))
    assert found.includes == (
        Include("Observation", "subject", "Patient", False),
        Include("Patient", "organization", None, True),
    )
    assert found.revincludes == (Include("Provenance", "target", None, False),)
    assert ("_format", "json") not in found.self_pairs


@pytest.mark.parametrize(
    ("search", "key"),
    [
        ("Patient?foo=1", "search.unknown-parameter"),
        ("Patient?_text=a", "search.text-off"),
        ("Patient?_content=a", "search.text-off"),
        ("Patient?_query=a", "search.named-query"),
        ("Patient?_filter=a", "search.filter-syntax"),
        ("Patient?_has=a", "search.unknown-parameter"),
        ("Location?near=1", "search.near"),
        ("Nothing?", "search.unknown-type"),
        ("?_type=Patient,Nothing", "search.unknown-type"),
        ("Patient?_type=Patient", "search.type-level"),
        ("?birthdate=1990", "search.unknown-parameter"),
        ("Patient?name:foo=1", "search.modifier"),
        ("Patient?birthdate:not=1990", "search.modifier"),
        ("Observation?code:in=a", "search.value-set"),
        ("Observation?code:not-in=CodeSystem/a", "search.value-set"),
        ("Observation?code:above=a", "search.full-token"),
        ("Observation?code:below=http://x.vn|", "search.full-token"),
        ("Observation?date:in=http://x.vn/vs", "search.modifier"),
        ("Patient?name:missing=maybe", "search.missing"),
        ("Patient?name=", "search.empty"),
        ("Patient?name=a,,b", "search.empty"),
        ("Patient?name=%", None),
        ("Observation?code=a|b|c", "search.token"),
        ("Observation?code=|", "search.token"),
        ("Observation?code=\\x", "search.escape"),
        ("Patient?identifier:of-type=MR|1", "search.of-type"),
        ("Patient?birthdate=2023-02-30", "search.date"),
        ("Patient?birthdate=xx2023", "search.date"),
        ("Patient?birthdate=2023-13", "search.date"),
        ("RiskAssessment?probability=abc", "search.number"),
        ("RiskAssessment?probability=NaN", "search.number"),
        ("RiskAssessment?probability=1e999", "search.number"),
        ("RiskAssessment?probability=" + "9" * 100_000, "search.number"),
        ("Observation?value-quantity=5|mg", "search.quantity"),
        ("Observation?subject=Medication/1", "search.reference-type"),
        ("Observation?subject=a b", "search.reference"),
        ("Observation?subject:Medication=1", "search.reference-type"),
        ("Observation?code-value-quantity=a", "search.composite"),
        ("Observation?code-value-quantity=s|$5", "search.composite-code"),
        ("ValueSet?url:below=urn:oid:1.2", "search.no-url"),
        ("Patient?_list=$current-problems", "search.functional-list"),
        ("Patient?_has:Observation:patient=1", "search.has"),
        ("Patient?_has:Observation:code:status=final", "search.has-reference"),
        ("Patient?_has:Medication:code:status=active", "search.has-reference"),
        ("Patient?name.given=a", "search.chain"),
        ("Observation?subject:Medication.code=a", "search.reference-type"),
        ("Observation?subject.nothing=a", "search.unknown-parameter"),
        ("Provenance?target._id=a", "search.chain-wide"),
        ("Organization?" + "partof." * 9 + "name=a", "search.too-deep"),
        ("Patient?_has:Patient:link:" + "_has:Patient:link:" * 9 + "name=a", "search.too-deep"),
        ("Patient?_id=" + ",".join(map(str, range(5_000))), "search.too-many-values"),
        ("Patient?name=" + "a" * 200_000, "search.too-long"),
        ("Patient?" + "&".join(["active=true"] * 101), "search.too-many-parameters"),
        ("Patient?name=a\0b", "search.characters"),
        ("Patient?name=a\ud800b", "search.characters"),
        ("Patient?na\0me=a", "search.characters"),
        ("Patient?_count=-1", "search.count"),
        ("Patient?_count=abc", "search.count"),
        ("Patient?_count=1001", "search.count-limit"),
        ("Patient?_count=" + "9" * 5_000, "search.count"),
        ("Patient?_count=1&_count=2", "search.twice"),
        ("Patient?_total=some", "search.choice"),
        ("Patient?_summary=some", "search.choice"),
        ("Patient?_contained=true", "search.contained"),
        ("Patient?_containedType=container", "search.contained"),
        ("Patient?_elements=name,nothing", "search.element"),
        ("Patient?_sort=nothing", "search.sort"),
        ("Observation?_sort=code-value-quantity", "search.sort"),
        ("Patient?_sort=_has", "search.sort"),
        ("Patient?_sort=name,name,name,name,name,name", "search.sort-keys"),
        ("Patient?_sort:desc=name", "search.modifier"),
        ("Patient?_include:recurse=Patient:organization", "search.modifier"),
        ("Patient?_include=Patient:name", "search.include"),
        ("Patient?_include=Patient", "search.include"),
        ("Patient?_include=Nothing:x", "search.unknown-type"),
        ("Patient?_include=Organization:partof", "search.include-source"),
        ("Patient?_revinclude=Observation:nothing", "search.unknown-parameter"),
    ],
)
def test_what_is_not_understood_is_refused_at_once_and_by_name(search: str, key: str | None) -> None:
    if key is None:
        assert query(search).conditions
        return
    began = time.process_time()
    with pytest.raises(Refused) as refused:
        query(search)
    assert time.process_time() - began < 2
    assert refused.value.status == 400
    (issue,) = refused.value.issues
    assert issue.key == key
    for language in ("en", "vi"):
        assert "{" not in outcome.text(issue, language)  # type: ignore[arg-type]
    assert all(len(value) < 1_000 for value in issue.values.values())


def test_only_a_lenient_caller_has_unknown_things_ignored_and_is_told() -> None:
    found = query("Patient?foo=1&name:foo=2&_sort=nothing&active=true", lenient=True)
    assert found.ignored == ("foo", "name:foo", "_sort")
    assert found.self_pairs == (("active", "true"),)
    with pytest.raises(Refused):
        query("Patient?birthdate=abc", lenient=True)


def test_the_whole_system_is_searched_by_what_all_types_share() -> None:
    found = query("?_lastUpdated=gt2024")
    assert found.all_types and len(found.types) > 140
    assert query("?_type=Patient,Observation").types == ("Patient", "Observation")
