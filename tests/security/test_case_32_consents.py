"""Case 32 and the rest of Consent: what a person denied is gone on every path, what they permitted is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.api.caller import Caller
from tests.security.ward import FOREIGN, NOW, SHOWN, Resource, asked_by, observation, staff, ward

from hoso.access import Actor, Errand, Records, Scopes
from hoso.store.record_store import RecordStore

CODES = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
RECIPIENT = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "PRCP"}]}
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TYPES = "http://hl7.org/fhir/resource-types"
LABEL = "https://hoso.vn/CodeSystem/label"
PAPER = {
    "resourceType": "DocumentReference", "id": "doc", "status": "current", "subject": {"reference": "Patient/p1"},
    "content": [{"attachment": {"contentType": "text/plain", "data": "aGk="}}],
    "author": [{"reference": "Practitioner/d1"}],
}  # fmt: skip
NEGATED = [{"url": "urn:not", "valueBoolean": True}]
UNKNOWN = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
O1 = {"reference": "Observation/o1"}
CONSULTANT = staff("d2", "doctor", "35002")


def consent(
    id: str = "c", base: str = "OPTIN", of: str = "p1", scope: str = "patient-privacy", **more: Any
) -> Resource:
    made: Resource = {
        "resourceType": "Consent", "id": id, "status": "active", "patient": {"reference": f"Patient/{of}"},
        "scope": {"coding": [{"system": SCOPE, "code": scope}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "policyRule": {"coding": [{"system": CODES, "code": base}]},
    }  # fmt: skip
    return made | more


def actor(name: str) -> Resource:
    return {"role": RECIPIENT, "reference": {"reference": name}}


def hidden(*names: str) -> Resource:
    return consent(provision={"data": [{"meaning": "instance", "reference": {"reference": name}} for name in names]})


@pytest.fixture
def doctor(store: RecordStore) -> Caller:
    return ward(store, [*SHOWN, *FOREIGN, PAPER])


def put(store: RecordStore, resource: Resource, status: tuple[int, ...] = (200, 201)) -> None:
    answer = Caller(store)("PUT", f"{resource['resourceType']}/{resource['id']}", resource)
    assert answer.status in status, answer.body


def ids(caller: Caller, query: str) -> set[str]:
    return {one["id"] for one in caller("GET", query).resources}


def test_case_32_a_hidden_document_is_gone_on_every_path_for_others(doctor: Caller, store: RecordStore) -> None:
    other = asked_by(doctor, store, staff("d3", "doctor", practitioner="d3"))
    entry = [{"item": {"reference": "DocumentReference/doc"}}]
    pile = {"resourceType": "List", "id": "l", "status": "current", "mode": "working", "entry": entry}
    put(store, pile | {"subject": {"reference": "Patient/p1"}})
    assert other("GET", "DocumentReference/doc").status == 200
    put(store, hidden("DocumentReference/doc"))
    for path in ("", "/_history", "/_history/1"):
        shown, absent = other("GET", f"DocumentReference/doc{path}"), other("GET", f"DocumentReference/dox{path}")
        assert (shown.status, shown.body) == (absent.status, absent.body.replace(b"dox", b"doc"))
    for query in (
        "DocumentReference", "Patient/p1/$everything", "List?_include=List:item", "Patient?_id=p1&_revinclude=*",
        "_history", "DocumentReference?_id=doc",
    ):  # fmt: skip
        assert "doc" not in ids(other, query), query
    assert other("GET", "DocumentReference?_summary=count").json["total"] == 0
    assert other("GET", "List?item:DocumentReference.status=current&_summary=count").json["total"] == 0


def test_case_32_its_author_keeps_it_and_the_citizen_sees_it(doctor: Caller, store: RecordStore) -> None:
    put(store, hidden("DocumentReference/doc"))
    assert doctor("GET", "DocumentReference/doc").status == 200
    citizen: Actor = staff("p1", "citizen", "", person="p1")
    assert Records(store, lambda: NOW).read(Errand(citizen, "PATRQT"), "DocumentReference", "doc") is not None


def test_a_denial_is_withdrawn_by_its_next_version_or_its_deletion(doctor: Caller, store: RecordStore) -> None:
    denied = consent(base="OPTOUT")
    for undone in (denied | {"status": "inactive"}, denied | {"status": "entered-in-error"}, consent(), None):
        put(store, denied)
        assert doctor("GET", "Observation/o1").status == 404
        assert doctor("GET", "Patient/p1").status == 200
        if undone is None:
            assert Caller(store)("DELETE", "Consent/c").status in (200, 204)
        else:
            put(store, undone)
        assert doctor("GET", "Observation/o1").status == 200


def test_the_innermost_rule_decides_and_a_denial_of_another_consent_wins(doctor: Caller, store: RecordStore) -> None:
    observations = {"class": [{"system": TYPES, "code": "Observation"}]}
    but = {"type": "permit", "actor": [actor("Organization/f1")], "provision": [{"type": "deny"} | observations]}
    put(store, consent(base="OPTOUT", provision={"provision": [but]}))
    assert doctor("GET", "Encounter/e1").status == 200
    assert doctor("GET", "Observation/o1").status == 404
    instance = {"meaning": "instance", "reference": {"reference": "Observation/o1"}}
    deeper = but | {
        "provision": [{"type": "deny", "provision": [{"type": "permit", "data": [instance]}]} | observations]
    }
    put(store, consent(base="OPTOUT", provision={"provision": [deeper]}))
    assert (doctor("GET", "Observation/o1").status, doctor("GET", "Observation/o2").status) == (200, 404)
    assert ids(doctor, "Observation") == {"o1"}
    put(store, consent("other", provision={"actor": [actor("Organization/f1")]}))
    assert doctor("GET", "Observation/o1").status == 404


def test_a_permit_opens_to_whom_it_names_for_as_long_as_it_says(doctor: Caller, store: RecordStore) -> None:
    asked = asked_by(doctor, store, CONSULTANT)
    assert asked("GET", "Observation/o1").status == 404
    period = {"start": "2026-11-01", "end": "2026-11-30"}
    kinds = [{"system": TYPES, "code": "Observation"}]
    permit = {"type": "permit", "actor": [actor("Organization/f2")], "period": period, "class": kinds}
    put(store, consent(base="OPTOUT", provision={"provision": [permit]}))
    assert ids(asked, "Observation?patient=p1") == {f"o{n}" for n in range(6)}
    assert asked("GET", "Encounter/e1").status == 404
    assert asked_by(doctor, store, CONSULTANT, NOW + timedelta(days=30))("GET", "Observation/o1").status == 404
    assert asked_by(doctor, store, replace(CONSULTANT, facility="35003"))("GET", "Observation/o1").status == 404
    named = permit | {"actor": [{"role": RECIPIENT, "reference": {
        "identifier": {"system": "https://hoso.vn/sid/facility-code", "value": "35003"}}}]}  # fmt: skip
    put(store, consent(base="OPTOUT", provision={"provision": [named]}))
    assert asked_by(doctor, store, replace(CONSULTANT, facility="35003"))("GET", "Observation/o1").status == 200
    assert asked("GET", "Observation/o1").status == 404


def test_denials_by_label_by_purpose_and_by_activity(doctor: Caller, store: RecordStore) -> None:
    marked = observation("o9", "p1", meta={"security": [{"system": LABEL, "code": "PSY"}]})
    put(store, marked)
    put(store, consent(provision={"securityLabel": [{"system": LABEL, "code": "PSY"}]}))
    assert (doctor("GET", "Observation/o9").status, doctor("GET", "Observation/o1").status) == (404, 200)
    put(store, consent(provision={"purpose": [{"system": REASON, "code": "PUBHLTH"}]}))
    assert doctor("GET", "Observation/o9").status == 200
    health = Errand(staff("ph", "provincial-health", ""), "PUBHLTH")
    records = Records(store, lambda: NOW)
    assert records.read(health, "Observation", "o1") is None
    assert records.read(health, "Observation", "x1") is not None
    action = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "correct"}]}
    put(store, consent(provision={"action": [action]}))
    assert doctor("GET", "Observation/o1").status == 200
    assert doctor("PUT", "Observation/o1", observation("o1", "p1")).status == 403


def test_a_consent_reaches_the_whole_person_through_links_and_back(doctor: Caller, store: RecordStore) -> None:
    put(store, consent(base="OPTOUT", of="p2"))
    assert doctor("GET", "Observation/o1").status == 200
    rids = store.people.rids(["p1", "p2"])
    assert doctor("GET", "Observation/o1").status == 200

    def link(connection: Any) -> None:
        for record in rids.values():
            connection.rows("INSERT INTO member (record, person) VALUES (?, 999999)", (record,))

    store.engine.transact(link)
    assert doctor("GET", "Observation/o1").status == 404
    store.engine.transact(lambda connection: connection.rows("DELETE FROM member"))
    assert doctor("GET", "Observation/o1").status == 200


@pytest.mark.parametrize(
    ("change", "element"),
    [
        ({"provision": {"type": "deny", "code": [{"text": "x"}]}}, "Consent.provision.code"),
        ({"provision": {"type": "deny", "dataPeriod": {"start": "2020"}}}, "Consent.provision.dataPeriod"),
        ({"provision": {"purpose": [{"system": REASON, "code": "CAREMGT"}]}}, "Consent.provision.purpose[0]"),
        ({"provision": {"class": [{"system": TYPES, "code": "Patient"}]}}, "Consent.provision.class[0]"),
        ({"provision": {"securityLabel": [{"system": "urn:x", "code": "N"}]}}, "Consent.provision.securityLabel[0]"),
        ({"provision": {"actor": [actor("Device/x")]}}, "Consent.provision.actor[0].reference"),
        ({"provision": {"provision": [{"purpose": []}]}}, None),
        ({"provision": {"provision": [{"actor": [actor("Organization/f1")]}]}}, "Consent.provision.provision[0].type"),
        (
            {"provision": {"data": [{"meaning": "related", "reference": {"reference": "Observation/o1"}}]}},
            "Consent.provision.data[0].meaning",
        ),
        ({"policyRule": {"text": "as we said"}}, "Consent.policyRule"),
        ({"scope": {"text": "all"}}, "Consent.scope"),
        ({"patient": {"display": "An"}}, "Consent.patient"),
        ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, "Consent.modifierExtension"),
        ({"policy": [{"uri": "urn:x"}], "policyRule": None}, "Consent.policy[0].uri"),
        ({"policy": [{"uri": "urn:x"}]}, "Consent.policy[0].uri"),
        ({"implicitRules": "urn:x"}, "Consent.implicitRules"),
        (
            {"provision": {"actor": [actor("Organization/f1") | {"modifierExtension": NEGATED}]}},
            "Consent.provision.actor[0].modifierExtension",
        ),
        (
            {"provision": {"data": [{"modifierExtension": NEGATED, "meaning": "instance", "reference": O1}]}},
            "Consent.provision.data[0].modifierExtension",
        ),
        (
            {"provision": {"_type": UNKNOWN, "data": [{"meaning": "instance", "reference": O1}]}},
            "Consent.provision.type",
        ),
        ({"provision": {"type": "deny", "period": UNKNOWN}}, "Consent.provision.period"),
        ({"provision": {"type": "deny", "period": {"start": "2026", "_end": UNKNOWN}}}, "Consent.provision.period"),
    ],
)
def test_what_cannot_be_enforced_is_refused_and_named(
    doctor: Caller, store: RecordStore, change: dict[str, Any], element: str | None
) -> None:
    asked = {name: value for name, value in (consent() | change).items() if value is not None}
    writer = Caller(store)
    entry = {"resource": asked, "request": {"method": "PUT", "url": "Consent/c"}}
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    for answer in (writer("PUT", "Consent/c", asked), writer("POST", "", whole)):
        assert answer.status in (400, 422)
        if element is not None:
            assert answer.status == 422
            assert answer.json["issue"][0]["expression"][0].endswith(element.removeprefix("Consent")), answer.json
    assert writer("GET", "Consent/c").status == 404
    draft = asked | {"status": "draft"}
    if element is not None:
        assert writer("PUT", "Consent/c", draft).status == 201


def test_advance_directives_are_no_rules_about_data(doctor: Caller, store: RecordStore) -> None:
    put(store, consent(scope="adr", base="OPTOUT"))
    assert doctor("GET", "Observation/o1").status == 200


def test_a_system_is_bound_by_a_denial_and_an_operator_is_not(doctor: Caller, store: RecordStore) -> None:
    scopes = Scopes.parse("system/*.cruds")
    one = asked_by(doctor, store, Actor("client/s1", scopes, facility="35001", labels=frozenset()))
    two = asked_by(doctor, store, Actor("client/s2", scopes, facility="35002", labels=frozenset()))
    data = hidden("Observation/o1")["provision"]["data"]
    put(store, consent(provision={"actor": [actor("Organization/f1")], "data": data}))
    assert (one("GET", "Observation/o1").status, two("GET", "Observation/o1").status) == (404, 200)
    assert "o1" not in ids(one, "Observation?_count=50") and "o1" in ids(two, "Observation?_count=50")
    assert one("PUT", "Observation/o1", observation("o1", "p1")).status == 404
    assert one("GET", "Observation/o2").status == 200
    assert Caller(store)("GET", "Observation/o1").status == 200
