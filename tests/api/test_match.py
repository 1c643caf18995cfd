"""Patient/$match: who a Patient may be, with reasons, storing nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.caller import Answer, Caller
from tests.api.people import NATIONAL, NUMBER, PHONE, counted, parameters, patient, persons_of, put

from hoso.core import citizen_code
from hoso.fhir.systems import CITIZEN_CODE, MATCH_EVIDENCE
from hoso.identity.inquiry import Grade, score


def ask(call: Caller, resource: dict[str, Any], **more: Any) -> Answer:
    return call("POST", "Patient/$match", parameters(resource=resource, **more), **{})


def grade_of(entry: dict[str, Any]) -> str:
    found: str = next(e["valueCode"] for e in entry["search"]["extension"] if e["url"].endswith("match-grade"))
    return found


def evidence(entry: dict[str, Any], name: str) -> list[Any]:
    parts = next(e["extension"] for e in entry["search"]["extension"] if e["url"] == MATCH_EVIDENCE)
    return [next(v for k, v in p.items() if k != "url") for p in parts if p["url"] == name]


def test_whoever_is_known_by_number_and_name_is_certain(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER, phone=PHONE))
    answer = ask(persons, patient("NGUYEN THI MINH HANH", number=NUMBER))
    assert answer.status == 200, answer.body
    (entry,) = answer.json["entry"]
    (person,) = persons_of(persons)
    assert entry["resource"] == person and entry["fullUrl"].endswith(f"/Patient/{person['id']}")
    assert answer.json["type"] == "searchset" and answer.json["total"] == 1
    assert grade_of(entry) == "certain" and entry["search"]["mode"] == "match"
    assert 0.999 <= entry["search"]["score"] <= 1
    assert {"given", "citizen", "birth"} <= {part[0]["valueCode"] for part in evidence(entry, "field")}
    assert "The same person" in evidence(entry, "explanation")[0]


def test_who_may_be_the_same_is_possible_and_the_fact_that_would_settle_it_is_named(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER, phone=PHONE))
    body = parameters(resource=patient())
    answer = persons("POST", "Patient/$match", body, Accept_Language="vi")
    (entry,) = answer.json["entry"]
    assert grade_of(entry) in ("possible", "probable")
    assert "citizen" in evidence(entry, "settles")
    assert "name-and-birth-only" in evidence(entry, "veto")
    assert "Có thể cùng một người" in evidence(entry, "explanation")[0]
    assert entry["search"]["score"] < 0.99
    assert ask(persons, patient(), onlyCertainMatches=True).json["total"] == 0


def test_the_bundle_is_a_valid_resource(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER, phone=PHONE))
    for asked in (patient(number=NUMBER), patient(), {"resourceType": "Patient", "gender": "male"}):
        bundle = ask(persons, asked).body
        assert persons("POST", "Bundle/$validate", bundle).keys == ["outcome.all-well"]


def test_it_stores_nothing(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER))
    before = counted(persons)
    ask(persons, patient(number=NUMBER))
    ask(persons, patient("Lê Văn Tám", "1950-02-03", "male"))
    assert counted(persons) == before


def test_count_bounds_the_answer_and_says_when_it_is_no_number(persons: Caller) -> None:
    for n in range(4):
        put(persons, f"a{n}", patient())
    assert ask(persons, patient()).json["total"] == 4
    assert ask(persons, patient(), count=2).json["total"] == 2
    for count in (0, -1, 51):
        assert ask(persons, patient(), count=count).keys == ["identity.count"]


def test_the_patient_may_be_the_body_itself(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER))
    answer = persons("POST", "Patient/$match?onlyCertainMatches=true&count=1", patient(number=NUMBER))
    assert answer.json["total"] == 1
    assert persons("POST", "Patient/$match?count=x", patient()).keys == ["identity.parameter-kind"]


def test_a_card_with_a_code_finds_its_bearer(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER))
    (person,) = persons_of(persons)
    code = {"system": CITIZEN_CODE, "value": person["identifier"][0]["value"]}
    (entry,) = ask(persons, patient(identifier=[code])).json["entry"]
    assert grade_of(entry) == "certain"
    other = ask(persons, patient("Lê Văn Tám", "1950-02-03", "male", identifier=[code])).json
    assert all(grade_of(one) != "certain" for one in other.get("entry", ()))


def test_with_nothing_to_go_by_an_outcome_says_so(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER))
    answer = ask(persons, {"resourceType": "Patient", "gender": "female"})
    assert answer.status == 200 and answer.json["total"] == 0
    (entry,) = answer.json["entry"]
    assert entry["search"]["mode"] == "outcome"
    assert entry["resource"]["issue"][0]["diagnostics"] == "identity.nothing-to-match"


def test_nobody_known_is_an_empty_bundle(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER))
    answer = ask(persons, patient("Lê Văn Tám", "1950-02-03", "male"))
    assert answer.json["total"] == 0 and "entry" not in answer.json


def test_two_whom_a_human_told_apart_certainly_do_not_match(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER, phone=PHONE))
    answer = ask(persons, patient(number="001184009999"))
    assert all(grade_of(one) != "certain" for one in answer.json.get("entry", ()))


def test_the_score_rises_with_the_bits_and_is_sure_only_of_what_is_certain() -> None:
    bits = (-1e9, -5.0, 12.0, 20.0, 26.0, 30.0, 45.0, 1e9)
    grades: tuple[Grade, ...] = ("possible", "certain")
    for grade in grades:
        scores = [score(one, 30.0, grade) for one in bits]
        assert scores == sorted(scores) and all(0 <= one <= 1 for one in scores)
    assert score(20.0, 30.0, "possible") == 0.5
    assert score(1e9, 30.0, "probable") < 0.99 <= score(12.0, 30.0, "certain")
    assert score(1e9, 30.0, "certainly-not") == 0


def test_it_cannot_be_asked_by_get(persons: Caller) -> None:
    answer = persons("GET", "Patient/$match")
    assert answer.status == 405 and answer.headers["Allow"] == "POST, OPTIONS"


BAD_CODE = citizen_code.make(5)[:-1] + "x"
WRONG: list[tuple[Any, int]] = [
    (b"", 400), (b"{", 400), ([], 400), ({"resourceType": "Parameters"}, 400),
    ({"resourceType": "Parameters", "parameter": "x"}, 422), ({"resourceType": "Parameters", "parameter": [1]}, 422),
    ({"resourceType": "Parameters", "parameter": [{"valueBoolean": True}]}, 422),
    ({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}, 422),
    (parameters(resource=patient(), secret="x"), 400), (parameters(resource="x"), 400),
    (parameters(resource=[patient(), patient()]), 400), (parameters(resource=patient(), count="many"), 400),
    (parameters(resource=patient(), onlyCertainMatches="yes"), 400),
    (parameters(resource={"resourceType": "Practitioner"}), 422),
    (parameters(resource=patient(gender="?")), 422),
    (parameters(resource=patient(identifier=[{"system": CITIZEN_CODE, "value": BAD_CODE}])), 422),
    (b'{"resourceType":"Parameters","parameter":[' + b'{"name":"resource"},' * 60_000 + b'{"name":"a"}]}', 422),
    (b"[" * 100_000, 400), (b"x" * 3_000_000, 413),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(WRONG)))
def test_a_wrong_question_is_refused_with_an_outcome(persons: Caller, place: int) -> None:
    body, status = WRONG[place]
    put(persons, "a", patient(number=NUMBER))
    before = counted(persons)
    answer = persons("POST", "Patient/$match", body)
    assert answer.status == status, answer.body[:500]
    assert answer.json["resourceType"] == "OperationOutcome" and answer.json["issue"][0]["details"]["text"]
    assert counted(persons) == before


HOSTILE: list[dict[str, Any]] = [
    {"name": [{"text": "Ng" * 2_500}]}, {"name": [{"family": "Ng" * 2_500, "given": ["a" * 5_000] * 50}]},
    {"name": [{"text": "' OR 1=1; --"}]}, {"identifier": [{"system": NATIONAL, "value": "' OR '1'='1"}]},
    {"identifier": [{"system": NATIONAL, "value": "0" * 12}]}, {"birthDate": "1800-01-01"}, {"birthDate": "2999-12-31"},
    {"identifier": [{"system": "x" * 5_000, "value": "%00"}]}, {"name": [{"text": "Nguyễn\u200b Ѵăn Аn"}]},
    {"identifier": [{"system": f"urn:x{n}", "value": str(n)} for n in range(2_000)]},
    {"telecom": [{"system": "phone", "value": f"09{n:08d}"} for n in range(2_000)]},
    {"id": "no-such-record"}, {"name": [{}]}, {"address": [{"text": "Xã " * 2_000}]},
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_hostile_content_finds_nobody_and_breaks_nothing(persons: Caller, place: int) -> None:
    put(persons, "a", patient(number=NUMBER))
    body = {name: value for name, value in patient("Lê Văn Tám", "1950-02-03", "male").items()} | HOSTILE[place]
    answer = ask(persons, body)
    assert answer.status in (200, 422), answer.body[:500]
    if answer.status == 200:
        assert answer.json["total"] == 0
    assert persons("GET", "Patient/a").status == 200


def test_whoever_may_not_read_patients_is_refused(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER))
    for scope in ("system/Observation.rs", "system/Patient.c", "system/Patient.r", "system/Patient.s"):
        answer = persons.holding(scope, scope)("POST", "Patient/$match", parameters(resource=patient(number=NUMBER)))
        assert answer.status == 403
    allowed = persons.holding("system/Patient.rs")("POST", "Patient/$match", parameters(resource=patient()))
    assert allowed.status == 200


def test_a_node_without_persons_offers_no_match(call: Caller) -> None:
    assert call("POST", "Patient/$match", parameters(resource=patient())).keys == ["identity.no-persons"]
    assert "match" not in operations(call)


def test_the_capability_statement_names_the_operation(persons: Caller) -> None:
    assert "match" in operations(persons)


def operations(call: Caller) -> set[str]:
    resources = call("GET", "metadata").json["rest"][0]["resource"]
    patients = next(one for one in resources if one["type"] == "Patient")
    return {one["name"] for one in patients["operation"]}


def test_what_identity_writes_is_nobody_elses_to_write(persons: Caller) -> None:
    put(persons, "a", patient(number=NUMBER))
    (person,) = persons_of(persons)
    answer = persons("PUT", f"Patient/{person['id']}", person)
    assert answer.status == 405 and answer.keys == ["identity.reserved"]
