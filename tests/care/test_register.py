"""The register of a day: a line for each visit in their order, with what was found and given."""

from __future__ import annotations

from hoso.care.register import Line, register


def visit(id: str, clock: str, **more: object) -> dict[str, object]:
    start = {"start": f"2026-11-28T{clock}:00+07:00"}
    return {"resourceType": "Encounter", "id": id, "subject": {"reference": "Patient/a"}, "period": start, **more}


def part(type: str, id: str, text: str, **more: object) -> dict[str, object]:
    name = "medicationCodeableConcept" if type == "MedicationRequest" else "code"
    return {"resourceType": type, "id": id, "encounter": {"reference": "Encounter/one"}, name: {"text": text}, **more}


def test_a_line_says_what_was_found_and_given_and_what_was_taken_back_is_not_on_it() -> None:
    wrong = {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    diagnosis = [
        {"condition": {"reference": "Condition/second"}, "rank": 2},
        {"condition": {"reference": "Condition/main"}, "rank": 1},
    ]
    doctor = [{"individual": {"display": "BS. Mai"}}, {"individual": {"display": "BS. Mai"}}]
    visits = [
        visit("late", "09:30", reasonCode=[{"text": "Ho"}]),
        visit("one", "08:00", diagnosis=diagnosis, participant=doctor),
    ]
    parts = [
        part("Condition", "second", "Béo phì"),
        part("Condition", "main", "Tăng huyết áp"),
        part("Condition", "gone", "Viêm phổi", **wrong),
        part("MedicationRequest", "m", "Amlodipin 5 mg"),
        part("Procedure", "p", "Thay băng"),
        part("Procedure", "q", "Tiêm", status="entered-in-error"),
    ]
    first, second = register(visits, parts, {"Patient/a": "person"})
    given = ("Amlodipin 5 mg", "Thay băng")
    assert first == Line(1, "one", "person", "", ("Tăng huyết áp", "Béo phì"), given, "BS. Mai")
    assert second == Line(2, "late", "person", "Ho", (), (), "")


def test_a_day_without_visits_has_no_lines() -> None:
    assert register([], [part("Condition", "c", "Ho")], {}) == []
