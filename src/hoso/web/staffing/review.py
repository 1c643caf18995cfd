"""The review of access, every six months: each role at a facility is kept or ended by somebody who looked at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from hoso.access.organisation.facilities import Facility
from hoso.access.organisation.staff import Held
from hoso.core.errors import Refused
from hoso.web.accounts.models import AccessReview, Account
from hoso.web.oauth.telling import tell
from hoso.web.pages import errand, organisation, page
from hoso.web.sign_in.fresh import fresh
from hoso.web.staffing.gate import administrators, within
from hoso.web.stewards import said

EVERY = timedelta(days=182)
_MOST = 5


@dataclass(frozen=True, slots=True)
class Due:
    """`last` is None when nobody ever looked."""

    last: datetime | None
    by: str
    late: bool


def due(place: Facility) -> Due:
    last = AccessReview.objects.filter(organization=place.id).order_by("-at").first()
    if last is None:
        return Due(None, "", True)
    return Due(last.at, last.by, timezone.now() - last.at > EVERY)


@administrators
@fresh
def review(request: HttpRequest, place: Facility) -> HttpResponse:
    """Nothing is kept because nobody said anything: each role needs a yes or a no."""
    rows = _rows(request, place)
    decided = {one.post.id: request.POST.get(f"post-{one.post.id}", "") for one in rows}
    problem = ""
    if request.method == "POST":
        if set(decided.values()) <= {"keep", "end"} and decided:
            try:
                _record(request, place, decided)
                return HttpResponseRedirect(f"/staff?at={place.id}&done=review")
            except Refused as refused:
                problem = said(refused)
        else:
            problem = _("Say of each role whether it stays. Since you opened the page roles may have been added.")
    accounts = {
        one.practitioner: one for one in Account.objects.filter(practitioner__in=[r.post.practitioner for r in rows])
    }
    return page(
        request, "staffing/review.html", 422 if problem else 200, place=place, rows=rows, decided=decided,
        problem=problem, due=due(place), accounts=accounts,
        before=AccessReview.objects.filter(organization=place.id).order_by("-at")[:_MOST],
    )  # fmt: skip


def _rows(request: HttpRequest, place: Facility) -> list[Held]:
    """Of others: one's own role is looked at by another administrator."""
    user: Any = request.user
    found = organisation().staff.at(errand(request), [one.id for one in within(request, place)])
    return [one for one in found if one.state != "over" and one.post.practitioner != user.practitioner]


def _record(request: HttpRequest, place: Facility, decided: dict[str, str]) -> None:
    """The roles end first: a review that is on record was carried out."""
    user: Any = request.user
    ended = [post for post, word in decided.items() if word == "end"]
    for post in ended:
        organisation().staff.end(errand(request), post)
    kept = len(decided) - len(ended)
    tell(request, "access-review", f"Organization/{place.id} kept {kept} ended {len(ended)}", channel="screen")
    AccessReview.objects.create(
        organization=place.id, by=user.username, at=timezone.now(), kept=kept, ended=len(ended)
    )  # fmt: skip
