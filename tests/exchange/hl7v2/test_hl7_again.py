"""Messages that come again, late or corrected, against what is stored, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from tests.exchange.hl7v2.hl7_messages import PID, PV1, VISIT, message, segment
from tests.identity.test_arrive import Node

from hoso.exchange import documents
from hoso.exchange.commit import store as commit
from hoso.exchange.door import LOADING, LoadDoor
from hoso.exchange.hl7v2 import messages
from hoso.fhir import json
from hoso.fhir.search import parse
from hoso.store.record_store import RecordStore

OBR = segment("OBR", {2: "P1", 3: "F1", 4: "CBC^Công thức máu^L", 7: "20261127081000", 24: "HM", 25: "F"})


class Here:
    """A node that takes messages."""

    def __init__(self, store: RecordStore) -> None:
        self.node = Node(store)
        self._door = LoadDoor(self.node.records)

    def take(self, data: bytes) -> dict[str, int]:
        """How many records were stored and how many stayed."""
        self._door.afresh()
        document = messages.read(data, 1, self._door)
        documents.settle(document, {})
        assert not document.faults, document.faults
        fates = [fate for _, fate in commit(self._door, document.arrived, atomic=False, written={}, unfit=[])]
        return {fate: fates.count(fate) for fate in set(fates)}

    def all(self, type: str) -> list[dict[str, Any]]:
        page = self.node.records.search(LOADING, parse(type, [("_count", "100")]))
        found = [json.parse(one.body) for one in page.matches]
        return [
            one for one in found if one["resourceType"] != "Patient" or "meta" not in one or "tag" not in one["meta"]
        ]

    def one(self, type: str) -> dict[str, Any]:
        (found,) = self.all(type)
        return found


@pytest.fixture
def here(store: RecordStore) -> Here:
    return Here(store)


def adt(event: str, at: str, pid: str = PID, pv1: str = PV1) -> bytes:
    return message(f"ADT^{event}", pid, pv1, at=at)


def oru(at: str, *observations: str, pid: str = PID) -> bytes:
    return message("ORU^R01", pid, PV1, OBR, *observations, at=at)


def test_the_same_message_again_changes_nothing(here: Here) -> None:
    data = oru("20261127083000", "OBX|1|NM|718-7^Hb^LN||13||||||F")
    assert here.take(data) == {"stored": 6}
    assert here.take(data) == {"unchanged": 6}


def test_a_replay_changes_nothing_back_even_of_the_same_second(here: Here) -> None:
    came, left = adt("A04", "20261127080000"), adt("A03", "20261127080000")
    here.take(came)
    here.take(left)
    assert here.take(came) == {"unchanged": 4}
    assert here.one("Encounter")["status"] == "finished"


def test_an_update_replaces_what_it_speaks_of_and_deletes_what_it_says(here: Here) -> None:
    here.take(adt("A04", "20261127080000"))
    here.take(adt("A08", "20261127090000", 'PID|1||BN0001^^^^MR||NGUYỄN^AN^VĂN||||||""||0999888777'))
    patient = here.one("Patient")
    assert patient["telecom"] == [{"system": "phone", "value": "0999888777", "use": "home"}]
    assert "address" not in patient
    assert (patient["birthDate"], patient["gender"]) == ("1985-03-12", "male")
    assert len(patient["identifier"]) == 2


def test_a_result_says_nothing_of_the_rest_of_its_patient(here: Here) -> None:
    here.take(adt("A04", "20261127080000"))
    here.take(oru("20261127083000", "OBX|1|NM|718-7^Hb^LN||13||||||F", pid="PID|1||BN0001^^^^MR||NGUYỄN^AN^VĂN"))
    assert here.one("Patient")["address"][0]["text"] == "12 Lê Lợi, Huế"
    assert here.one("Encounter")["status"] == "in-progress"


def test_an_update_that_lists_diagnoses_takes_back_those_it_does_not_list(here: Here) -> None:
    here.take(
        message(
            "ADT^A01", PID, PV1, "DG1|1||J18^Viêm phổi^I10|||A", "DG1|2||I10^Tăng huyết áp^I10|||F", at="20261127080000"
        )
    )
    here.take(message("ADT^A08", PID, PV1, "DG1|1||E11^Đái tháo đường^I10|||F", at="20261127090000"))
    states = {
        one["code"]["coding"][0]["code"]: one["verificationStatus"]["coding"][0]["code"]
        for one in here.all("Condition")
    }
    assert states == {"J18": "provisional", "I10": "entered-in-error", "E11": "confirmed"}
    assert len(here.one("Encounter")["diagnosis"]) == 2
    here.take(message("ADT^A08", PID, PV1, at="20261127100000"))  # says nothing of diagnoses
    assert len(here.one("Encounter")["diagnosis"]) == 2


@pytest.mark.parametrize("late", [False, True])
def test_messages_in_any_order_end_the_same(here: Here, late: bool) -> None:
    admitted = adt("A01", "20261127080000", pv1=segment("PV1", {**VISIT, 44: "20261127080000"}))
    discharged = adt("A03", "20261130100000", pv1=segment("PV1", {**VISIT, 44: "20261127080000", 45: "20261130095500"}))
    for data in (discharged, admitted) if late else (admitted, discharged):
        here.take(data)
    visit = here.one("Encounter")
    assert visit["status"] == "finished"
    assert visit["period"] == {"start": "2026-11-27T08:00:00+07:00", "end": "2026-11-30T09:55:00+07:00"}


def test_a_transfer_and_a_cancelled_discharge_are_followed(here: Here) -> None:
    here.take(adt("A01", "20261127080000"))
    here.take(adt("A02", "20261127090000", pv1=segment("PV1", {**VISIT, 3: "K02^P1^G1", 6: "K01^P12^G3"})))
    places = {one["location"]["identifier"]["value"]: one["status"] for one in here.one("Encounter")["location"]}
    assert places == {"K01/P12/G3": "completed", "K02/P1/G1": "active"}
    here.take(adt("A03", "20261130100000", pv1=segment("PV1", {**VISIT, 3: "K02^P1^G1", 45: "20261130100000"})))
    assert here.one("Encounter")["period"]["end"] == "2026-11-30T10:00:00+07:00"
    here.take(adt("A13", "20261130110000", pv1=segment("PV1", {**VISIT, 3: "K02^P1^G1"})))
    visit = here.one("Encounter")
    assert visit["status"] == "in-progress"
    assert "end" not in visit.get("period", {})
    here.take(adt("A12", "20261130120000"))
    (place,) = here.one("Encounter")["location"]
    assert place["location"]["identifier"]["value"] == "K01/P12/G3"


def test_a_result_is_corrected_and_withdrawn_in_place(here: Here) -> None:
    here.take(oru("20261127083000", "OBX|1|NM|718-7^Hb^LN||13||||||P"))
    here.take(oru("20261127090000", "OBX|1|NM|718-7^Hb^LN||14||||||C"))
    one = here.one("Observation")
    assert (one["status"], one["valueQuantity"]["value"]) == ("corrected", 14)
    here.take(oru("20261127083000", "OBX|1|NM|718-7^Hb^LN||13||||||P"))  # a replay of the first
    assert here.one("Observation")["status"] == "corrected"
    here.take(oru("20261127100000", "OBX|1|NM|718-7^Hb^LN||||||||W"))
    one = here.one("Observation")
    assert (one["status"], one["valueQuantity"]["value"]) == ("entered-in-error", 14)
    assert "dataAbsentReason" not in one


def test_a_preliminary_result_becomes_final_without_being_sent_again(here: Here) -> None:
    here.take(oru("20261127083000", "OBX|1|NM|718-7^Hb^LN||13||||||P"))
    here.take(oru("20261127090000", "OBX|1|NM|718-7^Hb^LN||||||||U"))
    one = here.one("Observation")
    assert (one["status"], one["valueQuantity"]["value"]) == ("final", 13)


def test_an_order_is_cancelled_by_its_number_alone(here: Here) -> None:
    here.take(message("ORM^O01", PID, PV1, "ORC|NW|P1", "OBR|1|P1||CBC^Công thức máu^L", at="20261127080000"))
    here.take(message("ORM^O01", PID, PV1, "ORC|CA|P1", at="20261127090000"))
    order = here.one("ServiceRequest")
    assert (order["status"], order["code"]["text"]) == ("revoked", "Công thức máu")


def test_a_report_refers_to_the_order_that_is_here(here: Here) -> None:
    here.take(message("ORM^O01", PID, PV1, "ORC|NW|P1", "OBR|1|P1||CBC^Công thức máu^L", at="20261127080000"))
    here.take(oru("20261127083000", "OBX|1|NM|718-7^Hb^LN||13||||||F"))
    assert (
        here.one("DiagnosticReport")["basedOn"][0]["reference"] == f"ServiceRequest/{here.one('ServiceRequest')['id']}"
    )


def test_a_replaced_document_is_superseded_and_a_notice_keeps_the_content(here: Here) -> None:
    first = segment("TXA", {2: "DS", 3: "TX", 12: "DOC1"})
    here.take(message("MDM^T02", PID, first, "OBX|1|TX|DS||Một", at="20261127080000"))
    here.take(message("MDM^T01", PID, first.replace("DS", "DS^Ra viện"), at="20261127081000"))
    one = here.one("DocumentReference")
    assert "data" in one["content"][0]["attachment"]
    second = segment("TXA", {2: "DS", 3: "TX", 12: "DOC2", 13: "DOC1"})
    here.take(message("MDM^T10", PID, second, "OBX|1|TX|DS||Hai", at="20261127090000"))
    states = {one["masterIdentifier"]["value"]: one["status"] for one in here.all("DocumentReference")}
    assert states == {"DOC1": "superseded", "DOC2": "current"}


def test_a_merge_makes_one_person_of_two_records(here: Here) -> None:
    here.take(adt("A04", "20261127080000", "PID|1||BN1^^^^MR||NGUYỄN^AN^VĂN||19850312|M"))
    here.take(adt("A04", "20261127081000", "PID|1||BN2^^^^MR||LÊ^HOA^THỊ||19900101|F", PV1.replace("V0001", "V2")))
    assert len(here.node.groups()) == 2
    here.take(message("ADT^A40", "PID|1||BN1^^^^MR||NGUYỄN^AN^VĂN||19850312|M", "MRG|BN2^^^^MR", at="20261127090000"))
    old = next(one for one in here.all("Patient") if one.get("active") is False and "identifier" in one)
    assert old["name"][0]["text"] == "LÊ THỊ HOA"  # what it said stays
    assert old["link"][0]["type"] == "replaced-by"
    assert here.node.reviews() or len(here.node.groups()) == 1


def test_a_late_result_does_not_wake_a_merged_number(here: Here) -> None:
    here.take(message("ADT^A40", PID, "MRG|BN2^^^^MR", at="20261127090000"))
    here.take(oru("20261127100000", "OBX|1|NM|718-7^Hb^LN||13||||||F", pid="PID|1||BN2^^^^MR||NGUYỄN^AN^VĂN"))
    assert sorted(one["active"] for one in here.all("Patient") if "identifier" in one) == [False, True]
