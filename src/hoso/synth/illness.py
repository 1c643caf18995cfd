"""Acute illness and injury: how often by age, which by age, sex, season and region, and what each visit then holds."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from hoso.synth import clinical, laboratory
from hoso.synth.chart import Chart, Visit
from hoso.synth.tables import Weighted, rows

BANDS = ((5, "w0", 2.0), (16, "w5", 0.85), (50, "w16", 0.7), (200, "w50", 0.8))
"""Below age: column of the table, visits a year."""
RECORDED_YEARS = 5
OPERATIONS = frozenset({"appendectomy", "hernia", "cholecystectomy", "fixation", "hip", "lithotripsy"})


def run(chart: Chart) -> None:
    day = max(chart.person.birth + timedelta(days=20), chart.last - timedelta(days=365 * RECORDED_YEARS))
    while True:
        _, _, yearly = _band(chart, day)
        day += timedelta(days=1 + int(chart.rng.expovariate(yearly / 365)))
        if not chart.is_open(day):
            return
        _episode(chart, day)


def _band(chart: Chart, at: date) -> tuple[int, str, float]:
    age = chart.age_days(at) / 365.25
    return next(band for band in BANDS if age < band[0])


@cache
def _table(column: str, sex: str, month: int, region: str) -> Weighted[int]:
    return Weighted(
        (number, float(row[column]) * _season(row["months"], month) * _regional(row["regions"], region))
        for number, row in enumerate(rows("acute.csv"))
        if row["sex"] in ("", sex)
    )


def _season(months: str, month: int) -> float:
    """Three times as often in season as outside, the same over the year."""
    if not months:
        return 1.0
    first, last = (int(part) for part in months.split("-"))
    length = (last - first) % 12 + 1
    within = (month - first) % 12 < length
    outside = 12 / (3 * length + 12 - length)
    return 3 * outside if within else outside


def _regional(regions: str, region: str) -> float:
    return next((float(part.split(":")[1]) for part in regions.split() if part.startswith(region)), 1.0)


def _episode(chart: Chart, day: date) -> None:
    _, column, _ = _band(chart, day)
    table = _table(column, chart.person.sex, day.month, chart.home.province.region)
    row = rows("acute.csv")[table.pick(chart.rng)]
    code = (row["code"], row["english"], row["vietnamese"])
    admitted = chart.rng.random() < float(row["admit"])
    reason = clinical.split(row["complaint"], chart.rng)
    visit = _place(chart, day, row, reason, admitted)
    ended = visit.day + timedelta(days=max(1, round(int(row["days"]) * chart.rng.uniform(0.7, 1.4))))
    condition = clinical.diagnose(chart, visit, code, ended=ended, severity="severe" if admitted else None)
    _examine(chart, visit, float(row["fever"]), admitted)
    laboratory.order(chart, visit, row["panels"].split(), [row["code"]])
    if row["imaging"]:
        clinical.image(chart, visit, row["imaging"])
    _treat(chart, visit, row, condition, admitted)


def _place(chart: Chart, day: date, row: dict[str, str], reason: str, admitted: bool) -> Visit:
    """Where the person goes; who must be admitted has often been seen and referred by the commune station."""
    level, kind = row["level"], "exam"
    child = chart.age_days(day) < 15 * 365
    if level in ("dental", "eye"):
        return chart.visit(day, "regional", level, reason)
    if level == "emergency":
        return chart.visit(day, "provincial", "emergency", reason, "Cấp cứu", nights=1 if admitted else 0)
    if level == "regional" and not admitted and chart.rng.random() < 0.25:
        level = "clinic"
    target = "maternity" if child and level == "provincial" else level
    if not admitted:
        return chart.visit(day, target, kind, reason, _specialty(row, child))
    based_on = _referral(chart, day, target, row, reason) if chart.rng.random() < 0.35 else None
    nights = max(1, round(int(row["nights"] or 1) * chart.rng.uniform(0.7, 1.4)))
    nights = min(nights, max(1, (chart.last - day).days - 1))
    stay = "surgery" if row["procedure"] in OPERATIONS else "inpatient"
    visit = chart.visit(
        day, "provincial" if target == "station" else target, stay, reason, _specialty(row, child), nights
    )
    if based_on:
        visit.encounter["basedOn"] = [based_on]
        visit.encounter["hospitalization"]["admitSource"] = {"text": "Cơ sở khác chuyển đến"}
    return visit


def _specialty(row: dict[str, str], child: bool) -> str | None:
    if row["procedure"] in OPERATIONS and row["code"][0] in "KN":
        return "Ngoại tổng hợp"
    return "Nhi" if child else SPECIALTY.get(row["code"][0])


SPECIALTY = {"J": "Hô hấp", "A": "Truyền nhiễm", "S": "Ngoại chấn thương", "O": "Sản phụ khoa", "E": "Nội tiết"}


def _referral(chart: Chart, day: date, target: str, row: dict[str, str], reason: str) -> dict[str, str]:
    first = chart.visit(max(chart.person.birth, day - timedelta(days=1)), "station", "exam", reason)
    code = (row["code"], row["english"], row["vietnamese"])
    condition = clinical.diagnose(chart, first, code, ended=first.day)
    chart.temperature(first, float(row["fever"]))
    return clinical.refer(chart, first, "provincial" if target == "station" else target, code, condition)


def _examine(chart: Chart, visit: Visit, fever: float, admitted: bool) -> None:
    rng = chart.rng
    heat = max(0.0, rng.gauss(fever, 0.35)) if fever else 0.0
    chart.temperature(visit, heat)
    age = chart.age_days(visit.day) / 365.25
    if age < 12:
        chart.weigh(visit)
    if age >= 15 or admitted:
        chart.blood_pressure(visit)
    if admitted or rng.random() < 0.4:
        chart.vital(visit, "pulse", chart.body.pulse(visit.day, rng, heat))
    if admitted:
        chart.vital(visit, "breaths", chart.body.breaths(visit.day, rng, heat))
        chart.vital(visit, "oxygen", min(100, round(rng.gauss(97 - (heat > 1), 1.2))))


def _treat(chart: Chart, visit: Visit, row: dict[str, str], condition: dict[str, str], admitted: bool) -> None:
    procedure = row["procedure"]
    if procedure == "rabies":
        from hoso.synth import vaccines

        vaccines.rabies(chart, visit)
    elif procedure and (procedure not in OPERATIONS or admitted):
        clinical.operate(chart, visit, procedure, condition)
    medicines = row["medicines"].split()
    if len(medicines) > 3:
        medicines = medicines[:1] + chart.rng.sample(medicines[1:], 2)
    clinical.prescribe(chart, visit, medicines, condition)
