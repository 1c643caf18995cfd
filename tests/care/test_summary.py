"""The emergency card says what a rescuer must know, and never confuses empty, unknown and refused."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from tests.web import people

from hoso.care import CARD_TYPES, EmergencyCard, emergency_card

TODAY = date(2026, 11, 23)
Resource = dict[str, Any]


def card(*resources: Resource, refused: tuple[str, ...] = ()) -> EmergencyCard:
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1967"}
    return emergency_card(patient, resources, TODAY, refused)


def allergy(**more: Any) -> Resource:
    return {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p"}, **more}


def code(system: str, value: str, **more: Any) -> Resource:
    return {"coding": [{"system": system, "code": value}], **more}


VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
SNOMED, LOINC, ICD10, ATC = (
    "http://snomed.info/sct",
    "http://loinc.org",
    "http://hl7.org/fhir/sid/icd-10",
    "http://www.whocc.no/atc",
)


@pytest.fixture(scope="module")
def full() -> EmergencyCard:
    resources = [*people.facilities(), *people.full(TODAY)]
    patient = next(r for r in resources if r["resourceType"] == "Patient")
    return emergency_card(patient, resources, TODAY)


def test_nothing_recorded_is_not_no_known_allergy() -> None:
    assert card().allergies.state == "unrecorded"
    stated = card(allergy(code=code(SNOMED, "716186003"), recordedDate="2026-03-01"))
    assert (stated.allergies.state, stated.allergies.checked) == ("known-none", "2026-03-01")
    assert card(refused=("AllergyIntolerance",)).allergies.state == "refused"


def test_an_allergy_outweighs_an_older_statement_that_there_is_none() -> None:
    shown = card(allergy(code=code(SNOMED, "716186003")), allergy(id="b", code={"text": "Penicillin"})).allergies
    assert [a.substance for a in shown.items] == ["Penicillin"]


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_a_ruled_out_allergy_is_not_shown(verification: str) -> None:
    shown = card(allergy(code={"text": "Iod"}, verificationStatus=code(VERIFIED, verification)))
    assert shown.allergies.state == "unrecorded"


def test_an_allergy_without_any_words_is_still_shown() -> None:
    shown = card(allergy(reaction=[{"manifestation": [{"coding": [{"code": "39579001"}]}]}]))
    assert [(a.substance, a.reactions) for a in shown.allergies.items] == [("", ("39579001",))]


def test_the_worst_allergy_comes_first(full: EmergencyCard) -> None:
    assert [a.substance for a in full.allergies.items] == ["Penicillin và các beta-lactam", "Tôm, cua biển"]
    assert full.allergies.items[0].high_risk and full.allergies.items[1].confirmed is False


def test_alerts_name_the_drug_with_its_last_value(full: EmergencyCard) -> None:
    assert [a.key for a in full.alerts.items] == ["anticoagulant", "insulin", "implant"]
    inr = full.alerts.items[0].measure
    assert inr is not None and (inr.value, inr.source.facility) == ("2.7", people.HEART)


def medicine(id: str, words: str, days_ago: int, days: int, status: str = "active", atc: str = "") -> Resource:
    concept = code(ATC, atc, text=words) if atc else {"text": words}
    return {
        "resourceType": "MedicationRequest", "id": id, "status": status, "intent": "order",
        "medicationCodeableConcept": concept, "authoredOn": people.Back(TODAY).day(days_ago),
        "dispenseRequest": {"expectedSupplyDuration": {"value": days, "code": "d"}},
    }  # fmt: skip


def test_a_drug_is_known_by_its_name_when_it_has_no_code() -> None:
    assert [a.key for a in card(medicine("m", "Sintrom 4mg", 3, 30)).alerts.items] == ["anticoagulant"]


def test_a_cream_is_no_steroid_for_the_whole_body() -> None:
    assert card(medicine("m", "Hydrocortison kem bôi 1%", 3, 30)).alerts.state == "unrecorded"


def test_a_stopped_drug_raises_no_alert() -> None:
    assert card(medicine("m", "Warfarin 2 mg", 3, 30, status="stopped")).alerts.state == "unrecorded"


def test_medicines_are_grouped_by_what_is_left_of_the_supply(full: EmergencyCard) -> None:
    assert [m.days_left for m in full.medicines.active] == [18, 18, 18, 18]
    assert [m.name for m in full.medicines.possible] == ["Pantoprazol 40 mg", "Levothyroxin 50 µg"]
    assert full.medicines.possible[0].supply_end == people.Back(TODAY).day(68)


def test_two_prescriptions_of_one_medicine_are_one_line() -> None:
    shown = card(medicine("m1", "Amlodipin 5 mg", 40, 30), medicine("m2", "AMLODIPIN 5 mg", 10, 30)).medicines
    assert [(m.name, m.days_left) for m in shown.active] == [("AMLODIPIN 5 mg", 20)]


def test_a_long_course_that_ran_out_is_asked_about_and_a_short_one_is_over() -> None:
    lasting = medicine("m1", "Prednisolon 5 mg", 60, 30, status="completed", atc="H02AB06")
    short = medicine("m2", "Amoxicilin 500 mg", 20, 7, status="completed")
    shown = card(lasting, short)
    assert [m.name for m in shown.medicines.possible] == ["Prednisolon 5 mg"]
    assert [a.key for a in shown.alerts.items] == ["steroid"]


def condition(id: str, icd10: str, onset: str, **more: Any) -> Resource:
    return {"resourceType": "Condition", "id": id, "code": code(ICD10, icd10), "onsetDateTime": onset, **more}


def test_pregnancy_is_counted_in_weeks_and_days_from_the_due_date() -> None:
    due = {
        "resourceType": "Observation", "id": "o", "status": "final", "code": code(LOINC, "11778-8"),
        "effectiveDateTime": "2026-09-01", "valueDateTime": "2027-02-15",
    }  # fmt: skip
    (found,) = card(condition("c", "Z34.0", "2026-06-20"), due).alerts.items
    assert (found.key, found.weeks) == ("pregnancy", (28, 0))


def test_a_birth_ends_the_pregnancy() -> None:
    shown = card(condition("c", "Z34.0", "2026-03-01"), condition("d", "O80", "2026-10-30"))
    assert shown.alerts.state == "unrecorded"


def test_hiv_makes_no_alert() -> None:
    assert card(condition("c", "B20", "2020"), condition("d", "Z21", "2020")).alerts.state == "unrecorded"


def test_two_blood_groups_are_a_warning() -> None:
    def group(id: str, value: str) -> Resource:
        return {
            "resourceType": "Observation", "id": id, "status": "final", "code": code(LOINC, "882-1"),
            "valueCodeableConcept": {"text": value},
        }  # fmt: skip

    assert card(group("x", "O+"), group("y", "A+")).blood_group.conflicting
    assert not card(group("x", "O+"), group("y", "O+")).blood_group.conflicting


def test_a_resolved_or_void_problem_is_not_active(full: EmergencyCard) -> None:
    names = [p.name for p in full.problems.items]
    assert "Viêm phổi" not in names and "Viêm loét dạ dày" not in names
    assert [p.name for p in full.problems.items if not p.certain] == ["Suy giáp"]


def test_values_out_of_range_are_flagged_and_both_pressures_are_one(full: EmergencyCard) -> None:
    shown = {m.key: (m.value, m.flag) for m in full.measures.items}
    assert shown["blood-pressure"] == ("148/92", "high")
    assert shown["egfr"] == ("42", "low")
    assert shown["potassium"] == ("4.6", "")


def test_stays_and_operations_are_of_the_last_twelve_months(full: EmergencyCard) -> None:
    assert [v.reason for v in full.stays] == ["Viêm phổi cộng đồng"]
    assert [o.name for o in full.operations] == ["Phẫu thuật nội soi cắt túi mật"]


def test_a_line_without_a_facility_takes_it_from_its_visit(full: EmergencyCard) -> None:
    assert {p.name: p.source.facility for p in full.problems.items}["Rung nhĩ mạn tính"] == people.HEART
    assert set(full.trust.facilities) == {people.HEART, people.HOSPITAL, people.STATION}


def test_hostile_but_valid_shapes_do_not_break_the_card() -> None:
    bare = [{"resourceType": type, "id": str(n)} for n, type in enumerate(CARD_TYPES)]
    odd = [
        {"resourceType": "Observation", "id": "q", "code": code(LOINC, "29463-7"), "valueQuantity": {"unit": "kg"}},
        {"resourceType": "Observation", "id": "r", "code": code(LOINC, "85354-9"), "component": [{"code": {}}]},
        {"resourceType": "MedicationRequest", "id": "s", "medicationReference": {"reference": "#m"}, "contained": []},
        {"resourceType": "Encounter", "id": "t", "class": {}, "period": {"end": "2026"}},
        {"resourceType": "Condition", "id": "u", "onsetString": "lâu rồi", "code": {"coding": [{}]}},
    ]
    shown = card(*json.loads(json.dumps(bare + odd)))
    assert shown.who.born == "1967"


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("Nhóm O Dương tính (Rh+)", "O Rh+"),
        ("Nhóm máu AB Rh dương", "AB Rh+"),
        ("B âm tính", "B Rh−"),
        ("A Rh(D)-", "A Rh−"),
        ("Blood group A Rh(D) positive", "A Rh+"),
        ("A1", "A1"),
        ("không rõ", "không rõ"),
    ],
)
def test_a_blood_group_is_shown_short_and_never_guessed(written: str, short: str) -> None:
    typed = {"resourceType": "Observation", "id": "b", "status": "final", "code": code(LOINC, "882-1"),
             "valueCodeableConcept": {"text": written}}  # fmt: skip
    assert card(typed).blood_group.values[0].value == short


def test_a_number_that_is_valid_until_later_is_in_use() -> None:
    card_number = {"system": "https://hoso.vn/x", "value": "1"}
    patient = {"resourceType": "Patient", "id": "p", "identifier": [
        card_number | {"period": {"end": "2027-06-30"}}, card_number | {"value": "2", "period": {"end": "2025-06-30"}}
    ]}  # fmt: skip
    assert [i.value for i in emergency_card(patient, [], TODAY).who.identifiers] == ["1"]


def test_a_relative_named_twice_is_one_contact() -> None:
    mother = {"name": {"text": "Huỳnh Kiết Trinh"}, "telecom": [{"system": "phone", "value": "0902379194"}]}
    patient = {"resourceType": "Patient", "id": "p", "contact": [mother | {"relationship": [{"text": "Mẹ"}]}]}
    related = {"resourceType": "RelatedPerson", "id": "r", "name": [mother["name"]], "telecom": mother["telecom"]}
    contacts = emergency_card(patient, [related], TODAY).contacts
    assert [(c.name, c.relation) for c in contacts] == [("Huỳnh Kiết Trinh", "Mẹ")]


def test_machine_units_and_pressures_read_as_at_the_bedside() -> None:
    def part(loinc: str, value: float) -> Resource:
        return {"code": code(LOINC, loinc), "valueQuantity": {"value": value, "unit": "mm[Hg]"}}

    base = {"resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-11-01"}
    shown = card(
        {
            **base,
            "id": "b",
            "code": code(LOINC, "85354-9"),
            "component": [part("8480-6", 164.04), part("8462-4", 95.9)],
        },
        {**base, "id": "k", "code": code(LOINC, "2823-3"), "valueQuantity": {"value": 4.0, "unit": "mmol/L"}},
    ).measures.items
    assert [(m.value, m.unit) for m in shown] == [("164/96", "mmHg"), ("4.0", "mmol/L")]


@pytest.mark.parametrize(
    ("codes", "text", "shown"),
    [
        (["278154007"], "", ["AB Rh−"]),
        (["278149003"], "Nhóm A Dương tính", ["A Rh+"]),
        (["112149005", "165747007"], "", ["B Rh+"]),
        (["278149003"], "Nhóm B Dương tính", ["A Rh+", "B Rh+"]),
        (["278149003", "278147001"], "", ["278149003"]),
        (["123"], "O Rh+", ["O Rh+"]),
    ],
)
def test_a_coded_blood_group_is_read_by_its_code_and_other_words_stand_beside_it(
    codes: list[str], text: str, shown: list[str]
) -> None:
    answer = {"coding": [{"system": "http://snomed.info/sct", "code": one} for one in codes]}
    typed = {"resourceType": "Observation", "id": "b", "status": "final", "code": code(LOINC, "882-1"),
             "valueCodeableConcept": answer | ({"text": text} if text else {})}  # fmt: skip
    found = card(typed).blood_group
    assert [value.value for value in found.values] == shown and found.conflicting == (len(shown) > 1)
