"""Made-up people for the pages' tests: one with everything a card can show, one with nothing, lookalikes.

Dates are counted back from today, so that the card always has something in its last twelve months.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from hoso.core import citizen_code
from hoso.fhir import systems

Resource = dict[str, Any]

FULL_CODE = citizen_code.make(1234567890)
FULL_NUMBER = "001167012345"
FULL_CARD = "GD4010116701234"
FULL_PHONE = "0912345678"
STATION_CODE = "35001"
HOSPITAL, STATION, HEART = "Bệnh viện Đa khoa tỉnh Ninh Bình", "Trạm Y tế phường Hoa Lư", "Viện Tim mạch Quốc gia"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ALLERGY_VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
TEST_TAG = {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]}


def people(today: date) -> list[Resource]:
    """Everybody, facilities first."""
    lookalikes = [
        patient(f"alike-{n}", "Trần Văn Bình", str(1950 + n), "male", number=f"0340{50 + n}000{n:03d}")
        for n in range(1, 26)
    ]
    plain = [
        patient("plain", "Nguyen Van An", "1967-05-01", "male"),
        patient("accented", "Nguyễn Văn An", "1967", "male"),
        patient("empty", "Đặng Thị Hòa", "2026-01-03", "female"),
        patient("gone", "Lê Văn Khuất", "1931-02", "male") | {"deceasedDateTime": "2025-01-09"},
    ]
    everybody = [*lookalikes, *plain, *full(today)]
    return [*facilities(), *everybody, roster(one["id"] for one in everybody if one["resourceType"] == "Patient")]


def patient(id: str, name: str, born: str, sex: str, number: str = "") -> Resource:
    family, *given = name.split()
    identifiers = [{"system": systems.PERSONAL_NUMBER, "value": number}] if number else []
    return {
        "resourceType": "Patient", "id": id, "meta": TEST_TAG,
        **({"identifier": identifiers} if identifiers else {}),
        "active": True, "name": [{"use": "official", "text": name, "family": family, "given": given}],
        "gender": sex, "birthDate": born,
        "address": [{"use": "home", "city": "Phường Hoa Lư", "state": "Tỉnh Ninh Bình"}],
        "managingOrganization": {"reference": "Organization/station", "display": STATION},
    }  # fmt: skip


def facilities() -> list[Resource]:
    named = {"hospital": HOSPITAL, "station": STATION, "heart": HEART}
    made: list[Resource] = [
        {"resourceType": "Organization", "id": id, "active": True, "name": name} for id, name in named.items()
    ]
    made[1]["identifier"] = [{"system": systems.FACILITY_CODE, "value": STATION_CODE}]
    return made


def roster(patients: Iterable[str], id: str = "roster") -> Resource:
    """The people whom the station looks after, so that its staff see their records."""
    return {
        "resourceType": "Group", "id": id, "active": True, "type": "person", "actual": True,
        "code": {"coding": [{"system": systems.GROUP_KIND, "code": "roster"}]},
        "managingEntity": {"identifier": {"system": systems.FACILITY_CODE, "value": STATION_CODE}},
        "member": [{"entity": {"reference": f"Patient/{patient}"}} for patient in patients],
    }  # fmt: skip


def full(today: date) -> list[Resource]:
    """A woman of 59 with allergies, blood thinners, a pacemaker, diabetes, and visits at three facilities."""
    back = Back(today)
    who = patient("full", "Nguyễn Thị Hồng Hạnh", "1967-03-12", "female", FULL_NUMBER)
    who["identifier"] += [
        {"system": systems.CITIZEN_CODE, "value": FULL_CODE},
        {"system": systems.INSURANCE_NUMBER, "value": FULL_CARD},
        {"system": systems.SOCIAL_NUMBER, "value": FULL_CARD[-10:]},
    ]
    who["telecom"] = [{"system": "phone", "value": FULL_PHONE, "use": "mobile"}]
    who["address"] = [{"use": "home", "text": "12 đường Đinh Tiên Hoàng, Phường Hoa Lư, Tỉnh Ninh Bình"}]
    who["contact"] = [
        {
            "relationship": [{"text": "Chồng"}],
            "name": {"text": "Phạm Văn Dũng"},
            "telecom": [{"system": "phone", "value": "0987654321"}],
        }
    ]
    return [who, *_visits(back), *_risks(back), *_problems(back), *_medicines(back), *_values(back)]


class Back:
    """Days before today as FHIR dates."""

    def __init__(self, today: date) -> None:
        self.today = today

    def day(self, days: int) -> str:
        return (self.today - timedelta(days=days)).isoformat()

    def time(self, days: int, clock: str = "08:30:00") -> str:
        return f"{self.day(days)}T{clock}+07:00"


SUBJECT = {"reference": "Patient/full"}
DOCTOR = {"reference": "Practitioner/mai", "display": "BS. Trần Thị Mai"}


def text(words: str, system: str = "", code: str = "") -> Resource:
    return {"text": words, **({"coding": [{"system": system, "code": code}]} if code else {})}


def coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _visits(back: Back) -> list[Resource]:
    def visit(id: str, days: int, kind: str, place: str, name: str, reason: str, nights: int = 0) -> Resource:
        end = back.time(days - nights, "10:00:00") if nights else back.time(days, "09:10:00")
        made = {
            "resourceType": "Encounter", "id": id, "status": "finished", "class": {"system": ACT, "code": kind},
            "subject": SUBJECT, "period": {"start": back.time(days), "end": end}, "reasonCode": [{"text": reason}],
            "participant": [{"individual": DOCTOR}],
            "serviceProvider": {"reference": f"Organization/{place}", "display": name},
        }  # fmt: skip
        if nights:
            made["hospitalization"] = {"dischargeDisposition": {"text": "Đỡ, ra viện"}}
        return made

    return [
        {"resourceType": "Practitioner", "id": "mai", "name": [{"text": "Trần Thị Mai"}]},
        visit("v1", 12, "AMB", "station", STATION, "Tái khám tăng huyết áp, đái tháo đường"),
        visit("v2", 41, "AMB", "heart", HEART, "Kiểm tra máy tạo nhịp"),
        visit("v3", 96, "IMP", "hospital", HOSPITAL, "Viêm phổi cộng đồng", nights=6),
        visit("v4", 97, "EMER", "hospital", HOSPITAL, "Khó thở, sốt cao"),
        visit("v5", 190, "AMB", "station", STATION, "Tái khám định kỳ"),
        visit("v6", 700, "IMP", "heart", HEART, "Cấy máy tạo nhịp vĩnh viễn", nights=4),
        *(visit(f"old{n}", 760 + 30 * n, "AMB", "station", STATION, "Khám định kỳ") for n in range(90)),
    ]


def _risks(back: Back) -> list[Resource]:
    def allergy(id: str, words: str, reaction: str, severity: str, days: int, **more: Any) -> Resource:
        return {
            "resourceType": "AllergyIntolerance", "id": id, "patient": SUBJECT,
            "clinicalStatus": coded(ALLERGY_CLINICAL, "active"), "code": {"text": words},
            "verificationStatus": coded(ALLERGY_VERIFIED, more.pop("verified", "confirmed")),
            "recordedDate": back.day(days), "recorder": DOCTOR,
            "reaction": [{"manifestation": [{"text": reaction}], "severity": severity}], **more,
        }  # fmt: skip

    return [
        allergy("a1", "Penicillin và các beta-lactam", "Phản vệ độ III", "severe", 2100, criticality="high"),
        allergy("a2", "Tôm, cua biển", "Mày đay", "mild", 900, verified="unconfirmed"),
        allergy("a3", "Iod cản quang", "Buồn nôn", "mild", 300, verified="refuted"),
        {
            "resourceType": "Procedure", "id": "pace", "status": "completed", "subject": SUBJECT,
            "code": text("Cấy máy tạo nhịp vĩnh viễn hai buồng", systems.ICD9_PROCEDURES, "37.83"),
            "performedDateTime": back.day(698), "encounter": {"reference": "Encounter/v6"},
        },
        {
            "resourceType": "Procedure", "id": "op", "status": "completed", "subject": SUBJECT,
            "code": text("Phẫu thuật nội soi cắt túi mật", systems.ICD9_PROCEDURES, "51.23"),
            "performedDateTime": back.day(210), "performer": [{"actor": DOCTOR, "onBehalfOf":
            {"reference": "Organization/hospital", "display": HOSPITAL}}],
        },
    ]  # fmt: skip


def _problems(back: Back) -> list[Resource]:
    def problem(id: str, words: str, code: str, onset: str, verified: str = "confirmed", visit: str = "v1") -> Resource:
        return {
            "resourceType": "Condition", "id": id, "subject": SUBJECT, "code": text(words, systems.ICD10, code),
            "clinicalStatus": coded(CLINICAL, "active"), "verificationStatus": coded(VERIFIED, verified),
            "onsetDateTime": onset, "recordedDate": back.day(12), "encounter": {"reference": f"Encounter/{visit}"},
        }  # fmt: skip

    return [
        problem("c1", "Rung nhĩ mạn tính", "I48.2", "2021", visit="v2"),
        problem("c2", "Tăng huyết áp vô căn (nguyên phát)", "I10", "2015-06"),
        problem("c3", "Đái tháo đường típ 2", "E11.9", "2018-09-14"),
        problem("c4", "Bệnh thận mạn giai đoạn 3", "N18.3", "2024-02-20", visit="v3"),
        problem("c5", "Suy giáp", "E03.9", "2025", verified="provisional", visit="v5"),
        {
            "resourceType": "Condition", "id": "c7", "subject": SUBJECT,
            "code": text("Viêm phổi", systems.ICD10, "J18.9"),
            "clinicalStatus": coded(CLINICAL, "resolved"), "verificationStatus": coded(VERIFIED, "confirmed"),
            "onsetDateTime": back.day(97), "abatementDateTime": back.day(88),
            "encounter": {"reference": "Encounter/v3"},
        }
    ]  # fmt: skip


def _medicines(back: Back) -> list[Resource]:
    def medicine(id: str, words: str, atc: str, dose: str, days: int, length: int, visit: str) -> Resource:
        return {
            "resourceType": "MedicationRequest", "id": id, "status": "active", "intent": "order", "subject": SUBJECT,
            "medicationCodeableConcept": text(words, systems.ATC, atc), "authoredOn": back.time(days),
            "encounter": {"reference": f"Encounter/{visit}"}, "requester": DOCTOR,
            "dosageInstruction": [{"text": dose}],
            "dispenseRequest": {"expectedSupplyDuration": {"value": length, "unit": "ngày", "code": "d",
                                "system": systems.UCUM}},
        }  # fmt: skip

    return [
        medicine("m1", "Acenocoumarol 4 mg", "B01AA07", "1/2 viên × 1 lần/ngày, buổi tối", 12, 30, "v1"),
        medicine("m2", "Insulin glargin 100 IU/ml", "A10AE04", "16 đơn vị, tiêm dưới da, 21 giờ", 12, 30, "v1"),
        medicine("m3", "Amlodipin 5 mg", "C08CA01", "1 viên × 1 lần/ngày, buổi sáng", 12, 30, "v1"),
        medicine("m4", "Metformin 850 mg", "A10BA02", "1 viên × 2 lần/ngày, sau ăn", 12, 30, "v1"),
        medicine("m5", "Pantoprazol 40 mg", "A02BC02", "1 viên × 1 lần/ngày, trước ăn sáng", 96, 28, "v3"),
        medicine("m6", "Levothyroxin 50 µg", "H03AA01", "1 viên × 1 lần/ngày", 190, 30, "v5"),
    ]


def _values(back: Back) -> list[Resource]:
    def value(
        id: str,
        loinc: str,
        words: str,
        number: float,
        unit: str,
        days: int,
        visit: str,
        high: float | None = None,
        low: float | None = None,
        vital: bool = False,
    ) -> Resource:
        limits = {side: {"value": edge} for side, edge in (("low", low), ("high", high)) if edge is not None}
        return {
            "resourceType": "Observation", "id": id, "status": "final", "subject": SUBJECT,
            "category": [coded(CATEGORY, "vital-signs" if vital else "laboratory")],
            "code": text(words, systems.LOINC, loinc), "effectiveDateTime": back.time(days, "08:45:00"),
            "encounter": {"reference": f"Encounter/{visit}"}, "performer": [DOCTOR],
            "valueQuantity": {"value": number, **({"unit": unit} if unit else {})},
            **({"referenceRange": [limits]} if limits else {}),
        }  # fmt: skip

    pressure = {
        "resourceType": "Observation", "id": "bp", "status": "final", "subject": SUBJECT,
        "category": [coded(CATEGORY, "vital-signs")], "code": text("Huyết áp", systems.LOINC, "85354-9"),
        "effectiveDateTime": back.time(12, "08:40:00"), "encounter": {"reference": "Encounter/v1"},
        "performer": [DOCTOR], 
        "interpretation": [coded(INTERPRETATION, "H")],
        "component": [
            {"code": text("Tâm thu", systems.LOINC, "8480-6"), "valueQuantity": {"value": 148, "unit": "mmHg"}},
            {"code": text("Tâm trương", systems.LOINC, "8462-4"), "valueQuantity": {"value": 92, "unit": "mmHg"}},
        ],
    }  # fmt: skip
    blood = {
        "resourceType": "Observation", "id": "blood", "status": "final", "subject": SUBJECT,
        "category": [coded(CATEGORY, "laboratory")], "code": text("Nhóm máu ABO và Rh", systems.LOINC, "882-1"),
        "effectiveDateTime": back.day(699), "encounter": {"reference": "Encounter/v6"},
        "valueCodeableConcept": {"text": "O Rh(D)+"},
    }  # fmt: skip
    ecg = {
        "resourceType": "DiagnosticReport", "id": "ecg", "status": "final", "subject": SUBJECT,
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "EC"}]}],
        "code": text("Điện tâm đồ"), "effectiveDateTime": back.time(41), "encounter": {"reference": "Encounter/v2"},
        "conclusion": "Nhịp máy 70 lần/phút, dẫn tốt",
    }  # fmt: skip
    return [
        pressure, blood, ecg,
        value("o1", "8867-4", "Mạch", 72, "lần/phút", 12, "v1", vital=True),
        value("o2", "29463-7", "Cân nặng", 58.5, "kg", 12, "v1", vital=True),
        value("o3", "2708-6", "SpO2", 97, "%", 12, "v1", vital=True),
        value("o4", "15074-8", "Glucose máu", 9.4, "mmol/L", 12, "v1", 6.4, 3.9),
        value("o5", "4548-4", "HbA1c", 7.8, "%", 96, "v3", 6.5),
        value("o6", "14682-9", "Creatinin", 128, "µmol/L", 96, "v3", 106, 53),
        value("o7", "62238-1", "eGFR", 42, "mL/phút/1,73 m²", 96, "v3", low=60),
        value("o8", "2823-3", "Kali", 4.6, "mmol/L", 96, "v3", 5.1, 3.5),
        value("o9", "718-7", "Hemoglobin", 121, "g/L", 96, "v3", 155, 120),
        value("o10", "6301-6", "INR", 2.7, "", 41, "v2"),
        {
            "resourceType": "Immunization", "id": "flu", "status": "completed", "patient": SUBJECT,
            "vaccineCode": {"text": "Vắc xin cúm mùa"}, "occurrenceDateTime": back.day(60), "lotNumber": "V2T41",
            "performer": [{"actor": {"reference": "Organization/station", "display": STATION}}],
        },
    ]  # fmt: skip
