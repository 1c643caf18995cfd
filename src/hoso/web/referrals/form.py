"""/patients/ID/visits/ID/refer: the referral is filled in from the visit, changed, signed. What is typed is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from hoso.care.chart import Chart
from hoso.care.elements import Resource
from hoso.care.referrals.paper import FIELDS, LONGEST, referral
from hoso.care.rules import table
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.web.door import Door
from hoso.web.here import is_at
from hoso.web.pages import door, page, signed_in
from hoso.web.persons import Person
from hoso.web.record import is_synthetic, person_at
from hoso.web.referrals import gather, words
from hoso.web.referrals.prefill import filled
from hoso.web.referrals.writing import made, may_refer, sender
from hoso.web.stewards import said as refusal
from hoso.web.visits import gather as visits
from hoso.web.visits import keeping
from hoso.web.visits.keeping import Ticket

_NAMES = ("to", "place", "reason", *(one.key for one in FIELDS))
_MOST_PLACES = 20


@dataclass(slots=True)
class Form:
    """`wrong`: by field, what is the matter; `places`: facilities to choose from."""

    texts: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    places: list[Resource] = field(default_factory=list)
    more: bool = False
    refused: str = ""


def refer(request: HttpRequest, id: str, encounter: str) -> HttpResponse:
    """Also when the session has ended meanwhile: what was typed is kept by its ticket, and shown after signing in."""
    if request.user.is_authenticated:
        return _refer(request, id, encounter)
    back = f"/patients/{id}/visits/{encounter}/refer"
    ticket = Ticket.opened(request.POST.get("ticket", ""))
    if request.method != "POST" or ticket is None or (ticket.person, ticket.encounter) != (id, _draft(encounter)):
        return HttpResponseRedirect("/?" + urlencode({"next": back}))
    keeping.keep(ticket, _posted(request), 0)
    return HttpResponseRedirect("/?" + urlencode({"kept": "1", "next": back}))


refer.keeps_typed = True  # type: ignore[attr-defined]


@signed_in
def _refer(request: HttpRequest, id: str, encounter: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    visit, version = visits.visit_at(reach, person, encounter)
    if not may_refer(reach) or not is_at(reach, visit):
        raise Http404
    account = int(request.user.pk)  # type: ignore[arg-type]
    ticket = Ticket(account, _draft(encounter), person.id, version)
    kept = keeping.kept(account, _draft(encounter))
    if request.method != "POST":
        form = Form({**filled(visit, visits.parts_of(reach, encounter)), **kept.fields})
        return _page(request, reach, person, visit, ticket, form)
    kept = keeping.keep(ticket, _posted(request), kept.revision)
    form = Form(dict(kept.fields) if kept.begun else _posted(request))
    if "discard" in request.POST:
        keeping.close(account, _draft(encounter))
        return HttpResponseRedirect(f"/patients/{person.id}/visits/{encounter}")
    to = _judged(reach, form)
    if form.wrong or form.places or "sign" not in request.POST or to is None:
        return _page(request, reach, person, visit, ticket, form, 422 if form.wrong else 200)
    once = f"{encounter}/{account}/{request.POST.get('once', '')[:64]}"
    records = referral(form.texts, to, form.texts["reason"], once, sender(request, reach, visit))
    try:
        made(reach, records)
    except Refused as refused:
        form.refused = refusal(refused)
        return _page(request, reach, person, visit, ticket, form, refused.status)
    keeping.close(account, _draft(encounter))
    return HttpResponseRedirect(f"/patients/{person.id}/referrals/{records[0]['id']}?signed=1")


def _draft(encounter: str) -> str:
    """Under which name the draft of a visit's referral is kept, beside that of the visit itself."""
    return f"refer:{encounter}"[:64]


def _posted(request: HttpRequest) -> dict[str, str]:
    texts = {name: request.POST.get(name, "")[: LONGEST + 1] for name in _NAMES if name in request.POST}
    return {name: text.replace("\r\n", "\n") for name, text in texts.items()}


def _judged(reach: Door, form: Form) -> Resource | None:
    """The facility, when there is one and no more; what is wrong with the fields goes into the form."""
    texts = form.texts
    for one in FIELDS:
        if problem := words.wrong(one, texts.get(one.key, "")):
            form.wrong[one.key] = problem
    if texts.get("reason") not in table("referrals")["reason"]:
        form.wrong["reason"] = _("Choose why.")
    found = gather.facilities(reach, texts.get("to", ""))
    chosen = next((one for one in found if str(one["id"]) == texts.get("place")), None)
    if len(found) == 1:
        chosen = found[0]
    if not texts.get("to", "").strip():
        form.wrong["to"] = _("Write the code of the facility, or words of its name.")
    elif not found:
        form.wrong["to"] = _("No other facility on record has this code or these words in its name.")
    elif chosen is None:
        form.places, form.more = found[:_MOST_PLACES], len(found) > _MOST_PLACES
    return chosen


def _page(
    request: HttpRequest, reach: Door, person: Person, visit: Resource, ticket: Ticket, form: Form, status: int = 200
) -> HttpResponse:
    sources = reach.persons.sources(person).patients
    shown: Mapping[str, Any] = {
        "base": f"/patients/{person.id}",
        "visit": str(visit["id"]),
        "who": who(person.patient, Chart.of([person.patient]), reach.today, sources),
        "synthetic": is_synthetic(person.patient),
        "today": reach.today,
        "form": form,
        "fields": FIELDS,
        "titles": words.titles(),
        "reasons": words.reasons(),
        "ticket": ticket.sealed(),
        "once": request.POST.get("once", "")[:64] or new_id(),
    }
    return page(request, "referrals/form.html", status, **shown)
