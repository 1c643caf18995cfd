"""Searches by value sets and by hierarchies of codes over HTTP, on both engines."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.api.caller import Caller

ICD = "http://hl7.org/fhir/sid/icd-10"
KHOA = "https://benhvien.example.vn/CodeSystem/khoa"
SETS = "https://benhvien.example.vn/ValueSet/"
MAIN = "https://hoso.vn/ValueSet/main-diagnosis"
DIAGNOSES = {"a": "I10", "b": "E11.9", "c": "E11", "d": "A09.0", "e": "J45.0", "f": ""}


@pytest.fixture
def ward(call: Caller) -> Caller:
    """Six people with a diagnosis each, one without a code, and the hospital's own list of wards."""
    call("PUT", "CodeSystem/khoa", {
        "resourceType": "CodeSystem", "id": "khoa", "url": KHOA, "status": "active", "content": "complete",
        "concept": [{"code": "noi", "concept": [{"code": "tim", "concept": [{"code": "tim-1"}]}, {"code": "than"}]}],
    })  # fmt: skip
    for id, compose in SETS_OF.items():
        body = {"resourceType": "ValueSet", "id": id, "url": SETS + id, "status": "active", "compose": compose}
        assert call("PUT", f"ValueSet/{id}", body).status == 201
    for id, code in DIAGNOSES.items():
        call("PUT", f"Patient/{id}", {"resourceType": "Patient", "id": id, "gender": "male"})
        coding = {"coding": [{"system": ICD, "code": code}]} if code else {"text": "không rõ"}
        call("PUT", f"Condition/{id}", {
            "resourceType": "Condition", "id": id, "subject": {"reference": f"Patient/{id}"}, "code": coding,
            "stage": [{"summary": {"coding": [{"system": KHOA, "code": {"a": "tim", "b": "tim-1"}.get(id, "than")}]}}],
        })  # fmt: skip
    return call


SETS_OF: dict[str, Any] = {
    "tieu-duong": {"include": [{"system": ICD, "filter": [{"property": "code", "op": "is-a", "value": "E11"}]}]},
    "hai-benh": {"include": [{"system": ICD, "concept": [{"code": "I10"}, {"code": "E11"}]}]},
    "tru": {
        "include": [{"valueSet": [SETS + "tieu-duong"]}],
        "exclude": [{"system": ICD, "concept": [{"code": "E11"}]}],
    },
    "ca": {"include": [{"system": ICD}]},
    "rong": {
        "include": [{"system": KHOA, "concept": [{"code": "noi"}]}],
        "exclude": [{"system": KHOA, "concept": [{"code": "noi"}]}],
    },
}
FOUND = [
    (f"code:in={SETS}tieu-duong", "bc"),
    ("code:in=ValueSet/tieu-duong", "bc"),
    ("code:in=http://hoso.test/fhir/ValueSet/tru", "b"),
    (f"code:in={SETS}hai-benh,{SETS}tru", "abc"),
    (f"code:in={SETS}rong", ""),
    (f"code:not-in={SETS}rong", "abcdef"),
    (f"code:not-in={SETS}tieu-duong", "adef"),
    (f"code:not-in={SETS}ca", "f"),
    (f"code:in={SETS}ca", "abcde"),
    ("code:in=http://hl7.org/fhir/ValueSet/icd-10", "abcde"),
    (f"code:in={MAIN}&code:below={ICD}|e11", "bc"),
    (f"code:below={ICD}|E11", "bc"),
    (f"code:below={ICD}|E11.9,{ICD}|I10", "ab"),
    (f"code:below={ICD}|A00-B99", "d"),
    (f"code:below={ICD}|E10-I15", "abc"),
    (f"code:above={ICD}|E11.9", "bc"),
    (f"code:above={ICD}|E11", "c"),
    (f"stage:below={KHOA}|tim", "ab"),
    (f"stage:above={KHOA}|tim-1", "ab"),
    (f"_filter={quote(f'code in {SETS}hai-benh and stage sb {KHOA}|tim')}", "a"),
    (f"_filter={quote(f'code ni {SETS}tieu-duong and not (stage ss {KHOA}|tim-1)')}", "def"),
    (f"subject:Patient._has:Condition:subject:code:in={SETS}hai-benh", "ac"),
    ("subject:Patient.gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", "abcdef"),
]


def test_a_search_finds_what_a_value_set_or_a_hierarchy_says(ward: Caller) -> None:
    wrong = [(where, found) for where, ids in FOUND if (found := ward.found(f"Condition?{where}")) != list(ids)]
    assert wrong == []
    assert ward.found(f"Patient?_has:Condition:subject:code:in={SETS}tieu-duong") == ["b", "c"]
    assert ward("GET", f"Condition?code:in={SETS}tieu-duong&_total=accurate&_count=1").json["total"] == 2


def test_a_changed_list_counts_for_the_next_search(ward: Caller) -> None:
    compose = {"include": [{"system": ICD, "concept": [{"code": "J45.0"}]}]}
    body = {"resourceType": "ValueSet", "id": "tru", "url": SETS + "tru", "status": "active", "compose": compose}
    ward("PUT", "ValueSet/tru", body)
    assert ward.found(f"Condition?code:in={SETS}tru") == ["e"]


REFUSED = [
    ("code:in=http://x.vn/none", "search.no-value-set", "code:in"),
    ("code:in=ValueSet/none", "search.no-value-set", "code:in"),
    ("code:below=http://x.vn/none|1", "search.no-system", "code:below"),
    (f"code:above={ICD}|Q00.99", "search.no-code", "code:above"),
    ("code:in=http://hl7.org/fhir/ValueSet/ucum-units", "terminology.endless", "code:in"),
    ("subject:Patient.gender:not-in=http://x.vn/none", "search.no-value-set", "subject:Patient.gender:not-in"),
    ("_filter=code%20in%20http://x.vn/none", "search.no-value-set", "code:in"),
]


def test_what_is_not_known_is_refused_with_its_place(call: Caller) -> None:
    for where, key, name in REFUSED:
        answer = call("GET", f"Condition?{where}")
        assert (answer.status, answer.keys) == (400, [key]), where
        assert answer.json["issue"][0]["expression"] == [name]


def test_a_set_too_large_is_refused(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hoso.fhir.search.coded.MOST", 5_000)
    answer = call("GET", f"Condition?code:in={MAIN}", Accept_Language="vi")
    assert (answer.status, answer.keys) == (400, ["search.many-codes"])
    assert "5000" in answer.json["issue"][0]["details"]["text"]


def test_a_value_set_that_the_caller_may_not_read_is_as_one_that_is_not_there(ward: Caller) -> None:
    other = ward.holding("system/Condition.s")
    for name in (SETS + "hai-benh", "ValueSet/hai-benh"):
        refused = other("GET", f"Condition?code:in={name}")
        absent = other("GET", f"Condition?code:in={name}x")
        assert (refused.status, refused.keys) == (absent.status, absent.keys) == (400, ["search.no-value-set"])
    assert other.found(f"Condition?code:in={MAIN}") == ["a", "b", "c", "d", "e"]


def test_conditional_writes_and_bundles_ask_by_value_sets(ward: Caller) -> None:
    body = {"resourceType": "Condition", "subject": {"reference": "Patient/a"}}
    made = ward("POST", "Condition", body, If_None_Exist=f"code:in={SETS}tru")
    assert made.status == 200 and made.json["id"] == "b"
    entry = {
        "request": {"method": "POST", "url": "Condition", "ifNoneExist": f"code:below={ICD}|J45"},
        "resource": body,
    }
    answer = ward("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert answer.json["entry"][0]["response"]["location"].split("/")[-3] == "e"
    read = {"request": {"method": "GET", "url": f"Condition?code:in={SETS}tru"}}
    answer = ward("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [read]})
    assert [one["resource"]["id"] for one in answer.json["entry"][0]["resource"]["entry"]] == ["b"]
    entry["request"]["ifNoneExist"] = "code:in=http://x.vn/none"  # type: ignore[index]
    refused = ward("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert (refused.status, refused.keys) == (400, ["search.no-value-set"])
