"""`_filter` means what the plain parameters mean, and says where it cannot be understood."""

from __future__ import annotations

from typing import Any

from hoso.core import Refused
from hoso.fhir.search import parse
from hoso.fhir.search.query import Condition, Group, Match, Missing, Text


def conditions(type: str, *pairs: tuple[str, str]) -> tuple[Condition, ...]:
    return parse(type, list(pairs)).conditions


SAME: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("Patient", 'name sw "Hoà"', [("name", "Hoà")]),
    ("Patient", "name co a,b", [("name:contains", "a\\,b")]),
    ("Patient", "gender eq male and birthdate ge 1990-05", [("gender", "male"), ("birthdate", "ge1990-05")]),
    ("Patient", "birthdate eq 1990", [("birthdate", "eq1990")]),
    ("Patient", "birthdate po 1990", [("birthdate", "ge1990"), ("birthdate", "le1990")]),
    ("Patient", "identifier eq http://a.vn|1", [("identifier", "http://a.vn|1")]),
    ("Patient", "(gender pr true)", [("gender:missing", "false")]),
    ("Patient", "gender pr false", [("gender:missing", "true")]),
    ("Patient", "_id eq a and _lastUpdated gt 2024", [("_id", "a"), ("_lastUpdated", "gt2024")]),
    ("Patient", "organization re Organization/1", [("organization", "Organization/1")]),
    ("Observation", "value-quantity lt 5.4|http://unitsofmeasure.org|mg", [("value-quantity", "lt5.4|http://unitsofmeasure.org|mg")]),
    ("Observation", "subject:Patient.birthdate lt 2000", [("subject:Patient.birthdate", "lt2000")]),
    ("Observation", 'patient.organization.name co "x"', [("patient.organization.name:contains", "x")]),
    ("ValueSet", "url sb http://a.vn/x", [("url:below", "http://a.vn/x")]),
]  # fmt: skip


def test_a_comparison_is_the_plain_parameter() -> None:
    wrong = [
        (text, found)
        for type, text, pairs in SAME
        if (found := conditions(type, ("_filter", text))) != conditions(type, *pairs)
    ]
    assert wrong == []


def test_and_binds_tighter_than_or_and_parentheses_more() -> None:
    a, b, c = (Match("family", "string", (Text(name),), "equals") for name in "abc")
    assert conditions("Patient", ("_filter", "family eq a or family eq b and family eq c")) == (
        Group("or", (a, Group("and", (b, c)))),
    )
    assert conditions("Patient", ("_filter", "(family eq a or family eq b) and not (family eq c)")) == (
        Group("or", (a, b)),
        Group("not", (c,)),
    )
    assert conditions("Patient", ("_filter", 'family ne "c"')) == (Missing("family", False), Group("not", (c,)))
    ends = Match("family", "string", (Text('"x y'),), "ends")
    assert conditions("Patient", ("_filter", 'family ew "\\"x y"')) == (ends,)


REFUSED: list[tuple[str, str, str]] = [
    ("a", "search.filter-syntax", "2"),
    ("name eq", "search.filter-syntax", "8"),
    ("name zz a", "search.filter-syntax", "6"),
    ("(name eq a", "search.filter-syntax", "11"),
    ("name eq a)", "search.filter-syntax", "10"),
    ("name eq a and", "search.filter-syntax", "14"),
    ("not name eq a", "search.filter-syntax", "5"),
    ('name eq "a', "search.filter-syntax", "8"),
    ("_has:Observation:patient:code eq 1", "search.filter-syntax", "1"),
    ("name[use eq official].family eq a", "search.filter-brackets", "5"),
    ("name gt a", "search.filter-operator", ""),
    ("gender co a", "search.filter-operator", ""),
    ("birthdate sw 2020", "search.filter-operator", ""),
    ("name pr perhaps", "search.filter-present", ""),
    ('name eq ""', "search.empty", ""),
    ("birthdate eq gt2014", "search.date", ""),
    ("nome eq a", "search.unknown-parameter", ""),
    ("general-practitioner.nome eq a", "search.unknown-parameter", ""),
    ("(" * 11 + "name eq a" + ")" * 11, "search.filter-large", ""),
    (" or ".join(["name eq a"] * 51), "search.filter-large", ""),
]


def test_what_cannot_be_understood_is_refused_with_its_place() -> None:
    wrong = [(text, found) for text, *expected in REFUSED if (found := refusal(text)) != expected]
    assert wrong == []


def refusal(text: str) -> list[Any]:
    try:
        return [conditions("Patient", ("_filter", text))]
    except Refused as refused:
        (issue,) = refused.issues
        return [issue.key, issue.values.get("at", "")]
