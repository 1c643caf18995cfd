"""At a facility: staff who have the person and the papers before them hand out the code for the own record."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from hoso.identity.portrait import is_person
from hoso.web.accounts.models import Account
from hoso.web.citizens import enrolment, find
from hoso.web.citizens.papers import sees_papers
from hoso.web.oauth.telling import tell
from hoso.web.pages import door, page
from hoso.web.record import person_at
from hoso.web.sign_in.fresh import fresh


@fresh
def hand_out(request: HttpRequest, id: str) -> HttpResponse:
    """The code is shown on the answer to the button and nowhere else; a second one makes the first void."""
    if not sees_papers(request):
        raise Http404
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    if not is_person(person.patient):
        raise Http404
    citizen = find.of(reach.persons, person.patient)
    closed = Account.objects.filter(person=citizen.person, is_active=False).exists()
    code, now = "", timezone.now()
    if request.method == "POST" and citizen.numbers and not closed:
        tell(request, "citizen-enrol", f"Patient/{citizen.person}", patient=citizen.key, channel="screen")
        code = enrolment.issue(citizen, now)
    return page(
        request,
        "hand_out.html",
        citizen=citizen,
        closed=closed,
        code=code,
        until=(reach.today + enrolment.LIFE).isoformat(),
    )
