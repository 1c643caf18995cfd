"""Immunizations: the national schedule as it stood for a birth date, with the delays and gaps of real life.

A dose comes never before its age nor within four weeks of the dose before (two for Japanese encephalitis).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from hoso.fhir import systems
from hoso.synth.chart import Chart, Visit
from hoso.synth.clinical import ROUTES
from hoso.synth.record import Resource, coded, day, moment
from hoso.synth.tables import rows, settings

MONTH = 30.4375
INTRADERMAL = ("372464004", "Intradermal route", "tiêm trong da")
FIRST_ELECTRONIC = date(2010, 1, 1)
"""Births from then on have their doses on record; older doses stayed on paper."""
GAP = {"je": {2: 10, 3: 350}}
"""Least days after the dose before where it is not four weeks."""


@dataclass(frozen=True)
class Dose:
    series: str
    number: int
    days: int
    """Age when due."""


@cache
def schedule() -> tuple[Dose, ...]:
    found = [Dose(row["series"], int(row["dose"]), _days(row["age"])) for row in rows("vaccine_schedule.csv")]
    return tuple(sorted(found, key=lambda dose: (dose.days, dose.series, dose.number)))


def _days(age: str) -> int:
    if age == "birth":
        return 0
    number, unit = age.split()
    return round(int(number) * (365.25 if unit == "years" else MONTH)) + 1


def due(birth: date, sex: str, province: str) -> list[Dose]:
    """What the programme had for a child born then and there."""
    table = settings("vaccines.toml")
    return [
        dose
        for dose in schedule()
        if birth >= table[dose.series]["born_from"]
        and province in table[dose.series].get("areas", (province,))
        and table[dose.series].get("only", sex) == sex
    ]


def childhood(chart: Chart, at_birth: Visit | None) -> None:
    if chart.person.birth < FIRST_ELECTRONIC:
        return
    rng = chart.rng
    given: dict[str, tuple[int, int]] = {}
    visits: dict[int, Visit] = {}
    careless = rng.random() < 0.06
    lateness = {slot: _delay(chart, slot, careless) for slot in sorted({dose.days for dose in schedule()})}
    for dose in due(chart.person.birth, chart.person.sex, chart.home.province.code):
        number, last = given.get(dose.series, (0, -1000))
        if number + 1 != dose.number or rng.random() < (0.25 if careless else 0.025):
            continue
        least = GAP.get(dose.series, {}).get(dose.number, 28)
        age = max(dose.days + lateness[dose.days], last + least + rng.randrange(4))
        visit = at_birth if dose.days == 0 and at_birth else _visit(chart, age, visits)
        if visit is None:
            continue
        given[dose.series] = (dose.number, chart.age_days(visit.day))
        immunize(chart, visit, dose.series, dose.number)


def _delay(chart: Chart, slot: int, careless: bool) -> int:
    if slot == 0:
        return 0
    return int(chart.rng.expovariate(1 / (40 if careless else 9)))


def _visit(chart: Chart, age: int, visits: dict[int, Visit]) -> Visit | None:
    """A session of the commune station; doses due within some days are given together, never early."""
    for known, visit in visits.items():
        if age <= known <= age + 5:
            return visit
    at = chart.person.birth + timedelta(days=age)
    if not chart.is_open(at):
        return None
    visit = chart.visit(at, "station", "vaccination", "Tiêm chủng theo lịch", "Tiêm chủng")
    if age < 800:
        chart.weigh(visit)
    visits[age] = visit
    return visit


def immunize(chart: Chart, visit: Visit, series: str, number: int) -> None:
    entry = settings("vaccines.toml")[series]
    rng = chart.rng
    route = INTRADERMAL if entry["route"] == "intradermal" else ROUTES[entry["route"]]
    resource: Resource = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": coded(systems.CVX, entry["cvx"], entry["en"], entry["vi"]),
        "patient": chart.record.subject,
        "encounter": visit.reference,
        "occurrenceDateTime": moment(visit.at + timedelta(minutes=15)),
        "primarySource": True,
        "location": {"reference": f"Location/{visit.facility.location_id}", "display": visit.facility.name},
        "lotNumber": f"{entry['cvx']}{visit.day:%y}{(visit.day.toordinal() // 90) * 37 % 997:03d}",
        "expirationDate": day(visit.day + timedelta(days=300 + visit.day.toordinal() // 90 * 31 % 400)),
        "route": coded(systems.SNOMED, *route),
        "doseQuantity": {"value": entry["ml"], "unit": "mL", "system": systems.UCUM, "code": "mL"},
        "performer": [{"actor": visit.performer}],
        "protocolApplied": [
            {
                "series": series,
                "targetDisease": [coded(systems.SNOMED, code, words) for code, words in entry["against"]],
                "doseNumberPositiveInt": number,
            }
        ],
    }
    if rng.random() < 0.03:
        resource["note"] = [{"text": "Sốt nhẹ dưới 38,5 °C sau tiêm, tự hết sau 24 giờ"}]
    chart.record.add(resource)


def covid(chart: Chart) -> None:
    """The campaign of 2021 and 2022."""
    rng = chart.rng
    start = date(2021, 8, 1) + timedelta(days=rng.randrange(110))
    age = chart.age_days(start) / 365.25
    if age < 12 or rng.random() > 0.9:
        return
    series = "covid" if age < 18 or rng.random() < 0.5 else "covid_az"
    at = start
    for number in range(1, 4 if rng.random() < 0.6 else 3):
        if not chart.is_open(at):
            return
        visit = chart.visit(at, "station", "vaccination", "Tiêm vắc xin COVID-19", "Tiêm chủng")
        immunize(chart, visit, series if number < 3 else "covid", number)
        at += timedelta(days=rng.randrange(28, 60) if number == 1 else rng.randrange(110, 190))


def rabies(chart: Chart, visit: Visit) -> None:
    """After a bite: the first dose at once, the others on days 3, 7, 14 and 28 at the same place."""
    immunize(chart, visit, "rabies", 1)
    for number, after in enumerate((3, 7, 14, 28), start=2):
        at = visit.day + timedelta(days=after)
        if chart.is_open(at):
            again = chart.visit(at, "regional", "vaccination", f"Tiêm vắc xin dại mũi {number}")
            immunize(chart, again, "rabies", number)
