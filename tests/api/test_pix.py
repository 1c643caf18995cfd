"""IHE PIXm at the systems' door: cross-reference queries (ITI-83) and the identity feed (ITI-104)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.api.caller import Answer, Caller
from tests.api.people import HOSPITAL, NATIONAL, NUMBER, PERSON, PHONE, STATION, counted, groups, parameters, patient
from tests.api.people import persons_of as persons_at

from hoso.core import citizen_code
from hoso.fhir.search.escape import token
from hoso.fhir.systems import CITIZEN_CODE, INTERNAL_NUMBER


def feed(call: Caller, body: dict[str, Any], number: int = 0) -> Answer:
    """ITI-104: a conditional update by one of the Patient's numbers."""
    one = body["identifier"][number]
    return call("PUT", f"Patient?identifier={quote(token(one['system'], one['value']))}", body)


def pix(call: Caller, system: str, value: str, *targets: str) -> Answer:
    query = f"sourceIdentifier={quote(system)}|{quote(value)}" + "".join(f"&targetSystem={quote(t)}" for t in targets)
    return call("GET", f"Patient/$ihe-pix?{query}")


def numbers(answer: Answer) -> set[tuple[str, str]]:
    assert answer.status == 200, answer.body
    found = [p["valueIdentifier"] for p in answer.json.get("parameter", ()) if p["name"] == "targetIdentifier"]
    return {(one["system"], one["value"]) for one in found}


def ids(answer: Answer) -> set[str]:
    parts = answer.json.get("parameter", ())
    return {p["valueReference"]["reference"].rpartition("/")[2] for p in parts if p["name"] == "targetId"}


def two(call: Caller) -> tuple[str, str, str]:
    """One person at two facilities: the ids of its records and of the person."""
    one = feed(call, patient(local=(HOSPITAL, "H1"), identifier=[loc(HOSPITAL, "H1"), loc(NATIONAL, NUMBER)]))
    other = feed(call, patient(identifier=[loc(STATION, "S 9|x"), loc(NATIONAL, NUMBER)], phone=PHONE))
    assert (one.status, other.status) == (201, 201)
    (person,) = persons_at(call)
    return one.json["id"], other.json["id"], person["id"]


def loc(system: str, value: str) -> dict[str, str]:
    return {"system": system, "value": value}


def test_all_numbers_and_patients_of_the_same_person_but_the_one_asked_by(persons: Caller) -> None:
    one, other, person = two(persons)
    code = next(n["value"] for n in persons_at(persons)[0]["identifier"] if n["system"] == CITIZEN_CODE)
    answer = pix(persons, HOSPITAL, "H1")
    assert numbers(answer) == {(STATION, "S 9|x"), (NATIONAL, NUMBER), (CITIZEN_CODE, code)}
    assert ids(answer) == {one, other, person}
    assert persons("POST", "Parameters/$validate", answer.body).keys == ["outcome.all-well"]
    assert numbers(pix(persons, STATION, "S 9|x")) == {(HOSPITAL, "H1"), (NATIONAL, NUMBER), (CITIZEN_CODE, code)}
    assert ids(pix(persons, CITIZEN_CODE, code)) == ids(pix(persons, NATIONAL, NUMBER)) == {one, other, person}


def test_target_systems_narrow_the_answer(persons: Caller) -> None:
    _, other, _ = two(persons)
    answer = pix(persons, HOSPITAL, "H1", STATION)
    assert numbers(answer) == {(STATION, "S 9|x")} and other in ids(answer)
    feed(persons, patient("Lê Văn Tám", "1950-02-03", "male", identifier=[loc("urn:third", "T1")]))
    empty = pix(persons, HOSPITAL, "H1", "urn:third")
    assert empty.status == 200 and "parameter" not in empty.json
    assert numbers(pix(persons, HOSPITAL, "H1", "urn:third", STATION)) == {(STATION, "S 9|x")}


def test_by_post_with_parameters(persons: Caller) -> None:
    two(persons)
    body = parameters(sourceIdentifier=loc(HOSPITAL, "H1"))
    body["parameter"].append({"name": "targetSystem", "valueUri": STATION})
    assert numbers(persons("POST", "Patient/$ihe-pix", body)) == {(STATION, "S 9|x")}


@pytest.mark.parametrize(
    ("query", "status", "code", "said"),
    [
        (f"{HOSPITAL}|nobody", 404, "not-found", "sourceIdentifier Patient Identifier not found"),
        (f"{NATIONAL}|000000000000", 404, "not-found", "sourceIdentifier Patient Identifier not found"),
        ("urn:oid:1.2.3|H1", 400, "code-invalid", "sourceIdentifier Assigning Authority not found"),
        (f"{HOSPITAL}|H1&targetSystem=urn:oid:1.2.3", 403, "code-invalid", "targetSystem not found"),
    ],
)
def test_what_is_not_known_is_said_as_iti_83_says_it(
    persons: Caller, query: str, status: int, code: str, said: str
) -> None:
    two(persons)
    answer = persons("GET", f"Patient/$ihe-pix?sourceIdentifier={query}")
    (issue,) = answer.json["issue"]
    assert (answer.status, issue["code"], issue["diagnostics"]) == (status, code, said)
    assert issue["details"]["text"]


WRONG: list[tuple[str, int]] = [
    ("", 400), ("sourceIdentifier=H1", 400), ("sourceIdentifier=|H1", 400), (f"sourceIdentifier={HOSPITAL}|", 400),
    (f"sourceIdentifier={HOSPITAL}|H1&sourceIdentifier={HOSPITAL}|H2", 400), ("x=1", 400),
    (f"sourceIdentifier={HOSPITAL}|{'9' * 5_000}", 404), (f"sourceIdentifier={'x' * 5_000}|1", 400),
    (f"sourceIdentifier={HOSPITAL}|' OR 1=1 --", 404), (f"sourceIdentifier={HOSPITAL}|a,b\\$c", 404),
    (f"sourceIdentifier={HOSPITAL}|%00", 400), (f"sourceIdentifier={HOSPITAL}|%ff", 400),
    (f"sourceIdentifier={CITIZEN_CODE}|{citizen_code.make(3)[:-1]}", 400),
    (f"sourceIdentifier={HOSPITAL}|H1" + "&targetSystem=urn:x" * 51, 400),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(WRONG)))
def test_a_wrong_question_is_refused(persons: Caller, place: int) -> None:
    query, status = WRONG[place]
    two(persons)
    before = counted(persons)
    answer = persons("GET", f"Patient/$ihe-pix?{query}".removesuffix("?"))
    assert answer.status == status and answer.json["resourceType"] == "OperationOutcome", answer.body
    assert counted(persons) == before


def test_a_number_of_two_persons_mixes_nobody(persons: Caller) -> None:
    feed(persons, patient(identifier=[loc(HOSPITAL, "H1"), loc("urn:shared", "7")]))
    feed(persons, patient("Lê Văn Tám", "1950-02-03", "male", identifier=[loc(HOSPITAL, "H2"), loc("urn:shared", "7")]))
    answer = pix(persons, "urn:shared", "7")
    assert answer.status == 409 and answer.keys == ["identity.pix-several"]


def test_who_may_not_search_patients_learns_nothing(persons: Caller) -> None:
    two(persons)
    other = persons.holding("system/Observation.rs")
    assert pix(other, HOSPITAL, "H1").status == pix(other, HOSPITAL, "nobody").status == 403


# ITI-104


def test_the_feed_adds_and_revises_by_number(persons: Caller) -> None:
    body = patient(identifier=[loc(HOSPITAL, "H1")])
    assert feed(persons, body).status == 201
    again = feed(persons, {**body, "telecom": [{"system": "phone", "value": PHONE}]})
    assert again.status == 200 and again.headers["ETag"] == 'W/"2"'
    assert len(persons_at(persons)) == 1


def replaced(number: str, by: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = patient(identifier=[loc(HOSPITAL, number)], active=False, **more)
    return {**body, "link": [{"other": by, "type": "replaced-by"}]}


@pytest.mark.parametrize("by_number", [True, False])
def test_a_facility_that_merges_its_own_two_records_makes_one_person(persons: Caller, by_number: bool) -> None:
    kept = feed(persons, patient(identifier=[loc(HOSPITAL, "H1")])).json["id"]
    gone = feed(persons, patient(identifier=[loc(HOSPITAL, "H2")])).json["id"]
    assert groups(persons) == sorted([[kept], [gone]])
    by = {"identifier": loc(HOSPITAL, "H1")} if by_number else {"reference": f"Patient/{kept}"}
    assert feed(persons, replaced("H2", by)).status == 200
    assert groups(persons) == [sorted([kept, gone])]
    (person,) = persons_at(persons)
    assert {link["type"] for link in person["link"]} == {"seealso", "replaces"}
    away = next(one for one in persons("GET", f"Patient?_tag={PERSON}").resources if not one["active"])
    assert persons.codes.resolve(away["identifier"][0]["value"]) == person["identifier"][0]["value"]
    answer = pix(persons, HOSPITAL, "H2")
    assert (HOSPITAL, "H1") in numbers(answer) and (HOSPITAL, "H2") not in numbers(pix(persons, HOSPITAL, "H1"))
    assert gone not in ids(answer)
    before = counted(persons)
    feed(persons, replaced("H2", by))
    assert counted(persons) == before  # said twice, nothing more


def test_a_record_that_shares_its_person_with_others_moves_and_the_rest_is_reviewed(persons: Caller) -> None:
    kept = feed(persons, patient(identifier=[loc(HOSPITAL, "H1")])).json["id"]
    gone = feed(persons, patient(identifier=[loc(HOSPITAL, "H2"), loc(NATIONAL, NUMBER)])).json["id"]
    third = feed(persons, patient(identifier=[loc(STATION, "S1"), loc(NATIONAL, NUMBER)])).json["id"]
    feed(persons, replaced("H2", {"identifier": loc(HOSPITAL, "H1")}))
    assert groups(persons) == sorted([sorted([kept, gone]), [third]])
    assert "two-persons" in reviews(persons)


def test_what_is_said_of_another_facility_is_only_proposed(persons: Caller) -> None:
    for shared in ([], [loc(INTERNAL_NUMBER, "5")]):
        feed(persons, patient(identifier=[loc(STATION, "S1"), *shared], phone=PHONE))
        body = replaced("H2", {"identifier": loc(STATION, "S1")})
        body["identifier"] += shared
        feed(persons, body)
        assert len(groups(persons)) == 2 and reviews(persons).count("two-persons") == 1


def test_what_contradicts_is_only_proposed(persons: Caller) -> None:
    feed(
        persons, patient("Lê Văn Tám", "1950-02-03", "male", identifier=[loc(HOSPITAL, "H1"), loc(NATIONAL, "0" * 12)])
    )
    feed(persons, replaced("H2", {"identifier": loc(HOSPITAL, "H1")}))
    assert len(groups(persons)) == 2 and reviews(persons) == ["two-persons"]


@pytest.mark.parametrize(
    "by", [{"reference": "Patient/nobody"}, {"identifier": loc(HOSPITAL, "none")}, {"identifier": loc(HOSPITAL, "H2")},
           {"display": "x"}, {"reference": "http://elsewhere.example/fhir/Patient/1"}]
)  # fmt: skip
def test_a_survivor_that_is_not_known_changes_nothing(persons: Caller, by: dict[str, Any]) -> None:
    feed(persons, patient(identifier=[loc(HOSPITAL, "H1")]))
    assert feed(persons, replaced("H2", by)).status in (200, 201, 422)
    assert all(len(group) == 1 for group in groups(persons)) and "two-persons" not in reviews(persons)


def test_both_may_come_in_one_transaction(persons: Caller) -> None:
    bodies = [replaced("H2", {"identifier": loc(HOSPITAL, "H1")}), patient(identifier=[loc(HOSPITAL, "H1")])]
    entries = [
        {"resource": b, "request": {"method": "PUT", "url": f"Patient?identifier={HOSPITAL}|{n}"}}
        for b, n in zip(bodies, ("H2", "H1"), strict=True)
    ]
    answer = persons("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status == 200, answer.body
    assert [len(group) for group in groups(persons)] == [2]


def test_a_patient_that_is_removed_is_no_longer_cross_referenced(persons: Caller) -> None:
    two(persons)
    assert persons("DELETE", f"Patient?identifier={HOSPITAL}|H1").status == 204
    assert pix(persons, HOSPITAL, "H1").status in (400, 404)
    assert HOSPITAL not in {system for system, _ in numbers(pix(persons, STATION, "S 9|x"))}


def reviews(call: Caller) -> list[str]:
    return [task["code"]["coding"][0]["code"] for task in call("GET", "Task?status=requested").resources]


# PDQm, ITI-78

NAMED = {"name": [{"family": "Nguyễn", "given": ["Minh", "Hạnh"]}], "gender": "female", "birthDate": "1984-03-17"}
LIVING = {"address": [{"line": ["12 Lê Lợi"], "city": "Huế", "state": "Thừa Thiên Huế", "postalCode": "49000",
                       "country": "VN"}]}  # fmt: skip


@pytest.mark.parametrize(
    "query",
    ["family=nguyen", "family=Nguyễn&given=Hạnh", "given=minh", "family:exact=Nguyễn",
     f"identifier={NATIONAL}|{NUMBER}", f"telecom={PHONE}", "birthdate=1984-03-17", "gender=female",
     "birthdate=ge1984-01-01&birthdate=lt1985", "address=12 le loi", "address-city=hue", "address-state=thua thien",
     "address-postalcode=49000", "address-country=VN", "family=nguyen&gender=female",
     "birthdate=1984-03-17&family=nguyen", "active=true&family=nguyen"],
)  # fmt: skip
def test_pdqm_finds_the_person_by_every_parameter_it_must_know(persons: Caller, query: str) -> None:
    body = {**patient(number=NUMBER, phone=PHONE, active=True), **NAMED, **LIVING}
    stored = feed(persons, body).json["id"]
    feed(persons, patient("Lê Văn Tám", "1950-02-03", "male", identifier=[loc(HOSPITAL, "H2")]))
    (person,) = [one["id"] for one in persons_at(persons) if one["gender"] == "female"]
    found = persons("GET", f"Patient?{quote(query, safe='=&|:/')}&_tag={PERSON}")
    assert [one["id"] for one in found.resources] == [person], found.body
    assert [one["id"] for one in persons("GET", f"Patient?{quote(query, safe='=&|:/')}").resources] == [stored]
