"""ORU, OUL: reports and their results; ORM, OML: orders."""

from __future__ import annotations

import base64
import json

import pytest
from tests.exchange.hl7v2.hl7_messages import PID, PV1, Resource, keys, made, message, odd, read, single

from hoso.fhir import systems

OBR = "OBR|1|P1|F1|CBC^Công thức máu^L|||20261127081000|||||||||||||||20261127082500||HM|F"

UCUM = {"system": systems.UCUM}
LOCAL = "https://hoso.vn/CodeSystem/facility/01001/L"


def results(*observations: str, obr: str = OBR) -> bytes:
    return message("ORU^R01", PID, PV1, obr, *observations)


def result(value: str, kind: str = "NM", unit: str = "", more: str = "|||||F") -> Resource:
    return single(results(f"OBX|1|{kind}|718-7^Hb^LN||{value}|{unit}{more}"), "Observation")


def test_a_report_has_its_results_order_and_times() -> None:
    data = results("OBX|1|NM|718-7^Hb^LN||13.40|g/dL|12.0-16.0|N|||F|||20261127081500")
    report, one = single(data, "DiagnosticReport"), single(data, "Observation")
    assert (report["status"], report["issued"]) == ("final", "2026-11-27T08:25:00+07:00")
    assert report["result"] == [{"reference": f"Observation/{one['id']}"}]
    assert report["basedOn"][0]["identifier"]["value"] == "P1"
    assert one["category"][0]["coding"][0]["code"] == "laboratory"
    assert one["effectiveDateTime"] == "2026-11-27T08:15:00+07:00"
    body = next(item.body for item in read(data).arrived if item.type == "Observation")
    assert b'"value":13.40' in body
    assert one["referenceRange"][0]["low"] == {"value": 12.0, "unit": "g/dL", "system": systems.UCUM, "code": "g/dL"}


@pytest.mark.parametrize(
    ("value", "kind", "unit", "expected"),
    [
        ("5.6", "NM", "mmol/L", {"valueQuantity": {"value": 5.6, "unit": "mmol/L", **UCUM, "code": "mmol/L"}}),
        ("5.6", "NM", "đv", {"valueQuantity": {"value": 5.6, "unit": "đv"}}),
        ("<0.5", "NM", "", {"valueQuantity": {"value": 0.5, "comparator": "<"}}),
        (">=^10", "SN", "", {"valueQuantity": {"value": 10, "comparator": ">="}}),
        ("^2^-^4", "SN", "", {"valueRange": {"low": {"value": 2}, "high": {"value": 4}}}),
        ("^1^:^160", "SN", "", {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 160}}}),
        ("^2^+", "SN", "", {"valueString": "^2^+"}),
        ("7.1", "ST", "g/L", {"valueQuantity": {"value": 7.1, "unit": "g/L", **UCUM, "code": "g/L"}}),
        ("Âm tính", "ST", "", {"valueString": "Âm tính"}),
        ("POS^Dương tính^L", "CWE", "", {"valueCodeableConcept": {
            "coding": [{"system": LOCAL, "code": "POS", "display": "Dương tính"}],
            "text": "Dương tính"}}),
        ("20261127", "DT", "", {"valueDateTime": "2026-11-27"}),
        ("202611270830+0900", "TS", "", {"valueDateTime": "2026-11-27T08:30:00+09:00"}),
        ("0830", "TM", "", {"valueTime": "08:30:00"}),
        ("K01^P2^G3", "PL", "", {"valueString": "K01^P2^G3"}),
    ],
)  # fmt: skip
def test_values_are_read_by_their_type(value: str, kind: str, unit: str, expected: Resource) -> None:
    one = result(value, kind, unit)
    assert {name: one[name] for name in one if name.startswith("value")} == expected


def test_a_number_that_is_none_stays_text_and_is_told() -> None:
    document = read(results("OBX|1|NM|718-7^Hb^LN||vón|g/dL||||F"))
    assert odd(document) == [("not-a-number", "OBX[1]-5")]


def test_text_over_many_segments_is_one_text() -> None:
    data = results("OBX|1|TX|GDT^Kết luận^L|1|Dòng một||||||F", "OBX|2|TX|GDT^Kết luận^L|1|Dòng hai||||||F")
    assert single(data, "Observation")["valueString"] == "Dòng một\nDòng hai"


def test_the_same_test_twice_in_a_report_is_two_results() -> None:
    first, second = made(results("OBX|1|NM|718-7^Hb^LN|1|13||||||F", "OBX|2|NM|718-7^Hb^LN|2|14||||||F"), "Observation")
    assert first["id"] != second["id"]
    again = made(results("OBX|1|NM|718-7^Hb^LN||13||||||F", "OBX|2|NM|718-7^Hb^LN||14||||||F"), "Observation")
    assert len({one["id"] for one in again}) == 2


@pytest.mark.parametrize(
    ("told", "status"),
    [("P", "preliminary"), ("F", "final"), ("C", "corrected"), ("D", "entered-in-error"), ("W", "entered-in-error"),
     ("X", "cancelled"), ("I", "registered")],
)  # fmt: skip
def test_a_result_has_the_status_it_was_sent_with(told: str, status: str) -> None:
    assert result("13", more=f"|||||{told}")["status"] == status


def test_a_file_is_presented_with_its_report_and_broken_base64_is_a_fault() -> None:
    content = base64.b64encode(b"%PDF-1.7").decode()
    report = single(results(f"OBX|1|ED|PDF^Kết quả^L||^application^pdf^Base64^{content}||||||F"), "DiagnosticReport")
    assert report["presentedForm"] == [{"contentType": "application/pdf", "title": "Kết quả", "data": content}]
    document = read(results("OBX|1|ED|PDF^Kết quả^L||^application^pdf^Base64^@@@||||||F"))
    assert keys(document) == [("not-base64", "OBX[1]-5.5")]
    assert [one.type for one in document.arrived] == [
        "Patient",
        "Encounter",
        "DiagnosticReport",
        "Binary",
        "Provenance",
    ]


def test_a_result_without_a_code_is_a_fault_and_the_others_go_in() -> None:
    document = read(results("OBX|1|NM|||13||||||F", "OBX|2|NM|718-7^Hb^LN||13||||||F"))
    assert keys(document) == [("code-missing", "OBX[1]-3")]
    assert [one.type for one in document.arrived].count("Observation") == 1


def test_notes_stand_with_what_they_are_about() -> None:
    data = message(
        "ORU^R01", PID, OBR, "NTE|1||Mẫu tốt", "OBX|1|NM|718-7^Hb^LN||13||||||F", "NTE|1||Đã kiểm tra", "NTE|2||lại."
    )
    assert single(data, "Observation")["note"] == [{"text": "Đã kiểm tra\nlại."}]
    assert "Mẫu tốt" in json.dumps(single(data, "DiagnosticReport")["extension"], ensure_ascii=False)


def test_a_specimen_belongs_to_the_report_before_it_or_after_it() -> None:
    spm, obx = "SPM|1|S9||BLD^Máu^HL70487", "OBX|1|NM|718-7^Hb^LN||13||||||F"
    after = message("ORU^R01", PID, OBR, obx, spm)
    before = message("OUL^R22", PID, spm, OBR, obx)
    for data in (after, before):
        mine = [{"reference": f"Specimen/{single(data, 'Specimen')['id']}"}]
        assert single(data, "DiagnosticReport")["specimen"] == mine
        assert single(data, "Observation")["specimen"] == mine[0]


def test_results_without_an_order_are_of_the_visit() -> None:
    data = message("ORU^R01", PID, PV1, "OBX|1|NM|8867-4^Mạch^LN||82|lần/phút|||||F|||20261127090000")
    one = single(data, "Observation")
    assert one["encounter"]["reference"] == f"Encounter/{single(data, 'Encounter')['id']}"
    assert one["category"][0]["coding"][0]["code"] == "vital-signs"
    assert one["valueQuantity"]["code"] == "/min"


def test_a_blood_pressure_in_one_text_has_two_parts() -> None:
    data = message("ORU^R01", PID, PV1, "OBX|1|ST|85354-9^Huyết áp^LN||120/80||||||F|||20261127090000")
    parts = single(data, "Observation")["component"]
    assert [one["valueQuantity"]["value"] for one in parts] == [120, 80]
    odd_text = data.replace(b"120/80", b"1200/80")
    assert single(odd_text, "Observation")["valueString"] == "1200/80"


def test_words_of_hiv_get_the_label() -> None:
    one = single(results("OBX|1|ST|HIVAB^Anti-HIV^L||Âm tính||||||F"), "Observation")
    assert one["meta"]["security"][0]["code"] == "HIV"


@pytest.mark.parametrize(
    ("control", "state", "status"),
    [
        ("NW", "", "active"),
        ("CA", "", "revoked"),
        ("SC", "CM", "completed"),
        ("HD", "", "on-hold"),
        ("NW", "IP", "active"),
    ],
)
def test_an_order_stands_as_its_control_says(control: str, state: str, status: str) -> None:
    data = message("ORM^O01", PID, PV1, f"ORC|{control}|P1|||{state}", "OBR|1|P1||CBC^Công thức máu^L|||")
    order = single(data, "ServiceRequest")
    assert (order["status"], order["code"]["text"]) == (status, "Công thức máu")


def test_an_order_and_its_report_know_each_other_by_number() -> None:
    order = single(message("OML^O21", PID, "ORC|NW|P1", "OBR|1|P1||CBC"), "ServiceRequest")
    report = single(results("OBX|1|NM|718-7^Hb^LN||13||||||F"), "DiagnosticReport")
    assert order["identifier"][0] == {**report["basedOn"][0]["identifier"], "type": order["identifier"][0]["type"]}
