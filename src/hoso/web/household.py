"""Who lives with somebody: whoever has the same phone or the very same address, so that a family is done at once.

Nobody is called kin for it, and only those are named whose records are open to the reader.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from hoso.care.chart import Chart
from hoso.care.who import who
from hoso.core import fold
from hoso.fhir.search.values import escape
from hoso.web.door import Door, Hit, Resource
from hoso.web.marks import marks
from hoso.web.pages import door, may_register, page, signed_in
from hoso.web.persons import Person
from hoso.web.present import place_text
from hoso.web.record import is_synthetic, person_at
from hoso.web.search import row

MOST = 30
_PHONES = 5
_PARTS = 3
"""House or hamlet, commune and province: an address with fewer is half a commune's."""


@signed_in
def household(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    home = place_text(person.patient.get("address"))
    people = found(reach, person, home)[:MOST] if reach.sees_homes else []
    marked = marks(reach, people)
    return page(
        request,
        "household.html",
        who=who(person.patient, Chart.of([person.patient]), reach.today),
        joined=len(person.records),
        synthetic=is_synthetic(person.patient),
        sees=reach.sees_homes,
        home=home,
        people=[row(Hit(one, []), 0, marked[one["id"]]) for one in people],
        another="/register?" + urlencode({"q": f", {home}"}) if home and may_register(request) else "",
        today=reach.today,
    )


def found(reach: Door, person: Person, home: str) -> list[Resource]:
    """By the phone first; each once, without the person."""
    phones = [t["value"] for t in person.patient.get("telecom", ()) if t.get("system") == "phone" and t.get("value")]
    people = reach.sharing(list(dict.fromkeys(phones))[:_PHONES]) if phones else []
    people += _at(reach, person.patient, home)
    return list({one["id"]: one for one in people if one["id"] != person.id}.values())


def _at(reach: Door, patient: Resource, home: str) -> list[Resource]:
    if home.count(",") + 1 < _PARTS:
        return []
    asked = next((line for a in patient.get("address", ()) for line in a.get("line", ())), home)
    living = reach.living(escape(asked))
    return [one for one in living if fold(place_text(one.get("address"))) == fold(home)]
