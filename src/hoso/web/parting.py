"""Taking apart what was put together: a merge undone, or some records set apart, each with a look before it is done."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.care.chart import Chart
from hoso.care.elements import Resource
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.web.door import Door
from hoso.web.pages import door, page, steward
from hoso.web.persons import Person
from hoso.web.record import is_synthetic, person_at
from hoso.web.sources import row
from hoso.web.stewards import said, stewards_only

_MOST = 200


@stewards_only
def unmerge(request: HttpRequest, id: str, other: str) -> HttpResponse:
    """`other` was merged into this person; what came with it and is still here would go back."""
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    events = reach.persons.history(person)
    merge = next((e for e in events if e.kind == "merge" and e.other == other), None)
    moving = [record for record in merge.records if record in person.records] if merge else []
    if not moving:
        raise Http404
    if request.method != "POST":
        return _look(request, reach, person, moving, other=other)
    reason = request.POST.get("reason", "").strip()[:1000]
    try:
        parted = steward().unmerge(reach.upkeep, other, reason)
    except Refused as refused:
        return _look(request, reach, person, moving, other=other, problem=refused)
    return HttpResponseRedirect(f"/patients/{parted.restored}/sources?parted={len(parted.tasks)}")


@stewards_only
def split(request: HttpRequest, id: str) -> HttpResponse:
    """The records that were ticked become a person of their own."""
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    asked = request.POST if request.method == "POST" else request.GET
    moving = [record for record in asked.getlist("record")[:_MOST] if record in person.records]
    if request.method != "POST" or not moving:
        return _look(request, reach, person, moving)
    reason = request.POST.get("reason", "").strip()[:1000]
    try:
        parted = steward().split(reach.upkeep, person.id, moving, reason)
    except Refused as refused:
        return _look(request, reach, person, moving, problem=refused)
    return HttpResponseRedirect(f"/patients/{parted.restored}/sources?parted={len(parted.tasks)}")


def _look(
    request: HttpRequest,
    reach: Door,
    person: Person,
    moving: Sequence[str],
    *,
    other: str = "",
    problem: Refused | None = None,
) -> HttpResponse:
    patients = reach.persons.sources(person).patients
    chart = Chart.of([*patients, *reach.named_in(patients)])
    counts = reach.counted([one["id"] for one in patients])

    def rows(chosen: Sequence[Resource]) -> list[tuple[object, int]]:
        return [(row(one, chart, None), counts[one["id"]]) for one in chosen]

    return page(
        request,
        "parting.html",
        problem.status if problem else 200,
        who=who(person.patient, chart, reach.today, patients),
        joined=len(person.records),
        going=rows([one for one in patients if one["id"] in moving]),
        staying=rows([one for one in patients if one["id"] not in moving]),
        moving=moving,
        other=other,
        possible=bool(moving) and len(moving) < len(person.records),
        problem=said(problem) if problem else "",
        synthetic=is_synthetic(person.patient),
        today=reach.today,
    )
