"""Emergency access: opened for one person with a reason and fresh proof of who asks, seen in red on every page that it
opens, closed by hand or by the clock, and looked at afterwards by the facility's privacy officer.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import timezone

from hoso.access.break_glass import DELAYS, FEWEST_WORDS, MOST_WORDS, OUTCOMES, REASONS
from hoso.core.clock import instant
from hoso.core.errors import Refused
from hoso.web.alarm import DELAY_TITLES, OUTCOME_TITLES, REASON_TITLES
from hoso.web.pages import counter, emergencies, errand, may, page, signed_in, watch
from hoso.web.sign_in.fresh import fresh
from hoso.web.stewards import said


@fresh
def open_record(request: HttpRequest, id: str) -> HttpResponse:
    """Asks why, and opens the record for four hours at most."""
    asking = errand(request)
    if not may(request, "emergency"):
        raise Http404
    met = counter().outline(asking, id)
    if met is None:
        raise Http404
    if request.method != "POST":
        return _ask(request, met)
    reason, words = request.POST.get("reason", ""), request.POST.get("words", "")[: MOST_WORDS + 1]
    try:
        emergencies().open(asking, met.person, reason, words)
    except Refused as refused:
        return _ask(request, met, said(refused), refused.status)
    return HttpResponseRedirect(f"/patients/{met.person}")


def _ask(request: HttpRequest, met: object, problem: str = "", status: int = 200) -> HttpResponse:
    return page(
        request,
        "emergency.html",
        status,
        met=met,
        reasons={reason: REASON_TITLES[reason] for reason in REASONS},
        reason=request.POST.get("reason", ""),
        words=request.POST.get("words", "")[:MOST_WORDS],
        least=FEWEST_WORDS,
        most=MOST_WORDS,
        problem=problem,
        today=timezone.localdate(),
    )


@signed_in
def close(request: HttpRequest, grant: str) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    emergencies().close(errand(request), grant[:64])
    return HttpResponseRedirect("/")


def _decide(request: HttpRequest) -> None:
    """The officer's word on one: later, now, or what it was."""
    form, asking = request.POST, errand(request)
    grant = form.get("grant", "")[:64]
    match form.get("step"):
        case "delay":
            emergencies().delay(asking, grant, form.get("delay", ""))
        case "release":
            emergencies().release(asking, grant)
        case _:
            emergencies().decide(asking, grant, form.get("outcome", ""), form.get("finding", ""))


@signed_in
def queue(request: HttpRequest) -> HttpResponse:
    """What the privacy officer has to look at, the gravest first, and the month's figures."""
    if not may(request, "oversee"):
        raise Http404
    asking = errand(request)
    problem, status = "", 200
    if request.method == "POST":
        try:
            _decide(request)
            return HttpResponseRedirect("/emergencies")
        except Refused as refused:
            problem, status = said(refused), refused.status
    now = timezone.localtime()
    return page(
        request,
        "emergencies.html",
        status,
        vacant=watch().vacant(),
        rows=[
            {
                "id": one.grant.id,
                "who": one.grant.grantee.removeprefix("user/"),
                "patient": one.grant.patient,
                "since": instant(one.grant.since),
                "reason": REASON_TITLES[one.emergency.code],
                "words": one.emergency.words,
                "score": one.emergency.score,
                "deadline": instant(one.emergency.deadline),
                "overdue": one.overdue,
                "away": one.emergency.facility if one.emergency.facility != asking.actor.facility else "",
                "open": one.emergency.told is None and one.emergency.delay is None,
            }
            for one in emergencies().queue(asking)
        ],
        delays={delay: DELAY_TITLES[delay] for delay in DELAYS},
        later=[
            {
                "id": grant.id,
                "who": grant.grantee.removeprefix("user/"),
                "since": instant(grant.since),
                "delay": DELAY_TITLES[emergency.delay or ""],
            }
            for grant, emergency in emergencies().delayed(asking)
        ],
        outcomes={outcome: OUTCOME_TITLES[outcome] for outcome in OUTCOMES},
        reasons=REASON_TITLES,
        months=emergencies().months(asking, now.year, now.month),
        now=now,
        problem=problem,
        least=FEWEST_WORDS,
    )
