"""A figure is the list of what it counts: by age, sex and card, chapter, dose, control, and what came after closing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hoso.care.reports.count import Facts, band_of, chapter_of, figures, late
from hoso.care.reports.period import Period
from hoso.fhir import systems

Resource = dict[str, Any]


def visit(id: str, person: str, on: str = "2026-10-05") -> Resource:
    subject, start = {"reference": f"Patient/{person}"}, f"{on}T08:00:00+07:00"
    return {"resourceType": "Encounter", "id": id, "subject": subject, "period": {"start": start}}


def found(visit: str, code: str, **more: Any) -> Resource:
    concept = {"coding": [{"system": systems.ICD10, "code": code}]}
    return {"resourceType": "Condition", "id": f"{visit}-{code}", "encounter": {"reference": f"Encounter/{visit}"},
            "code": concept, **more}  # fmt: skip


def pressure(visit: str, upper: int, lower: int, clock: str = "08:00") -> Resource:
    parts = [
        {"code": {"coding": [{"system": systems.LOINC, "code": code}]}, "valueQuantity": {"value": value}}
        for code, value in (("8480-6", upper), ("8462-4", lower))
    ]
    of = {"reference": f"Encounter/{visit}"}
    return {"resourceType": "Observation", "id": f"{visit}-bp-{clock}", "encounter": of,
            "effectiveDateTime": f"2026-10-05T{clock}:00+07:00", "component": parts}  # fmt: skip


def sugar(visit: str, loinc: str, value: float, unit: str) -> Resource:
    code = {"coding": [{"system": systems.LOINC, "code": loinc}]}
    return {"resourceType": "Observation", "id": f"{visit}-{loinc}", "encounter": {"reference": f"Encounter/{visit}"},
            "effectiveDateTime": "2026-10-05T08:00:00+07:00", "code": code,
            "valueQuantity": {"value": value, "unit": unit}}  # fmt: skip


PEOPLE = {
    "old": {"gender": "male", "birthDate": "1950", "identifier": [
        {"system": systems.INSURANCE_NUMBER, "value": "GD4010116701234"}]},
    "child": {"gender": "female", "birthDate": "2021-10-06"},
    "unknown": {},
}  # fmt: skip
HOMES = {f"Patient/{id}": id for id in PEOPLE}


def test_each_visit_is_counted_once_in_each_of_its_rows_and_a_number_opens_to_it() -> None:
    visits = [visit("a", "old"), visit("b", "old"), visit("c", "child"), visit("d", "unknown")]
    void = {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    parts = [found("a", "I10"), found("a", "I11.0"), found("a", "J06.9"), found("c", "J18.9", **void)]
    told = figures(Facts(visits, parts, people=PEOPLE, homes=HOMES))
    assert told["visit"] == ["Encounter/a", "Encounter/b", "Encounter/c", "Encounter/d"]
    assert told["visit.age.60+.male"] == ["Encounter/a", "Encounter/b"] == told["visit.insured"]
    assert told["visit.age.0-5.female"] == ["Encounter/c"], "the day before the fifth birthday"
    assert told["visit.age.unknown"] == ["Encounter/d"] == told["visit.sex.unknown"]
    assert told["chapter.IX"] == ["Encounter/a"] == told["chapter.X"], "two codes of a chapter are one visit"
    ages = sum(len(told.get(f"visit.age.{band}", ())) for band in ("0-5", "6-14", "15-59", "60+", "unknown"))
    assert ages == len(told["visit"])


@pytest.mark.parametrize(("upper", "lower", "controlled"), [(139, 89, True), (140, 80, False), (130, 90, False)])
def test_control_is_of_the_last_value_measured(upper: int, lower: int, controlled: bool) -> None:
    parts = [found("a", "I10"), pressure("a", 200, 110, "07:00"), pressure("a", upper, lower), found("b", "I10")]
    told = figures(Facts([visit("a", "old"), visit("b", "child")], parts, people=PEOPLE, homes=HOMES))
    assert told["care.hypertension"] == ["Patient/old", "Patient/child"]
    assert told["care.hypertension.measured"] == ["Patient/old"], "who was not measured is neither"
    assert told.get("care.hypertension.controlled", []) == (["Patient/old"] if controlled else [])


@pytest.mark.parametrize(
    ("values", "controlled"),
    [
        ([("4548-4", 6.9, "%")], True),
        ([("4548-4", 7.0, "%"), ("15074-8", 5.0, "mmol/L")], False),
        ([("15074-8", 7.2, "mmol/L")], True),
        ([("15074-8", 120.0, "mg/dL")], None),
    ],
)
def test_diabetes_is_judged_by_hba1c_first_and_never_in_another_unit(
    values: list[tuple[str, float, str]], controlled: bool | None
) -> None:
    parts = [found("a", "E11.9"), *(sugar("a", *one) for one in values)]
    told = figures(Facts([visit("a", "old")], parts, people=PEOPLE, homes=HOMES))
    assert ("care.diabetes.measured" in told) is (controlled is not None)
    assert ("care.diabetes.controlled" in told) is bool(controlled)


def test_a_dose_is_counted_by_vaccine_and_number() -> None:
    dose = {
        "resourceType": "Immunization", "id": "d", "status": "completed", "patient": {"reference": "Patient/child"},
        "occurrenceDateTime": "2026-10-05", "vaccineCode": {"coding": [{"system": systems.CVX, "code": "19"}]},
        "protocolApplied": [{"doseNumberPositiveInt": 1}],
    }  # fmt: skip
    told = figures(Facts(doses=[dose], people=PEOPLE, homes=HOMES))
    assert told["dose"] == told["dose.bcg"] == told["dose.bcg.1"] == ["Immunization/d"]


def test_what_came_and_went_since_closing_is_told_apart() -> None:
    assert late(["a", "c"], ["a", "b"]) == ({"c"}, {"b"})


def test_periods_are_read_strictly_and_follow_each_other() -> None:
    assert [Period.read(text) for text in ("", "2026", "2026-13", "2026-Q5", "2026-1", "2026-11\n", "x" * 999)] == [
        None
    ] * 7
    december, quarter = Period.read("2026-12"), Period.read("2026-Q4")
    assert december and quarter
    assert (december.first, december.last, december.after().key) == (date(2026, 12, 1), date(2026, 12, 31), "2027-01")
    assert (quarter.first, quarter.end, quarter.before().key) == (date(2026, 10, 1), date(2027, 1, 1), "2026-Q3")
    assert december.wider() == quarter and Period(2026, 1, 1).before().key == "2025-12"
    assert Period(2026, 1, 3).before().key == "2025-Q4"


def test_every_letter_of_icd_10_has_its_chapter() -> None:
    assert [chapter_of(code) for code in ("B99", "C00.1", "D50", "H60", "T98", "Y98", "", "??")] == [
        "I", "II", "III", "VIII", "XIX", "XX", "", "",
    ]  # fmt: skip
    assert band_of("2026-01-01", date(2025, 1, 1)) == ""
