"""Allergies as the emergency card needs them: known with reaction, "none known" as a statement, or nothing asked."""

from __future__ import annotations

from random import Random

from hoso.fhir import systems
from hoso.synth.chart import Chart
from hoso.synth.record import Resource, coded, day, terminology
from hoso.synth.tables import Weighted, settings

SYSTEM = {"atc": systems.ATC, "hoso": systems.FINDING}
STATUS = {
    "clinicalStatus": terminology("allergyintolerance-clinical", "active"),
}


def draw(chart: Chart) -> list[Resource]:
    """The person's allergies as rows of the table; their medicines are forbidden from now on."""
    rng = chart.rng
    if rng.random() > 0.12:
        return []
    table = Weighted((number, row["weight"]) for number, row in enumerate(settings("safety.toml")["allergy"]))
    chosen = {table.pick(rng) for _ in range(1 if rng.random() < 0.8 else 2)}
    found: list[Resource] = [settings("safety.toml")["allergy"][number] for number in sorted(chosen)]
    for row in found:
        chart.avoid.update(row["forbids"])
    return found


def write(chart: Chart, allergies: list[Resource]) -> None:
    """Puts them on record at one of the visits; without a visit nobody has asked."""
    rng = chart.rng
    if not chart.visits:
        return
    visit = rng.choice(chart.visits)
    shared = {
        "patient": chart.record.subject,
        "encounter": visit.reference,
        "recordedDate": day(visit.day),
        "recorder": visit.performer,
    }
    if not allergies:
        if rng.random() < 0.62:
            none = coded(systems.SNOMED, "716186003", "No known allergy", "Không ghi nhận tiền sử dị ứng")
            confirmed = {"verificationStatus": terminology("allergyintolerance-verification", "confirmed")}
            chart.record.add({"resourceType": "AllergyIntolerance", **STATUS, **confirmed, "code": none, **shared})
        return
    for row in allergies:
        chart.record.add({"resourceType": "AllergyIntolerance", **_body(row, chart, rng), **shared})


def _body(row: Resource, chart: Chart, rng: Random) -> Resource:
    reactions = settings("safety.toml")["reaction"]
    reaction = reactions[Weighted((number, item["weight"]) for number, item in enumerate(reactions)).pick(rng)]
    certain = rng.random() < 0.7
    onset = chart.day_at_age(rng.uniform(0.3, 1) * chart.age_days(chart.last) / 365.25)
    return {
        **STATUS,
        "verificationStatus": terminology("allergyintolerance-verification", "confirmed" if certain else "unconfirmed"),
        "type": "allergy",
        "category": [row["category"]],
        "criticality": reaction["criticality"],
        "code": coded(SYSTEM[row["system"]], row["code"], row["en"], row["vi"]),
        "onsetDateTime": str(onset.year),
        "reaction": [
            {
                "manifestation": [coded(systems.SNOMED, reaction["code"], reaction["en"], reaction["vi"])],
                "severity": reaction["severity"],
            }
        ],
    }
