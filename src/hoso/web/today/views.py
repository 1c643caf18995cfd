"""/today, the first page of a working day: who is booked, who is here, whom to call, and what came of calling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from hoso.care.elements import Resource
from hoso.care.today import OUTCOMES, Call, Outcome, days_listed, last_promise
from hoso.care.visit.note import day_of
from hoso.core.errors import Refused
from hoso.web.door import Door, Hit
from hoso.web.marks import Mark, marks
from hoso.web.oauth.identity import practitioner
from hoso.web.pages import View, door, page, signed_in
from hoso.web.paging import part
from hoso.web.referrals.views import waiting
from hoso.web.search import row
from hoso.web.stewards import reader
from hoso.web.stewards import said as refusal
from hoso.web.today import calls, gather
from hoso.web.today.here import patient_of
from hoso.web.visits.gather import writes

T = TypeVar("T")
PER_PAGE = 30
"""Lines of each list on a page."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong about a call that was written down, and at whose line."""

    appointment: str
    text: str
    typed: str


def for_writers(view: View) -> View:
    """For those who write visits at a facility of theirs; to others the page is not there."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        reach = door(request)
        if not reach.errand.actor.facility or not (writes(reach, "Encounter") and writes(reach, "Observation")):
            raise Http404
        return view(request, *args, **kwargs)

    return signed_in(guarded)


@for_writers
def today(request: HttpRequest) -> HttpResponse:
    reach, fault = door(request), None
    if request.method == "POST":
        fault = _noted(request, reach)
        if fault is None:
            return HttpResponseRedirect(
                f"/today?{urlencode({'noted': '1', 'late': request.POST.get('late', '1')[:4]})}#late"
            )
    seen = gather.picture(reach)
    booked, booked_at, booked_links = _part(request, seen.day.booked, "booked")
    late, late_at, late_links = _part(request, seen.late, "late")
    shown = [seen.people[id] for id in {one.person for one in booked} | {one.booking.person for one in late}]
    marked = marks(reach, shown)
    rows = {id: _row(one, marked.get(id)) for id, one in seen.people.items()}
    return page(
        request,
        "today/today.html",
        422 if fault else 200,
        today=reach.today,
        place=reach.facility(reach.errand.actor.facility),
        rows=rows,
        booked=booked,
        booked_total=len(seen.day.booked),
        booked_at=booked_at,
        booked_links=booked_links,
        late=late,
        late_total=len(seen.late),
        late_at=late_at,
        late_links=late_links,
        started=seen.started,
        came=seen.came,
        moved=seen.day.moved,
        days=days_listed(),
        full=seen.full,
        most=gather.MOST,
        fault=fault,
        noted="noted" in request.GET,
        spoken=reader(),
        promise=f"{_workday(reach.today + timedelta(days=1)):%d/%m/%Y}",
        titles=_titles(),
        referrals=waiting(reach),
    )


def _part(request: HttpRequest, lines: Sequence[T], name: str) -> tuple[Sequence[T], int, Mapping[int, str]]:
    """One page of a list, its number, and the addresses of all."""
    text = request.GET.get(name, "") or request.POST.get(name, "")
    shown, number, numbers = part(lines, text, PER_PAGE)
    return shown, number, {n: f"/today?{urlencode({name: str(n)})}#{name}" for n in numbers}


def _row(person: Resource, mark: Mark | None) -> dict[str, Any]:
    numbers = (one.get("value", "") for one in person.get("telecom", ()) if one.get("system") == "phone")
    return row(Hit(person, []), 0, mark) | {"phone": next(filter(None, numbers), "")}


def _noted(request: HttpRequest, reach: Door) -> Fault | None:
    """Writes down what a call came to; what is wrong about it otherwise."""
    id, typed = request.POST.get("appointment", ""), request.POST.get("to", "").strip()[:40]
    outcome = next((one for one in OUTCOMES if one == request.POST.get("outcome", "")), None)
    found = gather.appointment(reach, id)
    if found is None or outcome is None:
        raise Http404
    to = day_of(typed) if outcome == "comes" else None
    if outcome == "comes" and (problem := _wrong_day(to, typed, reach.today)):
        return Fault(id, problem, typed)
    user: Any = request.user
    writer: Resource = {"display": user.name or user.username}
    if own := practitioner(user):
        writer = {"reference": f"Practitioner/{own}", **writer}
    try:
        calls.note(reach, found, patient_of(found), Call(outcome, reach.today, to), writer, reach.records.clock())
    except Refused as refused:
        return Fault(id, refusal(refused), typed)
    return None


def _wrong_day(to: date | None, typed: str, today: date) -> str:
    if to is None:
        return _("“%(text)s” is not a day. Write it as 05/12/2026.") % {"text": typed}
    if to < today:
        return _("%(text)s is in the past.") % {"text": typed}
    if to > last_promise(today):
        return _("%(text)s is too far away; write a day until %(last)s.") % {
            "text": typed, "last": f"{last_promise(today):%d/%m/%Y}",
        }  # fmt: skip
    return ""


def _workday(on: date) -> date:
    return on + timedelta(days=1) if on.isoweekday() == 7 else on


def _titles() -> dict[Outcome, str]:
    return {
        "comes": _("Will come"),
        "no-answer": _("No answer"),
        "wrong-number": _("Wrong number"),
        "moved": _("Moved away"),
    }
