"""Signing in and out with a local account. A refusal never says which of name and password was wrong."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from hoso.web.accounts import throttle
from hoso.web.accounts.hasher import Busy
from hoso.web.accounts.registry import LONGEST
from hoso.web.configure import LANGUAGE_COOKIE
from hoso.web.pages import FACILITY, door, page
from hoso.web.recent import forget

_YEAR = 365 * 24 * 3600


@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    username = request.POST.get("username", "").strip()[:64]
    password = request.POST.get("password", "")[:LONGEST]
    following = _safe(request, request.POST.get("next", ""))
    names = throttle.keys(username, request.META.get("REMOTE_ADDR", ""))
    now = timezone.now()
    if throttle.waiting(names, now):
        return page(request, "sign_in.html", 429, username=username, problem="wait", next=following, idle=False)
    try:
        user = authenticate(request, username=username, password=password) if username and password else None
    except Busy:
        return page(request, "sign_in.html", 503, username=username, problem="busy", next=following, idle=False)
    if user is None:
        throttle.failed(names, now)
        return page(request, "sign_in.html", 403, username=username, problem="wrong", next=following, idle=False)
    throttle.succeeded(names)
    login(request, user)
    request.session[FACILITY] = door(request).facility(request.user.facility)  # type: ignore[union-attr]
    return HttpResponseRedirect(following)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    response = HttpResponseRedirect("/")
    forget(response)
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect(_safe(request, request.POST.get("next", "")))
    chosen = "en" if request.POST.get("language") == "en" else "vi"
    response.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=_YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response


def _safe(request: HttpRequest, address: str) -> str:
    """Only back to a page of ours."""
    own = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if own else "/"
