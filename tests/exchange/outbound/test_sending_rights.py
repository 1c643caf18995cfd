"""What a destination may have is asked at every attempt: what is closed is left out and counted, and the log knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.insurance.insurance_files import SUMMARY, envelope, visit
from tests.exchange.outbound.gates import SECRET, Gate, gate
from tests.exchange.outbound.senders_house import CODE, SendersHouse, dumped, observation, tables

from hoso.access import Actor, Errand, Scopes, Unavailable
from hoso.access.audit import Event
from hoso.access.audit.journal import PlainJournal
from hoso.access.citizen.lines import Lines
from hoso.access.outbound.destinations import Destination
from hoso.access.outbound.means import Means
from hoso.core import Refused
from hoso.exchange.door import LOADING
from hoso.fhir.search import parse
from hoso.store.record_store import RecordStore

Json = dict[str, Any]
TERMS = "http://terminology.hl7.org/CodeSystem"


@pytest.fixture
def receiver() -> Iterator[Gate]:
    with gate() as made:
        yield made


@pytest.fixture
def house(store: RecordStore, tmp_path: Path, receiver: Gate) -> SendersHouse:
    return SendersHouse(store, tmp_path, receiver.url)


def subject(house: SendersHouse) -> str:
    return str(house.found("Encounter")[0]["subject"]["reference"].partition("/")[2])


def glucose(house: SendersHouse) -> str:
    return next(str(one["id"]) for one in house.found("Observation") if "Glucose" in dumped(one))


def denying(house: SendersHouse, **provision: Any) -> Json:
    """The person's word that something is not to be given on."""
    return {
        "resourceType": "Consent", "id": "c", "status": "active", "patient": {"reference": f"Patient/{subject(house)}"},
        "scope": {"coding": [{"system": f"{TERMS}/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "policyRule": {"coding": [{"system": f"{TERMS}/v3-ActCode", "code": "OPTIN"}]},
        "provision": {"type": "deny", **provision},
    }  # fmt: skip


def test_what_tells_of_hiv_stays_here_and_the_row_says_how_much(house: SendersHouse, receiver: Gate) -> None:
    rows = {
        "XML1": [{**SUMMARY, "MA_BENH_KT": "I10;B20", "CHAN_DOAN_RV": "Viêm phổi, nhiễm HIV"}],
        "XML2": [
            {"MA_LK": "LK001", "STT": "1", "TEN_THUOC": "Tenofovir/Lamivudin/Dolutegravir"},
            {"MA_LK": "LK001", "STT": "2", "TEN_THUOC": "Amoxicillin"},
        ],
        "XML4": [{"MA_LK": "LK001", "STT": "1", "MA_DICH_VU": "1", "TEN_CHI_SO": "HIV Ab", "GIA_TRI": "Dương tính"}],
    }  # fmt: skip
    house.here.load(envelope(visit(rows)))
    id = house.ask()
    house.work()
    one, text = house.stands(id), tables(receiver.sent[0])
    assert one.state == "delivered" and one.withheld >= 4
    assert "Amoxicillin" in text and "I10" in text
    assert not any(word in text for word in ("HIV", "B20", "Dolutegravir", "Dương tính"))


def test_a_visit_that_is_closed_itself_is_not_there(house: SendersHouse, receiver: Gate) -> None:
    waits = house.ask()
    house.label("Encounter", house.visit)
    with pytest.raises(Refused) as refused:
        house.ask("bhxh", house.visit)
    with pytest.raises(Refused) as absent:
        house.ask("bhxh", "nobody")
    assert (refused.value.status, refused.value.issues[0].key) == (absent.value.status, absent.value.issues[0].key)
    assert house.outbox.ask_since(LOADING, "bhxh", "2026-01-01").sendings == []
    house.work()
    assert (house.stands(waits).state, house.keys(waits)) == ("stopped", ["outbound.not-there"])
    assert receiver.heard == []


def test_a_label_that_was_raised_between_attempts_counts(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers = [503]
    id = house.ask()
    house.work()
    assert "Glucose" in tables(receiver.sent[0])
    house.label("Observation", glucose(house))
    house.work(1)
    assert house.stands(id).state == "delivered" and house.stands(id).withheld >= 1
    assert "Glucose" not in tables(receiver.sent[1]) and SUMMARY["HO_TEN"] in tables(receiver.sent[1])


def test_what_the_person_denied_between_attempts_counts(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers = [503]
    id = house.ask()
    house.work()
    results = [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]
    house.put(denying(house, **{"class": results}))
    house.work(1)
    assert house.stands(id).state == "delivered" and house.stands(id).withheld >= 1
    assert "Glucose" not in tables(receiver.sent[1])
    house.put(denying(house))
    last = house.outbox.ask_since(LOADING, "bhxh", "2026-01-01").sendings
    assert last == []


def test_a_denial_of_payment_is_one_and_of_research_is_none(house: SendersHouse, receiver: Gate) -> None:
    def purpose(code: str) -> Json:
        return {"purpose": [{"system": f"{TERMS}/v3-ActReason", "code": code}]}

    house.put(denying(house, **purpose("HRESCH")))
    id = house.ask()
    house.put(denying(house, **purpose("HPAYMT")))
    house.work()
    assert house.stands(id).state == "stopped" and receiver.heard == []


def test_a_destination_that_was_removed_gets_nothing_more(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers = [503]
    id = house.ask()
    house.work()
    assert house.outbox.destinations.remove(LOADING, "bhxh")
    assert not house.outbox.destinations.remove(LOADING, "bhxh")
    house.work(1)
    assert (house.stands(id).state, house.keys(id)) == ("stopped", ["outbound.no-destination"])
    with pytest.raises(Refused, match="no-destination"):
        house.ask()
    assert len(receiver.sent) == 1


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"status": "entered-in-error"}, "outbound.not-there"),
        ({"serviceProvider": {"reference": "Organization/other"}}, "outbound.not-there"),
    ],
)
def test_a_visit_that_is_no_longer_ours_is_not_sent(
    house: SendersHouse, receiver: Gate, change: Json, key: str
) -> None:
    """The only visit of the person here."""
    other = {"system": "https://hoso.vn/sid/facility-code", "value": "01002"}
    house.put({"resourceType": "Organization", "id": "other", "name": "Khác", "identifier": [other]})
    receiver.answers = [503]
    id = house.ask()
    house.work()
    house.put({**house.found("Encounter")[0], **change})
    house.work(1)
    assert (house.stands(id).state, house.keys(id)) == ("stopped", [key])
    assert len(receiver.sent) == 1


def test_visits_of_another_facility_are_refused_though_the_person_was_here(house: SendersHouse, receiver: Gate) -> None:
    other = {"system": "https://hoso.vn/sid/facility-code", "value": "01002"}
    house.put({"resourceType": "Organization", "id": "other", "name": "Khác", "identifier": [other]})
    elsewhere = {
        "resourceType": "Encounter", "id": "elsewhere", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{subject(house)}"}, "period": {"start": "2026-07-01", "end": "2026-07-02"},
        "serviceProvider": {"reference": "Organization/other"},
    }  # fmt: skip
    house.put(elsewhere)
    with pytest.raises(Refused, match="other-facility"):
        house.ask("bhxh", "elsewhere")
    house.put(
        {**elsewhere, "id": "cancelled", "status": "cancelled", "serviceProvider": {"reference": "Organization/bv"}}
    )
    with pytest.raises(Refused, match="no-visit"):
        house.ask("bhxh", "cancelled")
    asked = house.outbox.ask_since(LOADING, "bhxh", "2026-01-01", partial=True)
    assert [house.stands(id).visit for id in asked.sendings] == [house.visit]


def test_only_the_visit_goes_not_the_rest_of_the_person(house: SendersHouse, receiver: Gate) -> None:
    person = subject(house)
    house.put(observation(person) | {"encounter": {"display": "another visit"}})
    house.put({
        "resourceType": "Appointment", "id": "another", "status": "booked", "start": "2026-12-01T08:00:00+07:00",
        "end": "2026-12-01T08:30:00+07:00", "description": "Khám tâm thần",
        "participant": [{"actor": {"reference": f"Patient/{person}"}, "status": "accepted"}],
    })  # fmt: skip
    house.register(receiver.url, "fhir-collection", "province")
    id = house.ask("province")
    receiver.answers = [{"resourceType": "OperationOutcome", "id": "x", "issue": []}]
    house.work()
    assert house.stands(id).state == "delivered"
    sent = json.loads(receiver.heard[-1][2])
    names = {(one["resource"]["resourceType"], one["resource"]["id"]) for one in sent["entry"]}
    assert ("Encounter", house.visit) in names and ("Observation", glucose(house)) in names
    assert not names & {("Appointment", "another"), ("Observation", "late")}


def test_the_log_says_what_was_sent_to_whom_and_by_what_right(house: SendersHouse, receiver: Gate) -> None:
    house.ask()
    assert house.told("send") == [] and len(house.told("send-ask")) == 1
    house.work()
    [event] = [one for one in house.told("send") if one.patient]
    assert (event.actor, event.role, event.facility) == ("destination/bhxh", "sender", CODE)
    assert (event.purpose, event.activity, event.channel, event.outcome) == ("HPAYMT", "send", "automatic", "ok")
    assert event.what == f"Encounter/{house.visit} to bhxh: Contract 12/2026"
    assert {"Encounter", "Patient", "Observation", "MedicationRequest"} <= set(event.types) and event.digest
    lines = Lines("")
    lines.add(1, event)
    assert [(one.who, one.actor, one.deeds) for one in lines.lines] == [("machine", "destination/bhxh", {"sent"})]
    text = dumped([one.what for one in house.told("destination-add")])
    assert receiver.url in text and SECRET not in text


def test_nothing_leaves_that_the_log_does_not_take(house: SendersHouse, receiver: Gate) -> None:
    class Full(PlainJournal):
        def tell(self, events: Sequence[Event]) -> None:
            if any(one.kind == "send" for one in events):
                raise Unavailable("the disk is full")
            super().tell(events)

    house.journal = Full(house.store)
    house.outbox = house.made()
    id = house.ask()
    house.work()
    assert (house.stands(id).state, receiver.heard) == ("waiting", [])
    house.journal = PlainJournal(house.store)
    house.outbox = house.made()
    house.work(1)
    assert house.stands(id).state == "delivered"


def test_the_role_by_itself_reads_nothing_and_reaches_nobody_who_was_never_here(house: SendersHouse) -> None:
    house.put({"resourceType": "Patient", "id": "stranger", "name": [{"text": "Trần Văn Lạ"}], "gender": "male"})
    actor = Actor("destination/bhxh", Scopes.parse("system/*.rs"), "sender", CODE)
    for activity, there in (("send", {subject(house)}), ("view", set()), ("export", set()), ("print", set())):
        errand = Errand(actor, "HPAYMT", "automatic", activity)  # type: ignore[arg-type]
        found = {one.id for one in house.records.scan(errand, parse("Patient", []))}
        assert found & {subject(house), "stranger"} == there, activity


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"name": "Bảo hiểm"}, "outbound.bad-name"),
        ({"url": "http://gateway.example.vn"}, "outbound.bad-address"),
        ({"url": "https://user:word@gateway.example.vn"}, "outbound.bad-address"),
        ({"url": "ftp://gateway.example.vn"}, "outbound.bad-address"),
        ({"url": "https://gateway.example.vn/?a=b"}, "outbound.bad-address"),
        ({"address": "somewhere"}, "outbound.bad-address"),
        ({"purpose": "HRESCH"}, "outbound.bad-purpose"),
        ({"basis": " "}, "outbound.no-basis"),
        ({"username": ""}, "outbound.no-account"),
    ],
)
def test_what_can_be_no_destination_is_refused(house: SendersHouse, change: Json, key: str) -> None:
    right: Json = {
        "name": "x", "form": "insurance-xml", "url": "https://gateway.example.vn", "address": "", "facility": CODE,
        "purpose": "HPAYMT", "basis": "b", "username": "u", "dialect": "3176", "created": 0, "ended": None,
    }  # fmt: skip
    house.outbox.destinations.add(LOADING, Destination(**right), Means(SECRET))
    with pytest.raises(Refused) as refused:
        house.outbox.destinations.add(LOADING, Destination(**right | change), Means(SECRET))
    assert refused.value.issues[0].key == key
    for secret in ("line\nline", "mật khẩu", "x" * 5_000):
        with pytest.raises(Refused, match="bad-secret"):
            house.outbox.destinations.add(LOADING, Destination(**right), Means(secret))


def test_a_secret_stands_nowhere_in_the_open(house: SendersHouse) -> None:
    [row] = [one for one in house.table.destinations() if one.name == "bhxh"]
    assert row.secret and SECRET.encode() not in row.secret
    assert SECRET not in dumped([repr(one) for one in house.outbox.destinations.all()])
    house.outbox.destinations.remove(LOADING, "bhxh")
    [row] = [one for one in house.table.destinations() if one.name == "bhxh"]
    assert row.secret is None
