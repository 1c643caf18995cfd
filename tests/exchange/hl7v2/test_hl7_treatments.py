"""VXU, RDE, RDS, MDM, SIU: vaccinations, prescriptions, documents, appointments."""

from __future__ import annotations

import base64

import pytest
from tests.exchange.hl7v2.hl7_messages import PID, PV1, keys, message, odd, read, segment, single

from hoso.fhir import systems

GIVEN = {
    1: "0", 2: "1", 3: "20260801", 5: "20^DTaP^CVX", 6: "0.5", 7: "mL", 9: "00^New^NIP001", 10: "YT01^LÊ^LAN",
    15: "LOT7", 16: "20271231", 17: "SII^Serum^MVX", 20: "CP", 21: "A",
}  # fmt: skip
RXA = segment("RXA", GIVEN)


def test_a_vaccination_has_vaccine_lot_site_and_route() -> None:
    one = single(
        message("VXU^V04", PID, "ORC|RE||VX1", RXA, "RXR|IM^Tiêm bắp^HL70162|LA^Tay trái^HL70163"), "Immunization"
    )
    assert one["status"] == "completed"
    assert one["vaccineCode"]["coding"][0] == {"system": systems.CVX, "code": "20", "display": "DTaP"}
    assert (one["lotNumber"], one["expirationDate"]) == ("LOT7", "2027-12-31")
    assert one["doseQuantity"]["code"] == "mL"
    assert one["primarySource"] is True
    assert (one["route"]["text"], one["site"]["text"]) == ("Tiêm bắp", "Tay trái")


@pytest.mark.parametrize(("told", "action", "status"), [("RE", "A", "not-done"), ("CP", "D", "entered-in-error")])
def test_a_refused_or_deleted_vaccination_says_so(told: str, action: str, status: str) -> None:
    rxa = segment("RXA", {**GIVEN, 18: "00^Từ chối^NIP002", 20: told, 21: action})
    one = single(message("VXU^V04", PID, "ORC|RE||VX1", rxa), "Immunization")
    assert one["status"] == status


def test_a_vaccine_of_a_national_list_keeps_both_codes() -> None:
    rxa = RXA.replace("20^DTaP^CVX", "20^DTaP^CVX^VX05^ComBE Five^99VN")
    coding = single(message("VXU^V04", PID, "ORC|RE||VX1", rxa), "Immunization")["vaccineCode"]["coding"]
    assert [one["code"] for one in coding] == ["20", "VX05"]


def test_a_vaccination_without_a_day_is_a_fault() -> None:
    document = read(message("VXU^V04", PID, segment("RXA", {**GIVEN, 3: ""})))
    assert keys(document) == [("time-missing", "RXA[1]-3")]


def test_a_prescription_has_medicine_dose_and_route() -> None:
    data = message(
        "RDE^O11", PID, PV1, "ORC|NW|D1", "TQ1|1||BID||||20261127|20261202",
        segment("RXE", {2: "J01CA04^Amoxicillin^ATC", 3: "1", 5: "viên", 7: "Uống sau ăn", 10: "20", 11: "viên"}),
        "RXR|PO^Uống^HL70162",
    )  # fmt: skip
    one = single(data, "MedicationRequest")
    assert one["medicationCodeableConcept"]["coding"][0]["system"] == systems.ATC
    (dosage,) = one["dosageInstruction"]
    assert dosage["doseAndRate"] == [{"doseQuantity": {"value": 1, "unit": "viên"}}]
    assert dosage["timing"]["code"]["text"] == "BID"
    assert (dosage["text"], dosage["route"]["text"]) == ("Uống sau ăn", "Uống")
    assert one["dispenseRequest"]["quantity"] == {"value": 20, "unit": "viên"}


def test_what_was_handed_out_is_of_its_prescription() -> None:
    data = message(
        "RDS^O13",
        PID,
        "ORC|RE|D1",
        "RXE||J01^Amoxicillin^ATC|1||viên",
        "RXD|1|J01^Amoxicillin^ATC|20261127|20|viên||RX9",
    )
    dispense = single(data, "MedicationDispense")
    assert dispense["authorizingPrescription"] == [
        {"reference": f"MedicationRequest/{single(data, 'MedicationRequest')['id']}"}
    ]
    assert dispense["quantity"] == {"value": 20, "unit": "viên"}


def test_a_document_keeps_its_text() -> None:
    txa = segment("TXA", {2: "DS^Tóm tắt ra viện", 3: "TX", 6: "20261127090000", 12: "DOC1", 17: "AU"})
    data = message("MDM^T02", PID, PV1, txa, "OBX|1|TX|DS||  Dòng một", "OBX|2|TX|DS||", "OBX|3|TX|DS||Dòng ba")
    one = single(data, "DocumentReference")
    (content,) = one["content"]
    assert base64.b64decode(content["attachment"]["data"]).decode() == "  Dòng một\n\nDòng ba"
    assert one["docStatus"] == "final"


def test_a_replacement_names_the_document_before_it() -> None:
    data = message("MDM^T10", PID, segment("TXA", {2: "DS", 3: "TX", 12: "DOC2", 13: "DOC1"}), "OBX|1|TX|DS||Mới")
    (relation,) = single(data, "DocumentReference")["relatesTo"]
    assert (relation["code"], relation["target"]["identifier"]["value"]) == ("replaces", "DOC1")


def test_an_appointment_has_its_time_and_who_takes_part() -> None:
    data = message(
        "SIU^S12", segment("SCH", {1: "A1", 2: "B1", 7: "KHAM^Khám lại^L", 9: "30", 10: "min", 25: "Booked"}),
        PID, "RGS|1",
        "AIS|1|A|NS^Nội soi^L|20261130090000|||30|min", "AIP|1||BS1^TRẦN^BÌNH", "AIL|1||PK1^P2",
    )  # fmt: skip
    one = single(data, "Appointment")
    assert (one["status"], one["start"], one["end"]) == (
        "booked",
        "2026-11-30T09:00:00+07:00",
        "2026-11-30T09:30:00+07:00",
    )
    assert [member["actor"].get("type", "Patient") for member in one["participant"]] == [
        "Patient",
        "Practitioner",
        "Location",
    ]


def test_an_appointment_without_a_time_is_a_proposal_and_a_cancelled_one_is_cancelled() -> None:
    document = read(message("SIU^S12", "SCH|A1|B1", PID))
    assert odd(document) == [("appointment-untimed", "SCH[1]-11")]
    assert document.arrived[0].resource["status"] == "proposed"
    assert single(message("SIU^S15", "SCH|A1|B1", PID), "Appointment")["status"] == "cancelled"
