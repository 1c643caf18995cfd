"""$validate with profiles, loaded while the application serves."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.api.caller import Caller

from hoso.core import Refused

URL = "http://example.vn/StructureDefinition/named"
NAMED: dict[str, Any] = {
    "resourceType": "StructureDefinition", "url": URL, "type": "Patient", "kind": "resource",
    "derivation": "constraint", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
}  # fmt: skip
UNKNOWN = {"resourceType": "Patient", "active": True}
NAMELESS = {**UNKNOWN, "meta": {"profile": [URL]}}


def test_a_profile_counts_from_the_moment_it_is_loaded_wherever_it_is_named(call: Caller) -> None:
    ask = f"Patient/$validate?profile={quote(URL, safe='')}&mode=create"
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "profile", "valueUri": URL}, {"name": "resource", "resource": UNKNOWN}],
    }
    call("PUT", "Patient/p", {**NAMELESS, "id": "p"})
    unknown = call("POST", ask, UNKNOWN)
    assert (unknown.keys, unknown.json["issue"][0]["severity"]) == (["profile.unknown"], "error")
    assert call("POST", "Patient/$validate", NAMELESS).json["issue"][0]["severity"] == "information"
    assert call.guides.load([("test.json", NAMED)]) == (1, 0)
    assert call.guides.load([("test.json", NAMED)]) == (0, 1)
    for answer in (
        call("POST", ask, UNKNOWN), call("POST", "Patient/$validate", NAMELESS), call("GET", "Patient/p/$validate"),
        call("POST", ask, NAMELESS), call("POST", "Patient/$validate", parameters),
    ):  # fmt: skip
        assert (answer.status, answer.keys) == (200, ["profile.count"]), answer
        assert answer.json["issue"][0]["expression"] == ["Patient.name"]
    assert call("POST", ask, {**UNKNOWN, "name": [{"text": "An"}]}).keys == ["outcome.all-well"]
    assert call("POST", ask, {**UNKNOWN, "active": "yes"}).keys == ["validate.primitive.boolean"]


def test_wrong_questions_are_refused_with_what_is_wrong(call: Caller) -> None:
    many = "&".join(f"profile=u{n}" for n in range(11))
    empty = {"resourceType": "Parameters", "parameter": [{"name": "profile", "valueUri": "x"}]}
    for path, body, key in (
        (f"Patient/$validate?{many}", UNKNOWN, "rest.repeated"),
        ("Patient/$validate?profil=x", UNKNOWN, "rest.unknown-parameter"),
        ("Patient/$validate", empty, "rest.no-resource"),
        ("Patient/$validate", {**empty, "parameter": [{"name": "profile"}, {"name": "resource", "resource": UNKNOWN}]},
         "rest.unknown-parameter"),
    ):  # fmt: skip
        answer = call("POST", path, body)
        assert (answer.status, answer.keys) == (400, [key]), path


def test_nothing_of_a_load_with_a_broken_profile_stays(call: Caller) -> None:
    broken = {**NAMED, "url": f"{URL}-2", "baseDefinition": f"{URL}-3"}
    with pytest.raises(Refused) as refused:
        call.guides.load([("a", NAMED), ("a", broken)])
    assert refused.value.issues[0].key == "profile.no-base"
    assert call.guides.known().shelf.profile(URL) is None


def test_bindings_ask_the_terminology_of_this_node(call: Caller) -> None:
    icd, stored, set = (
        "http://hl7.org/fhir/sid/icd-10",
        "http://example.vn/CodeSystem/ward",
        "http://example.vn/ValueSet/",
    )
    cold = {"system": icd, "filter": [{"property": "code", "op": "is-a", "value": "J00"}]}
    ward = {
        "resourceType": "CodeSystem", "id": "w", "url": stored, "status": "active", "content": "complete",
        "concept": [{"code": "A", "concept": [{"code": "A1"}, {"code": "A2"}]}],
    }  # fmt: skip
    under = {"system": stored, "filter": [{"property": "concept", "op": "descendent-of", "value": "A"}]}
    value_set = {
        "resourceType": "ValueSet", "url": f"{set}x", "status": "active",
        "compose": {"include": [cold, under], "exclude": [{"system": stored, "concept": [{"code": "A2"}]}]},
    }  # fmt: skip
    bound = {"path": "Condition.code", "binding": {"strength": "required", "valueSet": f"{set}x"}}
    profile = {**NAMED, "type": "Condition", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Condition"}
    call.guides.load([("x", {**profile, "differential": {"element": [bound]}}), ("x", value_set)])

    def told(system: str, code: str) -> list[str]:
        body = {
            "resourceType": "Condition", "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": system, "code": code}]}, "meta": {"profile": [URL]},
        }  # fmt: skip
        return call("POST", "Condition/$validate", body).keys

    assert told(icd, "J00") == ["outcome.all-well"]
    assert told(stored, "A1") == ["profile.set-unknown"]  # this code system is not here, so nothing can be said
    assert call("PUT", "CodeSystem/w", ward).status == 201
    for system, code, key in (
        (icd, "J00", "outcome.all-well"), (icd, "J01", "profile.required"), (icd, "Q00.00", "profile.set-unknown"),
        (stored, "A1", "outcome.all-well"), (stored, "A2", "profile.required"), (stored, "A", "profile.required"),
        ("http://example.vn/other", "A1", "profile.required"),
    ):  # fmt: skip
        assert told(system, code) == [key], (system, code)
    with pytest.raises(Refused) as refused:
        call.guides.load([("x", {**value_set, "compose": {"include": 7}})])
    assert refused.value.issues[0].key == "profile.not-r4"
