"""Cases 1, 9 to 14, 30 and 33 for staff and citizens: what a role and a relationship let through, and what not."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.api.caller import Answer, Caller
from tests.security.ward import (
    DOCTOR,
    FOREIGN,
    NOW,
    SHOWN,
    asked_by,
    facility,
    observation,
    patient,
    roster,
    staff,
    visit,
    ward,
)  # fmt: skip

from hoso.access import Actor, Errand, Records
from hoso.core import citizen_code
from hoso.fhir.systems import CITIZEN_CODE
from hoso.store.record_store import RecordStore

PATCH = [{"op": "test", "path": "/status", "value": "cancelled"}]


@pytest.fixture
def doctor(store: RecordStore) -> Caller:
    return ward(store, [*SHOWN, *FOREIGN])


def importer(store: RecordStore) -> Caller:
    return Caller(store)


def same(hidden: Answer, absent: Answer, name: str, other: str) -> None:
    assert hidden.status == absent.status
    assert hidden.body.replace(name.encode(), other.encode()) == absent.body


@pytest.mark.parametrize("path", ["", "/_history", "/_history/1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_case_01_a_foreign_record_is_as_absent(doctor: Caller, method: str, path: str) -> None:
    same(doctor(method, f"Observation/x1{path}"), doctor(method, f"Observation/zz{path}"), "x1", "zz")
    tagged = doctor(method, f"Observation/x1{path}", If_None_Match='W/"1"')
    same(tagged, doctor(method, f"Observation/zz{path}", If_None_Match='W/"1"'), "x1", "zz")
    assert doctor("GET", "Observation/o1").status == 200


@pytest.mark.parametrize("kind", ["direct", "transaction"])
def test_case_12_a_patch_does_not_tell_a_foreign_record_from_none(doctor: Caller, kind: str) -> None:
    def patched(id: str) -> Answer:
        if kind == "direct":
            return doctor("PATCH", f"Observation/{id}", PATCH, Content_Type="application/json-patch+json")
        data = b64encode(json.dumps(PATCH).encode()).decode()
        binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
        entry = {"resource": binary, "request": {"method": "PATCH", "url": f"Observation/{id}"}}
        return doctor("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})

    same(patched("x1"), patched("zz"), "x1", "zz")
    assert patched("o1").status not in (404, 500)


@pytest.mark.parametrize(
    ("type", "changed", "status"),
    [
        ("Observation", observation("o1", "p2", 1.5), 403),
        ("Observation", observation("o1", "nobody", 1.5), 403),
        ("Observation", observation("o1", "p1", 1.5, meta={"tag": [{"system": "urn:x", "code": "f2"}]}), 403),
        ("Observation", observation("o1", "p1", 2), 200),
        ("Encounter", visit("e1", "p1", "f2"), 403),
        ("Patient", patient("p1", "An", "001180000001", "f2"), 403),
        ("Observation", observation("x1", "p1", 1), 404),
        ("Observation", observation("zz", "p1", 1), 404),
    ],
    ids=["subject", "nobody", "tag", "value", "facility", "manager", "foreign", "absent"],
)
def test_case_11_old_and_new_state_are_checked(doctor: Caller, type: str, changed: dict[str, Any], status: int) -> None:
    assert doctor("PUT", f"{type}/{changed['id']}", changed).status == status


def test_case_11_a_label_is_not_taken_off(doctor: Caller, store: RecordStore) -> None:
    label = {"security": [{"system": "urn:label", "code": "R"}]}
    assert importer(store)("PUT", "Observation/o1", observation("o1", "p1", 1.5, meta=label)).status == 200
    assert doctor("PUT", "Observation/o1", observation("o1", "p1", 2)).status == 403
    assert doctor("PUT", "Observation/o1", observation("o1", "p1", 2, meta=label)).status == 200


def test_case_10_nobody_makes_a_relationship_with_a_stranger(doctor: Caller) -> None:
    claimed = visit("new", "p2", "f1")
    del claimed["id"]
    assert doctor("POST", "Encounter", claimed).status == 403
    elsewhere = visit("new", "p1", "f2")
    del elsewhere["id"]
    assert doctor("POST", "Encounter", elsewhere).status == 403
    assert doctor("GET", "Patient/p2").status == 404


def test_case_13_and_14_what_is_masked_is_not_shown_found_or_written_back(store: RecordStore) -> None:
    inside = observation("o9", "p1", 3, contained=[patient("c", "An", "001180000001")], focus=[{"reference": "#c"}])
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">001180000001</div>'}
    told = patient("p1", "An", "001180000001") | {"text": text}
    lab = ward(store, [*SHOWN, inside, told], staff("l", "laboratory"))
    shown = lab("GET", "Patient/p1").json
    assert shown["name"] and "telecom" not in shown and "text" not in shown
    assert "telecom" not in lab("GET", "Observation/o9").json["contained"][0]
    assert "telecom" not in lab("GET", "Patient?_id=p1").resources[0]
    assert "telecom" not in lab("GET", "Patient/p1/_history/1").json
    for query in ("phone=001180000001", "address=x", "_sort=phone", "telecom:missing=true"):
        assert lab("GET", f"Patient?{query}").status == 400, query
    assert lab("GET", "Observation?patient.phone=001180000001").status == 400
    assert lab("PUT", "Patient/p1", shown).status == 403
    receptionist = asked_by(lab, store, staff("r", "receptionist"))
    assert receptionist("PUT", "Patient/p1", shown).status == 403
    assert importer(store)("GET", "Patient/p1").json["telecom"]


def test_case_30_a_move_to_another_facility_counts_at_once(doctor: Caller, store: RecordStore) -> None:
    moved = asked_by(doctor, store, replace(DOCTOR, facility="35002"))
    assert (moved("GET", "Patient/p1").status, moved("GET", "Patient/p2").status) == (404, 200)
    gone = asked_by(doctor, store, replace(DOCTOR, role="no-such-role"))
    assert gone("GET", "Patient/p1").status == 404
    weak = asked_by(doctor, store, replace(DOCTOR, assurance=""))
    assert weak("GET", "Patient/p1").status == 404


def test_a_visit_ends_with_its_grace_and_a_roster_stands(doctor: Caller, store: RecordStore) -> None:
    ended = visit("e1", "p1", "f1", "finished", start="2026-11-25T08:00:00+07:00", end="2026-11-25T09:00:00+07:00")
    assert importer(store)("PUT", "Encounter/e1", ended).status == 200
    assert asked_by(doctor, store, DOCTOR, NOW + timedelta(days=28))("GET", "Patient/p1").status == 200
    later = asked_by(doctor, store, DOCTOR, NOW + timedelta(days=31))
    assert later("GET", "Patient/p1").status == 404
    assert importer(store)("PUT", "Group/g", roster("g", "f1", "p1")).status == 201
    assert later("GET", "Patient/p1").status == 200
    assert importer(store)("PUT", "Group/g", roster("g", "f1", "p2")).status == 200
    assert later("GET", "Patient/p1").status == 404
    assert importer(store)("PUT", "Encounter/e1", ended | {"status": "entered-in-error"}).status == 200
    assert doctor("GET", "Patient/p1").status == 404


CODE = citizen_code.make(1)


@pytest.mark.parametrize(
    ("born", "chart", "problems"),
    [("2021-01-01", 200, 200), ("2012-01-01", 200, 200), ("2009-12-01", 404, 200), ("2008-01-01", 404, 404)],
    ids=["5", "14", "16", "18"],
)
def test_case_33_a_guardian_sees_less_as_the_child_grows(
    store: RecordStore, born: str, chart: int, problems: int
) -> None:
    child = patient("kid", "Con", "001221000001") | {"birthDate": born}
    code = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}
    mother = {
        "resourceType": "RelatedPerson", "id": "m", "active": True, "patient": {"reference": "Patient/kid"},
        "relationship": [code], "identifier": [{"system": CITIZEN_CODE, "value": CODE}],
    }  # fmt: skip
    problem = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/kid"}}
    records = [facility("f1", "35001"), patient("mum", "Me", "001180000009"), child, mother, problem]
    asking: Actor = staff("mum", "citizen", "", person="mum")
    ward(store, [*records, observation("k1", "kid")], asking)
    number = store.people.rids(["mum"])["mum"]
    store.engine.transact(lambda c: c.rows("INSERT INTO person (rid, code) VALUES (?, ?)", (number, CODE)))
    records_door = Records(store, lambda: NOW)
    seen = records_door.read(Errand(asking, "PATRQT"), "Observation", "k1")
    summary = records_door.read(Errand(asking, "PATRQT"), "Condition", "c1")
    assert (200 if seen else 404, 200 if summary else 404) == (chart, problems)
    assert records_door.read(Errand(asking, "PATRQT"), "Patient", "mum") is not None
    other = replace(asking, id="user/x", person="kid")
    assert records_door.read(Errand(other, "PATRQT"), "Observation", "k1") is not None
