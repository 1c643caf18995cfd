"""Cases 5, 6, 9 and 31 for labels: what a record says closes it, with its versions and all that is made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.api.caller import Answer, Caller
from tests.security.ward import DOCTOR, FOREIGN, SHOWN, Resource, asked_by, observation, roster, staff, ward

from hoso.access import Actor
from hoso.store.record_store import RecordStore

ICD = "http://hl7.org/fhir/sid/icd-10"
LABEL = "https://hoso.vn/CodeSystem/label"
NURSE = staff("n1", "nurse")


def condition(id: str, code: str, of: str = "p1", **more: Any) -> Resource:
    return {
        "resourceType": "Condition", "id": id, "subject": {"reference": f"Patient/{of}"},
        "code": {"coding": [{"system": ICD, "code": code}]}, **more,
    }  # fmt: skip


def report(id: str, *results: str, **more: Any) -> Resource:
    return {
        "resourceType": "DiagnosticReport", "id": id, "status": "final", "subject": {"reference": "Patient/p1"},
        "code": {"text": "blood"}, "result": [{"reference": f"Observation/{one}"} for one in results], **more,
    }  # fmt: skip


def hiv_test(id: str, of: str = "p1") -> Resource:
    code = {"coding": [{"system": "http://loinc.org", "code": "56888-1"}]}
    return observation(id, of) | {"code": code}


LABELLED = (condition("hiv", "B20.1"), hiv_test("h1"), report("r1", "o1", "h1"))


@pytest.fixture
def nurse(store: RecordStore) -> Caller:
    return ward(store, [*SHOWN, *FOREIGN, *LABELLED], NURSE)


def security(answer: Answer) -> list[str]:
    return [one["code"] for one in answer.json.get("meta", {}).get("security", ())]


@pytest.mark.parametrize("name", ["Condition/hiv", "Observation/h1", "DiagnosticReport/r1"])
@pytest.mark.parametrize("path", ["", "/_history", "/_history/1"])
def test_case_05_who_is_not_cleared_does_not_get_it_by_its_name(nurse: Caller, name: str, path: str) -> None:
    hidden, absent = nurse("GET", name + path), nurse("GET", name + "zz" + path)
    assert hidden.status == absent.status
    assert hidden.body.replace(name.split("/")[1].encode(), b"#") == absent.body.replace(
        name.split("/")[1].encode() + b"zz", b"#"
    )


def test_case_05_nor_by_any_search(nurse: Caller, store: RecordStore) -> None:
    hidden = {"hiv", "h1", "r1"}
    for query in (
        "Condition", "Condition?code=B20.1", "Observation?_total=accurate", "DiagnosticReport?result=Observation/h1",
        "Patient?_id=p1&_revinclude=*", "Observation?_id=h1,o1", "DiagnosticReport?_include=*",
        "Patient/p1/$everything",
        "Observation/_history", "_history?_count=1000", "Encounter?_id=e1&_include=*&_revinclude=*",
    ):  # fmt: skip
        assert not hidden & {one["id"] for one in nurse("GET", query).resources}, query
    assert nurse("GET", "Condition?_summary=count").json["total"] == 0
    assert nurse("GET", "Patient?_has:Condition:patient:code=B20.1&_summary=count").json["total"] == 0
    doctor = asked_by(nurse, store, DOCTOR)
    assert doctor("GET", "Condition?_summary=count").json["total"] == 1
    assert {one["id"] for one in doctor("GET", "Patient/p1/$everything").resources} >= hidden


def test_case_05_the_treating_doctor_sees_it_with_its_label(nurse: Caller, store: RecordStore) -> None:
    doctor = asked_by(nurse, store, DOCTOR)
    for name in ("Condition/hiv", "Observation/h1", "DiagnosticReport/r1", "Condition/hiv/_history/1"):
        assert security(doctor("GET", name)) == ["HIV"], name
    assert security(doctor("GET", "Observation/o1")) == []
    assert [security_of(one) for one in doctor("GET", "Condition").resources] == [["HIV"]]


def security_of(resource: Resource) -> list[str]:
    return [one["code"] for one in resource["meta"].get("security", ())]


def test_case_05_a_doctor_by_the_roster_alone_does_not(nurse: Caller, store: RecordStore) -> None:
    assert Caller(store)("PUT", "Group/g", roster("g", "f2", "p1")).status == 201
    doctor = asked_by(nurse, store, replace(DOCTOR, id="user/d2", facility="35002", practitioner="d2"))
    assert doctor("GET", "Observation/o1").status == 200
    assert doctor("GET", "Condition/hiv").status == 404


def test_case_09_a_label_raised_later_closes_older_versions_too(nurse: Caller, store: RecordStore) -> None:
    writer = Caller(store)
    assert nurse("GET", "Observation/o2/_history/1").status == 200
    assert writer("PUT", "Observation/o2", hiv_test("o2")).status == 200
    assert writer("PUT", "Observation/o2", observation("o2", "p1")).status == 200
    for path in ("", "/_history/1", "/_history/2", "/_history/3"):
        assert nurse("GET", f"Observation/o2{path}").status == 404, path
    assert security(asked_by(nurse, store, DOCTOR)("GET", "Observation/o2/_history/1")) == ["HIV"]


def test_case_09_labels_by_hand_close_as_well(nurse: Caller, store: RecordStore) -> None:
    by_hand = {"security": [{"system": LABEL, "code": "PRIVATE_NOTE"}]}
    assert Caller(store)("PUT", "Observation/o3", observation("o3", "p1", meta=by_hand)).status == 200
    assert asked_by(nurse, store, DOCTOR)("GET", "Observation/o3").status == 404
    assert security(Caller(store)("GET", "Observation/o3")) == ["PRIVATE_NOTE"]


def test_the_sex_of_an_unborn_child_is_shown_to_nobody(nurse: Caller, store: RecordStore) -> None:
    operator = Caller(store)
    code = {"coding": [{"system": "http://loinc.org", "code": "11882-8"}]}
    assert operator("PUT", "Observation/sex", observation("sex", "p1") | {"code": code}).status == 201
    for path in ("Observation/sex", "Observation/sex/_history/1"):
        assert operator("GET", path).status == 404, path
    assert operator("GET", "Observation?code=11882-8&_summary=count").json["total"] == 0
    assert "sex" not in {one["id"] for one in operator("GET", "_history?_count=1000").resources}
    assert asked_by(nurse, store, DOCTOR)("GET", "Observation/sex").status == 404


def test_what_was_read_and_sent_back_is_no_act_of_a_hand(nurse: Caller, store: RecordStore) -> None:
    operator = Caller(store)
    for _ in range(2):
        assert operator("PUT", "DiagnosticReport/r1", operator("GET", "DiagnosticReport/r1").json).status == 200
    rows = store.engine.reader().rows("SELECT l.content, l.hand, l.inherited FROM label l JOIN key k ON k.rid = l.rid"
                                      " WHERE k.id = 'r1'")  # fmt: skip
    assert [row[:2] for row in rows] == [(0, 0)] and rows[0][2] > 0


def test_a_client_sees_only_the_labels_it_was_given(nurse: Caller, store: RecordStore) -> None:
    operator = Caller(store)
    scopes = DOCTOR.scopes
    none = asked_by(nurse, store, Actor("client/s1", scopes, labels=frozenset()))
    some = asked_by(nurse, store, Actor("client/s2", scopes, labels=frozenset({"HIV"})))
    assert operator("GET", "Condition/hiv").status == 200
    assert none("GET", "Condition/hiv").status == 404
    assert none("GET", "Condition?_summary=count").json["total"] == 0
    assert none("PUT", "Condition/hiv", condition("hiv", "I10")).status == 404
    assert some("GET", "Condition/hiv").status == 200
