"""The great events of an illness (stroke, infarction, surgery) and the last admission of a life."""

from __future__ import annotations

from datetime import date, timedelta

from hoso.synth import clinical, laboratory
from hoso.synth.chart import Chart
from hoso.synth.chronic import Disease
from hoso.synth.record import terminology

STROKE = ("I63.9", "Cerebral infarction, unspecified", "Nhồi máu não")
INFARCTION = ("I21.9", "Acute myocardial infarction, unspecified", "Nhồi máu cơ tim cấp")
OLD_AGE = (
    ("J18.9", "Pneumonia, unspecified organism", "Viêm phổi nặng"),
    ("I64", "Stroke, not specified as haemorrhage or infarction", "Đột quỵ"),
    ("I50.9", "Heart failure, unspecified", "Suy tim mất bù"),
    ("A41.9", "Sepsis, unspecified organism", "Nhiễm khuẩn huyết"),
)
ACCIDENT = ("S06.9", "Intracranial injury, unspecified", "Chấn thương sọ não nặng do tai nạn giao thông")
SURGERY = {"C50.9": "mastectomy", "C18.9": "colectomy"}
RECORDED_DAYS = 6 * 365


def run(chart: Chart, diseases: list[Disease]) -> None:
    for disease in diseases:
        code = disease.row["code"]
        if not chart.is_open(disease.onset) or (chart.last - disease.onset).days > RECORDED_DAYS:
            continue
        if code == "I69.3":
            _stroke(chart, disease.onset - timedelta(days=20))
        elif code == "I25.1" and chart.rng.random() < 0.45:
            _infarction(chart, disease.onset)
        elif code in SURGERY:
            _operation(chart, disease, "central", SURGERY[code], 8)
        elif code == "H25.9" and chart.rng.random() < 0.4:
            _operation(chart, disease, "provincial", "cataract", 1)
        elif code == "I48.9" and chart.rng.random() < 0.06:
            _operation(chart, disease, "central", "pacemaker", 4)


def _stroke(chart: Chart, day: date) -> None:
    reason = "Đột ngột yếu nửa người, nói khó"
    visit = chart.visit(day, "provincial", "emergency", reason, "Cấp cứu", nights=chart.rng.randrange(7, 14))
    condition = clinical.diagnose(chart, visit, STROKE, ended=day + timedelta(days=20), severity="severe")
    chart.blood_pressure(visit, (chart.rng.randrange(158, 205), chart.rng.randrange(88, 112)))
    laboratory.order(chart, visit, ["cbc", "lipid", "glucose", "electrolytes", "renal"], [STROKE[0]])
    clinical.image(chart, visit, "head_stroke")
    clinical.prescribe(chart, visit, ["aspirin", "atorvastatin"], condition)


def _infarction(chart: Chart, day: date) -> None:
    reason = "Đau thắt ngực dữ dội lan tay trái, vã mồ hôi"
    first = chart.visit(day, "provincial", "emergency", reason, "Cấp cứu")
    suspected = clinical.diagnose(chart, first, INFARCTION, ended=day + timedelta(days=28), severity="severe")
    chart.blood_pressure(first)
    clinical.image(chart, first, "ecg")
    laboratory.order(chart, first, ["cardiac", "electrolytes", "renal"], [INFARCTION[0]])
    based_on = clinical.refer(chart, first, "central", INFARCTION, suspected)
    stay = chart.visit(day, "central", "inpatient", "Chuyển đến can thiệp mạch vành cấp cứu", "Tim mạch", nights=6)
    stay.encounter["basedOn"] = [based_on]
    clinical.attach(stay, suspected)
    clinical.image(chart, stay, "angiography")
    clinical.operate(chart, stay, "stent", suspected)
    clinical.prescribe(chart, stay, ["clopidogrel", "atorvastatin", "bisoprolol", "perindopril"], suspected)


def _operation(chart: Chart, disease: Disease, level: str, procedure: str, nights: int) -> None:
    day = disease.onset + timedelta(days=chart.rng.randrange(20, 200))
    if not chart.is_open(day + timedelta(days=nights)):
        return
    reason = f"Nhập viện phẫu thuật: {disease.row['vietnamese'].lower()}"
    visit = chart.visit(day, level, "surgery", reason, nights=nights)
    if disease.condition:
        clinical.attach(visit, disease.condition)
    laboratory.order(chart, visit, ["cbc", "glucose", "inr"], [disease.row["code"]])
    clinical.operate(chart, visit, procedure, disease.condition)


def death(chart: Chart, diseases: list[Disease]) -> None:
    """The last admission, from what the person was ill with."""
    died = chart.person.died
    if died is None:
        return
    age = chart.age_days(died) / 365.25
    code = chart.rng.choice(OLD_AGE) if age > 55 else ACCIDENT
    fatal = [disease for disease in diseases if disease.row["code"] in ("C34.9", "C22.0", "C18.9", "K74.6", "I50.9")]
    if fatal:
        code = fatal[0].code
    nights = chart.rng.randrange(1, 9)
    day = max(chart.person.birth, died - timedelta(days=nights))
    visit = chart.visit(day, "provincial", "inpatient", f"Bệnh nặng: {code[2].lower()}", "Cấp cứu", nights=nights)
    clinical.diagnose(chart, visit, code, severity="severe")
    chart.blood_pressure(visit, (chart.rng.randrange(70, 100), chart.rng.randrange(38, 60)))
    chart.vital(visit, "pulse", chart.rng.randrange(104, 138))
    chart.vital(visit, "oxygen", chart.rng.randrange(74, 90))
    laboratory.order(chart, visit, ["cbc", "electrolytes", "renal", "crp"], ["J18.9", *chart.problems])
    visit.encounter["hospitalization"] = {
        "dischargeDisposition": terminology("discharge-disposition", "exp") | {"text": "Tử vong"}
    }
