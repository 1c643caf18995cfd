"""AuditEvent: an auditor sees the log, a citizen what concerns the citizen, nobody else anything; nobody writes it."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from tests.access.audit.events import NOON, event, rows
from tests.access.audit.logs import sealer
from tests.api.caller import Caller

from hoso.access import Actor, Errand, Scopes
from hoso.access.policy.scopes import scopes
from hoso.access.trail import Asked
from hoso.core.errors import Refused
from hoso.store import audit
from hoso.store.record_store import RecordStore


@pytest.fixture
def told(call: Caller, store: RecordStore) -> Caller:
    """Two Patients and what happened about them, sealed."""
    for id in ("p1", "p2"):
        assert call("PUT", f"Patient/{id}", {"resourceType": "Patient", "id": id}).status == 201
    first, second = (store.people.rids([id])[id] for id in ("p1", "p2"))
    store.record(
        rows(
            [
                event(1, first, actor="user/an", what="Observation/o1", address="10.0.0.5", session="s1"),
                event(2, second, actor="user/an", kind="search", action="E", what="Observation?patient=p2"),
                event(3, first, actor="client/lab", kind="create", action="C", what="Observation/o2/1", role=""),
                event(4, 0, actor="user/binh", kind="sign-in", action="E", what="", outcome="failed", types=()),
                event(5, second, actor="user/binh", outcome="denied", what="Observation/o9/1"),
                event(
                    6, first, actor="user/binh", kind="break-glass", action="E", what="Patient/p1", reason="ER: ngất"
                ),
            ]
        )
    )
    sealer(store).settle()
    return call


def ids(call: Caller, query: str) -> list[str]:
    """Of the events that the test told, oldest first; reading of them is told too, and later."""
    answer = call("GET", f"AuditEvent?date=lt2026-06-01&{query}")
    assert answer.status == 200, answer.body
    return [one["extension"][0]["valueCode"] and one["recorded"][-4:-1].lstrip("0") for one in answer.resources][::-1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "1 2 3 4 5 6"),
        ("patient=Patient/p1", "1 3 6"),
        ("patient=p2", "2 5"),
        ("patient=p1,p2", "1 2 3 5 6"),
        ("patient=p1&patient=p2", ""),
        ("patient=unknown", ""),
        ("entity=Patient/p1", "1 3 6"),
        ("entity=Observation/o1", "1"),
        ("entity=Observation/o", ""),
        ("agent=user/an", "1 2"),
        ("agent=https://hoso.vn/sid/actor|client/lab", "3"),
        ("altid=user/binh&action=R", "5"),
        ("action=R,C", "1 3 5"),
        ("outcome=8", "4"),
        ("outcome=4,8", "4 5"),
        ("type=rest", "1 2 3 5"),
        ("type=http://dicom.nema.org/resources/ontology/DCM|110114", "4"),
        ("subtype=search", "2"),
        ("subtype=read&type=rest", "1 5"),
        ("subtype=break-glass", "6"),
        ("date=ge2026-01-01&date=le2026-01-01", "1 2 3 4 5 6"),
        ("date=gt2026-01-01", ""),
        ("date=2026-01-01T12:00:00.003Z", "3"),
        ("_count=2", "5 6"),
    ],
)
def test_events_are_found_by(told: Caller, query: str, expected: str) -> None:
    assert ids(told, query) == expected.split()


@pytest.mark.parametrize(
    "query",
    ["patient:missing=true", "date=soon", "date=ap2026", "entity=Observation", "agent=x|user/an", "action=Z",
     "outcome=9", "type=other", "_count=0", "_count=many", "_sort=date", "_include=*", "agent-name=an",
     "_summary=count", "_page=x"],
)  # fmt: skip
def test_what_cannot_be_searched_for_is_refused(told: Caller, query: str) -> None:
    assert told("GET", f"AuditEvent?{query}").status == 400


def test_pages_go_through_all_of_it_once(told: Caller) -> None:
    seen: list[str] = []
    address: str | None = "AuditEvent?date=lt2026-06-01&_count=2"
    while address:
        answer = told("GET", address)
        seen += [one["id"] for one in answer.resources]
        address = answer.link("next")
    assert len(seen) == len(set(seen)) == 6
    first = told("GET", "AuditEvent?_count=2").link("next")
    assert first is not None and told("GET", first.replace("_count=2", "_count=3")).status == 400


def test_an_event_is_read_by_its_place_and_is_valid(told: Caller, store: RecordStore) -> None:
    found = told("GET", "AuditEvent?date=lt2026-06-01").resources
    for one in found:
        assert told("GET", f"AuditEvent/{one['id']}").json == one
        answer = told("POST", "AuditEvent/$validate", one)
        severities = {issue["severity"] for issue in answer.json["issue"]}
        assert answer.status == 200 and severities <= {"information", "warning"}, answer.body
    for id in ("999999", "x", "-1", "01", "9" * 30):
        assert told("GET", f"AuditEvent/{id}").status == 404


def test_a_reading_says_who_when_why_and_of_what(told: Caller) -> None:
    (one,) = told("GET", "AuditEvent?entity=Observation/o1").resources
    assert one["meta"]["profile"] == [
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"
    ]
    assert (one["action"], one["outcome"], one["recorded"]) == ("R", "0", "2026-01-01T12:00:00.001Z")
    assert one["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
    person, client, server = one["agent"]
    assert person["altId"] == "user/an" and person["role"][0]["coding"][0]["code"] == "doctor" and person["requestor"]
    assert client["network"]["address"] == "10.0.0.5" and server["network"]["address"] == "hoso.test"
    what = [entity["what"].get("reference") for entity in one["entity"]]
    assert what == ["Patient/p1", "Observation/o1", None]


def test_a_search_keeps_its_query_and_an_emergency_its_reason(told: Caller) -> None:
    (one,) = told("GET", "AuditEvent?subtype=search&date=lt2026-06-01").resources
    (query,) = [entity["query"] for entity in one["entity"] if "query" in entity]
    assert b64decode(query) == b"Observation?patient=p2" and "profile" not in one["meta"]  # nobody knows the address
    (glass,) = told("GET", "AuditEvent?subtype=break-glass").resources
    assert glass["purposeOfEvent"][0]["text"] == "ER: ngất"


def test_looking_into_the_log_is_told_before_it_is_shown(told: Caller, store: RecordStore) -> None:
    told("GET", "Patient/p1/AuditEvent?_count=5")
    sealer(store).settle()
    answer = told("GET", "AuditEvent?patient=p1&agent=client/test&subtype=search")
    (one,) = [one for one in answer.resources if "AuditEvent" in json.dumps(one["entity"])]
    assert one["entity"][1]["description"] == "Patient/p1/AuditEvent?_count=5"


def test_the_log_is_not_written_by_anybody(told: Caller, store: RecordStore) -> None:
    body: Any = {"resourceType": "AuditEvent", "id": "1"}
    for method, path in (
        ("POST", "AuditEvent"), ("PUT", "AuditEvent/1"), ("DELETE", "AuditEvent/1"), ("PATCH", "AuditEvent/1"),
        ("PUT", "AuditEvent?date=2026"), ("DELETE", "AuditEvent?date=2026"),
    ):  # fmt: skip
        answer = told(method, path, body)
        assert answer.status == 405 and answer.keys == ["rest.audit-is-a-view"], (method, path, answer.body)
    for kind, status in (("transaction", 405), ("batch", 200)):
        entry = {"resource": body, "request": {"method": "PUT", "url": "AuditEvent/1"}}
        answer = told("POST", "", {"resourceType": "Bundle", "type": kind, "entry": [entry]})
        assert answer.status == status and b"rest.audit-is-a-view" in answer.body
    assert told("GET", "AuditEvent/1/_history").status == 404
    assert store.read("AuditEvent", "1") is None


def test_the_statement_says_that_it_is_only_read(call: Caller) -> None:
    (one,) = [r for r in call("GET", "metadata").json["rest"][0]["resource"] if r["type"] == "AuditEvent"]
    assert [each["code"] for each in one["interaction"]] == ["read", "search-type"]
    assert {each["name"] for each in one["searchParam"]} >= {"patient", "date", "agent", "entity", "action", "type"}


def seen_by(call: Caller, actor: Actor, **asked: Any) -> set[int]:
    errand = Errand(actor, "HOPERAT" if actor.role == "auditor" else "PATRQT" if actor.role == "citizen" else "TREAT")
    found = call.trail.search(errand, Asked(until=NOON + 1_000, **asked))
    for entry in found.entries:
        assert call.trail.read(errand, entry.seq) == entry
    return {entry.event.time - NOON for entry in found.entries}


def test_each_citizen_sees_only_what_concerns_the_citizen(told: Caller) -> None:
    citizen = Actor("user/c1", scopes("citizen"), role="citizen", person="p1", assurance="multi")
    assert seen_by(told, citizen) == {1, 3, 6}
    assert seen_by(told, citizen, patients=("p2",)) == set()
    assert seen_by(told, Actor("user/c0", scopes("citizen"), role="citizen", assurance="multi")) == set()
    errand = Errand(citizen, "PATRQT")
    for seq in range(12):
        entry = told.trail.read(errand, seq)
        assert entry is None or entry.patient == "p1"


def test_an_auditor_sees_all_of_it_and_needs_a_second_factor(told: Caller) -> None:
    auditor = Actor("user/kt", scopes("auditor"), role="auditor", assurance="multi")
    assert seen_by(told, auditor) == {1, 2, 3, 4, 5, 6}
    with pytest.raises(Refused):
        seen_by(told, Actor("user/kt", scopes("auditor"), role="auditor", assurance="single"))


@pytest.mark.parametrize("role", ["doctor", "nurse", "receptionist", "pharmacist", "laboratory", "system"])
def test_who_treats_or_runs_a_program_does_not_look_into_it(told: Caller, store: RecordStore, role: str) -> None:
    actor = Actor("user/x", Scopes.parse("system/*.cruds"), role=role, facility="01001", assurance="multi")
    with pytest.raises(Refused) as refused:
        seen_by(told, actor)
    assert refused.value.status == 403
    sealer(store).settle()
    last = audit.newest(store.engine.reader(), None, None, 1)[0]
    assert b'"denied"' in (last.bytes or b"")


def test_a_token_for_one_patient_sees_that_patients_events(told: Caller) -> None:
    app = Actor("client/app", Scopes.of(_grains("patient/AuditEvent.rs")), patient="p2")
    assert seen_by(told, app) == {2, 5}
    for text in ("patient/Observation.rs", "system/Observation.rs"):
        with pytest.raises(Refused):
            seen_by(told, Actor("client/app", Scopes.of(_grains(text)), patient="p2"))


def _grains(text: str) -> Any:
    from hoso.access.scope import read

    return read(text, ("patient", "user", "system"))
