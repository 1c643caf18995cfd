"""One person's record: the emergency card in one request, and the timeline a page of days at a time."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode

from hoso.care import Kind, TimelinePage, emergency_card, timeline_page
from hoso.care.chart import Chart
from hoso.care.timeline import KIND_TYPES
from hoso.care.who import who
from hoso.web.door import Door, Resource
from hoso.web.fit import fit
from hoso.web.pages import door, page, signed_in
from hoso.web.recent import remember

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_FIRST_READ = 60
_MOST_READ = 960
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
    patient = _patient(reach, id)
    resources, refused = reach.card(id)
    shown = emergency_card(patient, resources, reach.today, refused)
    response = page(
        request,
        "card.html",
        card=shown,
        fit=fit(shown),
        namesakes=reach.namesakes(patient),
        synthetic=_is_synthetic(patient),
        today=reach.today,
        now=reach.records.clock(),
    )
    remember(request, response, id)
    return response


@signed_in
def timeline(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    patient = _patient(reach, id)
    kind = _kind(request)
    facility = request.GET.get("facility", "")[:200]
    shown = _read_page(reach, id, kind, facility, _until(request))
    return page(
        request,
        "timeline.html",
        who=who(patient, Chart.of([patient]), reach.today),
        timeline=shown,
        kinds=_links(id, facility, kind),
        facilities=_facility_links(id, kind, facility, shown),
        chosen=facility,
        older=f"/patients/{id}/timeline?{_query(kind, facility, shown.next)}" if shown.next else None,
        newest=f"/patients/{id}/timeline?{_query(kind, facility)}" if _until(request) else None,
        synthetic=_is_synthetic(patient),
        today=reach.today,
    )


def _read_page(reach: Door, id: str, kind: Kind | None, facility: str, until: date | None) -> TimelinePage:
    """Reads further back until the page has something, because a filter or one very full day may leave it empty."""
    count = _FIRST_READ
    while True:
        resources, unfinished = reach.timeline(id, kind, until, count)
        shown = timeline_page(resources, unfinished=unfinished, kind=kind, facility=facility, until=until)
        if shown.years or shown.next is None or count >= _MOST_READ:
            return shown
        count *= 4


def _patient(reach: Door, id: str) -> Resource:
    patient = reach.patient(id) if _ID.match(id) else None
    if patient is None:
        raise Http404
    return patient


def _is_synthetic(patient: Resource) -> bool:
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


def _links(id: str, facility: str, chosen: Kind | None) -> list[dict[str, Any]]:
    every: list[tuple[Kind | None, str]] = [(None, EVERYTHING), *KIND_TITLES.items()]
    return [
        {"title": title, "url": f"/patients/{id}/timeline?{_query(kind, facility)}", "on": kind == chosen, "kind": kind}
        for kind, title in every
    ]


def _facility_links(id: str, kind: Kind | None, chosen: str, shown: TimelinePage) -> list[str]:
    """Facilities on this page, and the chosen one even when nothing of it is here."""
    return sorted({*shown.facilities, chosen} - {""})
