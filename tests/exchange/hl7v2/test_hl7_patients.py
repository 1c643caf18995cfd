"""PID, NK1, PV1, AL1, DG1 and what they become."""

from __future__ import annotations

import base64

import pytest
from tests.exchange.hl7v2.hl7_messages import PID, PV1, VISIT, keys, made, message, odd, read, segment, single

from hoso.fhir import systems


def admission(*segments: str, event: str = "A01") -> bytes:
    return message(f"ADT^{event}", *segments)


def test_a_patient_has_the_numbers_of_the_facility_and_of_the_state() -> None:
    patient = single(admission(PID, PV1), "Patient")
    numbers = {one["system"]: one["value"] for one in patient["identifier"]}
    assert numbers == {
        systems.facility_patient_number("01001"): "BN0001",
        systems.PERSONAL_NUMBER: "079085001234",
    }
    assert (patient["birthDate"], patient["gender"]) == ("1985-03-12", "male")
    assert patient["telecom"] == [{"system": "phone", "value": "0905123456", "use": "home"}]
    assert patient["address"][0]["text"] == "12 Lê Lợi, Huế"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("NGUYỄN^AN^VĂN", {"text": "NGUYỄN VĂN AN", "family": "NGUYỄN", "given": ["VĂN", "AN"]}),
        ("NGUYỄN^VĂN AN", {"text": "NGUYỄN VĂN AN", "family": "NGUYỄN", "given": ["VĂN AN"]}),
        ("NGUYỄN VĂN AN", {"text": "NGUYỄN VĂN AN"}),
        ("Everyman^Adam^A^^^^L", {"use": "official", "family": "Everyman", "given": ["Adam", "A"]}),
        ("Kim^Min^Jun^^^^^^^^F", {"text": "Kim Jun Min", "family": "Kim", "given": ["Jun", "Min"]}),
    ],
)
def test_a_name_is_in_the_order_of_its_language(written: str, name: dict[str, object]) -> None:
    patient = single(admission(PID.replace("NGUYỄN^AN^VĂN", written), PV1), "Patient")
    assert patient["name"] == [name]


@pytest.mark.parametrize(
    ("written", "system", "value"),
    [
        ("001^^^CMND^", systems.PERSONAL_NUMBER, "001"),
        ("123456789^^^^NI", systems.OLD_CARD_NUMBER, "123456789"),
        ("C1234567^^^^PPN", systems.PASSPORT_NUMBER, "C1234567"),
        ("DN4797912345678^^^BHXH^SB", systems.INSURANCE_NUMBER, "DN4797912345678"),
        ("7912345678^^^^SS", systems.SOCIAL_NUMBER, "7912345678"),
        ("998877^^^LAB^PI", "https://hoso.vn/sid/facility/01001/patient/LAB", "998877"),
    ],
)
def test_numbers_are_told_apart_by_type_and_authority(written: str, system: str, value: str) -> None:
    patient = single(admission(PID.replace("079085001234^^^CCCD^NI", written), PV1), "Patient")
    assert (system, value) in [(one["system"], one["value"]) for one in patient["identifier"]]


def test_the_same_number_of_two_authorities_is_two_patients() -> None:
    one = single(admission("PID|1||7^^^NORTH^MR||A^B", PV1), "Patient")
    other = single(admission("PID|1||7^^^SOUTH^MR||A^B", PV1), "Patient")
    assert one["id"] != other["id"]


def test_a_patient_without_any_number_is_refused_with_the_place() -> None:
    document = read(admission("PID|1||||NGUYỄN VĂN AN", PV1))
    assert keys(document) == [("patient-missing", "PID[1]-3")]
    assert document.arrived == []
    values = document.faults[0].issues[0].values
    assert (values["segment"], values["sequence"], values["field"]) == ("PID", "1", "3")


def test_dates_keep_their_precision_and_a_wrong_one_is_only_told() -> None:
    assert single(admission(PID.replace("19850312", "1985"), PV1), "Patient")["birthDate"] == "1985"
    born = single(admission(PID.replace("19850312", "198503120415"), PV1), "Patient")
    assert born["_birthDate"]["extension"][0]["valueDateTime"] == "1985-03-12T04:15:00+07:00"
    document = read(admission(PID.replace("19850312", "19853112"), PV1))
    assert odd(document) == [("unread", "PID[1]-7")]
    assert "birthDate" not in document.arrived[0].resource


def test_contacts_guarantors_and_policies_are_taken() -> None:
    data = admission(
        PID,
        "NK1|1|NGUYỄN^HOA^THỊ|MTH^Mẹ^HL70063||0912000111",
        PV1,
        "GT1|1|G7|LÊ^NAM",
        segment("IN1", {2: "BHYT", 4: "BHXH", 12: "20260101", 13: "20261231", 36: "DN4797912345678"}),
    )
    contact = single(data, "Patient")["contact"][0]
    assert contact["name"]["text"] == "NGUYỄN THỊ HOA"
    assert contact["relationship"][0]["coding"][0]["code"] == "MTH"
    assert single(data, "RelatedPerson")["name"][0]["text"] == "LÊ NAM"
    policy = single(data, "Coverage")
    assert policy["subscriberId"] == "DN4797912345678"
    assert policy["period"] == {"start": "2026-01-01", "end": "2026-12-31"}


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("A01", "in-progress"), ("A02", "in-progress"), ("A03", "finished"), ("A04", "in-progress"), ("A05", "planned"),
        ("A08", "in-progress"), ("A10", "arrived"), ("A11", "cancelled"), ("A13", "in-progress"), ("A38", "cancelled"),
    ],
)  # fmt: skip
def test_the_event_says_how_the_visit_stands(event: str, status: str) -> None:
    assert single(admission(PID, PV1, event=event), "Encounter")["status"] == status


def test_a_visit_has_its_number_place_people_and_times() -> None:
    timed = segment("PV1", {**VISIT, 44: "20261127080000+0700", 45: "20261130100000"})
    visit = single(admission(PID, timed, event="A03"), "Encounter")
    assert visit["identifier"][0] == {"system": systems.facility_visit_number("01001"), "value": "V0001"}
    assert visit["class"]["code"] == "IMP"
    assert visit["location"][0]["location"]["identifier"]["value"] == "K01/P12/G3"
    assert visit["participant"][0]["individual"]["display"] == "TRẦN THỊ BÌNH"
    assert visit["period"] == {"start": "2026-11-27T08:00:00+07:00", "end": "2026-11-30T10:00:00+07:00"}


def test_an_admission_without_a_visit_number_keeps_its_patient() -> None:
    document = read(admission(PID, "PV1|1|I"))
    assert keys(document) == [("visit-missing", "PV1[1]-19")]
    assert [one.type for one in document.arrived] == ["Patient", "Binary", "Provenance"]


def test_allergies_diagnoses_and_procedures_are_of_the_visit() -> None:
    data = admission(
        PID,
        PV1,
        "AL1|1|DA|J01CA04^Amoxicillin^ATC|SV|Mày đay~Khó thở",
        "DG1|1||I10^Tăng huyết áp^I10||20261127|F||||||||1",
        "PR1|1||47.09^Cắt ruột thừa^I9C||20261127101500",
    )
    allergy = single(data, "AllergyIntolerance")
    assert (allergy["category"], allergy["criticality"]) == (["medication"], "high")
    assert [one["text"] for one in allergy["reaction"][0]["manifestation"]] == ["Mày đay", "Khó thở"]
    condition, visit = single(data, "Condition"), single(data, "Encounter")
    assert condition["code"]["coding"][0] == {"system": systems.ICD10, "code": "I10", "display": "Tăng huyết áp"}
    assert visit["diagnosis"][0]["use"]["coding"][0]["code"] == "DD"
    assert single(data, "Procedure")["performedDateTime"] == "2026-11-27T10:15:00+07:00"


def test_allergies_of_a_list_are_changed_by_their_action() -> None:
    told = single(
        message("ADT^A60", PID, segment("IAM", {2: "FA", 3: "12^Đậu phộng^L", 6: "A", 7: "AL9", 17: "C"})),
        "AllergyIntolerance",
    )
    gone = single(
        message("ADT^A60", PID, segment("IAM", {2: "FA", 3: "12^Đậu phộng^L", 6: "D", 7: "AL9"})), "AllergyIntolerance"
    )
    assert told["id"] == gone["id"]
    assert told["verificationStatus"]["coding"][0]["code"] == "confirmed"
    assert gone["verificationStatus"]["coding"][0]["code"] == "entered-in-error"


def test_problems_are_added_and_deleted() -> None:
    kept = single(
        message("PPR^PC1", PID, "PRB|AD|20261101|E11^Đái tháo đường^I10|P77||||||||Confirmed^^|Active"), "Condition"
    )
    gone = single(message("PPR^PC3", PID, "PRB|DE|20261102|E11^Đái tháo đường^I10|P77"), "Condition")
    assert kept["id"] == gone["id"]
    assert gone["verificationStatus"]["coding"][0]["code"] == "entered-in-error"


def test_a_merge_replaces_the_old_number() -> None:
    survivor, old = made(message("ADT^A40", PID, "MRG|BN0002^^^^MR"), "Patient")
    assert old["active"] is False
    assert old["link"] == [{"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}]
    assert old["identifier"][0]["value"] == "BN0002"


def test_a_code_that_no_table_knows_is_told_and_not_guessed_at() -> None:
    document = read(admission(PID.replace("|M|", "|X9|"), PV1.replace("|I|", "|Q|")))
    assert odd(document) == [("unknown-code", "PID[1]-8"), ("unknown-code", "PV1[1]-2")]
    patient, visit, *_ = (one.resource for one in document.arrived)
    assert "gender" not in patient
    assert visit["class"]["code"] == "Q"


def test_a_message_of_an_unknown_kind_or_facility_is_refused() -> None:
    assert keys(read(message("ACK^A01", PID))) == [("kind-unknown", "MSH[1]-9")]
    assert keys(read(message("ADT^A01", PID, PV1, facility="Bệnh viện"))) == [("facility-missing", "MSH[1]-4")]
    assert not read(message("ADT^A01", PID, PV1, facility="Bệnh viện"), "01001").faults


def test_a_sender_that_is_bound_stands_for_itself_but_not_for_another() -> None:
    assert read(message("ADT^A01", PID, PV1, facility="BV Huyện"), "01001").facility == "01001"
    assert read(message("ADT^A01", PID, PV1, facility="79016"), "01001").facility == "79016"  # the intake says no


def test_a_message_about_nobody_is_refused() -> None:
    assert keys(read(message("ORU^R01", "OBR|1||F1|CBC"))) == [("pid-missing", "MSH[1]")]


def test_the_message_is_kept_beside_what_was_made_of_it() -> None:
    data = admission(PID, PV1, "ZVN|1|của riêng bệnh viện")
    raw, provenance = single(data, "Binary"), single(data, "Provenance")
    assert base64.b64decode(raw["data"]) == data
    assert raw["contentType"] == "x-application/hl7-v2+er7"
    assert [one["reference"].partition("/")[0] for one in provenance["target"]] == ["Patient", "Encounter"]
    assert provenance["recorded"] == "2026-11-27T08:30:00+07:00"
