"""Staff of a facility: who has which role until when, a new colleague, and what is done about one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from hoso.access.organisation.facilities import Facility
from hoso.access.organisation.staff import Held
from hoso.core.errors import Refused
from hoso.web.accounts import closing, registry
from hoso.web.accounts.models import Account
from hoso.web.accounts.registry import AccountProblem
from hoso.web.oauth.telling import tell
from hoso.web.pages import errand, organisation, page, watch
from hoso.web.sign_in.assurance import enrolled
from hoso.web.sign_in.fresh import fresh
from hoso.web.staffing.gate import administrators, day, givable, within
from hoso.web.staffing.problems import PROBLEMS
from hoso.web.staffing.review import due
from hoso.web.stewards import said


@dataclass(slots=True)
class Member:
    """Somebody who has or had a role here."""

    practitioner: str
    name: str
    account: Any = None
    roles: list[Held] = field(default_factory=list)

    @property
    def state(self) -> str:
        return min((one.state for one in self.roles), key=("now", "later", "over").index)


@administrators
def everyone(request: HttpRequest, place: Facility) -> HttpResponse:
    members = team(request, place)
    return page(
        request, "staffing/staff.html", place=place, now=[m for m in members if m.state != "over"],
        over=[m for m in members if m.state == "over"], due=due(place), done=request.GET.get("done", ""),
        vacant=watch().vacant(),
    )  # fmt: skip


def team(request: HttpRequest, place: Facility) -> list[Member]:
    """By name."""
    places = within(request, place)
    found: dict[str, Member] = {}
    for held in organisation().staff.at(errand(request), [one.id for one in places]):
        who = held.post.practitioner
        found.setdefault(who, Member(who, held.name)).roles.append(held)
    for account in Account.objects.filter(practitioner__in=[who for who in found if who]):
        found[account.practitioner].account = account
    return sorted(found.values(), key=lambda one: one.name)


@administrators
@fresh
def hire(request: HttpRequest, place: Facility) -> HttpResponse:
    """The first password is shown on the answer to the button and nowhere else."""
    sent = {name: request.POST.get(name, "")[:300] for name in ("name", "username", "role", "in", "since", "until")}
    problem = ""
    if request.method == "POST":
        try:
            if request.POST.get("do") == "give":
                return HttpResponseRedirect(f"/staff/{_given(request, sent)}?at={place.id}&done=1")
            opened = registry.checked(sent["username"], None)
            who = organisation().staff.hire(
                errand(request), sent["name"], sent["role"], sent["in"], day(request, "since"), day(request, "until")
            )
            registry.added(opened, who, sent["name"].strip(), must_change=True)
            tell(request, "user-create", f"user/{opened.username} Practitioner/{who}", channel="screen")
            return page(request, "staffing/hired.html", place=place, opened=opened, name=sent["name"], id=who)
        except (Refused, AccountProblem, ValueError) as error:
            problem = _said(error)
    return page(
        request, "staffing/hire.html", 422 if problem else 200, place=place, sent=sent, problem=problem,
        roles=givable(request), places=within(request, place),
    )  # fmt: skip


def _given(request: HttpRequest, sent: dict[str, str]) -> str:
    """A further role for somebody who signs in already; the id of their Practitioner."""
    account = Account.objects.filter(username=sent["username"].strip(), person="").exclude(practitioner="").first()
    if account is None:
        raise AccountProblem("user.unknown")
    since, until = day(request, "since"), day(request, "until")
    organisation().staff.give(errand(request), account.practitioner, sent["role"], sent["in"], since, until)
    return account.practitioner


@administrators
@fresh
def one(request: HttpRequest, place: Facility, id: str) -> HttpResponse:
    """One member of staff; a role is given and ended here, and the account closed, opened or helped."""
    held = [h for h in organisation().staff.of(id) if organisation().administers(errand(request), h.post.organization)]
    if not held:
        raise Http404
    account = Account.objects.filter(practitioner=id).first()
    problem = ""
    sent = {name: request.POST.get(name, "")[:64] for name in ("role", "in", "since", "until")}
    if request.method == "POST":
        try:
            _done(request, id, account, held)
            return HttpResponseRedirect(f"/staff/{id}?at={place.id}&done=1")
        except (Refused, ValueError) as error:
            problem = _said(error)
    answers = organisation().answers_for(errand(request), id)
    return page(
        request, "staffing/member.html", 422 if problem else 200, place=place, id=id, problem=problem,
        name=held[0].name, held=held, account=account, answers=answers, oneself=id == _own(request),
        elsewhere=len(organisation().posts.of(id)) > sum(one.state == "now" for one in held),
        unused=account is not None and account.unused(timezone.now(), settings.SIGN_IN.unused),
        factor=account is not None and enrolled(account), roles=givable(request), places=within(request, place),
        sent=sent, done="done" in request.GET,
    )  # fmt: skip


def _own(request: HttpRequest) -> str:
    user: Any = request.user
    return str(user.practitioner)


def _done(request: HttpRequest, id: str, account: Account | None, held: list[Held]) -> None:
    what, staff = request.POST.get("do", ""), organisation().staff
    if what == "give":
        role, within = request.POST.get("role", ""), request.POST.get("in", "")
        staff.give(errand(request), id, role, within, day(request, "since"), day(request, "until"))
    elif what == "end":
        post = request.POST.get("post", "")
        if post not in {one.post.id for one in held}:
            raise Http404
        staff.end(errand(request), post)
    elif what in _ACCOUNT and account is not None and organisation().answers_for(errand(request), id):
        tell(request, f"user-{what}", f"user/{account.username}", channel="screen")
        _ACCOUNT[what](account)
    else:
        raise Http404


_ACCOUNT = {
    "disable": closing.close,
    "unlock": lambda account: closing.reopen(account, timezone.now()),
    "reset-mfa": closing.forget_factors,
}


def _said(error: Exception) -> str:
    if isinstance(error, Refused):
        return said(error)
    if isinstance(error, AccountProblem):
        return _(PROBLEMS[error.key])
    return _("That is not a day. Write it as year-month-day.")
