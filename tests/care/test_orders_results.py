"""The inbox of results: which results answer which order, abnormal first, until they were seen."""

from __future__ import annotations

from typing import Any

from hoso.care.chart import Chart
from hoso.care.orders.results import Answered, answered
from hoso.fhir import systems

Resource = dict[str, Any]
FLAGS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def order(id: str, loinc: str = "4548-4", patient: str = "p", day: str = "2026-11-20", **more: Any) -> Resource:
    return {
        "resourceType": "ServiceRequest", "id": id, "status": "active", "subject": {"reference": f"Patient/{patient}"},
        "code": {"text": id, "coding": [{"system": systems.LOINC, "code": loinc}]}, "authoredOn": day, **more,
    }  # fmt: skip


def result(id: str, loinc: str = "4548-4", patient: str = "p", day: str = "2026-11-21", **more: Any) -> Resource:
    return {
        "resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": f"Patient/{patient}"},
        "code": {"text": id, "coding": [{"system": systems.LOINC, "code": loinc}]}, "effectiveDateTime": day,
        "valueQuantity": {"value": 6.1, "unit": "%"}, **more,
    }  # fmt: skip


HIGH = {"interpretation": [{"coding": [{"system": FLAGS, "code": "H"}]}]}


def found(orders: list[Resource], *results: Resource, seen: tuple[str, ...] = ()) -> list[Answered]:
    return answered(orders, Chart.of(results), seen)


def test_a_later_result_of_the_same_test_answers_an_order() -> None:
    (one,) = found([order("a")], result("r"))
    assert (one.order, one.patient, [r.key for r in one.results]) == (
        "ServiceRequest/a",
        "Patient/p",
        ["Observation/r"],
    )
    assert not one.abnormal


def test_an_older_another_or_an_unfinished_result_does_not() -> None:
    others = (
        result("r1", day="2026-11-19"), result("r2", loinc="3016-3"), result("r3", patient="q"),
        result("r4", status="preliminary"),
    )  # fmt: skip
    assert found([order("a")], *others) == []


def test_a_result_that_names_its_order_is_its_own_and_nobody_elses() -> None:
    linked = result("r", loinc="9999-9", basedOn=[{"reference": "ServiceRequest/a"}])
    assert [one.order for one in found([order("a"), order("b", loinc="9999-9")], linked)] == ["ServiceRequest/a"]


def test_abnormal_ones_come_first_and_what_was_seen_is_gone() -> None:
    orders = [order("a"), order("b", loinc="3016-3")]
    results = result("ra", day="2026-11-22"), result("rb", loinc="3016-3", day="2026-11-21", **HIGH)
    assert [one.order for one in found(orders, *results)] == ["ServiceRequest/b", "ServiceRequest/a"]
    assert [one.order for one in found(orders, *results, seen=("Observation/rb",))] == ["ServiceRequest/a"]


def test_a_second_result_brings_the_order_back() -> None:
    both = result("r1"), result("r2", day="2026-11-23")
    assert found([order("a")], *both, seen=("Observation/r1", "Observation/r2")) == []
    assert len(found([order("a")], *both, seen=("Observation/r1",))) == 1


def test_a_revoked_order_waits_for_nothing() -> None:
    assert found([order("a", status="revoked")], result("r")) == []
