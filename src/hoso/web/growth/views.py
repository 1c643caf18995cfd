"""The growth page of staff and of the citizen: the chart asked for, what its last point says, and all measures."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from hoso.care.chart import Chart
from hoso.care.elements import day
from hoso.care.growth import Indicator, Point, assess, doubts, indicators, newest
from hoso.care.growth.assess import LAST_DAY
from hoso.care.growth.reading import codes, measured
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.web import present
from hoso.web.citizens.family import theirs
from hoso.web.citizens.own import mine, own
from hoso.web.door import Door
from hoso.web.growth import svg, words
from hoso.web.pages import door, page, signed_in
from hoso.web.persons import Person
from hoso.web.record import OWN, is_synthetic, person_at

_WHOLE = len("2026-01-15")
_MOST_SHOWN = 60


@signed_in
def growth_of(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    return person if isinstance(person, HttpResponse) else _page(request, reach, person, f"/patients/{person.id}")


@own
def my_growth(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return _page(request, reach, person, OWN)


@mine
def their_growth(request: HttpRequest, id: str) -> HttpResponse:
    person = theirs(request, id)
    return _page(request, door(request), person, f"{OWN}/family/{person.id}")


def _page(request: HttpRequest, reach: Door, person: Person, base: str) -> HttpResponse:
    if not reach.may("Observation"):
        raise Refused.because(403, "forbidden", "rest.forbidden", type="Observation", right="r")
    wanted = ",".join(f"http://loinc.org|{code}" for code in codes())
    pairs = [("patient", person.id), ("code", wanted), ("_sort", "-date"), ("_count", "400")]
    found = reach.search("Observation", pairs)
    sources = reach.persons.sources(person)
    about = who(person.patient, Chart.of([person.patient]), reach.today, sources.patients)
    born = day(about.born) if len(about.born) == _WHOLE else None
    told = measured(Chart.of(found), born)
    sex = str(person.patient.get("gender", ""))
    known = born is not None and sex in ("male", "female")
    points = assess(born, sex, told) if born and known else ()
    chosen = next((one for one in indicators() if one.key == request.GET.get("chart")), indicators()[0])
    return page(
        request,
        "growth.html",
        base=base,
        own=base.startswith(OWN),
        theirs=base.startswith(f"{OWN}/"),
        who=about,
        joined=len(person.records),
        synthetic=is_synthetic(person.patient),
        today=reach.today,
        known=known,
        indicators=indicators(),
        chosen=chosen,
        picture=_picture(chosen, sex, born, points, reach.today) if born and known else None,
        said=[(one, newest(points)[one.key]) for one in indicators() if one.key in newest(points)],
        rows=[point for point in reversed(points) if point.indicator == chosen.key][:_MOST_SHOWN],
        doubts=doubts(born, sex, told) if born and known else (),
        words=words,
    )


def _picture(chosen: Indicator, sex: str, born: date, points: tuple[Point, ...], today: date) -> Any:
    """Drawn for the age of the last measure of it: a grown-up's childhood is shown as it was."""
    own_points = [one for one in points if one.indicator == chosen.key]
    age = own_points[-1].age_days if own_points else (today - born).days
    at = svg.window(chosen, sex, age)
    if at is None:
        return None
    school = at.axis == "years"
    drawn = [one for one in own_points if (one.age_days > LAST_DAY) == school]
    if chosen.key == "weight-for-height":
        lying = at.table == chosen.tables[0]
        drawn = [one for one in own_points if (one.age_days < 731) == lying]
    return svg.chart(chosen, sex, at, drawn, _(chosen.title), f"{_(words.AXES[at.axis])} · {present.unit(chosen.unit)}")
