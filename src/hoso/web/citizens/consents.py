"""What the citizen keeps from others: an entry, a kind of data, a facility, other uses; and the way to undo each."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.citizen.wishes import CLOSABLE, Wish
from hoso.care.elements import concept_text
from hoso.core.errors import Refused
from hoso.fhir.search import parse
from hoso.web.citizens import names
from hoso.web.citizens.own import own
from hoso.web.citizens.places import facilities
from hoso.web.citizens.titles import KIND_TITLES
from hoso.web.door import Door
from hoso.web.pages import desk, errand, page
from hoso.web.persons import Person
from hoso.web.stewards import said

PAPERS = {"DocumentReference": "date", "DiagnosticReport": "effectiveDateTime", "Composition": "date"}
"""Types that a citizen closes one by one, each with the element of its day."""
_MOST = "100"


@own
def consents(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    asking, wishes = errand(request), desk().wishes
    places, papers = facilities(reach, person), _papers(reach, person)
    problem, status = "", 200
    if request.method == "POST":
        try:
            _decided(request, places)
            return HttpResponseRedirect("/me/consents")
        except Refused as refused:
            problem, status = said(refused), refused.status
    decided = wishes.own(asking)
    away = names.facilities(reach, {one.target for one in decided if one.closed == "facility"} - set(places))
    closed = {(one.closed, one.target) for one in decided}
    return page(
        request,
        "citizen/consents.html",
        status,
        problem=problem,
        decided=[_shown(one, papers, {**places, **away}) for one in decided],
        secondary=("secondary", "") in closed,
        kinds={kind: KIND_TITLES[kind] for kind in CLOSABLE if ("kind", kind) not in closed},
        places={code: name for code, name in places.items() if ("facility", code) not in closed},
        papers={name: paper for name, paper in papers.items() if ("record", name) not in closed},
    )


def _decided(request: HttpRequest, places: dict[str, str]) -> None:
    asking, form = errand(request), request.POST
    if "back" in form:
        desk().wishes.take_back(asking, form["back"][:64])
        return
    closed, target = form.get("close", ""), form.get("target", "")[:200]
    if closed == "facility" and target not in places:
        raise Refused.because(422, "value", "case.facility")
    desk().wishes.close(asking, closed, target)


def _papers(reach: Door, person: Person) -> dict[str, dict[str, str]]:
    """The newest papers: "Type/id" → title and day."""
    found: dict[str, dict[str, str]] = {}
    for type, day in PAPERS.items():
        query = parse(type, [("patient", person.id), ("_sort", "-_lastUpdated"), ("_count", _MOST)])
        for version in reach.records.search(reach.errand, query).matches:
            paper: dict[str, Any] = orjson.loads(version.body)
            title = (
                paper.get("description") or paper.get("title") or concept_text(paper.get("type") or paper.get("code"))
            )
            found[f"{type}/{version.id}"] = {"title": str(title or ""), "day": str(paper.get(day, ""))}
    return dict(sorted(found.items(), key=lambda pair: pair[1]["day"], reverse=True))


def _shown(one: Wish, papers: dict[str, dict[str, str]], places: dict[str, str]) -> dict[str, Any]:
    return {
        "wish": one,
        "kind": KIND_TITLES.get(one.target, "") if one.closed == "kind" else "",
        "place": places.get(one.target, one.target) if one.closed == "facility" else "",
        "paper": papers.get(one.target, {"title": "", "day": ""}) if one.closed == "record" else None,
    }
