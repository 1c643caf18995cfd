"""One citizen's whole record: body, diseases and allergies are drawn first, then every trajectory is written."""

from __future__ import annotations

from datetime import date
from random import Random

from hoso.fhir import systems
from hoso.synth import allergies, checks, chronic, elsewhere, events, illness, infancy, pregnancy, register, vaccines
from hoso.synth.body import Body
from hoso.synth.chart import Chart, Visit
from hoso.synth.facilities import Network
from hoso.synth.identifiers import Keys
from hoso.synth.people import Person
from hoso.synth.record import Record, coded, terminology

HOSPITALS = frozenset({"regional", "provincial", "maternity", "central"})
ABO = {"A": "LA19710-5", "B": "LA19709-7", "AB": "LA28449-9", "O": "LA19708-9"}
RHESUS = {False: ("LA6576-8", "Positive", "Dương tính (Rh+)"), True: ("LA6577-6", "Negative", "Âm tính (Rh−)")}


def of(person: Person, network: Network, seed: int, keys: Keys, today: date) -> Record:
    rng = Random(f"{seed}/life/{person.number}")
    record = Record(keys, person.number)
    chart = Chart(record, person, Body(person, rng), network, today, rng)
    known = allergies.draw(chart)
    diseases = chronic.draw(chart)
    newborn = infancy.birth(chart)
    infancy.growth(chart)
    vaccines.childhood(chart, newborn)
    vaccines.covid(chart)
    pregnancy.run(chart)
    illness.run(chart)
    chronic.run(chart, diseases)
    events.run(chart, diseases)
    checks.run(chart)
    events.death(chart, diseases)
    allergies.write(chart, known)
    _blood_group(chart)
    if person.age(today) < 18:
        register.guardians(person, record)
    station = chart.facility("station")
    visited = [station, *(facility for facility in chart.visited.values() if facility is not station)]
    record.resources.insert(0, register.patient(person, record, station, visited, today))
    elsewhere.register_again(person, record, visited, seed, keys)
    return record


def _blood_group(chart: Chart) -> None:
    """Typed once at a hospital, for those who ever needed it."""
    stays = [visit for visit in chart.visits if visit.encounter["class"]["code"] != "AMB"]
    visits = [visit for visit in stays or chart.visits if visit.facility.level in HOSPITALS]
    if not visits or chart.rng.random() > (0.85 if stays else 0.2):
        return
    visit = visits[0]
    group = chart.body.blood_group
    answer = coded(systems.LOINC, ABO[group], f"Group {group}", f"Nhóm {group}")
    _typed(chart, visit, ("883-9", "ABO group [Type] in Blood", "Nhóm máu ABO"), answer)
    rhesus = coded(systems.LOINC, *RHESUS[chart.body.is_rh_negative])
    _typed(chart, visit, ("10331-7", "Rh [Type] in Blood", "Nhóm máu Rh"), rhesus)


def _typed(chart: Chart, visit: Visit, code: tuple[str, str, str], answer: dict[str, object]) -> None:
    chart.observe(
        visit,
        {
            "category": [terminology("observation-category", "laboratory")],
            "code": coded(systems.LOINC, *code),
            "valueCodeableConcept": answer,
        },
    )
