"""Which check-ups are due: by age, sex and illness, by what was done and when, and never for the dead."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hoso.care.chart import Chart
from hoso.care.checkups import Due, due, months_after
from hoso.care.rules import table

TODAY = date(2026, 11, 28)
Resource = dict[str, Any]


def person(born: str = "1967-03-12", sex: str = "female", **more: Any) -> Resource:
    return {"resourceType": "Patient", "id": "p", "birthDate": born, "gender": sex, **more}


def illness(code: str) -> Resource:
    concept = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]}
    active = {"coding": [{"code": "active"}]}
    return {"resourceType": "Condition", "id": code, "code": concept, "clinicalStatus": active,
            "category": [{"coding": [{"code": "problem-list-item"}]}], "onsetDateTime": "2020"}  # fmt: skip


def measured(loinc: str, day: str) -> Resource:
    concept = {"coding": [{"system": "http://loinc.org", "code": loinc}]}
    return {"resourceType": "Observation", "id": f"{loinc}{day}", "status": "final", "code": concept,
            "effectiveDateTime": day, "valueQuantity": {"value": 1}}  # fmt: skip


def visit(reason: str, day: str, status: str = "finished") -> Resource:
    return {"resourceType": "Encounter", "id": day, "status": status, "reasonCode": [{"text": reason}],
            "period": {"start": day}}  # fmt: skip


def found(patient: Resource, *records: Resource) -> dict[str, Due]:
    return {one.key: one for one in due(patient, Chart.of(records), TODAY)}


@pytest.mark.parametrize(
    ("born", "sex", "keys"),
    [
        ("2024-06-01", "male", {"child"}),
        ("2012-01-01", "female", set()),
        ("2000-01-01", "male", {"yearly"}),
        ("1990-01-01", "female", {"yearly", "cervix"}),
        ("1980-01-01", "male", {"yearly", "blood-pressure"}),
        ("1980-01-01", "female", {"yearly", "blood-pressure", "cervix", "breast"}),
        ("1940-01-01", "female", {"yearly", "blood-pressure"}),
    ],
)
def test_age_and_sex_say_what_is_meant(born: str, sex: str, keys: set[str]) -> None:
    assert set(found(person(born, sex))) == keys


def test_an_illness_brings_its_own_and_takes_the_place_of_the_general_one() -> None:
    keys = set(found(person("1960-01-01", "male"), illness("E11.9"), illness("I10")))
    assert keys == {"yearly", "hypertension-pressure", "hba1c", "diabetes-eyes", "kidneys"}


@pytest.mark.parametrize(
    ("day", "state"), [("2026-11-27", None), ("2026-06-30", None), ("2026-06-20", "soon"), ("2026-05-27", "overdue")]
)
def test_what_was_done_counts_for_its_months(day: str, state: str | None) -> None:
    one = found(person("1960-01-01", "male"), illness("E11"), measured("4548-4", day)).get("hba1c")
    assert (one.state if one else None) == state


def test_what_is_in_the_future_was_not_done() -> None:
    assert (
        found(person("1960-01-01", "male"), illness("E11"), measured("4548-4", "2027-01-01"))["hba1c"].state
        == "unrecorded"
    )


@pytest.mark.parametrize("reason", ["Khám sức khỏe định kỳ", "KHÁM SỨC KHỎE lái xe", "Kham suc khoe"])
def test_a_visit_counts_by_the_words_of_its_reason(reason: str) -> None:
    assert "yearly" not in found(person("2000-01-01", "male"), visit(reason, "2026-05-01"))
    assert "yearly" in found(person("2000-01-01", "male"), visit(reason, "2026-05-01", "cancelled"))
    assert "yearly" in found(person("2000-01-01", "male"), visit("Đau đầu", "2026-05-01"))


def test_a_word_counts_from_its_beginning_only() -> None:
    assert "cervix" in found(person("1990-01-01"), visit("Đi Bolivia về", "2026-05-01"))


@pytest.mark.parametrize("more", [{"deceasedDateTime": "2025"}, {"deceasedBoolean": True}, {"birthDate": ""}])
def test_the_dead_and_those_without_a_birth_date_have_none(more: dict[str, Any]) -> None:
    assert found(person(**{"born": "1960-01-01"}) | more) == {}


def test_the_most_overdue_is_first() -> None:
    records = (illness("E11"), measured("4548-4", "2026-01-01"), measured("14682-9", "2024-01-01"))
    keys = [one.key for one in due(person("1960-01-01", "male"), Chart.of(records), TODAY)]
    assert keys[:2] == ["kidneys", "hba1c"]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [(date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2024, 1, 31), 1, date(2024, 2, 29)),
     (date(2026, 11, 30), 3, date(2027, 2, 28)), (date(2026, 8, 31), 1, date(2026, 9, 30)),
     (date(2024, 2, 29), 12, date(2025, 2, 28))],
)  # fmt: skip
def test_months_end_where_the_month_ends(start: date, months: int, end: date) -> None:
    assert months_after(start, months) == end


def test_every_row_has_words_in_both_languages_a_source_and_a_way_to_be_done() -> None:
    for rule in table("checkups")["checkup"]:
        assert all(rule[part][language] for part in ("name", "why") for language in ("en", "vi"))
        assert rule["source"] and rule["months"] > 0 and (rule.get("loinc") or rule.get("words"))
