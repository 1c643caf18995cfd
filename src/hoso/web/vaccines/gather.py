"""What the pages of vaccinations show of a person, read once for a request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from hoso.access.scope import Right
from hoso.care.card import Who
from hoso.care.chart import Chart
from hoso.care.elements import Resource, concept_text, day, key_of
from hoso.care.immunization import Forecast, forecast_of, programme, told
from hoso.care.immunization.card import CHILD_UNTIL, Dose, Offer, Row, coming, doses, offers, rows
from hoso.care.immunization.record import reactions_of
from hoso.care.measures import measure_codes
from hoso.care.who import who
from hoso.web.door import Door
from hoso.web.persons import Person

ABOUT = ("Condition", "Procedure", "AllergyIntolerance", "Observation")
"""What may forbid a vaccine: pregnancy, weak immunity, allergies."""
_MOST = "1000"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the record of a dose says beside its name and day."""

    lot: str
    facility: str
    reactions: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """`forecast` is None without a day of birth; `blind`: types that might forbid a vaccine and may not be seen."""

    who: Who
    born: date | None
    forecast: Forecast | None
    rows: tuple[Row, ...]
    offers: tuple[Offer, ...]
    coming: tuple[tuple[date, tuple[str, ...]], ...]
    doses: tuple[Dose, ...]
    kept: Mapping[str, Kept]
    undated: tuple[str, ...]
    blind: Collection[str]


def vaccinations(reach: Door, person: Person) -> Shown:
    sources = reach.persons.sources(person)
    types = [type for type in ("Immunization", *ABOUT) if reach.may(type)]
    found = [one for type in types for one in reach.search(type, [("patient", person.id), *_only(type)])]
    chart = Chart.of([*found, *reach.named_in([one for one in found if one["resourceType"] == "Immunization"])])
    known = told(chart, reach.today)
    forecast = forecast_of(person.patient, known, reach.today)
    about = who(person.patient, Chart.of([person.patient]), reach.today, sources.patients)
    born = day(about.born) if len(about.born) == len("2026-01-15") else None
    return Shown(
        who=about,
        born=born,
        forecast=forecast,
        rows=_rows(forecast, born, reach.today),
        offers=offers(forecast) if forecast else (),
        coming=coming(forecast) if forecast else (),
        doses=doses(forecast, known.given) if forecast else tuple(Dose(one, (), "other") for one in known.given[::-1]),
        kept={key_of(one): _kept(one, chart) for one in chart.all("Immunization")},
        undated=tuple(concept_text(one.get("vaccineCode")) for one in known.undated),
        blind=[type for type in ABOUT if type not in types],
    )


def _rows(forecast: Forecast | None, born: date | None, today: date) -> tuple[Row, ...]:
    """Of a child; a grown-up has no use for a card of doses that are too late."""
    if forecast is None or born is None or today >= born.replace(day=min(born.day, 28), year=born.year + CHILD_UNTIL):
        return ()
    return rows(forecast, programme(today))


def _kept(one: Resource, chart: Chart) -> Kept:
    return Kept(str(one.get("lotNumber", "")), chart.facility(one), reactions_of(one))


def _only(type: str) -> list[tuple[str, str]]:
    pairs = [("_count", _MOST)]
    if type == "Observation":
        return [("code", ",".join(f"http://loinc.org|{code}" for code in measure_codes())), *pairs]
    return pairs


def writes(reach: Door) -> bool:
    rights: tuple[Right, ...] = ("c", "u")
    return all(reach.errand.actor.scopes.permits("Immunization", right) for right in rights)
