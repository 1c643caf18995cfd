"""What came back of the tests somebody ordered, abnormal first: an order and its results, by link or the same test."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, key_of, moment, reference_key, status, when
from hoso.care.measures import Flag, flag_of, range_of, value_of
from hoso.care.orders.repeats import rule_of

_FINAL = {"final", "amended", "corrected"}


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    value: str
    unit: str
    flag: Flag
    limits: str
    when: str
    key: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An order with what came of it; `patient` is the "Patient/id" it is about."""

    order: str
    name: str
    patient: str
    ordered: str
    results: tuple[Result, ...]

    @property
    def abnormal(self) -> bool:
        return any(one.flag for one in self.results)


def answered(orders: Sequence[Resource], chart: Chart, seen: Collection[str]) -> list[Answered]:
    """Orders with results of which not all are in `seen` ("Type/id"): a result that is corrected later comes back

    under its own name only if it is a new record.
    """
    found = [_answered(order, chart) for order in orders if status(order) in ("active", "completed")]
    fresh = [one for one in found if one.results and not all(result.key in seen for result in one.results)]
    return sorted(fresh, key=lambda one: (not one.abnormal, -(moment(one.results[0].when) or 0)))


def _answered(order: Resource, chart: Chart) -> Answered:
    whose = reference_key(order.get("subject"))
    results = [one for one in chart.all("Observation", "DiagnosticReport") if _answers(one, order, whose)]
    told = tuple(found for one in results if (found := _result(one)).value)
    return Answered(key_of(order), concept_text(order.get("code")), whose, when(order), told)


def _answers(result: Resource, order: Resource, whose: str) -> bool:
    if status(result) not in _FINAL or reference_key(result.get("subject")) != whose:
        return False
    based = [reference_key(one) for one in result.get("basedOn", ())]
    if based:
        return key_of(order) in based
    ordered, at = moment(when(order)), moment(when(result))
    rule = rule_of(codings(order.get("code")), concept_text(order.get("code")))
    same = rule is not None and rule_of(codings(result.get("code")), concept_text(result.get("code"))) is rule
    return same and ordered is not None and at is not None and at >= ordered


def _result(one: Resource) -> Result:
    if one["resourceType"] == "DiagnosticReport":
        value, unit = str(one.get("conclusion", "")), ""
    else:
        value, unit = value_of(one)
    return Result(concept_text(one.get("code")), value, unit, flag_of(one), range_of(one), when(one), key_of(one))
