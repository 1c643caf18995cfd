"""One citizen's whole record: the body, then every trajectory of the life, then the Patient that heads them."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from hoso.synth import register
from hoso.synth.body import Body
from hoso.synth.chart import Chart
from hoso.synth.facilities import Network
from hoso.synth.identifiers import Keys
from hoso.synth.people import Person
from hoso.synth.record import Record


def of(person: Person, network: Network, seed: int, keys: Keys, today: date) -> Record:
    rng = Random(f"{seed}/life/{person.number}")
    record = Record(keys, person.number)
    chart = Chart(record, person, Body(person, rng), network, today, rng)
    _checks(chart)
    if person.age(today) < 18:
        register.guardians(person, record)
    station = chart.facility("station")
    visited = [station, *(facility for facility in chart.visited.values() if facility is not station)]
    record.resources.insert(0, register.patient(person, record, station, visited, today))
    return record


def _checks(chart: Chart) -> None:
    for year in range(6):
        at = chart.today - timedelta(days=100 + 365 * year)
        if chart.is_open(at):
            visit = chart.visit(at, "station" if year % 2 else "provincial", "exam", "Khám sức khỏe")
            chart.weigh(visit, with_height=True)
            chart.blood_pressure(visit)
            chart.temperature(visit)
