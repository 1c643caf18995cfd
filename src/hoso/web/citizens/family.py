"""Those for whom the citizen acts: children, and who gave a code. What is seen of each is the policy's to say."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.policy.matrix import representation
from hoso.care.elements import human_name
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.web import record
from hoso.web.citizens.own import mine
from hoso.web.citizens.titles import HELD_TITLES
from hoso.web.pages import desk, door, errand, page
from hoso.web.persons import Person
from hoso.web.stewards import said

BASE = "/me/family"


@mine
def family(request: HttpRequest) -> HttpResponse:
    asking, problem, status = errand(request), "", 200
    if request.method == "POST":
        try:
            desk().grants.redeem(asking, request.POST.get("code", ""))
            return HttpResponseRedirect(BASE)
        except Refused as refused:
            problem, status = said(refused), refused.status
    reach = door(request)
    charges = {reach.persons.home_of(one.patient): one for one in desk().grants.charges(asking)}
    people = reach.persons.read(charges)
    return page(
        request,
        "citizen/family.html",
        status,
        problem=problem,
        rules=representation(),
        people=[
            {
                "id": one["id"],
                "name": human_name(one.get("name")),
                "born": one.get("birthDate", ""),
                "why": HELD_TITLES[charges[one["id"]].kind],
                "until": from_ms(end) if (end := charges[one["id"]].until) is not None else None,
            }
            for one in people
        ],
    )


@mine
def card(request: HttpRequest, id: str) -> HttpResponse:
    person = theirs(request, id)
    return record.shown_card(request, door(request), person, f"{BASE}/{person.id}")


@mine
def timeline(request: HttpRequest, id: str) -> HttpResponse:
    person = theirs(request, id)
    return record.shown_timeline(request, door(request), person, f"{BASE}/{person.id}")


def theirs(request: HttpRequest, id: str) -> Person:
    """A person for whom the citizen acts now; for anybody else there is no such page."""
    reach = door(request)
    homes = {reach.persons.home_of(one.patient) for one in desk().grants.charges(errand(request))}
    found = reach.persons.find(id) if id in homes else None
    if not isinstance(found, Person):
        raise Http404
    return found
