"""One person of whom everything is too much: hundreds of lines in each list, and texts without end."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.web import people

from hoso.fhir import systems

Resource = dict[str, Any]
LONG = "Bệnh nhân khai rằng từ nhỏ đã nhiều lần "
ID = "extreme"
SUBJECT = {"reference": f"Patient/{ID}"}
CONDITIONS = (
    "Rung nhĩ",
    "Động kinh",
    "Hemophilia A",
    "Ghép thận",
    "Lao phổi",
    "Đái tháo đường",
    "HIV",
    "Viêm gan B mạn",
)


def words(start: str, n: int, length: int = 900) -> str:
    return f"{start} {n} " + (LONG * 40)[:length]


def person(today: date) -> list[Resource]:
    back = people.Back(today)
    made = [*_allergies(), *_conditions(), *_medicines(back), *_values(back), *_visits(back)]
    return [_who(), *({**one, "id": f"{ID}-{n}"} for n, one in enumerate(made))]


def _who() -> Resource:
    who = people.patient(ID, "Công Tằng Tôn Nữ Thị " + "Hường Hoa " * 30, "1944-02-28", "female", "001144000017")
    who["name"] = [{"text": who["name"][0]["text"].strip()}]
    who["identifier"] += [{"system": systems.INSURANCE_NUMBER, "value": f"GD40101167012{n:02d}"} for n in range(10, 16)]
    who["address"] = [{"use": "home", "text": words("Nhà số", 5)}]
    who["telecom"] = [{"system": "phone", "value": "0912345678"}]
    who["contact"] = [
        {"name": {"text": words("Con thứ", n, 200)}, "relationship": [{"text": words("Con", n, 100)}],
         "telecom": [{"system": "phone", "value": f"09876543{n:02d}"}]} for n in range(12)
    ]  # fmt: skip
    who["communication"] = [{"language": {"text": words("Tiếng", 1)}, "preferred": True}]
    return who


def _allergies() -> list[Resource]:
    return [
        {
            "resourceType": "AllergyIntolerance", "patient": SUBJECT, "recordedDate": "2024-05-06",
            "code": {"text": f"Thuốc {n:03d}" if n % 2 else words(f"Thuốc {n:03d}", n)},
            "clinicalStatus": people.coded(people.ALLERGY_CLINICAL, "active"),
            "criticality": "high" if n < 270 else "low",
            "reaction": [{"manifestation": [{"text": words("Sốc", n)}], "severity": "mild" if n > 199 else "severe"}],
        }
        for n in range(300)
    ]  # fmt: skip


def _conditions() -> list[Resource]:
    return [
        {
            "resourceType": "Condition", "subject": SUBJECT, "code": {"text": words(CONDITIONS[n % 8], n)},
            "clinicalStatus": people.coded(people.CLINICAL, "active"), "onsetDateTime": "2019-01",
        }
        for n in range(60)
    ]  # fmt: skip


def _medicines(back: people.Back) -> list[Resource]:
    names = ("Warfarin", "Insulin", "Prednisolon", "Aspirin", "Clopidogrel", "Thuốc")
    return [
        {
            "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": SUBJECT,
            "medicationCodeableConcept": {"text": words(names[n % 6], n)}, "authoredOn": back.day(20),
            "dosageInstruction": [{"text": words("1 viên", n)}],
            "dispenseRequest": {"expectedSupplyDuration": {"value": 3000 if n % 2 else 3, "unit": "ngày"}},
        }
        for n in range(60)
    ]  # fmt: skip


def _values(back: people.Back) -> list[Resource]:
    blood = [
        {"resourceType": "Observation", "status": "final", "subject": SUBJECT, "effectiveDateTime": back.day(9 + n),
         "code": people.text("Nhóm máu", systems.LOINC, "882-1"), "valueCodeableConcept": {"text": words("Nhóm", n)}}
        for n in range(9)
    ]  # fmt: skip
    codes = ("8867-4", "29463-7", "2708-6", "15074-8", "4548-4", "14682-9", "62238-1", "2823-3", "718-7", "6301-6")
    values = [
        {"resourceType": "Observation", "status": "final", "subject": SUBJECT, "effectiveDateTime": back.time(5),
         "code": people.text("Trị số", systems.LOINC, code),
         "interpretation": [people.coded(people.INTERPRETATION, "H")],
         "valueQuantity": {"value": 1234567.25, "unit": "đơn vị rất dài trên mililit"}}
        for code in codes
    ]  # fmt: skip
    reports = [
        {"resourceType": "DiagnosticReport", "status": "final", "subject": SUBJECT, "effectiveDateTime": back.day(n),
         "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "EC"}]}],
         "code": {"text": "Điện tâm đồ"}, "conclusion": words("Nhịp", n)} for n in range(4)
    ]  # fmt: skip
    return [*blood, *values, *reports]


def _visits(back: people.Back) -> list[Resource]:
    stays = [
        {"resourceType": "Encounter", "status": "finished", "class": {"system": people.ACT, "code": "IMP"},
         "subject": SUBJECT, "period": {"start": back.time(20 * n + 6), "end": back.time(20 * n)},
         "reasonCode": [{"text": words("Khó thở", n)}],
         "hospitalization": {"dischargeDisposition": {"text": words("Đỡ", n)}},
         "serviceProvider": {"display": words("Bệnh viện", n)}} for n in range(12)
    ]  # fmt: skip
    operations = [
        {"resourceType": "Procedure", "status": "completed", "subject": SUBJECT, "performedDateTime": back.day(9 + n),
         "code": people.text(words("Phẫu thuật", n), systems.ICD9_PROCEDURES, "51.23")} for n in range(11)
    ]  # fmt: skip
    return [*stays, *operations]
