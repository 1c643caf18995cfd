"""Birth at a facility and the growth checks of the first five years."""

from __future__ import annotations

from datetime import date, timedelta

from hoso.fhir import systems
from hoso.synth import clinical
from hoso.synth.chart import Chart, Visit, quantity
from hoso.synth.record import Resource, coded
from hoso.synth.tables import settings

FIRST_ELECTRONIC = date(2012, 1, 1)
CHECKS = (1, 6, 9, 12, 18, 24, 36, 48, 60)
PRETERM = ("P07.3", "Other preterm infants", "Trẻ đẻ non")
JAUNDICE = ("P59.9", "Neonatal jaundice, unspecified", "Vàng da sơ sinh")
MALNOURISHED = ("E44.1", "Mild protein-energy malnutrition", "Suy dinh dưỡng thể nhẹ cân")


def birth(chart: Chart) -> Visit | None:
    """The newborn's own encounter; answers with it so that the first vaccines are given there."""
    if chart.person.birth < FIRST_ELECTRONIC or not chart.is_open(chart.person.birth):
        return None
    rng = chart.rng
    level = rng.choices(("maternity", "provincial", "regional", "station"), (45, 15, 32, 8))[0]
    visit = chart.visit(chart.person.birth, level, "birth", "Trẻ sinh tại cơ sở y tế", "Nhi sơ sinh", nights=2)
    early = rng.random() < 0.07
    weeks = rng.randrange(32, 37) if early else rng.choice((37, 38, 38, 39, 39, 39, 40, 40, 41))
    grams = round(rng.gauss(3150 - (39 - weeks) * 190, 340) / 50) * 50
    measure(chart, visit, "birth_weight", max(1100, min(4800, grams)))
    measure(chart, visit, "birth_length", round(49.4 - (39 - weeks) * 0.9 + rng.gauss(0, 1.4), 1))
    chart.vital(visit, "head", round(34 - (39 - weeks) * 0.6 + rng.gauss(0, 0.9), 1))
    measure(chart, visit, "gestation", weeks)
    first = rng.choice((7, 8, 8, 9)) - early
    measure(chart, visit, "apgar_1", first)
    measure(chart, visit, "apgar_5", min(10, first + rng.choice((1, 1, 2))))
    clinical.prescribe(chart, visit, ["vitamin_k"])
    if early:
        clinical.diagnose(chart, visit, PRETERM, ended=visit.day + timedelta(days=90))
    if rng.random() < (0.3 if early else 0.06):
        clinical.diagnose(chart, visit, JAUNDICE, ended=visit.day + timedelta(days=12))
    return visit


def growth(chart: Chart) -> None:
    thin = False
    for months in CHECKS:
        at = chart.person.birth + timedelta(days=round(months * 30.44) + chart.rng.randrange(12))
        if chart.person.birth < FIRST_ELECTRONIC or not chart.is_open(at) or chart.rng.random() < 0.25:
            continue
        visit = chart.visit(at, "station", "child_check", f"Khám sức khỏe trẻ {months} tháng tuổi")
        weight = chart.weigh(visit, with_height=True)
        if months <= 24:
            chart.vital(visit, "head", round(34 + 12.5 * (months / 24) ** 0.42 + chart.rng.gauss(0, 0.8), 1))
        if weight < 0.79 * _expected(months) and not thin:
            thin = True
            clinical.diagnose(chart, visit, MALNOURISHED, ended=at + timedelta(days=150))
        elif months in (1, 6):
            clinical.prescribe(chart, visit, ["vitamin_d"])


def _expected(months: int) -> float:
    """Median weight of the WHO standard, rounded, both sexes."""
    return {1: 4.3, 6: 7.6, 9: 8.6, 12: 9.3, 18: 10.6, 24: 11.9, 36: 14.1, 48: 16.2, 60: 18.2}[months]


def measure(chart: Chart, visit: Visit, key: str, value: float) -> None:
    entry: Resource = settings("findings.toml")[key]
    code = coded(systems.LOINC, entry["loinc"], entry["en"], entry["vi"])
    chart.observe(visit, {"code": code, "valueQuantity": quantity(value, entry)})
