"""The way to the national provider and back. Each way has its own state, nonce and verifier, and is gone once.

They stand in a signed cookie of this browser, so a way that somebody else began ends here with a refusal.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from hoso.access import Actor, Errand, Scopes
from hoso.web.accounts import throttle
from hoso.web.language import own
from hoso.web.national import person
from hoso.web.national.settings import Provider
from hoso.web.national.speaking import Silent, Speaker
from hoso.web.national.token import Unfit, UnknownKey, claims, completed, lacking, vouched
from hoso.web.oauth.origin import origin
from hoso.web.oauth.telling import tell
from hoso.web.pages import page, records
from hoso.web.sign_in.settings import FRESH_SECONDS

BACK = "/sign-in/national/back"
SECONDS = 600
_SALT = "hoso.national"
_PLAIN, _SECURE = "hoso_national", "__Host-hoso_national"
_speaker = Speaker()


def provider() -> Provider | None:
    found: Provider | None = settings.NATIONAL
    return found


@require_GET
def leave(request: HttpRequest) -> HttpResponse:
    """To the provider, who comes back with a code."""
    known = _known()
    try:
        endpoint = _speaker.endpoints(known)["authorization_endpoint"]
    except Silent as silent:
        return _refused(request, "silent", str(silent))
    way = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    way["next"] = own(request.GET.get("next", "/me"))
    asked = {
        "response_type": "code",
        "client_id": known.client_id,
        "redirect_uri": origin(request) + BACK,
        "scope": " ".join(known.scopes),
        "state": way["state"],
        "nonce": way["nonce"],
        "code_challenge": urlsafe_b64encode(sha256(way["verifier"].encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **({"acr_values": " ".join(known.acr)} if known.acr else {}),
        **({"prompt": "login", "max_age": "0"} if request.user.is_authenticated else {}),
    }
    response = HttpResponseRedirect(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}")
    response.set_cookie(
        _cookie(), signing.dumps(way, salt=_SALT), max_age=SECONDS, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """From the provider: nobody is believed before everything was looked at."""
    known = _known()
    try:
        way = _way(request)
        if request.GET.get("iss", known.issuer) != known.issuer:
            raise Unfit("issuer")
        if "error" in request.GET or not request.GET.get("code"):
            raise Unfit("cancelled")
        told = _told(known, request.GET["code"][:2000], way, origin(request) + BACK)
        if request.user.is_authenticated and not _just_now(told):
            raise Unfit("assurance")
        found = person.person_of(records(), _errand(request), told, known)
        account = person.account_of(found, timezone.now())
    except Unfit as unfit:
        return _refused(request, unfit.why)
    except Silent as silent:
        return _refused(request, "silent", str(silent))
    response = _signed_in(request, account, way["next"])
    response.delete_cookie(_cookie(), samesite="Lax")
    return response


def _way(request: HttpRequest) -> dict[str, str]:
    """The way that this browser left on. Raises Unfit when there is none, it is another, or it was gone before."""
    try:
        found: dict[str, str] = signing.loads(request.COOKIES.get(_cookie(), ""), salt=_SALT, max_age=SECONDS)
    except signing.BadSignature as error:
        raise Unfit("state") from error
    if not compare_digest(found["state"].encode(), request.GET.get("state", "").encode()):
        raise Unfit("state")
    if not throttle.spend("national", found["state"], timezone.now(), timedelta(seconds=SECONDS)):
        raise Unfit("replayed")
    return found


def _told(known: Provider, code: str, way: dict[str, str], address: str) -> dict[str, Any]:
    token, access = _speaker.token(known, code, way["verifier"], address)
    now = timezone.now()
    try:
        found = claims(token, _speaker.keys(known), known, way["nonce"], now)
    except UnknownKey:  # the provider may have changed its keys since
        found = claims(token, _speaker.keys(known, newer=True), known, way["nonce"], now)
    if lacking(found, known) and (told := _speaker.userinfo(known, access)):
        found = completed(found, told, known)
    return vouched(found, known)


def _just_now(told: dict[str, Any]) -> bool:
    """Whether the provider asked the person again, and did not only remember them."""
    at = told.get("auth_time")
    return isinstance(at, int | float) and timezone.now().timestamp() - at < FRESH_SECONDS


def _signed_in(request: HttpRequest, account: Any, address: str) -> HttpResponse:
    """By allauth's own way, so that a second factor the person set up here is asked for as well."""
    user: Any = request.user
    if user.is_authenticated and user.pk != account.pk:
        return _refused(request, "other")
    record_authentication(request, account, "national")
    if user.is_authenticated:
        tell(request, "confirmed", f"user/{account.username} national", channel="screen")
        return HttpResponseRedirect(address)
    response: HttpResponse = perform_login(request, Login(user=account, redirect_url=address))
    return response


def _errand(request: HttpRequest) -> Errand:
    """The node looks for the person; what it finds is in the log."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    return Errand(Actor("node/national", Scopes.parse("system/Patient.rs")), "HOPERAT", "automatic", address=address)


def _refused(request: HttpRequest, why: str, detail: str = "") -> HttpResponse:
    tell(request, "sign-in", "national", outcome="denied", reason=f"{why} {detail}".strip(), channel="screen")
    status = 503 if why == "silent" else 403
    response = page(request, "national_refused.html", status, why=why, name=_known().name)
    response.delete_cookie(_cookie(), samesite="Lax")
    return response


def _known() -> Provider:
    found = provider()
    if found is None:
        raise Http404
    return found


def _cookie() -> str:
    return _SECURE if settings.SESSION_COOKIE_SECURE else _PLAIN
