"""One person's record: the emergency card in one request, and the timeline a page of days at a time."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from hoso.care import Kind, TimelinePage, emergency_card, timeline_page
from hoso.care.chart import Chart
from hoso.care.timeline import KIND_TYPES
from hoso.care.who import who
from hoso.web import alarm
from hoso.web.door import Door, Resource
from hoso.web.fit import fit
from hoso.web.orders.reading import may_order
from hoso.web.pages import door, page, signed_in
from hoso.web.persons import Person, Sources
from hoso.web.recent import remember
from hoso.web.since import MOST, added, is_new, last_view

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_FIRST_READ = 60
_MOST_READ = 960
OWN = "/me"
"""Where a citizen's own record is."""
EVERYTHING = "Everything"
KIND_TITLES: dict[Kind, str] = {
    "visit": "Visits",
    "diagnosis": "Diagnoses",
    "result": "Results",
    "medicine": "Medicines",
    "vaccine": "Vaccines",
    "procedure": "Procedures",
    "report": "Reports",
    "allergy": "Allergies",
    "plan": "Plans and referrals",
}


@signed_in
def card(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    response = shown_card(request, reach, person, f"/patients/{person.id}")
    remember(request, response, person.id)
    return response


def shown_card(request: HttpRequest, reach: Door, person: Person, base: str) -> HttpResponse:
    """`base`: the address of this record's pages; staff and the citizen have their own."""
    sources = reach.persons.sources(person)
    resources, refused = reach.card(person, sources)
    shown = emergency_card(
        person.patient, resources, reach.today, refused, sources=sources.patients, young=sources.young
    )
    return page(
        request,
        "card.html",
        base=base,
        own=_is_own(base),
        theirs=_is_theirs(base),
        card=shown,
        fit=fit(shown, reach.today, hasattr(request, "emergency") or _is_own(base)),
        namesakes=reach.namesakes(person),
        joined=len(person.records),
        synthetic=is_synthetic(person.patient),
        today=reach.today,
        now=reach.records.clock(),
    )


@signed_in
def timeline(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    since = last_view(request, person.id, reach.records.clock())
    return shown_timeline(request, reach, person, f"/patients/{id}", since)


def shown_timeline(
    request: HttpRequest, reach: Door, person: Person, base: str, since: datetime | None = None
) -> HttpResponse:
    """`since`: of staff, the end of their own last sitting with this record."""
    kind = _kind(request)
    facility = request.GET.get("facility", "")[:200]
    sources = reach.persons.sources(person)
    only_new, full = since is not None and request.GET.get("new") == "1", False
    if only_new and since is not None:
        resources, full = added(reach, person, since, kind)
        shown = timeline_page(
            resources, kind=kind, facility=facility, limit=MOST, sources=sources.patients, young=sources.young
        )
    else:
        shown = _read_page(reach, person, sources, kind, facility, _until(request))
    return page(
        request,
        "timeline.html",
        base=base,
        orders=not _is_own(base) and may_order(reach),
        own=_is_own(base),
        theirs=_is_theirs(base),
        who=who(person.patient, Chart.of([person.patient]), reach.today, sources.patients),
        joined=len(person.records),
        timeline=shown,
        kinds=_links(base, facility, kind),
        facilities=_facility_links(facility, shown),
        chosen=facility,
        older=f"{base}/timeline?{_query(kind, facility, shown.next)}" if shown.next and not only_new else None,
        newest=f"{base}/timeline?{_query(kind, facility)}" if _until(request) else None,
        synthetic=is_synthetic(person.patient),
        today=reach.today,
        since=since,
        only_new=only_new,
        full=full,
        is_new=lambda one: is_new(one, since),
    )


def _read_page(
    reach: Door, person: Person, sources: Sources, kind: Kind | None, facility: str, until: date | None
) -> TimelinePage:
    """Reads further back until the page has something, because a filter or one very full day may leave it empty."""
    count = _FIRST_READ
    while True:
        resources, unfinished = reach.timeline(person, kind, until, count)
        shown = timeline_page(
            resources,
            unfinished=unfinished,
            kind=kind,
            facility=facility,
            until=until,
            sources=sources.patients,
            young=sources.young,
        )
        if shown.years or shown.next is None or count >= _MOST_READ:
            return shown
        count *= 4


def person_at(request: HttpRequest, reach: Door, id: str) -> Person | HttpResponse:
    """Whose page it is; a record's or a merged person's address leads on to the person's own."""
    found = reach.persons.find(id) if _ID.match(id) else None
    if found is None:
        raise Http404
    if isinstance(found, str):
        return HttpResponseRedirect(request.get_full_path().replace(f"/patients/{id}", f"/patients/{found}", 1))
    alarm.notice(request, found.id)
    return found


def _is_own(base: str) -> bool:
    """Of a citizen's pages, about the citizen or somebody for whom the citizen acts."""
    return base == OWN or _is_theirs(base)


def _is_theirs(base: str) -> bool:
    return base.startswith(f"{OWN}/")


def is_synthetic(patient: Resource) -> bool:
    return any(tag.get("code") == "HTEST" for tag in patient.get("meta", {}).get("tag", ()))


def _kind(request: HttpRequest) -> Kind | None:
    return next((kind for kind in KIND_TYPES if kind == request.GET.get("kind")), None)


def _until(request: HttpRequest) -> date | None:
    try:
        return date.fromisoformat(request.GET.get("until", ""))
    except ValueError:
        return None


def _query(kind: Kind | None, facility: str, until: str | None = None) -> str:
    pairs = {"kind": kind, "facility": facility, "until": until}
    return urlencode({name: value for name, value in pairs.items() if value})


def _links(base: str, facility: str, chosen: Kind | None) -> list[dict[str, Any]]:
    every: list[tuple[Kind | None, str]] = [(None, EVERYTHING), *KIND_TITLES.items()]
    return [
        {"title": title, "url": f"{base}/timeline?{_query(kind, facility)}", "on": kind == chosen, "kind": kind}
        for kind, title in every
    ]


def _facility_links(chosen: str, shown: TimelinePage) -> list[str]:
    """Facilities on this page, and the chosen one even when nothing of it is here."""
    return sorted({*shown.facilities, chosen} - {""})
