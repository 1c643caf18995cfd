"""Health checks at school, at work and of the elderly: measurements, findings and the class of health I to V."""

from __future__ import annotations

from datetime import date, timedelta

from hoso.fhir import systems
from hoso.synth import clinical, laboratory
from hoso.synth.chart import Chart, Visit
from hoso.synth.infancy import measure
from hoso.synth.record import moment, terminology

CLASSES = {
    1: "Loại I: rất khỏe",
    2: "Loại II: khỏe",
    3: "Loại III: trung bình",
    4: "Loại IV: yếu",
    5: "Loại V: rất yếu",
}
EMPLOYED = frozenset({"worker", "office", "official", "teacher", "driver"})
SCHOOL_YEARS, WORK_YEARS, ELDERLY_YEARS = 4, 3, 3


def run(chart: Chart) -> None:
    standing = chart.person.standing
    assert standing is not None
    if standing.occupation in ("pupil", "preschool", "student"):
        _school(chart)
    elif standing.occupation in EMPLOYED:
        _work(chart)
    if chart.person.age(chart.last) >= 60:
        _elderly(chart)


def _school(chart: Chart) -> None:
    """In the first months of every school year."""
    for year in range(chart.today.year - SCHOOL_YEARS, chart.today.year + 1):
        at = date(year, 9, 12) + timedelta(days=chart.rng.randrange(45))
        age = chart.age_days(at) / 365.25
        if not chart.is_open(at) or not 3 <= age < 18 or chart.rng.random() < 0.08:
            continue
        level = "preschool" if age < 6 else "primary" if age < 11 else "secondary" if age < 15 else "high_school"
        visit = chart.visit(_weekday(at), level, "school_check", "Khám sức khỏe đầu năm học")
        chart.weigh(visit, with_height=True)
        chart.vital(visit, "pulse", chart.body.pulse(at, chart.rng))
        notes = _pupil_findings(chart, visit, age)
        _conclude(chart, visit, notes, 1 if not notes else 2 if len(notes) == 1 else 3)


def _pupil_findings(chart: Chart, visit: Visit, age: float) -> list[str]:
    rng = chart.rng
    notes: list[str] = []
    if age >= 6:
        short = "H52.1" in chart.problems
        right, left = (rng.randrange(3, 8), rng.randrange(3, 8)) if short else (10, rng.choice((9, 10, 10)))
        _vision(chart, visit, right, left)
        notes += ["Giảm thị lực, cần khám chuyên khoa mắt"] if short else []
    if rng.random() < 0.34:
        notes.append(f"Sâu {rng.randrange(1, 5)} răng, cần điều trị")
    mass = chart.body.weight(visit.day) / (chart.body.height(visit.day) / 100) ** 2
    if age >= 6 and mass > 19 + (age - 6) * 0.55:
        notes.append("Thừa cân, tư vấn dinh dưỡng và vận động")
    elif age >= 6 and mass < 12.8 + (age - 6) * 0.25:
        notes.append("Nhẹ cân so với tuổi")
    if age >= 10 and rng.random() < 0.04:
        notes.append("Theo dõi vẹo cột sống")
    return notes


def _vision(chart: Chart, visit: Visit, right: int, left: int) -> None:
    eyes = (("right", "Thị lực mắt phải không kính", right), ("left", "Thị lực mắt trái không kính", left))
    for side, words, tenths in eyes:
        code = {"coding": [{"system": systems.FINDING, "code": f"visual-acuity-{side}"}], "text": words}
        chart.observe(
            visit,
            {"category": [terminology("observation-category", "exam")], "code": code, "valueString": f"{tenths}/10"},
        )


def _work(chart: Chart) -> None:
    rng = chart.rng
    month = 1 + chart.person.number % 12
    level = rng.choice(("provincial", "clinic", "regional"))
    for year in range(chart.today.year - WORK_YEARS + 1, chart.today.year + 1):
        at = date(year, month, rng.randrange(3, 27))
        if not chart.is_open(at) or chart.person.age(at) < 20 or rng.random() < 0.12:
            continue
        visit = chart.visit(_weekday(at), level, "work_check", "Khám sức khỏe định kỳ người lao động", "Khám sức khỏe")
        chart.weigh(visit, with_height=True)
        systolic, diastolic = chart.blood_pressure(visit)
        chart.vital(visit, "pulse", chart.body.pulse(at, rng))
        found = laboratory.order(chart, visit, ["cbc_short", "glucose"], chart.problems)
        if rng.random() < 0.6:
            clinical.image(chart, visit, "chest_clear" if rng.random() < 0.6 else "abdomen_routine")
        notes = _adult_findings(chart, at, systolic, diastolic, found)
        _conclude(chart, visit, notes, min(4, 1 + (chart.person.age(at) > 35) + len(notes)))


def _elderly(chart: Chart) -> None:
    rng = chart.rng
    for year in range(chart.today.year - ELDERLY_YEARS + 1, chart.today.year + 1):
        at = date(year, rng.randrange(3, 11), rng.randrange(2, 27))
        if not chart.is_open(at) or chart.person.age(at) < 60 or rng.random() < 0.3:
            continue
        visit = chart.visit(_weekday(at), "station", "elderly_check", "Khám sức khỏe định kỳ người cao tuổi")
        weight = chart.weigh(visit, with_height=True)
        systolic, diastolic = chart.blood_pressure(visit)
        chart.vital(visit, "pulse", chart.body.pulse(at, rng))
        measure(chart, visit, "waist", round(weight * 0.75 + 36 + rng.gauss(0, 3)))
        found = laboratory.order(chart, visit, ["glucose"], chart.problems)
        notes = _adult_findings(chart, at, systolic, diastolic, found)
        _conclude(chart, visit, notes, min(5, 2 + len(notes)))


def _adult_findings(chart: Chart, at: date, systolic: int, diastolic: int, found: dict[str, float]) -> list[str]:
    notes: list[str] = []
    mass = chart.body.weight(at) / (chart.body.height(at) / 100) ** 2
    if systolic >= 140 or diastolic >= 90:
        notes.append(f"Huyết áp cao {systolic}/{diastolic} mmHg")
    if found.get("glucose", 0) >= 7:
        notes.append("Đường huyết lúc đói cao, cần khám nội tiết")
    if mass >= 25:
        notes.append(f"Thừa cân, BMI {mass:.1f}".replace(".", ","))
    if found.get("hb", 200) < 115:
        notes.append("Thiếu máu nhẹ")
    if chart.rng.random() < 0.18:
        notes.append("Cao răng, sâu răng")
    return notes


def _conclude(chart: Chart, visit: Visit, notes: list[str], grade: int) -> None:
    advice = "; ".join(notes) if notes else "Hiện tại chưa phát hiện bệnh lý"
    chart.record.add(
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "category": [{"coding": [{"system": systems.FINDING, "code": "health-check"}], "text": "Khám sức khỏe"}],
            "code": {
                "coding": [{"system": systems.LOINC, "code": "34117-2", "display": "History and physical note"}],
                "text": "Kết luận khám sức khỏe",
            },
            "subject": chart.record.subject,
            "encounter": visit.reference,
            "effectiveDateTime": moment(visit.at),
            "issued": moment(visit.at + timedelta(hours=2)),
            "performer": [visit.performer],
            "conclusion": f"{CLASSES[grade]}. {advice}.",
            "conclusionCode": [
                {"coding": [{"system": systems.HEALTH_CLASS, "code": str(grade)}], "text": CLASSES[grade]}
            ],
        }
    )


def _weekday(at: date) -> date:
    """Checks are held from Monday to Friday; never moved past the day asked for."""
    return at - timedelta(days=max(0, at.weekday() - 4))
