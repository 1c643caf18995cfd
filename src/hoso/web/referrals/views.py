"""/referrals, what a facility sent and receives; and one referral with its paper, its answers and its letter."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from hoso.care.chart import Chart
from hoso.care.elements import Resource, reference_key
from hoso.care.referrals.follow import OPEN, Followed
from hoso.care.referrals.paper import (
    FIELDS,
    LONGEST,
    REPLY_FIELDS,
    answer,
    number_of,
    paper_of,
    reason_of,
    reply,
    texts_of,
)
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.web.door import Door, Hit
from hoso.web.pages import door, page, signed_in
from hoso.web.paging import part
from hoso.web.persons import Person
from hoso.web.record import is_synthetic, person_at
from hoso.web.referrals import gather, words
from hoso.web.referrals.gather import One
from hoso.web.referrals.prefill import filled
from hoso.web.referrals.writing import closed, made, may_refer, sender
from hoso.web.search import row
from hoso.web.stewards import said as refusal
from hoso.web.visits import gather as visits

PER_PAGE = 30


@signed_in
def listed(request: HttpRequest) -> HttpResponse:
    reach = door(request)
    if not gather.sees(reach):
        raise Http404
    seen = gather.lists(reach)
    parts = {}
    for name, lines in (("incoming", seen.incoming), ("outgoing", seen.outgoing)):
        shown, number, numbers = part(lines, request.GET.get(name, ""), PER_PAGE)
        parts[name] = {
            "lines": shown,
            "total": len(lines),
            "late": sum(1 for one in lines if one.late),
            "at": number,
            "links": {n: f"/referrals?{name}={n}#{name}" for n in numbers},
        }
    return page(
        request,
        "referrals/list.html",
        today=reach.today,
        place=reach.facility(reach.errand.actor.facility),
        parts=parts,
        rows={id: row(Hit(one, []), 0, None) for id, one in seen.people.items()},
        whose=seen.whose,
        full=seen.full,
        most=gather.MOST,
        states=words.states(),
        lates=words.lates(),
        reasons=words.reasons(),
        to={one.id: receiver(one.request) for one in (*seen.incoming, *seen.outgoing)},
        reason={one.id: reason_of(one.request) for one in (*seen.incoming, *seen.outgoing)},
    )


def waiting(reach: Door) -> dict[str, Any] | None:
    """What waits for this facility: who comes and has no answer, letters to read, what is late;
    None for whom referrals are not."""
    if not gather.sees(reach):
        return None
    seen = gather.lists(reach)
    coming = [one for one in seen.incoming if one.state == "sent" or one.late == "no-letter"]
    back = [one for one in seen.outgoing if one.late and one.late != "no-letter"]
    found = [*back, *coming]
    return {
        "waiting": found,
        "rows": {id: row(Hit(one, []), 0, None) for id, one in seen.people.items()},
        "whose": seen.whose,
        "states": words.states(),
        "lates": words.lates(),
        "to": {one.id: receiver(one.request) for one in found},
    }


@signed_in
def one(request: HttpRequest, id: str, referral: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    found = gather.of_person(reach, person, referral)
    if request.method == "POST" and may_refer(reach) and (found.received or found.sent):
        return _answered(request, reach, person, found)
    return _page(request, reach, person, found)


def _answered(request: HttpRequest, reach: Door, person: Person, found: One) -> HttpResponse:
    now, asked = found.followed, request.POST.get("answer", "")
    texts = {field.key: request.POST.get(field.key, "").replace("\r\n", "\n") for field in REPLY_FIELDS}
    wrong: dict[str, str] = {}
    who_ = sender(request, reach, now.request)
    try:
        if asked == "accept" and found.received and now.state == "sent":
            made(reach, [answer("accepted", now.request, "", who_)])
        elif asked == "decline" and found.received and now.state in ("sent", "accepted"):
            why = request.POST.get("why", "").strip()[:500]
            if not why:
                wrong["why"] = _("Write why, so that the sender can look for another place.")
            else:
                closed(reach, now.request, answer("declined", now.request, why, who_))
                return HttpResponseRedirect("/referrals")  # what it opened is closed with it
        elif asked == "withdraw" and found.sent and now.state in ("sent", "accepted"):
            closed(reach, now.request, None)
        elif asked == "reply" and found.received and now.state == "arrived":
            wrong = {one.key: text for one in REPLY_FIELDS if (text := words.wrong(one, texts[one.key]))}
            if not wrong:
                made(reach, [reply(texts, now.request, now.visit, who_)])
        elif asked == "read" and found.sent and now.state == "answered":
            made(reach, [answer("read", now.request, "", who_)])
    except Refused as refused:
        wrong["refused"] = refusal(refused)
    if wrong:
        typed = {key: text[: LONGEST + 1] for key, text in texts.items()}
        return _page(request, reach, person, found, typed if asked == "reply" else None, wrong, 422)
    return HttpResponseRedirect(f"/patients/{person.id}/referrals/{now.id}")


def _page(
    request: HttpRequest, reach: Door, person: Person, found: One,
    typed: dict[str, str] | None = None, wrong: dict[str, str] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    now, sources = found.followed, reach.persons.sources(person).patients
    replies = found.received and now.state == "arrived" and may_refer(reach)
    letter = texts_of(now.letter, REPLY_FIELDS) if now.letter else {}
    return page(
        request,
        "referrals/one.html",
        status,
        base=f"/patients/{person.id}",
        who=who(person.patient, Chart.of([person.patient]), reach.today, sources),
        synthetic=is_synthetic(person.patient),
        today=reach.today,
        now=now,
        side=found,
        number=number_of(now.request),
        to=receiver(now.request),
        sent_by=str(now.request.get("requester", {}).get("display", "")),
        visit=reference_key(now.request.get("encounter")).partition("/")[2],
        reason=words.reasons().get(reason_of(now.request), ""),
        texts=texts_of(paper(reach, now), FIELDS),
        letter=letter,
        fields=FIELDS,
        reply_fields=REPLY_FIELDS,
        titles=words.titles(),
        states=words.states(),
        lates=words.lates(),
        acts=may_refer(reach),
        open=now.state in OPEN,
        signed="signed" in request.GET,
        replies=replies,
        typed=(typed if typed is not None else _draft(reach, now)) if replies else {},
        wrong=wrong or {},
        why=request.POST.get("why", "")[:500],
    )


def _draft(reach: Door, now: Followed) -> dict[str, str]:
    """The letter begins with what the visit here says."""
    visit = reach.at([f"Encounter/{now.visit}"]).get(f"Encounter/{now.visit}")
    if visit is None:
        return {}
    found = filled(visit, visits.parts_of(reach, now.visit))
    return {key: found[key] for key in ("diagnosis", "results", "treatment") if key in found}


def paper(reach: Door, now: Followed) -> Resource:
    """The document of the referral; empty for a request that came without one, or whose paper is not to be seen."""
    key = f"DocumentReference/{id}" if (id := paper_of(now.request)) else ""
    return reach.at([key]).get(key, {}) if key else {}


def receiver(request: Resource) -> str:
    place: Resource = next(iter(request.get("performer", ())), {})
    return str(place.get("display") or place.get("identifier", {}).get("value", "") or _("facility not recorded"))
