"""Lasting diseases: who gets which and when, and the follow-up that treats all of a person's diseases in one visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hoso.synth import clinical, laboratory
from hoso.synth.body import Load
from hoso.synth.chart import Chart, Visit
from hoso.synth.tables import rows, settings

LEVELS = ("station", "regional", "provincial", "central")
APART = frozenset({"F20.0", "B20.9", "H25.9", "H40.1", "H52.1"})
"""Seen by their own clinic and never mentioned in the common follow-up."""


@dataclass
class Disease:
    row: dict[str, str]
    onset: date
    medicines: list[str]
    condition: dict[str, str] | None = None

    @property
    def code(self) -> tuple[str, str, str]:
        return self.row["code"], self.row["english"], self.row["vietnamese"]


def draw(chart: Chart) -> list[Disease]:
    """The person's lasting diseases so far, in the order of the table, so that one may raise the risk of the next."""
    rng = chart.rng
    tags = {"obese"} if chart.body.is_obese else set()
    tags |= {"smoker"} if chart.body.smokes else set()
    tags |= {"drinker"} if chart.person.sex == "m" and rng.random() < 0.3 else set()
    tags |= {"minority"} if chart.person.group not in ("01", "04") else set()
    tags |= {"old"} if chart.person.birth.year < 1978 else set()
    found: list[Disease] = []
    for row in rows("chronic.csv"):
        share = float(row[f"share_{chart.person.sex}"]) * _risk(row["after"], tags)
        age = rng.triangular(float(row["onset_min"]), float(row["onset_max"]), float(row["onset_mode"]))
        regimen = rng.choice(row["regimens"].split("|"))
        if rng.random() < min(share, 0.9) and chart.is_open(chart.day_at_age(age)):
            onset = chart.day_at_age(age)
            found.append(Disease(row, onset, [key for key in regimen.split("+") if key != "-"]))
            tags.add(row["code"])
            chart.avoid.update(settings("safety.toml")["disease"].get(row["code"], ()))
            chart.body.loads.append(Load(onset, float(row["systolic"]), float(row["treated"])))
    chart.problems = [disease.row["code"] for disease in found]
    return found


def _risk(after: str, tags: set[str]) -> float:
    factor = 1.0
    for part in after.split():
        tag, by = part.split(":")
        factor *= float(by) if tag in tags else 1.0
    return factor


def run(chart: Chart, diseases: list[Disease]) -> None:
    alone = [[disease] for disease in diseases if disease.row["code"] in APART or disease.row["level"] == "central"]
    together = [disease for disease in diseases if [disease] not in alone]
    for group in [together, *alone]:
        if group:
            _follow(chart, group)


def _follow(chart: Chart, group: list[Disease]) -> None:
    rng = chart.rng
    every = min(int(disease.row["every"]) for disease in group)
    years = min(float(disease.row["years"]) for disease in group)
    first = min(disease.onset for disease in group)
    day = max(first, chart.last - timedelta(days=int(years * 365)) + timedelta(days=rng.randrange(every)))
    number = 0
    while chart.is_open(day):
        if number == 0 or rng.random() > 0.1:
            _visit(chart, [disease for disease in group if disease.onset <= day], day, number, every)
            number += 1
        day += timedelta(days=every + rng.choice((-2, -1, 0, 0, 0, 1, 2, 3, 5)))


def _visit(chart: Chart, due: list[Disease], day: date, number: int, every: int) -> None:
    rng = chart.rng
    main = max(due, key=lambda disease: _rank(disease.row["level"]))
    reason = clinical.split(rng.choice(due).row["complaint"], rng)
    level = main.row["level"]
    eye = level == "eye"
    kind = "eye" if eye else "chronic"
    visit = chart.visit(day, "provincial" if eye else level, kind, reason, SPECIALTY.get(main.row["code"][0]))
    for disease in due:
        if disease.condition is None:
            disease.condition = clinical.diagnose(chart, visit, disease.code, onset=disease.onset, is_problem=True)
        else:
            clinical.attach(visit, disease.condition)
    if not eye:
        chart.blood_pressure(visit)
        if number % 3 == 0:
            chart.weigh(visit)
            chart.vital(visit, "pulse", chart.body.pulse(day, rng))
    _results(chart, visit, due, number, every)
    _supply(chart, visit, due)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else 0


SPECIALTY = {"I": "Tim mạch", "E": "Nội tiết", "J": "Hô hấp", "C": "Ung bướu", "G": "Thần kinh"}


def _results(chart: Chart, visit: Visit, due: list[Disease], number: int, every: int) -> None:
    """The full set at the first visit and about twice a year; INR and dialysis at every visit."""
    codes = [disease.row["code"] for disease in due]
    if number % max(1, round(210 / every)) == 0:
        wanted = dict.fromkeys(panel for disease in due for panel in disease.row["panels"].split())
        laboratory.order(chart, visit, wanted, codes)
        for code in codes:
            if code in IMAGES and chart.rng.random() < 0.6:
                clinical.image(chart, visit, IMAGES[code])
    elif "I48.9" in codes and number % 2:
        laboratory.order(chart, visit, ["inr"], codes)
    elif "E11.9" in codes:
        laboratory.order(chart, visit, ["glucose"], codes)
    for disease in due:
        if disease.row["code"] in REPEATED:
            clinical.operate(chart, visit, REPEATED[disease.row["code"]], disease.condition)


IMAGES = {
    "I25.1": "ecg",
    "I50.9": "echo",
    "I48.9": "ecg_af",
    "K74.6": "abdomen_cirrhosis",
    "M81.9": "dxa",
    "E04.9": "thyroid_us",
    "J44.9": "chest_clear",
}
REPEATED = {"N18.5": "dialysis", "D56.1": "transfusion"}


def _supply(chart: Chart, visit: Visit, due: list[Disease]) -> None:
    """Each disease's medicines, one of a class only; a blood thinner is never doubled."""
    classes: set[str] = set()
    for disease in due:
        keys = []
        for key in disease.medicines:
            atc = clinical.medicines()[key]["atc"]
            group = "C09" if atc.startswith("C09") else "B01" if atc.startswith("B01") else atc[:5]
            if group not in classes:
                classes.add(group)
                keys.append(key)
        clinical.prescribe(chart, visit, keys, disease.condition)
