"""The International Patient Summary says each thing once, and never takes silence for health."""

from __future__ import annotations

from datetime import date
from typing import Any

from hoso.care.ips import Asked, summary
from hoso.fhir.validate import validate

TODAY = date(2026, 11, 23)
BASE = "https://hoso.vn/fhir"
Resource = dict[str, Any]


def document(*resources: Resource, refused: tuple[str, ...] = (), language: Any = "vi") -> Resource:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"text": "Trần Thị Ánh"}], "birthDate": "1967"}
    asked = Asked(BASE, "HoSo", TODAY, language, refused)
    made = summary(patient, resources, asked)
    wrong = [issue for issue in validate(made) if issue.severity in ("error", "fatal")]
    assert not wrong, wrong
    return made


def section(made: Resource, code: str) -> Resource | None:
    sections = made["entry"][0]["resource"]["section"]
    return next((one for one in sections if one["code"]["coding"][0]["code"] == code), None)


def ids(made: Resource, code: str) -> list[str]:
    found = section(made, code)
    return [one["reference"].rsplit("/", 1)[1] for one in found.get("entry", ())] if found else []


def clinical(type: str, id: str, text: str, status: str = "active", **more: Any) -> Resource:
    name = "patient" if type == "AllergyIntolerance" else "subject"
    system = (
        f"http://terminology.hl7.org/CodeSystem/{'allergyintolerance' if name == 'patient' else 'condition'}-clinical"
    )
    return {
        "resourceType": type,
        "id": id,
        "clinicalStatus": {"coding": [{"system": system, "code": status}]},
        "code": {"text": text},
        name: {"reference": "Patient/p"},
        **more,
    }


def observation(id: str, text: str, on: str, value: str, category: str = "laboratory") -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "category": [{"coding": [{"system": system, "code": category}]}],
        "code": {"text": text},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": on,
        "valueString": value,
    }


PROBLEMS, ALLERGIES, MEDICINES, RESULTS, PAST, VITALS = "11450-4", "48765-2", "10160-0", "30954-2", "11348-0", "8716-3"


def test_the_three_required_sections_are_there_and_say_that_nothing_is_known() -> None:
    made = document()
    for code in (PROBLEMS, ALLERGIES, MEDICINES):
        found = section(made, code)
        assert found is not None
        assert found["emptyReason"]["coding"][0]["code"] == "unavailable"
        assert "không có nghĩa là không có" in found["text"]["div"]
    assert section(made, RESULTS) is None


def test_what_the_caller_may_not_read_is_withheld_and_not_empty() -> None:
    made = document(clinical("Condition", "c", "Tăng huyết áp"), refused=("AllergyIntolerance", "Observation"))
    for code in (ALLERGIES, VITALS):
        found = section(made, code)
        assert found is not None
        assert found["emptyReason"]["coding"][0]["code"] == "withheld"
    assert ids(made, PROBLEMS) == ["c"]


def test_a_section_of_several_types_says_when_a_part_of_it_is_withheld() -> None:
    """Nobody may take the medicines that are left for all there are, nor none left for none."""
    empty = section(document(refused=("MedicationRequest",)), MEDICINES)
    assert empty is not None
    assert empty["emptyReason"]["coding"][0]["code"] == "withheld"
    made = section(document(observation("g", "Glucose", "2026-01-01", "5"), refused=("DiagnosticReport",)), RESULTS)
    assert made is not None
    assert "Một phần không hiển thị" in made["text"]["div"]


def test_a_section_that_is_too_long_says_that_there_is_more() -> None:
    made = document(*(observation(f"o{n}", f"Xét nghiệm {n}", "2026-01-01", "5") for n in range(101)))
    found = section(made, RESULTS)
    assert found is not None
    assert len(found["entry"]) == 100
    assert "100 mục mới nhất" in found["text"]["div"]
    assert len([one for one in made["entry"] if one["resource"]["resourceType"] == "Observation"]) == 100


def test_one_problem_told_by_two_facilities_is_one_line_the_newest() -> None:
    old = clinical("Condition", "old", "Tăng huyết áp", recordedDate="2020-01-01")
    new = clinical("Condition", "new", "TĂNG HUYẾT ÁP", recordedDate="2026-01-01")
    assert ids(document(old, new), PROBLEMS) == ["new"]


def test_what_is_over_is_history_and_what_was_an_error_is_nowhere() -> None:
    over = clinical("Condition", "over", "Viêm phổi", "resolved")
    wrong = clinical("Condition", "wrong", "Lao phổi", "inactive")
    wrong["verificationStatus"] = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                                               "code": "entered-in-error"}]}  # fmt: skip
    made = document(over, wrong)
    assert ids(made, PAST) == ["over"]
    assert [one["resource"]["id"] for one in made["entry"] if one["resource"]["resourceType"] == "Condition"] == [
        "over"
    ]


def test_no_known_allergy_stands_only_while_there_is_none() -> None:
    none = clinical("AllergyIntolerance", "none", "Không dị ứng")
    none["code"] = {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}
    assert ids(document(none), ALLERGIES) == ["none"]
    assert ids(document(none, clinical("AllergyIntolerance", "a", "Penicillin")), ALLERGIES) == ["a"]


def test_of_each_test_the_last_result_is_shown() -> None:
    made = document(
        observation("g1", "Glucose", "2026-01-01", "5.1"),
        observation("g2", "Glucose", "2026-06-01", "7.9"),
        observation("k", "Kali", "2025-06-01", "4.0"),
        observation("bp", "Huyết áp", "2026-06-01", "120/80", "vital-signs"),
    )
    assert ids(made, RESULTS) == ["g2", "k"]
    assert ids(made, VITALS) == ["bp"]
    found = section(made, RESULTS)
    assert found is not None
    assert "01/06/2026" in found["text"]["div"]
    assert "7.9" in found["text"]["div"]


def test_words_of_a_record_are_words_in_the_narrative_whatever_they_say() -> None:
    made = document(clinical("Condition", "c", "<script>alert(1)</script> & </div>"))
    found = section(made, PROBLEMS)
    assert found is not None
    assert "<script>" not in found["text"]["div"]
    assert "&lt;script&gt;" in found["text"]["div"]


def test_records_of_a_facilitys_patient_are_about_the_person_and_none_is_lost() -> None:
    source = {"resourceType": "Patient", "id": "source", "name": [{"text": "TRAN THI ANH"}]}
    problem = clinical("Condition", "c", "Hen", subject={"reference": "Patient/source"})
    made = document(source, problem)
    kept = next(one["resource"] for one in made["entry"] if one["resource"]["resourceType"] == "Condition")
    assert kept["subject"]["reference"] == "Patient/p"
    assert problem["subject"]["reference"] == "Patient/source"
    assert [one["resource"]["id"] for one in made["entry"] if one["resource"]["resourceType"] == "Patient"] == ["p"]


def test_the_same_records_give_the_same_document_in_either_language() -> None:
    records = [clinical("Condition", "c", "Hen"), observation("g", "Glucose", "2026-01-01", "5")]
    assert document(*records) == document(*records)
    english = document(*records, language="en")
    assert english["entry"][0]["resource"]["title"] == "Patient summary"
    assert english["identifier"] != document(*records)["identifier"]


def test_each_line_says_which_facility_it_comes_from() -> None:
    station = [{"type": "Organization", "display": "Trạm Y tế xã Hoa Lư"}]
    hospital = [{"type": "Organization", "display": "Bệnh viện Ninh Bình"}]
    made = document(
        {**observation("a", "Glucose", "2026-05-01", "5,6"), "performer": station},
        {**observation("b", "Ure", "2026-05-02", "6,1"), "performer": hospital},
        {**observation("c", "Creatinin", "2026-05-03", "80"), "performer": hospital},
        observation("d", "HbA1c", "2026-05-04", "6,5"),
    )
    sources = [one["resource"] for one in made["entry"] if one["resource"]["resourceType"] == "Provenance"]
    told = {
        one["agent"][0]["who"]["display"]: {target["reference"].rsplit("/", 1)[1] for target in one["target"]}
        for one in sources
    }
    assert told == {"Trạm Y tế xã Hoa Lư": {"a"}, "Bệnh viện Ninh Bình": {"b", "c"}}
    kept = {one["fullUrl"] for one in made["entry"]}
    assert all(target["reference"] in kept for one in sources for target in one["target"])
