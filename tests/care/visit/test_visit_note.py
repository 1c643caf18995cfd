"""Texts of a visit become a record, and the record the same texts again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.care.visit import again
from hoso.care.visit.diagnoses import Diagnosis, named, of_code, search
from hoso.care.visit.note import LIMITS, Note, Setting, clipped, day_of, reading, suggested
from hoso.care.visit.templates import measured_in, templates
from hoso.care.visit.vitals import vitals
from hoso.care.visit.write import Writing, withdrawn, written
from hoso.fhir.json import encode, exact
from hoso.fhir.validate import validate

TODAY = date(2026, 11, 28)
NOW = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
EVERY = frozenset({"Condition", "Observation", "DocumentReference", "MedicationRequest", "Appointment"})
VISIT: dict[str, Any] = {
    "resourceType": "Encounter", "id": "e1", "status": "arrived", "class": {"code": "AMB"},
    "subject": {"reference": "Patient/p1"}, "period": {"start": "2026-11-28T09:00:00+07:00"},
    "serviceProvider": {"identifier": {"value": "35001"}},
    "meta": {"versionId": "1", "tag": [{"code": "HTEST"}]},
}  # fmt: skip
FORMER: dict[str, dict[str, Any]] = {
    "m1": {
        "resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order",
        "medicationCodeableConcept": {"text": "Amlodipin 5 mg"}, "subject": {"reference": "Patient/p1"},
        "dosageInstruction": [{"text": "1 viên × 1 lần/ngày", "timing": {"repeat": {
            "frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"end": "2026-10-01"}}}}],
        "dispenseRequest": {"quantity": {"value": 28, "unit": "viên"},
                            "expectedSupplyDuration": {"value": 28, "unit": "ngày", "code": "d"}},
    }
}  # fmt: skip


def writing(may: frozenset[str] = EVERY, encounter: dict[str, Any] = VISIT) -> Writing:
    writer = {"reference": "Practitioner/mai", "display": "Trần Thị Mai"}
    return Writing(encounter, NOW, writer, may, "Trạm Y tế phường Hoa Lư")


FULL = {
    "template": "hypertension",
    "reason": "Tái khám tăng huyết áp",
    "pressure": "138/84",
    "weight": "58.5",
    "findings": "Không đau đầu\nTim đều",
    "main": "I10",
    "lasting": "yes",
    "others": "E11.9\nmệt mỏi",
    "plan": "Giảm muối",
    "repeat": "m1",
    "repeat_days": "30",
    "next": "28/12/2026",
}
SETTING = Setting(TODAY, 59 * 12, "female", known=frozenset(FORMER))


def test_a_whole_visit_is_valid_fhir_and_comes_back_as_it_was_typed() -> None:
    found = reading(FULL, SETTING)
    assert not found.faults and not found.doubts
    made = written(found.note, FORMER, writing())
    for one in made:
        issues = [issue for issue in validate(exact(encode(one))) if issue.severity in ("error", "fatal")]
        assert not issues, (one["resourceType"], issues)
    encounter, parts = made[0], made[1:]
    typed = again.fields(encounter, [exact(encode(one)) for one in parts])
    assert reading(typed, SETTING).note == found.note
    assert {one["resourceType"] for one in parts} == EVERY
    assert all(one["meta"] == {"tag": [{"code": "HTEST"}]} for one in parts)
    assert encounter["serviceProvider"]["display"] == "Trạm Y tế phường Hoa Lư"
    assert [one["use"]["coding"][0]["code"] for one in encounter["diagnosis"]] == ["DD", "CM", "CM"]


def test_the_same_visit_signed_twice_is_the_same_records() -> None:
    note = reading(FULL, SETTING).note
    assert [one["id"] for one in written(note, FORMER, writing())] == [
        one["id"] for one in written(note, FORMER, writing())
    ]


def test_what_a_change_takes_away_is_marked_as_an_error_and_stays() -> None:
    before = written(reading(FULL, SETTING).note, FORMER, writing())
    less = {name: text for name, text in FULL.items() if name in ("reason", "pressure")}
    after = written(reading(less, SETTING).note, FORMER, writing())
    gone = withdrawn(before[1:], after)
    assert {one["resourceType"] for one in gone} == EVERY
    for one in gone:
        if one["resourceType"] == "Condition":
            assert one["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
            assert "clinicalStatus" not in one
        else:
            assert one["status"] == ("cancelled" if one["resourceType"] == "Appointment" else "entered-in-error")
        assert not [i for i in validate(exact(encode(one))) if i.severity in ("error", "fatal")]
    assert "diagnosis" not in after[0]


def test_a_role_that_may_not_write_diagnoses_leaves_those_of_others_alone() -> None:
    doctor = written(reading(FULL, SETTING).note, FORMER, writing())
    nurse = written(reading(FULL, SETTING).note, FORMER, writing(frozenset({"Observation"}), doctor[0]))
    assert {one["resourceType"] for one in nurse} == {"Encounter", "Observation"}
    assert nurse[0]["diagnosis"] == doctor[0]["diagnosis"]


def test_a_passing_illness_does_not_stay_on_the_card() -> None:
    made = written(reading({"reason": "ho", "main": "J20.9"}, SETTING).note, {}, writing())
    (condition,) = (one for one in made if one["resourceType"] == "Condition")
    assert "clinicalStatus" not in condition
    (lasting,) = (
        one
        for one in written(reading({"reason": "ho", "main": "J45.9", "lasting": "yes"}, SETTING).note, {}, writing())
        if one["resourceType"] == "Condition"
    )
    assert lasting["clinicalStatus"]["coding"][0]["code"] == "active"


def test_a_repeated_medicine_has_its_dose_and_a_new_supply() -> None:
    made = written(reading({**FULL, "repeat_days": "60"}, SETTING).note, FORMER, writing())
    (again_,) = (one for one in made if one["resourceType"] == "MedicationRequest")
    assert again_["dispenseRequest"]["quantity"]["value"] == Decimal(60)
    assert again_["dispenseRequest"]["validityPeriod"] == {"start": "2026-11-28", "end": "2027-01-27"}
    assert "boundsPeriod" not in again_["dosageInstruction"][0]["timing"]["repeat"]
    assert again_["priorPrescription"] == {"reference": "MedicationRequest/m1"}


@pytest.mark.parametrize(
    ("typed", "kinds"),
    [
        ({}, {"empty"}),
        ({"pressure": "120/80"}, {"reason"}),
        ({"reason": "x", "next": "28/11/2026"}, {"day-past"}),
        ({"reason": "x", "next": "31/02/2027"}, {"day-form"}),
        ({"reason": "x", "next": "2027-01-05"}, {"day-form"}),
        ({"reason": "x", "next": "05/01/2099"}, {"day-far"}),
        ({"reason": "x", "repeat": "stolen"}, {"medicine-gone"}),
        ({"reason": "x", "repeat": "m1", "repeat_days": "0"}, {"repeat-days"}),
        ({"reason": "x", "repeat": "m1", "repeat_days": "365"}, {"repeat-days"}),
        ({"reason": "x", "main": "tang huyet ap", "others": "I10"}, {"which-diagnosis"}),
        ({"reason": "x", "main": "zzzz"}, {"no-diagnosis"}),
        ({"reason": "x", "main": "I10", "others": "I10"}, {"twice"}),
        ({"reason": "x", "others": "I10"}, {"main-missing"}),
        ({"reason": "x", "main": "I10", "others": "\n".join(["mệt"] * 12)}, {"many-others"}),
    ],
)
def test_what_is_not_right_is_said_at_its_field(typed: dict[str, str], kinds: set[str]) -> None:
    assert {one.kind for one in reading(typed, SETTING).faults} == kinds


def test_words_for_several_diagnoses_offer_them_and_words_alone_can_be_kept() -> None:
    found = reading({"reason": "x", "main": "viem phoi"}, SETTING)
    assert "J18.9" in {one.code for one in found.choices["main"]}
    kept = reading({"reason": "x", "main": "viem phoi", "as_words": "yes"}, SETTING)
    assert not kept.faults and kept.note.main == Diagnosis("", "viem phoi")


def test_a_yes_to_one_doubt_is_not_a_yes_to_another() -> None:
    one = reading({"reason": "x", "weight": "170"}, SETTING)
    other = reading({"reason": "x", "weight": "180"}, SETTING)
    assert one.doubts and other.doubts and one.asked != other.asked
    assert one.asked == reading({"reason": "x", "weight": "170"}, SETTING).asked


def test_prompts_that_nobody_answered_say_nothing() -> None:
    setting = Setting(TODAY, prompts=frozenset({"Đau đầu", "Dùng thuốc đúng đơn"}))
    note = reading({"reason": "x", "findings": "Đau đầu: \nDùng thuốc đúng đơn: có\n"}, setting).note
    assert note.findings == "Dùng thuốc đúng đơn: có"


def test_a_template_fills_only_what_is_empty() -> None:
    template = templates()["hypertension"]
    words = {key: key for key in (template.reason, *template.prompts)} | {"diagnosis:I10": "I10 Tăng huyết áp"}
    filled = suggested(template, {"reason": "Chóng mặt"}, TODAY, words)
    assert filled["reason"] == "Chóng mặt" and filled["main"] == "I10 Tăng huyết áp" and filled["lasting"] == "yes"
    assert day_of(filled["next"]) == TODAY + timedelta(days=30)
    own = suggested(template, {"main": "I15.9"}, TODAY, words)
    assert own["main"] == "I15.9" and not own.get("lasting")


def test_every_template_measures_what_it_leads_with_and_means_a_code_that_has_words() -> None:
    for template in templates().values():
        asked = [one.key for one in measured_in(template)]
        assert tuple(asked[: len(template.lead)]) == template.lead
        if template.diagnosis:
            found = of_code(template.diagnosis)
            assert found is not None and found.vi and found.en


@given(st.dictionaries(st.sampled_from(sorted(LIMITS)), st.text(max_size=60)))
def test_whatever_is_typed_is_read_to_the_end(typed: dict[str, str]) -> None:
    found = reading(clipped(typed), SETTING)
    if not found.faults:
        made = written(found.note, FORMER, writing())
        assert made[0]["status"] == "finished"
        assert isinstance(encode(made), bytes)


def test_texts_are_cut_to_what_a_field_holds_and_have_no_control_characters() -> None:
    assert clipped({"reason": "a\x00b\x1b[0m" + "x" * 9_999, "unknown": "y"}) == {
        "reason": ("ab[0m" + "x" * 9_999)[: LIMITS["reason"]]
    }
    assert set(LIMITS) >= {one.key for one in vitals()}


@pytest.mark.parametrize(
    ("typed", "first"),
    [("tang huyet ap", "I10"), ("tăng huyết áp", "I10"), ("hypertension", "I10"), ("I10", "I10"), ("e119", "E11.9")],
)
def test_a_diagnosis_is_found_by_its_words_in_any_spelling(typed: str, first: str) -> None:
    assert first in [one.code for one in search(typed)][:3]


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("I10", "I10", "Tăng huyết áp nguyên phát"),
        ("i10 - tăng huyết áp", "I10", "tăng huyết áp"),
        ("E119", "E11.9", "Đái tháo đường típ 2 không biến chứng"),
        ("J18.9: viêm phổi thùy dưới phải", "J18.9", "viêm phổi thùy dưới phải"),
    ],
)
def test_a_line_that_begins_with_a_code_is_that_code_in_the_writer_s_words(line: str, code: str, words: str) -> None:
    found = named(line)
    assert found is not None and (found.code, found.name("vi")) == (code, words)


@pytest.mark.parametrize("line", ["", "X", "Z99999 x", "viêm phổi", "ZZ9", "I1O"])
def test_what_is_no_code_of_the_list_is_none(line: str) -> None:
    assert named(line) is None


def test_an_empty_note_is_empty() -> None:
    assert Note().empty and not Note(reason="x").empty


@pytest.mark.parametrize(
    ("typed", "kind", "meant"),
    [({"weight": "65"}, "slip", "6.5"), ({"height": "175"}, "no-child", None), ({"weight": "6,5"}, None, None)],
)
def test_a_child_is_held_against_the_tables_of_who(typed: dict[str, str], kind: str | None, meant: str | None) -> None:
    setting = Setting(TODAY, 4, "female", born=date(2026, 7, 20))
    found = reading({"reason": "x", "template": "child", **typed}, setting)
    assert not found.faults and [one.kind for one in found.doubts] == ([kind] if kind else [])
    if meant:
        assert found.doubts[0].values["meant"] == meant
