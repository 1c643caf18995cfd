"""Profiles made for the tests, against resources that keep them and that break them in one thing each."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from hoso.core import Refused
from hoso.fhir.profiles import LibraryTerms, Shelf, check, shipped
from hoso.fhir.terminology import shipped as shipped_lists

Tree = dict[str, Any]
URL = "http://example.vn/StructureDefinition/"
VN = "http://fhir.ehealth.gov.vn/core/"
UCUM = "http://unitsofmeasure.org"
PATIENT = f"{VN}StructureDefinition/vn-core-patient"


def profile(name: str, type: str, *elements: Tree, base: str = "") -> Tree:
    return {
        "resourceType": "StructureDefinition", "url": URL + name, "type": type, "kind": "resource",
        "derivation": "constraint", "differential": {"element": list(elements)},
        "baseDefinition": base or f"http://hl7.org/fhir/StructureDefinition/{type}",
    }  # fmt: skip


def faults(definitions: list[Tree], url: str, resource: Tree, severity: str = "error") -> list[tuple[str, str]]:
    shelf = Shelf(definitions)
    found = shelf.profile(url)
    assert found is not None
    issues = check(shelf, LibraryTerms(shelf, shipped_lists()), resource, found).issues
    return [(one.key.removeprefix("profile."), one.expression or "") for one in issues if one.severity == severity]


def changed(resource: Tree, **members: Any) -> Tree:
    """A None takes the member away."""
    return {key: value for key, value in (deepcopy(resource) | members).items() if value is not None}


BLOOD = [
    profile(
        "blood-pressure", "Observation",
        {"path": "Observation.code", "patternCodeableConcept": {"coding": [{"system": "s", "code": "bp"}]}},
        {"path": "Observation.component",
         "slicing": {"discriminator": [{"type": "pattern", "path": "code"}], "rules": "closed", "ordered": True}},
        {"path": "Observation.component", "sliceName": "high", "min": 1, "max": "1"},
        {"path": "Observation.component.code",
         "patternCodeableConcept": {"coding": [{"system": "s", "code": "high"}]}},
        {"path": "Observation.component.valueQuantity", "min": 1},
        {"path": "Observation.component.valueQuantity.code", "min": 1, "fixedCode": "mm[Hg]"},
        {"path": "Observation.component", "sliceName": "low", "max": "1"},
        {"path": "Observation.component.code",
         "patternCodeableConcept": {"coding": [{"system": "s", "code": "low"}]}},
        {"path": "Observation.value[x]", "max": "0"},
        {"path": "Observation.note", "mustSupport": True},
        {"path": "Observation.interpretation", "binding": {"strength": "required", "valueSet": "v"}},
        {"path": "Observation.method", "binding": {"strength": "extensible", "valueSet": "v"}},
        {"path": "Observation", "constraint": [
            {"key": "x-1", "severity": "error", "human": "h", "expression": "status = 'final'"},
            {"key": "x-2", "severity": "warning", "human": "h", "expression": "subject.exists()"}]},
    ),
    {"resourceType": "ValueSet", "url": "v", "compose": {"include": [{"system": "s"}]}},
    {"resourceType": "CodeSystem", "url": "s", "content": "complete",
     "concept": [{"code": "H", "concept": [{"code": "HH"}]}]},
]  # fmt: skip


def part(code: str, unit: str = "mm[Hg]") -> Tree:
    return {"code": {"coding": [{"system": "s", "code": code}]}, "valueQuantity": {"value": 1, "code": unit}}


GOOD: Tree = {
    "resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "s", "code": "bp"}]},
    "component": [part("high"), part("low")], "subject": {"reference": "Patient/p"},
}  # fmt: skip


def test_each_kind_of_rule_is_told_with_its_place() -> None:
    concept = {"coding": [{"system": "s", "code": "HH"}]}
    other = {"coding": [{"system": "s", "code": "X"}]}
    unit = "Observation.component[0].value.ofType(Quantity).code"
    unlike = changed(GOOD, component=[part("high", "kPa")])
    cases: tuple[tuple[Tree, list[tuple[str, str]]], ...] = (
        (GOOD, []),
        (changed(GOOD, interpretation=[concept]), []),
        (changed(GOOD, code={"text": "?"}), [("pattern", "Observation.code")]),
        (changed(GOOD, component=[part("low")]), [("slice-count", "Observation.component")]),
        (changed(GOOD, component=[part("high")] * 2), [("slice-count", "Observation.component")]),
        (changed(GOOD, component=[part("low"), part("high")]), [("order", "Observation.component[1]")]),
        (changed(GOOD, component=[part("high"), part("x")]), [("closed", "Observation.component[1]")]),
        (unlike, [("fixed", unit)]),
        (changed(GOOD, valueString="x"), [("count", "Observation.value")]),
        (changed(GOOD, interpretation=[other]), [("required", "Observation.interpretation[0]")]),
        (changed(GOOD, interpretation=[{"text": "x"}]), [("required", "Observation.interpretation[0]")]),
        (changed(GOOD, status="amended"), [("condition", "Observation")]),
    )
    for resource, expected in cases:
        assert faults(BLOOD, URL + "blood-pressure", resource) == expected, resource
    assert faults(BLOOD, URL + "blood-pressure", changed(GOOD, subject=None, method=other), "warning") == [
        ("condition", "Observation"), ("extensible", "Observation.method"),
    ]  # fmt: skip
    assert faults(BLOOD, URL + "blood-pressure", GOOD, "information") == [("must-support", "Observation")]
    assert faults(BLOOD, URL + "blood-pressure", {"resourceType": "Patient"}) == [("other-type", "Patient")]


LIMITS = [
    profile(
        "limits", "Observation",
        {"path": "Observation.effectiveDateTime", "minValueDateTime": "2020-01-01", "maxValueDateTime": "2030-12-31"},
        {"path": "Observation.valueQuantity", "minValueQuantity": {"value": 1, "code": "g", "system": UCUM},
         "maxValueQuantity": {"value": 2, "code": "kg", "system": UCUM}},
        {"path": "Observation.component.valueInteger", "maxValueInteger": 9},
        {"path": "Observation.subject", "type": [{"code": "Reference", "aggregation": ["contained"]}]},
        {"path": "Observation.performer", "type": [{"code": "Reference", "versioning": "specific"}]},
        {"path": "Observation.focus", "type": [{"code": "Reference", "versioning": "independent"}]},
        {"path": "Observation.method", "binding": {"strength": "preferred", "valueSet": "u", "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet", "valueCanonical": "v"}]}},
    ),
    profile("narrower", "Observation", {"path": "Observation.component.valueInteger", "maxValueInteger": 5},
            base=URL + "limits"),
    *BLOOD[1:],
]  # fmt: skip


def test_limits_of_values_and_of_references_are_held() -> None:
    def weight(value: float, unit: str) -> Tree:
        return {"value": value, "code": unit, "system": UCUM}

    at, number = "Observation.value.ofType(Quantity)", "Observation.component[0].value.ofType(integer)"
    cases: tuple[tuple[Tree, list[tuple[str, str]]], ...] = (
        ({"effectiveDateTime": "2019-12-31"}, [("too-low", "Observation.effective.ofType(dateTime)")]),
        ({"effectiveDateTime": "2031"}, [("too-high", "Observation.effective.ofType(dateTime)")]),
        ({"effectiveDateTime": "2020"}, []),  # may be the first of January, so it is not certainly too early
        ({"valueQuantity": weight(999, "mg")}, [("too-low", at)]),
        ({"valueQuantity": weight(2000.0, "g")}, []),
        ({"valueQuantity": weight(2.001, "kg")}, [("too-high", at)]),
        ({"valueQuantity": weight(3, "m")}, []),
        ({"component": [{"code": {"text": "n"}, "valueInteger": 10}]}, [("too-high", number)]),
        ({"subject": {"reference": "Patient/p"}}, [("aggregation", "Observation.subject")]),
        ({"subject": {"reference": "#p"}, "contained": [{"resourceType": "Patient", "id": "p"}]}, []),
        ({"performer": [{"reference": "Patient/p"}]}, [("version-specific", "Observation.performer[0]")]),
        ({"focus": [{"reference": "Patient/p/_history/1"}]}, [("version-independent", "Observation.focus[0]")]),
        ({"method": {"coding": [{"system": "s", "code": "X"}]}}, [("required", "Observation.method")]),
        ({"method": {"coding": [{"system": "s", "code": "HH"}]}}, []),
    )
    base = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    for members, expected in cases:
        assert faults(LIMITS, URL + "limits", base | members) == expected, members
    apart = base | {"valueQuantity": weight(3, "m")}
    assert faults(LIMITS, URL + "limits", apart, "information") == [("not-compared", at)] * 2
    six = base | {"component": [{"code": {"text": "n"}, "valueInteger": 6}]}
    assert faults(LIMITS, URL + "narrower", six) == [("too-high", number)]
    wrong = profile("wrong", "Observation", {"path": "Observation.status", "minValueNothing": 1})
    with pytest.raises(Refused):
        Shelf([wrong]).profile(URL + "wrong")


def test_a_set_that_cannot_be_known_is_said_and_judges_nobody() -> None:
    resource = changed(GOOD, interpretation=[{"coding": [{"system": "s", "code": "X"}]}])
    for more in ([], [{"resourceType": "ValueSet", "url": "v", "compose": {"include": [{"valueSet": ["v"]}]}}]):
        definitions = [BLOOD[0], *more]
        assert faults(definitions, URL + "blood-pressure", resource) == []
        told = faults(definitions, URL + "blood-pressure", resource, "information")
        assert ("set-unknown", "Observation.interpretation[0]") in told


def test_discriminators_by_type_existence_and_profile() -> None:
    inner = profile("known", "Patient", {"path": "Patient.active", "min": 1, "fixedBoolean": True})
    by_type = profile(
        "by-type", "Bundle",
        {"path": "Bundle.entry", "slicing": {"discriminator": [{"type": "type", "path": "resource"}], "rules": "open"}},
        {"path": "Bundle.entry", "sliceName": "person", "min": 1, "max": "1"},
        {"path": "Bundle.entry.resource", "min": 1, "type": [{"code": "Patient", "profile": [URL + "known"]}]},
    )  # fmt: skip
    by_profile = deepcopy(by_type)
    by_profile["url"] = URL + "by-profile"
    by_profile["differential"]["element"][0]["slicing"]["discriminator"] = [{"type": "profile", "path": "resource"}]
    by_profile["differential"]["element"][2]["type"] = [{"code": "Patient", "profile": [URL + "known"]}]
    exists = profile(
        "exists", "Patient",
        {"path": "Patient.identifier",
         "slicing": {"discriminator": [{"type": "exists", "path": "period"}], "rules": "open"}},
        {"path": "Patient.identifier", "sliceName": "dated", "min": 1}, {"path": "Patient.identifier.period", "min": 1},
        {"path": "Patient.identifier", "sliceName": "plain", "max": "0"},
        {"path": "Patient.identifier.period", "max": "0"},
    )  # fmt: skip
    all = [inner, by_type, by_profile, exists]

    def bundle(*resources: Tree) -> Tree:
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}

    person, stranger = {"resourceType": "Patient", "active": True}, {"resourceType": "Patient"}
    group = {"resourceType": "Group"}
    assert faults(all, URL + "by-type", bundle(group, person)) == []
    assert faults(all, URL + "by-type", bundle(group)) == [("slice-count", "Bundle.entry")]
    assert faults(all, URL + "by-type", bundle(stranger)) == [("count", "Bundle.entry[0].resource.active")]
    assert faults(all, URL + "by-profile", bundle(stranger, person)) == []
    assert faults(all, URL + "by-profile", bundle(stranger)) == [("slice-count", "Bundle.entry")]
    dated, plain = {"period": {"start": "2020"}}, {"value": "1"}
    assert faults(all, URL + "exists", {"resourceType": "Patient", "identifier": [dated]}) == []
    assert [key for key, _ in faults(all, URL + "exists", {"resourceType": "Patient", "identifier": [plain]})] == [
        "slice-count", "slice-count",
    ]  # fmt: skip


def test_a_profile_on_a_profile_keeps_the_rules_of_both_and_hostile_ones_are_refused() -> None:
    low = profile("low", "Patient", {"path": "Patient.name", "min": 1})
    high = profile("high", "Patient", {"path": "Patient.gender", "min": 1}, base=URL + "low")
    assert faults([high, low], URL + "high", {"resourceType": "Patient"}) == [
        ("count", "Patient.name"), ("count", "Patient.gender"),
    ]  # fmt: skip
    circle = [profile("a", "Patient", base=URL + "b"), profile("b", "Patient", base=URL + "a")]
    deep = [profile(f"d{n}", "Patient", base=f"{URL}d{n + 1}") for n in range(40)]
    broken = profile("x", "Patient", {"min": 1})
    for definitions, url, key in (
        (circle, "a", "profile.circle"), (deep, "d0", "profile.deep"), ([broken], "x", "profile.broken"),
        ([profile("x", "Patient", base="http://e.vn/none")], "x", "profile.no-base"),
        ([profile("x", "Ghost")], "x", "profile.type"),
        ([profile("x", "Patient", {"path": "Patient.name", "max": "many"})], "x", "profile.broken"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            Shelf(definitions).profile(URL + url)
        assert refused.value.issues[0].key == key
    itself = profile("self", "Bundle", {"path": "Bundle.entry.resource", "type": [
        {"code": "Bundle", "profile": [URL + "self"]}]})  # fmt: skip
    nested: Tree = {"resourceType": "Bundle", "type": "collection"}
    for _ in range(60):
        nested = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": nested}]}
    assert faults([itself], URL + "self", nested) == []
    many = profile(
        "many", "Bundle",
        {"path": "Bundle.entry",
         "slicing": {"discriminator": [{"type": "profile", "path": "resource"}], "rules": "open"}},
        *(one for n in range(6) for one in (
            {"path": "Bundle.entry", "sliceName": f"s{n}"},
            {"path": "Bundle.entry.resource", "type": [{"code": "Bundle", "profile": [URL + "many"]}]},
            {"path": "Bundle.entry.link", "min": 1})),
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        faults([many], URL + "many", nested)
    assert refused.value.issues[0].key == "profile.costly"


def test_vn_core_wants_the_whole_name_and_one_sound_number_of_each_kind() -> None:
    definitions = list(shipped())
    number = {"system": f"{VN}sid/national_id", "value": "001099012345"}
    race = {"url": f"{VN}StructureDefinition/extension-race", "valueCodeableConcept": {"text": "Kinh"}}
    good: Tree = {
        "resourceType": "Patient", "name": [{"text": "Nguyễn Văn An"}], "identifier": [number], "extension": [race],
    }  # fmt: skip
    old = {"system": f"{VN}sid/citizen_id", "value": "0123"}
    cases: tuple[tuple[Tree, list[tuple[str, str]]], ...] = (
        (good, []),
        (changed(good, name=[{"family": "Nguyễn"}]), [("count", "Patient.name[0].text")]),
        (changed(good, identifier=[number, number]), [("slice-count", "Patient.identifier")]),
        (changed(good, identifier=[old]), [("condition", "Patient.identifier[0].value")]),
        (changed(good, extension=[{"url": race["url"], "valueString": "x"}]),
         [("type-here", "Patient.extension[0].value.ofType(string)")]),
        (changed(good, extension=None, name=[{"text": "An", "extension": [race]}]),
         [("context", "Patient.name[0].extension[0]")]),
    )  # fmt: skip
    for resource, expected in cases:
        assert faults(definitions, PATIENT, resource) == expected, resource
