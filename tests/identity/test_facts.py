"""What cannot be true of one body."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from hoso.identity.facts import contradictions, of_encounter, of_observation, of_patients


def blood(id: str, code: str, said: str, **more: Any) -> dict[str, Any]:
    concept = {"coding": [{"system": "http://loinc.org", "code": code}]}
    return {"id": id, "status": "final", "code": concept, "valueCodeableConcept": {"text": said}, **more}


def stay(id: str, facility: str, start: str, end: str | None, kind: str = "IMP", **more: Any) -> dict[str, Any]:
    period = {"start": start, **({"end": end} if end else {})}
    provider = {"reference": f"Organization/{facility}"}
    return {
        "id": id,
        "status": "finished",
        "class": {"code": kind},
        "period": period,
        "serviceProvider": provider,
        **more,
    }


@pytest.mark.parametrize(
    ("code", "said", "facts"),
    [
        ("883-9", "Nhóm máu O", [("blood-group", "O")]),
        ("883-9", "AB", [("blood-group", "AB")]),
        ("882-1", "A Rh(D) dương tính", [("blood-group", "A"), ("rhesus", "+")]),
        ("882-1", "B Rh-", [("blood-group", "B"), ("rhesus", "−")]),
        ("10331-7", "Âm tính", [("rhesus", "−")]),
        ("10331-7", "Positive", [("rhesus", "+")]),
        ("883-9", "chưa xác định", []),
        ("718-7", "A", []),
    ],
)
def test_a_blood_group_is_read_however_it_is_written(code: str, said: str, facts: list[tuple[str, str]]) -> None:
    assert [(fact.kind, fact.value) for fact in of_observation(blood("o", code, said))] == facts


def test_a_coded_blood_group_needs_no_words() -> None:
    told = {"coding": [{"system": "http://snomed.info/sct", "code": "278153001"}]}
    facts = of_observation(blood("o", "882-1", "", valueCodeableConcept=told))
    assert [(fact.kind, fact.value) for fact in facts] == [("blood-group", "B"), ("rhesus", "−")]


def test_two_blood_groups_are_a_contradiction_in_any_order_and_one_twice_is_not() -> None:
    three = [of_observation(blood(f"o{n}", "883-9", said))[0] for n, said in enumerate(("A", "Nhóm A", "O"))]
    assert contradictions(three[:2]) == []
    for order in permutations(three):
        (found,) = contradictions(order)
        assert found.kind == "blood-group" and found.values == ("A", "O")
    assert of_observation(blood("o", "883-9", "A", status="entered-in-error")) == []


@pytest.mark.parametrize(
    ("births", "wrong"),
    [(("1984-03-17", "1985-03-17"), False), (("1984", "1984-03"), False), (("1984-03-17", "1986"), True)],
)
def test_births_years_apart_are_a_contradiction(births: tuple[str, ...], wrong: bool) -> None:
    facts = of_patients([{"id": str(n), "birthDate": born, "gender": "male"} for n, born in enumerate(births)])
    assert [one.kind for one in contradictions(facts)] == (["birth"] if wrong else [])


@pytest.mark.parametrize(
    ("one", "other", "wrong"),
    [
        (("x", "2026-03-01", "2026-03-05"), ("y", "2026-03-02", "2026-03-04"), True),
        (("x", "2026-03-01", "2026-03-05"), ("x", "2026-03-02", "2026-03-04"), False),
        (("x", "2026-03-01T08:00:00+07:00", "2026-03-02T10:00:00+07:00"),
         ("y", "2026-03-02T09:00:00+07:00", "2026-03-04T09:00:00+07:00"), False),
        (("x", "2026-03-01", None), ("y", "2026-03-02", "2026-03-04"), False),
    ],
)  # fmt: skip
def test_nobody_lies_in_two_hospitals_at_once(one: Any, other: Any, wrong: bool) -> None:
    facts = [fact for n, args in enumerate((one, other)) for fact in of_encounter(stay(f"e{n}", *args))]
    assert [found.kind for found in contradictions(facts)] == (["two-places"] if wrong else [])


@pytest.mark.parametrize(
    ("died", "came", "wrong"),
    [
        ("2026-03-01", "2026-05-01T08:00:00+07:00", True),
        ("2026-03-01", "2026-03-01T23:00:00+07:00", False),
        ("2026", "2026-12-01T08:00:00+07:00", False),
        ("2026-03-01", "2026-02-01T08:00:00+07:00", False),
    ],
)
def test_nobody_comes_after_death(died: str, came: str, wrong: bool) -> None:
    facts = [*of_patients([{"id": "a", "deceasedDateTime": died}]), *of_encounter(stay("e", "x", came, None, "AMB"))]
    assert [found.kind for found in contradictions(facts)] == (["after-death"] if wrong else [])


def test_dates_no_calendar_has_say_nothing() -> None:
    assert of_encounter(stay("e", "x", "soon", None)) == []
    assert of_encounter({"id": "e", "status": "planned", "class": {}}) == []
