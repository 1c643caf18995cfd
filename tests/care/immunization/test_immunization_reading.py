"""What records say about vaccinations: doses by code or name, days, reactions, and what forbids a vaccine."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hoso.care.chart import Chart
from hoso.care.immunization import forecast_of, province_of, told

TODAY = date(2026, 11, 23)
CHILD = {"resourceType": "Patient", "id": "c", "birthDate": "2026-01-15", "gender": "female"}


def dose(vaccine: dict[str, Any], on: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "id": on,
        "status": "completed",
        "vaccineCode": vaccine,
        "occurrenceDateTime": on,
    } | more


def read(*resources: dict[str, Any]) -> Any:
    return told(Chart.of(resources), TODAY)


def test_doses_are_read_by_code_and_by_name() -> None:
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "146"}]}
    found = read(dose(coded, "2026-03-15"), dose({"text": "Sởi đơn MVVAC"}, "2026-10-16T09:00:00+07:00"))
    assert [(one.vaccine, one.on) for one in found.given] == [
        ("hexavalent", date(2026, 3, 15)), ("measles", date(2026, 10, 16)),
    ]  # fmt: skip


def test_a_dose_that_was_refused_or_entered_in_error_is_none() -> None:
    bcg = {"text": "BCG"}
    refused = dose(bcg, "2026-01-15", status="not-done")
    wrong = dose(bcg, "2026-01-16", status="entered-in-error")
    assert read(refused, wrong).given == ()


@pytest.mark.parametrize(
    "when", [{"occurrenceString": "Trước ngày khám, theo lời khai"}, {"occurrenceDateTime": "2026-03"}]
)
def test_a_dose_without_a_day_does_not_count_and_is_told(when: dict[str, str]) -> None:
    one = {"resourceType": "Immunization", "id": "x", "status": "completed", "vaccineCode": {"text": "BCG"}} | when
    found = read(one)
    assert found.given == () and [u["id"] for u in found.undated] == ["x"]


def test_an_anaphylaxis_told_in_the_dose_forbids_the_next() -> None:
    said = {"resourceType": "Observation", "id": "r1", "status": "final", "code": {"text": "Phản vệ độ II"}}
    reaction = [{"date": "2026-03-15", "detail": {"reference": "#r1"}}]
    found = read(dose({"text": "5 trong 1"}, "2026-03-15", contained=[said], reaction=reaction))
    assert found.given[0].anaphylaxis
    forecast = forecast_of(CHILD, found, TODAY)
    assert forecast is not None and forecast.line("dtp", 2).status == "contraindicated"  # type: ignore[union-attr]


def test_a_fever_after_a_dose_forbids_nothing() -> None:
    reaction = [{"date": "2026-03-15", "detail": {"display": "Sốt nhẹ"}}]
    assert not read(dose({"text": "5 trong 1"}, "2026-03-15", reaction=reaction)).given[0].anaphylaxis


def test_conditions_and_severe_allergies_are_found() -> None:
    immune = {
        "resourceType": "Condition", "id": "a", "recordedDate": "2026-05-01",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "D81.9"}]},
    }  # fmt: skip
    severe = {"resourceType": "AllergyIntolerance", "id": "b", "criticality": "high", "code": {"text": "Neomycin"}}
    mild = {"resourceType": "AllergyIntolerance", "id": "d", "criticality": "low", "code": {"text": "Gelatin"}}
    assert set(read(immune, severe, mild).conditions) == {"immunodeficiency", "allergy:neomycin"}


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ({"state": "Hà Nội"}, "01"),
        ({"city": "TP. Hồ Chí Minh"}, "79"),
        ({"text": "12 ngõ 3, Phường Ba Đình, Thành phố Hà Nội"}, "01"),
        ({"line": ["Thôn 2"], "state": "Tỉnh Lào Cai"}, "15"),
        ({"text": "không rõ"}, ""),
    ],
)
def test_the_province_is_read_from_the_address(address: dict[str, Any], code: str) -> None:
    assert province_of({"address": [address]}) == code


@pytest.mark.parametrize("born", ["", "2026", "2027-01-01"])
def test_without_a_day_of_birth_nothing_is_said(born: str) -> None:
    assert forecast_of({"birthDate": born}, read(), TODAY) is None
