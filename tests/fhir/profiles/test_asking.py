"""FHIRPath that asks guides and code lists: in rules of profiles and by itself."""

from __future__ import annotations

from typing import Any

import pytest

from hoso.fhir.path import PathError, compile
from hoso.fhir.profiles import LibraryTerms, Shelf, asking, check, shipped
from hoso.fhir.terminology import shipped as shipped_lists

ICD = "http://hl7.org/fhir/sid/icd-10"
OWN = "http://example.vn/"
PATIENT = "http://fhir.ehealth.gov.vn/core/StructureDefinition/vn-core-patient"
SID = "http://fhir.ehealth.gov.vn/core/sid/"
CONDITION: dict[str, Any] = {
    "resourceType": "Condition", "subject": {"reference": "#p"},
    "code": {"coding": [{"system": "urn:other", "code": "1"}, {"system": ICD, "code": "J18.9"}]},
    "contained": [{"resourceType": "Patient", "id": "p", "name": [{"text": "An"}], "identifier": [
        {"system": f"{SID}national_id", "value": "001090012345"}, {"system": "urn:other", "value": "7"}]}],
}  # fmt: skip
SETS = [
    {"resourceType": "CodeSystem", "url": f"{OWN}wards", "status": "active", "content": "complete",
     "concept": [{"code": "A", "concept": [{"code": "A1"}]}]},
    {"resourceType": "ValueSet", "url": f"{OWN}half", "status": "active",
     "compose": {"include": [{"system": f"{OWN}wards"}, {"system": "urn:nowhere"}]}},
    {"resourceType": "ValueSet", "url": f"{OWN}wards-set", "status": "active",
     "compose": {"include": [{"system": f"{OWN}wards"}]}},
    {"resourceType": "ConceptMap", "url": f"{OWN}map", "status": "active", "group": [
        {"source": ICD, "target": "urn:ward", "element": [
            {"code": "J18.9", "target": [{"code": "W1", "equivalence": "equivalent"}]}]}]},
]  # fmt: skip


def profile(name: str, expression: str) -> dict[str, Any]:
    rule = {"key": "x-1", "severity": "error", "human": "h", "expression": expression}
    return {
        "resourceType": "StructureDefinition", "url": OWN + name, "type": "Condition", "kind": "resource",
        "derivation": "constraint", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Condition",
        "differential": {"element": [{"path": "Condition", "constraint": [rule]}]},
    }  # fmt: skip


def found(expression: str, *more: dict[str, Any]) -> list[Any]:
    shelf = Shelf([*shipped(), *SETS, *more])
    knowledge = asking(shelf, LibraryTerms(shelf, shipped_lists()))
    return [one.value for one in compile(expression, strict=True).evaluate(CONDITION, knowledge=knowledge)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("code.memberOf('http://hl7.org/fhir/ValueSet/icd-10')", [True]),
        (f"code.coding[0].memberOf('{OWN}half')", [False]),
        ("code.coding[0].memberOf('http://x/none')", []),
        ("contained.name.text.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", [False]),
        (f"'A1'.memberOf('{OWN}half')", [True]),
        (f"'A9'.memberOf('{OWN}half')", []),  # the code systems of the set are not all here
        (f"contained[0].conformsTo('{PATIENT}')", [True]),
        ("contained[0].conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')", [True]),
        ("code.coding[1].subsumes(%context.code.coding[1])", [True]),
        ("code.coding[0].subsumes(%context.code.coding[1])", [False]),
        ("code.subsumedBy(%context.code)", [True]),
        (f"contained.identifier.slice('{PATIENT}', 'nationalId').value", ["001090012345"]),
        ("code.elementDefinition().path", ["Condition.code"]),
        ("code.coding.code.elementDefinition().select(path & ' ' & max)", ["Coding.code 1"] * 2),
        ("contained.name.elementDefinition().type.code", ["HumanName"]),
        ("contained.gender.elementDefinition().binding.valueSet", []),
        ("%terminologies.expand('http://hl7.org/fhir/ValueSet/administrative-gender').expansion.total", [4]),
        (f"%terminologies.validateVS('{OWN}wards-set', %context.code).parameter.value", [False]),
        ("%terminologies.validateVS('http://hl7.org/fhir/ValueSet/icd-10', code).parameter[0].value", [True]),
        (f"%terminologies.validateCS('{ICD}', 'XX').parameter.value", [False]),
        ("%terminologies.lookup(%context.code.coding[1]).parameter.value", ["Pneumonia unspecified"]),
        (f"%terminologies.subsumes('{OWN}wards', 'A', 'A1')", ["subsumes"]),
        (f"%terminologies.subsumes('{OWN}wards', 'A', 'B')", []),
        ("%terminologies.expand('http://x/none')", []),
        (f"%terminologies.translate('{OWN}map', code.coding[1]).parameter.part.value.code", ["W1"]),
    ],
)
def test_what_is_at_hand_answers_and_what_is_not_says_nothing(expression: str, expected: list[Any]) -> None:
    assert found(expression) == expected


def test_a_code_above_another_subsumes_it_and_not_the_other_way() -> None:
    shelf = Shelf(SETS)
    knowledge = asking(shelf, LibraryTerms(shelf, shipped_lists()))
    codes = [{"name": name, "valueCoding": {"system": f"{OWN}wards", "code": name}} for name in ("A", "A1", "B")]
    tree = {"resourceType": "Parameters", "parameter": codes}
    for one, function, other, expected in (
        ("A", "subsumes", "A1", [True]), ("A1", "subsumes", "A", [False]), ("A1", "subsumedBy", "A", [True]),
        ("A", "subsumes", "B", []),
    ):  # fmt: skip
        value = "parameter.where(name='{}').value"
        expression = f"{value.format(one)}.{function}(%context.{value.format(other)})"
        answer = [item.value for item in compile(expression).evaluate(tree, knowledge=knowledge)]
        assert answer == expected, expression


@pytest.mark.parametrize(
    "expression",
    [
        "conformsTo('http://x/none')",
        f"contained.identifier.slice('{PATIENT}', 'none')",
        "code.expand('x')",
        "%terminologies.expand('x', 'count=1')",
        "code.subsumes('a', 'b')",
        "%terminology",
    ],
)
def test_profiles_and_slices_that_nobody_knows_are_errors(expression: str) -> None:
    with pytest.raises(PathError):
        found(expression)


def test_rules_of_profiles_ask_and_one_that_asks_for_itself_ends() -> None:
    def keys(expression: str) -> list[str]:
        shelf = Shelf([*shipped(), *SETS, profile("p", expression)])
        wanted = shelf.profile(f"{OWN}p")
        assert wanted is not None
        return [one.key for one in check(shelf, LibraryTerms(shelf, shipped_lists()), CONDITION, wanted).issues]

    assert keys("code.memberOf('http://hl7.org/fhir/ValueSet/icd-10')") == []
    assert keys("code.coding[0].memberOf('http://hl7.org/fhir/ValueSet/icd-10')") == ["profile.condition"]
    assert keys(f"subject.resolve().conformsTo('{PATIENT}')") == []
    assert keys("conformsTo('http://x/none')") == ["profile.not-run"]
    assert keys(f"conformsTo('{OWN}p')") == []
