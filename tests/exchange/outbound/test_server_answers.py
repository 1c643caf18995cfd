"""A FHIR server as receiver: only the answer of one counts, and a Bundle says the same whenever it is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.outbound.gates import SECRET, Gate, gate
from tests.exchange.outbound.senders_house import SendersHouse

from hoso.exchange.outbound.bundle import bundle
from hoso.fhir.validate import validate
from hoso.store.record_store import RecordStore

Json = dict[str, Any]
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
TAKEN = {
    "resourceType": "Bundle",
    "type": "transaction-response",
    "id": "t1",
    "entry": [{"response": {"status": "201"}}],
}
FAULT = {"severity": "error", "code": "invalid", "details": {"text": "no such code"}, "expression": ["Encounter.class"]}


def outcome(*issues: Json) -> Json:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


@pytest.fixture
def receiver() -> Iterator[Gate]:
    with gate() as made:
        yield made


@pytest.fixture
def house(store: RecordStore, tmp_path: Path, receiver: Gate) -> SendersHouse:
    return SendersHouse(store, tmp_path, receiver.url, form="fhir")


def test_a_transaction_is_taken_when_every_entry_is(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers = [TAKEN]
    id = house.ask()
    house.work()
    assert (house.stands(id).state, house.stands(id).number) == ("delivered", "t1")
    path, headers, body = receiver.heard[0]
    assert (path, headers["Authorization"]) == ("/gateway", f"Bearer {SECRET}")
    sent = json.loads(body)
    assert sent["type"] == "transaction" and not [one for one in validate(sent) if one.severity == "error"]
    assert {one["request"]["method"] for one in sent["entry"]} == {"PUT"}
    assert not any("versionId" in one["resource"].get("meta", {}) for one in sent["entry"])


@pytest.mark.parametrize(
    ("answer", "state", "key"),
    [
        ("html", "waiting", "outbound.not-a-server"),
        (204, "waiting", "outbound.not-a-server"),
        (404, "waiting", "outbound.not-a-server"),
        (409, "waiting", "outbound.status"),
        (401, "waiting", "outbound.not-signed-in"),
        (502, "waiting", "outbound.status"),
        (413, "refused", "outbound.too-large-for-them"),
        ({"resourceType": "Bundle", "type": "searchset"}, "waiting", "outbound.not-a-server"),
        ({**TAKEN, "entry": [{"response": {"status": "422", "outcome": outcome(FAULT)}}]}, "refused", "outbound.told"),
    ],
)
def test_what_else_is_said_is_not_taken_for_it(
    house: SendersHouse, receiver: Gate, answer: Any, state: str, key: str
) -> None:
    receiver.answers = [answer]
    id = house.ask()
    house.work()
    assert (house.stands(id).state, house.keys(id)) == (state, [key])


def test_an_outcome_with_faults_is_final_and_told_with_its_place(house: SendersHouse, receiver: Gate) -> None:
    warning = {**FAULT, "severity": "warning"}
    receiver.answers = [(422, outcome(warning, FAULT))]
    id = house.ask()
    house.work()
    [issue] = house.stands(id).issues
    assert house.stands(id).state == "refused"
    assert (issue.values["text"], issue.expression) == ("no such code", "Encounter.class")


def test_a_collection_is_taken_by_what_takes_documents(house: SendersHouse, receiver: Gate) -> None:
    house.register(receiver.url, "fhir-collection", "archive")
    receiver.answers = [201]
    id = house.ask("archive")
    house.work()
    assert house.stands(id).state == "delivered"
    sent = json.loads(receiver.heard[0][2])
    assert sent["type"] == "collection" and all("request" not in one for one in sent["entry"])


def test_references_out_of_the_bundle_lead_to_nobody_there() -> None:
    facility = {"system": "https://hoso.vn/sid/facility-code", "value": "01001"}
    visit = {
        "resourceType": "Encounter", "id": "e", "meta": {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z",
                                                          "profile": ["http://p"]},
        "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": "Patient/p"},
        "serviceProvider": {"reference": "Organization/bv", "identifier": facility},
        "participant": [{"individual": {"reference": "Practitioner/d"}}],
        "diagnosis": [{"condition": {"reference": "Condition/closed", "display": "Tâm thần phân liệt"}}],
    }  # fmt: skip
    person = {"resourceType": "Patient", "id": "p"}
    [sent, _] = (
        one["resource"] for one in json.loads(bundle([visit, person], "transaction", "http://a/fhir"))["entry"]
    )
    assert sent["meta"] == {"profile": ["http://p"]}
    assert sent["subject"] == {"reference": "Patient/p"}
    assert sent["serviceProvider"] == {"identifier": facility}
    assert sent["participant"] == [{"individual": {"reference": "http://a/fhir/Practitioner/d"}}]
    masked = {"extension": [{"url": ABSENT, "valueCode": "masked"}]}
    assert sent["diagnosis"] == [{"condition": masked}]
    assert b"Practitioner/d" in bundle([visit, person], "transaction", "") and b"http://a" not in bundle(
        [visit, person], "collection", ""
    )
    assert not [
        one for one in validate(json.loads(bundle([visit, person], "collection", ""))) if one.severity == "error"
    ]
