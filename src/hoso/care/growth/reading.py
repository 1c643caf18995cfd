"""A child's weights, heights and head circumferences out of the record's observations, in kg and cm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, day, key_of, when
from hoso.care.growth.assess import Measured
from hoso.care.rules import table


def codes() -> tuple[str, ...]:
    """Every LOINC code that is looked at."""
    return tuple(code for row in table("growth")["measure"] for code in row["loinc"])


def measured(chart: Chart, born: date | None) -> tuple[Measured, ...]:
    return tuple(sorted(found for one in chart.observations(list(codes())) for found in _of(one, born)))


def _of(observation: Resource, born: date | None) -> Iterator[Measured]:
    told_on = day(when(observation))
    said = {code for system, code in codings(observation.get("code")) if system == "loinc"}
    quantity = observation.get("valueQuantity", {})
    for row in table("growth")["measure"]:
        on = born if row.get("at_birth") else told_on
        factor = table("growth")["units"][row["kind"]].get(quantity.get("code") or quantity.get("unit") or "")
        if on is not None and said & set(row["loinc"]) and factor is not None and "value" in quantity:
            value = round(float(quantity["value"]) * factor, 4)
            yield Measured(on, row["kind"], value, row.get("position", ""), key_of(observation))
            return
