"""A citizen's own pages: the first sign-in with a code from a facility, and the record at /me."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from hoso.web import record
from hoso.web.accounts import throttle
from hoso.web.accounts.models import Account
from hoso.web.citizens import enrolment
from hoso.web.citizens.numbers import number
from hoso.web.citizens.own import mine, own
from hoso.web.configure import TEXT_COOKIE
from hoso.web.door import Door
from hoso.web.oauth.telling import tell
from hoso.web.pages import emergencies, errand, page
from hoso.web.persons import Person

Errors = dict[str, list[str]]
_YEAR = 365 * 24 * 3600


@sensitive_post_parameters("code", "password1", "password2")
def enrol(request: HttpRequest) -> HttpResponse:
    """Whether the code, the number or both were wrong is not said, nor whether somebody has the number."""
    if request.user.is_authenticated:
        return HttpResponseRedirect("/")
    if request.method != "POST":
        return _form(request, 200)
    typed, now = request.POST.get("number", "")[:64], timezone.now()
    names = throttle.keys(f"enrol {number(typed)}", str(request.META.get("REMOTE_ADDR", "")))
    if not throttle.begin(names, now):
        return _form(request, 429, problem="wait")
    found = enrolment.find(number(typed), request.POST.get("code", "")[:64], now)
    if found is None:
        tell(request, "enrol", "somebody", outcome="denied", reason="code", channel="screen")
        return _form(request, 403, problem="wrong")
    throttle.succeeded(names)
    password = request.POST.get("password1", "")
    if errors := _faults(password, request.POST.get("password2", ""), found.name):
        return _form(request, 403, problem="password", errors=errors)
    account = enrolment.redeem(found, password, now)
    if account is None:
        return _form(request, 403, problem="wrong")
    return _begin(request, account)


def _begin(request: HttpRequest, account: Account) -> HttpResponse:
    if not account.is_active:
        return _form(request, 403, problem="wrong")
    tell(request, "enrol", f"user/{account.username}", actor=f"user/{account.username}", channel="screen")
    record_authentication(request, account, "password")
    login(request, account, backend="hoso.web.accounts.backend.Backend")
    return HttpResponseRedirect(f"{record.OWN}?welcome=1")


def _faults(password: str, again: str, name: str) -> Errors:
    try:
        validate_password(password, Account(person="-", name=name))
    except ValidationError as error:
        return {"password1": list(error.messages)}
    return {} if password == again else {"password2": [_("The two new passwords are not the same.")]}


def _form(request: HttpRequest, status: int, problem: str = "", errors: Errors | None = None) -> HttpResponse:
    """What was typed stays, but for the passwords."""
    kept = {name: request.POST.get(name, "")[:64] for name in ("number", "code")}
    return page(request, "enrol.html", status, problem=problem, errors=errors or {}, **kept)


@mine
def read_emergency(request: HttpRequest, grant: str) -> HttpResponse:
    """The citizen has read that an emergency opened the record."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    emergencies().read(errand(request), grant[:64])
    return HttpResponseRedirect(record.OWN)


@own
def more(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return page(request, "citizen/more.html")


@require_POST
def text(request: HttpRequest) -> HttpResponse:
    """Large letters or usual ones, remembered in this browser."""
    response = HttpResponseRedirect("/me/more")
    if request.POST.get("large"):
        response.set_cookie(
            TEXT_COOKIE, "large", max_age=_YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        response.delete_cookie(TEXT_COOKIE, samesite="Lax")
    return response


@own
def me(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return record.shown_card(request, reach, person, record.OWN)


@own
def timeline(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return record.shown_timeline(request, reach, person, record.OWN)
