"""Pregnancies: antenatal care, delivery and the child's weight; one pregnancy an EpisodeOfCare with its Condition."""

from __future__ import annotations

from datetime import date, timedelta

from hoso.fhir import systems
from hoso.synth import clinical, laboratory, vaccines
from hoso.synth.chart import Chart, Visit
from hoso.synth.infancy import measure
from hoso.synth.record import coded, day, terminology

TERM = 280
RECORDED_DAYS = 9 * 365
SUPERVISION = ("Z34.9", "Supervision of normal pregnancy, unspecified", "Thai kỳ bình thường đang theo dõi")
COMPLICATIONS = (
    (0.07, ("O24.4", "Diabetes mellitus arising in pregnancy", "Đái tháo đường thai kỳ"), 26),
    (0.03, ("O14.1", "Severe pre-eclampsia", "Tiền sản giật nặng"), 33),
    (0.10, ("O99.0", "Anaemia complicating pregnancy, childbirth and the puerperium", "Thiếu máu thai kỳ"), 20),
    (0.05, ("O21.0", "Mild hyperemesis gravidarum", "Nghén nhẹ"), 9),
    (0.04, ("O20.0", "Threatened abortion", "Dọa sẩy thai"), 11),
)
NORMAL = ("O80.0", "Spontaneous vertex delivery", "Đẻ thường một thai ngôi chỏm")
CAESAREAN = ("O82.9", "Delivery by caesarean section, unspecified", "Mổ lấy thai")
WEEKS = (9, 13, 20, 26, 32, 36, 38)


def run(chart: Chart) -> None:
    if chart.person.sex != "f":
        return
    for born in _deliveries(chart):
        _pregnancy(chart, born, number=sum(other <= born for other in chart.person.births) or 1)


def _deliveries(chart: Chart) -> list[date]:
    """Births of the recorded years, and for some women one still to come."""
    found = [born for born in chart.person.births if (chart.today - born).days < RECORDED_DAYS and born < chart.last]
    age = chart.person.age(chart.today)
    recent = any((chart.today - born).days < 500 for born in chart.person.births)
    expecting = chart.person.partner and 20 <= age <= 41 and not recent and not chart.person.died
    if expecting and chart.rng.random() < 0.06:
        found.append(chart.today + timedelta(days=chart.rng.randrange(14, 220)))
    for born in found:
        chart.pregnancies.append((born - timedelta(days=TERM), born + timedelta(days=2)))
    return found


def _pregnancy(chart: Chart, born: date, number: int) -> None:
    rng = chart.rng
    weeks = rng.choice((37, 38, 39, 39, 39, 40, 40, 41))
    start = born - timedelta(days=weeks * 7)
    ending = born if born < chart.last else None
    troubles = [(code, week) for chance, code, week in COMPLICATIONS if rng.random() < chance]
    planned = [week for week in WEEKS if week < weeks and (week < 13 or rng.random() < 0.85)]
    visits = [
        (week, start + timedelta(days=week * 7 + rng.randrange(5)))
        for week in planned
        if chart.is_open(start + timedelta(days=week * 7 + 5))
    ]
    condition: dict[str, str] | None = None
    for order, (week, at) in enumerate(visits):
        level = rng.choices(("station", "maternity", "regional", "clinic"), (45, 25, 15, 15))[0]
        visit = chart.visit(at, level, "antenatal", f"Khám thai {week} tuần", "Sản phụ khoa")
        if condition is None:
            condition = _booking(chart, visit, start, ending, number)
        else:
            clinical.attach(visit, condition)
        _check(chart, visit, week, order)
        for code, onset in troubles:
            if _is_first_after(visits, order, onset):
                _trouble(chart, visit, code, born)
    if ending:
        _delivery(chart, born, weeks, condition)


def _booking(chart: Chart, visit: Visit, start: date, ending: date | None, number: int) -> dict[str, str]:
    """The first visit opens the episode: last period, expected date, earlier births, screening."""
    condition = clinical.diagnose(chart, visit, SUPERVISION, onset=start, ended=ending, is_problem=True)
    period = {"start": day(visit.day)} | ({"end": day(ending)} if ending else {})
    chart.record.add(
        {
            "resourceType": "EpisodeOfCare",
            "status": "finished" if ending else "active",
            "type": [{"coding": [{"system": systems.FINDING, "code": "antenatal-care"}], "text": "Quản lý thai nghén"}],
            "diagnosis": [{"condition": condition, "role": terminology("diagnosis-role", "CC")}],
            "patient": chart.record.subject,
            "managingOrganization": {
                "reference": f"Organization/{visit.facility.organization_id}",
                "display": visit.facility.name,
            },
            "period": period,
        }
    )
    dates = (
        ("8665-2", "Last menstrual period start date", "Ngày đầu kỳ kinh cuối", start),
        ("11778-8", "Delivery date Estimated", "Ngày dự sinh", start + timedelta(days=TERM)),
    )
    for loinc, english, vietnamese, value in dates:
        code = coded(systems.LOINC, loinc, english, vietnamese)
        chart.observe(visit, {"code": code, "valueDateTime": day(value)})
    if number > 1:
        measure(chart, visit, "births", number - 1)
    laboratory.order(chart, visit, ["cbc_short", "screening", "urine"], ["pregnancy"])
    return condition


def _check(chart: Chart, visit: Visit, week: int, order: int) -> None:
    rng = chart.rng
    measure(chart, visit, "gestation", week)
    weight = chart.body.weight(visit.day) + max(0, week - 10) * 0.4
    chart.vital(visit, "weight", round(weight + rng.gauss(0, 0.4), 1))
    chart.blood_pressure(visit)
    if week >= 20:
        measure(chart, visit, "fundal_height", round(week - 4 + rng.gauss(0, 1.2)))
    if week >= 12:
        measure(chart, visit, "fetal_heart", rng.randrange(132, 158))
    if week in (13, 20, 32):
        clinical.image(chart, visit, "fetal_us")
    if week in (20, 26) and visit.facility.level == "station":
        vaccines.immunize(chart, visit, "tetanus", 1 if week == 20 else 2)
    if order % 2 == 0 and week >= 13:
        clinical.prescribe(chart, visit, ["iron_folic", "calcium_d3"])


def _is_first_after(visits: list[tuple[int, date]], order: int, week: int) -> bool:
    return visits[order][0] >= week and (order == 0 or visits[order - 1][0] < week)


def _trouble(chart: Chart, visit: Visit, code: tuple[str, str, str], born: date) -> None:
    condition = clinical.diagnose(chart, visit, code, ended=born + timedelta(days=14))
    if code[0] == "O24.4":
        laboratory.order(chart, visit, ["diabetes"], [code[0], "pregnancy"])
    elif code[0] == "O14.1":
        chart.blood_pressure(visit, (chart.rng.randrange(160, 182), chart.rng.randrange(100, 116)))
        laboratory.order(chart, visit, ["cbc_short", "liver", "urine"], [code[0], "pregnancy"])
        clinical.prescribe(chart, visit, ["nifedipine", "magnesium"], condition)
    elif code[0] == "O99.0":
        clinical.prescribe(chart, visit, ["iron_folic"], condition)


def _delivery(chart: Chart, born: date, weeks: int, pregnancy: dict[str, str] | None) -> None:
    rng = chart.rng
    by_section = rng.random() < 0.36
    level = "maternity" if by_section else rng.choices(("maternity", "regional", "station"), (55, 37, 8))[0]
    visit = chart.visit(born, level, "delivery", "Đau bụng chuyển dạ", "Sản phụ khoa", nights=5 if by_section else 2)
    code = CAESAREAN if by_section else NORMAL
    condition = clinical.diagnose(chart, visit, code, ended=born + timedelta(days=42))
    if pregnancy:
        clinical.attach(visit, pregnancy)
    chart.blood_pressure(visit)
    measure(chart, visit, "gestation", weeks)
    laboratory.order(chart, visit, ["cbc_short"], ["pregnancy"])
    clinical.operate(chart, visit, "caesarean" if by_section else "vaginal_birth", condition)
    clinical.prescribe(chart, visit, ["oxytocin", "cefuroxime"] if by_section else ["oxytocin"], condition)
