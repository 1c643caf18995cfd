"""Who looked at the record: the citizen's log, a page at a time, and the file that proves it."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from hoso.access.audit.event import Event
from hoso.access.audit.proof import Unproved
from hoso.access.citizen.lines import Line, Lines
from hoso.access.healthlinks.links import ROLE
from hoso.core.clock import from_ms
from hoso.web.alarm import REASON_TITLES
from hoso.web.citizens import names
from hoso.web.citizens.own import own
from hoso.web.citizens.titles import ACTIVITY_TITLES, CHANNEL_TITLES, DEED_TITLES, KIND_TITLES, PURPOSE_TITLES
from hoso.web.door import Door
from hoso.web.pages import desk, errand, page
from hoso.web.persons import Person

_NAMED = ("user/", "client/", "destination/", "recipient/")
FIRST_YEAR, LAST_YEAR = 2000, 2200


@own
def log(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    year, emergencies = _year(request), request.GET.get("only") == "emergencies"
    before = place_at(request, "before")
    looked = desk().looks.page(errand(request), before, year=year, emergencies=emergencies)
    actors = names.actors({line.actor for line in looked.lines})
    places = names.facilities(reach, {line.facility for line in looked.lines})
    shown = [_shown(line, actors, places) for line in looked.lines]
    days: dict[Any, list[dict[str, Any]]] = {}
    for one in shown:
        days.setdefault(one["line"].day, []).append(one)
    return page(
        request,
        "citizen/log.html",
        days={day.isoformat(): lines for day, lines in days.items()},
        year=year,
        years=looked.years,
        emergencies=emergencies,
        older=_older(looked.before, year),
        newest=before is not None,
        titles={"deed_titles": DEED_TITLES, "kind_titles": KIND_TITLES},
    )


@own
def proof(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    """The page that says how it is checked; the button answers with the file."""
    looks, asking = desk().looks, errand(request)
    shown: dict[str, Any] = {"key": looks.key, "records": looks.records(asking)}
    if request.method != "POST":
        return page(request, "citizen/proof.html", absent=False, **shown)
    try:
        made = looks.proof(asking)
    except Unproved:
        return page(request, "citizen/proof.html", 503, absent=True, **shown)
    return download(made, "hoso-nhat-ky.json")


def shown_event(event: Event, seq: int, reach: Door) -> dict[str, Any]:
    """One event as a line of the log."""
    lines = Lines("")
    lines.add(seq, event)
    (line,) = lines.lines
    return _shown(line, names.actors({line.actor}), names.facilities(reach, {line.facility})) | {
        "deed_titles": DEED_TITLES,
        "kind_titles": KIND_TITLES,
    }


def download(content: object, name: str) -> HttpResponse:
    response = HttpResponse(orjson.dumps(content), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shown(line: Line, actors: dict[str, str], places: dict[str, str]) -> dict[str, Any]:
    how = ACTIVITY_TITLES.get(line.activity) or CHANNEL_TITLES.get(line.channel, "")
    return {
        "line": line,
        "who": actors.get(line.actor) or (names.plain(line.actor) if line.actor.startswith(_NAMED) else ""),
        "by_link": line.role == ROLE,
        "program": line.who == "machine",
        "place": places.get(line.facility, line.facility),
        "first": from_ms(line.first),
        "last": from_ms(line.last),
        "purpose": PURPOSE_TITLES.get(line.purpose, ""),
        "how": how,
        "deeds": [deed for deed in DEED_TITLES if deed in line.deeds],
        "kinds": [kind for kind in KIND_TITLES if kind in line.kinds],
        "reason": REASON_TITLES.get(line.reason.partition(":")[0], "") if line.emergency else "",
    }


def _year(request: HttpRequest) -> int | None:
    text = request.GET.get("year", "")
    year = int(text) if len(text) == 4 and text.isascii() and text.isdigit() else 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


def place_at(request: HttpRequest, name: str) -> int | None:
    """A place of the log, from a parameter of the address."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _older(before: int | None, year: int | None) -> str:
    if before is None:
        return ""
    return "/me/log?" + urlencode({"before": before, **({"year": year} if year else {})})
