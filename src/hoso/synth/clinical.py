"""Diagnoses, results, prescriptions and procedures as FHIR: what a doctor writes during a visit."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from random import Random

from hoso.fhir import systems
from hoso.synth import identifiers
from hoso.synth.chart import Chart, Visit
from hoso.synth.record import Resource, coded, day, moment, terminology
from hoso.synth.tables import rows, settings

ROUTES = {
    "oral": ("26643006", "Oral route", "uống"),
    "subcutaneous": ("34206005", "Subcutaneous route", "tiêm dưới da"),
    "intravenous": ("47625008", "Intravenous route", "tiêm truyền tĩnh mạch"),
    "intramuscular": ("78421000", "Intramuscular route", "tiêm bắp"),
    "inhaled": ("447694001", "Respiratory tract route", "hít"),
    "nasal": ("46713006", "Nasal route", "xịt mũi"),
    "nasal_drops": ("46713006", "Nasal route", "nhỏ mũi"),
    "topical": ("6064005", "Topical route", "bôi ngoài da"),
    "ophthalmic": ("54485002", "Ophthalmic route", "nhỏ mắt"),
    "otic": ("10547007", "Otic route", "nhỏ tai"),
    "vaginal": ("16857009", "Vaginal route", "đặt âm đạo"),
}
UCUM = {"mg": "mg", "g": "g", "IU": "[IU]", "viên": "{tbl}", "gói": "{packet}", "nhát": "{puff}", "giọt": "[drp]"}


def diagnose(
    chart: Chart,
    visit: Visit,
    code: tuple[str, str, str],
    *,
    onset: date | None = None,
    ended: date | None = None,
    is_problem: bool = False,
    severity: str | None = None,
) -> dict[str, str]:
    """A Condition by (ICD-10, English, Vietnamese); active until `ended`. Links itself to the visit."""
    active = ended is None or ended >= chart.last
    resource: Resource = {
        "resourceType": "Condition",
        "clinicalStatus": terminology("condition-clinical", "active" if active else "resolved"),
        "verificationStatus": terminology("condition-ver-status", "confirmed"),
        "category": [terminology("condition-category", "problem-list-item" if is_problem else "encounter-diagnosis")],
        "code": coded(systems.ICD10, *code),
        "subject": chart.record.subject,
        "encounter": visit.reference,
        "onsetDateTime": day(onset or visit.day),
        "recordedDate": day(visit.day),
        "recorder": visit.performer,
    }
    if severity:
        resource["severity"] = SEVERITY[severity]
    if not active and ended:
        resource["abatementDateTime"] = day(ended)
    reference = chart.record.add(resource)
    attach(visit, reference)
    return reference


SEVERITY = {
    "severe": coded(systems.SNOMED, "24484000", "Severe", "Nặng"),
    "moderate": coded(systems.SNOMED, "6736007", "Moderate severity", "Vừa"),
}


def attach(visit: Visit, condition: dict[str, str]) -> None:
    """Names a Condition as what the visit was for."""
    found = visit.encounter.setdefault("diagnosis", [])
    use = terminology("diagnosis-role", "DD" if not found else "CM")
    found.append({"condition": condition, "use": use, "rank": len(found) + 1})


def prescribe(chart: Chart, visit: Visit, keys: list[str], reason: dict[str, str] | None = None) -> None:
    """One prescription: every medicine a MedicationRequest under the same prescription code."""
    code = identifiers.prescription_code(visit.facility.code, chart.rng)
    age = chart.age_days(visit.day) / 365.25
    known = medicines()
    pregnant = chart.is_pregnant(visit.day)
    for key in _allowed(chart, keys, pregnant):
        entry = known.get(f"{key}_child") if age < 12 else None
        entry = entry or known.get(key)
        if entry is None or age < float(entry["min_age"]):
            continue
        chart.record.add(_request(chart, visit, entry, code, reason))


@cache
def medicines() -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in rows("medicines.csv")}


def _allowed(chart: Chart, keys: list[str], pregnant: bool) -> list[str]:
    """What may be given to this person: forbidden medicines are replaced where the table knows how, else left out."""
    table = settings("safety.toml")
    found: list[str] = []
    for key in keys:
        chosen: str | None = key
        if key in chart.avoid:
            chosen = next((other for other in table["instead"].get(key, ()) if other not in chart.avoid), None)
        if pregnant and chosen not in table["safe_in_pregnancy"]:
            continue
        if chosen and chosen not in found:
            found.append(chosen)
    return found


def _request(chart: Chart, visit: Visit, entry: dict[str, str], code: str, reason: dict[str, str] | None) -> Resource:
    days, times = int(entry["days"]), float(entry["times"])
    dose = _dose(chart, visit, entry)
    written = visit.at + timedelta(minutes=12)
    end = written.date() + timedelta(days=days)
    unit = {"unit": entry["unit"]} | (
        {"system": systems.UCUM, "code": UCUM[entry["unit"]]} if entry["unit"] in UCUM else {}
    )
    resource: Resource = {
        "resourceType": "MedicationRequest",
        "status": "active" if end >= chart.today and chart.person.died is None else "completed",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": systems.ATC, "code": entry["atc"], "display": entry["name"]}],
            "text": f"{entry['name']} {entry['strength']} ({entry['form']})",
        },
        "subject": chart.record.subject,
        "encounter": visit.reference,
        "authoredOn": moment(written),
        "requester": visit.performer,
        "groupIdentifier": {"system": systems.PRESCRIPTION_CODE, "value": code},
        "dosageInstruction": [_dosage(entry, dose, times, days, unit)],
        "dispenseRequest": {
            "validityPeriod": {"start": day(written.date()), "end": day(end)},
            "quantity": {"value": round(max(dose * times * days, dose), 1), **unit},
            "expectedSupplyDuration": {"value": days, "unit": "ngày", "system": systems.UCUM, "code": "d"},
        },
    }
    if reason:
        resource["reasonReference"] = [reason]
    return resource


def _dose(chart: Chart, visit: Visit, entry: dict[str, str]) -> float:
    if not entry["mg_per_kg"]:
        dose = float(entry["dose"])
        return dose if dose != int(dose) else int(dose)
    weight = chart.body.weight(visit.day)
    wanted = float(entry["mg_per_kg"]) * weight
    step = 1 if wanted < 10 else 5 if wanted < 50 else 25
    return max(step, round(wanted / step) * step) if wanted >= 1 else round(wanted, 1)


def _dosage(entry: dict[str, str], dose: float, times: float, days: int, unit: Resource) -> Resource:
    route = ROUTES[entry["route"]]
    often = f"{times:g} lần/ngày" if times >= 1 else "1 lần/tuần"
    verb = route[2][0].upper() + route[2][1:]
    shown = f"{dose:g}".replace(".", ",")
    repeat: Resource = {"frequency": int(times), "period": 1, "periodUnit": "d"}
    if times < 1:
        repeat = {"frequency": 1, "period": 1, "periodUnit": "wk"}
    return {
        "text": f"{verb} {shown} {entry['unit']}/lần, {often}, {days} ngày; {entry['usage']}",
        "timing": {"repeat": {"boundsDuration": {"value": days, "system": systems.UCUM, "code": "d"}, **repeat}},
        "route": coded(systems.SNOMED, *route),
        "doseAndRate": [{"doseQuantity": {"value": dose, **unit}}],
    }


def image(chart: Chart, visit: Visit, key: str) -> None:
    """A report of imaging, endoscopy or electrocardiography with its conclusion."""
    entry = settings("imaging.toml")[key]
    category = "CUS" if entry["en"].startswith("US") else "EC" if "EKG" in entry["en"] else "RAD"
    chart.record.add(
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "category": [terminology("v2-0074", category)],
            "code": coded(systems.LOINC, entry["loinc"], entry["en"], entry["vi"]),
            "subject": chart.record.subject,
            "encounter": visit.reference,
            "effectiveDateTime": moment(visit.at + timedelta(minutes=20)),
            "issued": moment(visit.at + timedelta(minutes=45)),
            "performer": [
                {"reference": f"Organization/{visit.facility.organization_id}", "display": visit.facility.name}
            ],
            "conclusion": chart.rng.choice(entry["conclusions"]),
        }
    )


def operate(chart: Chart, visit: Visit, key: str, reason: dict[str, str] | None = None) -> None:
    entry = settings("procedures.toml")[key]
    start = visit.at + timedelta(hours=1)
    resource: Resource = {
        "resourceType": "Procedure",
        "status": "completed",
        "code": coded(systems.ICD9_PROCEDURES, entry["code"], entry["en"], entry["vi"]),
        "subject": chart.record.subject,
        "encounter": visit.reference,
        "performedPeriod": {
            "start": moment(start),
            "end": moment(start + timedelta(minutes=chart.rng.randrange(15, 90))),
        },
        "performer": [{"actor": visit.performer}],
    }
    if reason:
        resource["reasonReference"] = [reason]
    chart.record.add(resource)


def refer(chart: Chart, visit: Visit, level: str, code: tuple[str, str, str], reason: dict[str, str]) -> dict[str, str]:
    """A referral to the facility of another level; answers with the reference the next visit is based on."""
    target = chart.facility(level)
    return chart.record.add(
        {
            "resourceType": "ServiceRequest",
            "status": "completed",
            "intent": "order",
            "category": [coded(systems.SNOMED, "3457005", "Patient referral", "Chuyển cơ sở khám bệnh, chữa bệnh")],
            "priority": "urgent" if visit.encounter["class"]["code"] == "EMER" else "routine",
            "code": {"text": f"Chuyển {target.name}: {code[2]}"},
            "subject": chart.record.subject,
            "encounter": visit.reference,
            "authoredOn": moment(visit.at + timedelta(minutes=15)),
            "requester": visit.performer,
            "performer": [{"reference": f"Organization/{target.organization_id}", "display": target.name}],
            "reasonReference": [reason],
        }
    )


def split(text: str, rng: Random) -> str:
    """One of several wordings, {n} filled with a small number."""
    return rng.choice(text.split("|")).replace("{n}", str(rng.randrange(2, 6)))
