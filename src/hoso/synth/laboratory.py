"""Laboratory results: values by sex, age and disease, with unit, reference range and interpretation that agree."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

from hoso.fhir import systems
from hoso.synth.chart import Chart, Visit, interpretation
from hoso.synth.record import Resource, coded, moment, terminology
from hoso.synth.tables import rows, settings

CATEGORY = [terminology("observation-category", "laboratory")]
POSITIVE = coded(systems.SNOMED, "10828004", "Positive", "Dương tính")
NEGATIVE = coded(systems.SNOMED, "260385009", "Negative", "Âm tính")
CHILD_HB = ((2, 110, 140, 118), (6, 110, 140, 122), (12, 115, 150, 130))
"""Haemoglobin of children: below age, low, high, mean (WHO limits)."""


@cache
def _labs() -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in rows("labs.csv")}


def order(chart: Chart, visit: Visit, panels: Iterable[str], diseases: Iterable[str] = ()) -> dict[str, float]:
    """Runs panels; answers with the numbers found. `diseases` are ICD-10 codes that move the results."""
    shifts: Resource = {}
    for disease in diseases:
        shifts |= settings("shifts.toml").get(disease, {})
    numbers: dict[str, float] = {}
    for panel in panels:
        _panel(chart, visit, settings("panels.toml")[panel], shifts, numbers)
    return numbers


def _panel(chart: Chart, visit: Visit, panel: Resource, shifts: Resource, numbers: dict[str, float]) -> None:
    results = [
        chart.observe(visit, _result(chart, visit.day, _labs()[key], shifts, numbers)) for key in panel["results"]
    ]
    chart.record.add(
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "category": [terminology("v2-0074", "LAB")],
            "code": coded(systems.LOINC, panel["loinc"], panel["en"], panel["vi"]),
            "subject": chart.record.subject,
            "encounter": visit.reference,
            "effectiveDateTime": moment(visit.at + timedelta(minutes=5)),
            "issued": moment(visit.at + timedelta(minutes=chart.rng.randrange(50, 140))),
            "performer": [
                {"reference": f"Organization/{visit.facility.organization_id}", "display": visit.facility.name}
            ],
            "result": results,
        }
    )


def _result(chart: Chart, at: date, entry: dict[str, str], shifts: Resource, numbers: dict[str, float]) -> Resource:
    resource: Resource = {
        "category": CATEGORY,
        "code": coded(systems.LOINC, entry["loinc"], entry["english"], entry["vietnamese"]),
    }
    if not entry["unit"]:
        positive = chart.rng.random() < shifts.get(entry["key"], 0.02 if entry["key"].startswith("u_") else 0)
        resource["valueCodeableConcept"] = POSITIVE if positive else NEGATIVE
        resource["interpretation"] = [interpretation("A" if positive else "N")]
        return resource
    value = _value(chart, at, entry, shifts, numbers)
    numbers[entry["key"]] = value
    low, high = limits(entry, chart.person.sex, chart.age_days(at) / 365.25)
    resource["valueQuantity"] = {
        "value": _plain(value),
        "unit": entry["unit"],
        "system": systems.UCUM,
        "code": entry["ucum"],
    }
    resource["interpretation"] = [interpretation(_flag(value, low, high))]
    resource["referenceRange"] = [_range(entry, low, high)]
    return resource


def limits(entry: dict[str, str], sex: str, age: float) -> tuple[float | None, float | None]:
    if entry["key"] == "hb":
        for below, low, high, _ in CHILD_HB:
            if age < below:
                return float(low), float(high)
    if entry["key"] == "creatinine" and age < 12:
        return 20.0, 62.0
    lowest, highest = entry[f"low_{sex}"], entry[f"high_{sex}"]
    return float(lowest) if lowest else None, float(highest) if highest else None


def _value(chart: Chart, at: date, entry: dict[str, str], shifts: Resource, numbers: dict[str, float]) -> float:
    key, age = entry["key"], chart.age_days(at) / 365.25
    if key == "egfr":
        return filtration(numbers["creatinine"], chart.person.sex, age, chart.body.height(at))
    if key == "cholesterol":  # Friedewald, so that the lines of one report agree
        total = numbers["ldl"] + numbers["hdl"] + numbers["triglyceride"] / 2.2
        return round(min(total, numbers["ldl"] + numbers["hdl"] + 2.5), 2)
    mean, spread = shifts.get(key) or (_mean(entry, chart.person.sex, age), float(entry["sd"]))
    value = chart.rng.gauss(mean, spread)
    floor = mean * 0.35
    if value < floor:
        value = floor * (1 + chart.rng.random() * 0.3)
    return round(value, int(entry["decimals"]))


def _mean(entry: dict[str, str], sex: str, age: float) -> float:
    if entry["key"] == "hb":
        for below, _, _, mean in CHILD_HB:
            if age < below:
                return mean
    if entry["key"] == "creatinine":
        return 25 + 2.4 * age if age < 12 else float(entry[f"mean_{sex}"]) + max(0, age - 60) * 0.25
    if entry["key"] == "neutrophils" and age < 5:
        return 47
    return float(entry[f"mean_{sex}"])


def filtration(creatinine: float, sex: str, age: float, height: float) -> float:
    """Estimated GFR: CKD-EPI 2021 for adults, bedside Schwartz for children; creatinine in µmol/L."""
    milligrams = creatinine / 88.4
    if age < 18:
        return round(0.413 * height / milligrams)
    kappa, alpha, factor = (0.7, -0.241, 1.012) if sex == "f" else (0.9, -0.302, 1.0)
    ratio = milligrams / kappa
    return float(round(142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age * factor))


def _flag(value: float, low: float | None, high: float | None) -> str:
    if high is not None and value > high:
        return "H"
    return "L" if low is not None and value < low else "N"


def _range(entry: dict[str, str], low: float | None, high: float | None) -> Resource:
    unit = {"unit": entry["unit"], "system": systems.UCUM, "code": entry["ucum"]}
    found: Resource = {}
    if low is not None:
        found["low"] = {"value": _plain(low), **unit}
    if high is not None:
        found["high"] = {"value": _plain(high), **unit}
    return found


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value
